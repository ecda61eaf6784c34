"""The first step of every pipeline: images in any container to flat float32 rows in [0, 1]."""

from __future__ import annotations

import math
import warnings
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted, validate_data

from skmnist._compat.callbacks import CallbackSupportMixin, with_callbacks
from skmnist._compat.sklearn import check_feature_names_in

__all__ = ["FlattenScale", "as_fitted_on", "flatten_and_scale", "usual_scale"]

_USUAL_SCALES: Final = (1.0, 16.0, 255.0, 65535.0)
"""Full ink of scaled pixels, of scikit-learn's digits, of 8 and of 16 bits."""
_BYTE: Final = 255
_FIRST_ROWS: Final = 100
"""Images whose mean ink is looked at: as many as tell."""
_LIGHT_ON_DARK: Final = 0.25
_DARK_ON_LIGHT: Final = 0.6
"""Mean ink of images: 0.13 of MNIST, 0.87 of its negative; no digit of its covers a half."""
_JUST_BEYOND_ONE: Final = 2.0
"""Floats up to here may be scaled ones that were blurred or bent beyond 1."""


def flatten_and_scale(
    X: ArrayLike, *, max_value: float | Literal["auto"] = "auto"
) -> NDArray[np.float32]:
    """Flatten images to rows and scale their pixels to [0, 1].

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_pixels), (n_samples, height, width) or \
            (n_samples, height, width, channels)
        Images, or a pandas or polars DataFrame with one pixel a column.
    max_value : float or "auto", default="auto"
        The pixel that stands for full ink. By default `usual_scale` finds it. Of booleans, True is
        full ink, whatever it is.

    Returns
    -------
    ndarray of shape (n_samples, n_pixels), dtype float32
        C-contiguous. ``X`` itself where it already is all this.

    Raises
    ------
    ValueError
        If pixels are missing, not numbers, or outside their range.

    See Also
    --------
    FlattenScale : Finds the scale once, on the images that a pipeline is fitted on.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import flatten_and_scale
    >>> flatten_and_scale(np.array([[[0, 51], [102, 255]]], dtype=np.uint8))
    array([[0. , 0.2, 0.4, 1. ]], dtype=float32)
    >>> flatten_and_scale([[0, 4], [8, 16]])
    array([[0.  , 0.25],
           [0.5 , 1.  ]], dtype=float32)
    """
    rows = _pixel_rows(X)
    scale = usual_scale(rows) if isinstance(max_value, str) else max_value
    if not scale > 0:
        raise ValueError(f"max_value must be greater than 0; got {max_value!r}.")
    if rows.dtype.kind == "b":
        return np.ascontiguousarray(rows, dtype=np.float32)
    if rows.size and not (rows.dtype == np.uint8 and scale >= _BYTE):
        low, high = rows.min(), rows.max()
        if not (low >= 0 and high <= scale):  # written so that NaN is caught too
            _check_finite(rows)
            raise ValueError(
                f"Pixels must lie in [0, max_value={scale:g}]; got values from {low:g} to "
                f"{high:g}. Pass the max_value that stands for full ink."
            )
    if scale == 1:
        return np.ascontiguousarray(rows, dtype=np.float32)
    scaled = np.empty(rows.shape, dtype=np.float32)
    return np.divide(rows, np.float32(scale), out=scaled, casting="unsafe")


def as_fitted_on(estimator: Any, images: NDArray[np.uint8]) -> NDArray[Any]:
    """Give images in the form that an estimator takes: a bare one takes rows, scaled.

    Parameters
    ----------
    estimator : estimator
        A Pipeline, which begins with `FlattenScale`, or a search over one; or a bare classifier.
    images : ndarray of shape (n_images, height, width), dtype uint8
        0 for paper to 255 for full ink.

    Returns
    -------
    ndarray
        The images themselves, or float32 rows.
    """
    scales = hasattr(estimator, "steps") or hasattr(estimator, "best_estimator_")
    return images if scales else flatten_and_scale(images)


def usual_scale(pixels: NDArray[Any]) -> float:
    """Find the pixel that stands for full ink.

    Parameters
    ----------
    pixels : ndarray
        Of images that show all inks, as training images do.

    Returns
    -------
    float
        What the type says of ``uint8`` and ``uint16``; of other types the smallest of 1, 16, 255
        and 65535 that no pixel exceeds.

    Raises
    ------
    ValueError
        If there is none, or if floats reach just beyond 1.
    """
    if pixels.dtype in (np.uint8, np.uint16):
        return float(np.iinfo(pixels.dtype).max)
    highest = pixels.max(initial=0)
    _check_finite(pixels)
    scale = next((s for s in _USUAL_SCALES if highest <= s), None)
    overshoots = pixels.dtype.kind == "f" and 1 < highest < _JUST_BEYOND_ONE
    if scale is None or overshoots:
        raise ValueError(
            f"Pixels reach {highest:g}, which fits none of the usual scales 1, 16, 255 and 65535: "
            "pass max_value, or clip them (X.clip(0, 1))."
        )
    return scale


def _pixel_rows(X: Any) -> NDArray[Any]:
    """Give images in any container as rows of numbers, of the type that they came in."""
    if hasattr(X, "toarray"):
        X = X.toarray()
    kinds = [getattr(kind, "numpy_dtype", None) for kind in getattr(X, "dtypes", ())]
    if any(kind is not None for kind in kinds):  # pandas's own types
        if X.isna().to_numpy().any():
            raise ValueError("Input X contains NaN; fill the missing pixels first.")
        kinds = [kind or X.dtypes.iloc[i] for i, kind in enumerate(kinds)]
        X = X.to_numpy(dtype=np.result_type(*kinds))
    pixels = np.asarray(X)
    if pixels.ndim < 2:
        raise ValueError(
            f"Expected images of 2 to 4 dimensions, got an array of shape {pixels.shape}. Reshape "
            "your data with X.reshape(1, -1) if it is a single image."
        )
    if pixels.dtype.kind not in "buif":
        raise ValueError(
            f"Pixels must be whole numbers or floats; got an array of type {pixels.dtype}. "
            "Convert it, for example with X.astype(np.uint8)."
        )
    return pixels.reshape(len(pixels), int(np.prod(pixels.shape[1:])))


def _check_finite(pixels: NDArray[Any]) -> None:
    if not np.isfinite(pixels).all():
        raise ValueError("Input X contains NaN or infinity; fill the missing pixels first.")


def _check_is_batch(shape: tuple[int, ...], n_pixels: int) -> None:
    """Refuse one image where several are expected, and colours where there were none."""
    if len(shape) > 1 and shape[0] != 1 and math.prod(shape) == n_pixels and shape[1] != n_pixels:
        raise ValueError(
            f"Expected images of {n_pixels} pixels, got an array of shape {shape}, which is one of "
            "them. Pass X[np.newaxis] if it is a single image."
        )
    if len(shape) == 4 and shape[3] in (3, 4) and shape[1] * shape[2] == n_pixels:
        raise ValueError(
            f"Expected images of {n_pixels} pixels in one channel, got an array of shape {shape}, "
            f"which has {shape[3]} channels. Turn colours into grey, by read_picture for instance."
        )


def _to_pixels(X: ArrayLike, *, max_value: float, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Undo `flatten_and_scale`: pixels of the type that they came in, if that holds them."""
    pixels = np.asarray(X) * max_value
    if dtype.kind == "f":
        return pixels
    return np.clip(np.rint(pixels), 0, max_value).astype(np.min_scalar_type(int(max_value)))


class FlattenScale(CallbackSupportMixin, FunctionTransformer):
    """Flatten images to rows and scale their pixels to [0, 1], as a pipeline step.

    A `FunctionTransformer` over `flatten_and_scale`: invertible, with feature names, and at home
    under scikit-learn's callbacks. The scale is found once, in `fit`, and holds for whatever is
    transformed later, in any type: a row's result depends on no other row.

    Parameters
    ----------
    max_value : float or "auto", default="auto"
        The pixel that stands for full ink. By default 255 of ``uint8`` and 65535 of ``uint16``; of
        other types the smallest of 1, 16, 255 and 65535 that holds the images seen in `fit`.

    Attributes
    ----------
    max_value_ : float
        The pixel that stands for full ink.
    n_features_in_ : int
        Number of pixels an image, seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, where ``X`` had string column names.
    image_shape_ : tuple of int
        Shape of an image seen in `fit`; ``(n_features_in_,)`` of rows.
    pixel_dtype_ : dtype
        Type of the pixels seen in `fit`, which `inverse_transform` gives back.
    mean_ink_ : float
        Mean of the pixels seen in `fit`, as a share of full ink. Images that are plainly dark on
        light, where those were light on dark, are warned of.

    Examples
    --------
    >>> from skmnist import FlattenScale, load_digits28
    >>> digits = load_digits28()
    >>> FlattenScale().fit_transform(digits.images).shape
    (1797, 784)
    """

    mean_ink_ = 0.5  # of steps that were saved before it was recorded

    func = staticmethod(flatten_and_scale)
    inverse_func = staticmethod(_to_pixels)
    validate = False
    accept_sparse = True
    feature_names_out = "one-to-one"

    _parameter_constraints: dict[str, list[Any]] = {}  # noqa: RUF012 - flatten_and_scale checks

    def __init__(self, max_value: float | Literal["auto"] = "auto") -> None:
        self.max_value = max_value

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "max_value_")

    @property
    def kw_args(self) -> dict[str, Any]:
        """The keyword arguments of `func`."""
        check_is_fitted(self)
        return {"max_value": self.max_value_}

    @property
    def inv_kw_args(self) -> dict[str, Any]:
        """The keyword arguments of `inverse_func`."""
        return {**self.kw_args, "dtype": self.pixel_dtype_}

    @with_callbacks
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check ``X`` and remember its number of pixels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
                (n_samples, height, width, channels)
            Images.
        y : ignored
            Here for scikit-learn's conventions.

        Returns
        -------
        FlattenScale
            The transformer itself.
        """
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        rows = _pixel_rows(X)
        scale = usual_scale(rows) if isinstance(self.max_value, str) else float(self.max_value)
        scaled = flatten_and_scale(rows, max_value=scale)
        validate_data(self, X, reset=True, skip_check_array=True, ensure_2d=False)
        self.n_features_in_, self.max_value_ = rows.shape[1], scale
        self.image_shape_ = tuple(np.shape(X)[1:])
        self.pixel_dtype_ = rows.dtype
        self.mean_ink_ = float(scaled[:_FIRST_ROWS].mean())
        fitted = {"n_features_in_": rows.shape[1], "max_value_": scale}
        context.call_on_fit_task_end(estimator=self, X=X, y=y, reconstruction_attributes=fitted)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Flatten and scale.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
                (n_samples, height, width, channels)
            Images.

        Returns
        -------
        ndarray of shape (n_samples, n_pixels), dtype float32
            Or a DataFrame, where `set_output` asked for one.
        """
        check_is_fitted(self)
        _check_is_batch(np.shape(X), self.n_features_in_)
        validate_data(self, X, reset=False, skip_check_array=True, ensure_2d=False)
        rows = flatten_and_scale(X, max_value=self.max_value_)
        if rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {rows.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
        if self.mean_ink_ < _LIGHT_ON_DARK and rows[:_FIRST_ROWS].mean() > _DARK_ON_LIGHT:
            warnings.warn(
                "These images seem to be dark on light, and those of fit were light on dark. Turn "
                f"them over by {self.max_value_:g} - X, or read them by read_picture.",
                stacklevel=2,
            )
        return rows

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Name the output columns, one a pixel.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names to use; by default the names seen in `fit`, else ``x0``, ``x1``, ...

        Returns
        -------
        ndarray of str objects
            The names.
        """
        return check_feature_names_in(self, input_features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.sparse = True
        tags.requires_fit = True
        return tags
