"""The first step of every pipeline: images in any container to flat float32 rows in [0, 1]."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import _check_feature_names_in, validate_data

__all__ = ["FlattenScale", "flatten_and_scale"]


def flatten_and_scale(X: ArrayLike, *, max_value: float = 255) -> NDArray[np.float32]:
    """Flatten images to rows and scale their pixels to [0, 1].

    The type of ``X`` decides: whole numbers are divided by ``max_value``; floats are taken as
    already scaled and must lie in [0, 1]; of booleans, True is full ink.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
            (n_samples, height, width, channels)
        Images, or a pandas or polars DataFrame with one pixel a column.
    max_value : float, default=255
        The whole number that stands for full ink.

    Returns
    -------
    ndarray of shape (n_samples, n_pixels), dtype float32
        C-contiguous. ``X`` itself where it already is all this.

    Raises
    ------
    ValueError
        If pixels are missing, not numbers, or outside their range.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import flatten_and_scale
    >>> flatten_and_scale(np.array([[[0, 51], [102, 255]]], dtype=np.uint8))
    array([[0. , 0.2, 0.4, 1. ]], dtype=float32)
    """
    if not max_value > 0:
        raise ValueError(f"max_value must be greater than 0; got {max_value!r}.")
    if hasattr(X, "toarray"):
        raise TypeError("Sparse data was passed, but dense pixels are required: use X.toarray().")
    pixels = np.asarray(X)
    if pixels.ndim < 2:
        raise ValueError(
            f"Expected images of 2 to 4 dimensions, got an array of shape {pixels.shape}. Reshape "
            "your data with X.reshape(1, -1) if it is a single image."
        )
    if pixels.dtype.kind == "b":
        pixels = pixels.astype(np.float32)
    if pixels.dtype.kind not in "uif":
        raise ValueError(
            f"Pixels must be whole numbers or floats; got an array of type {pixels.dtype}. "
            "Convert it, for example with X.astype(np.uint8)."
        )
    rows = pixels.reshape(len(pixels), int(np.prod(pixels.shape[1:])))
    low, high = (rows.min(), rows.max()) if rows.size else (0, 0)
    if pixels.dtype.kind == "f":
        if not (low >= 0 and high <= 1):  # written so that NaN is caught too
            if not np.isfinite(rows).all():
                raise ValueError("Input X contains NaN or infinity; fill the missing pixels first.")
            raise ValueError(
                f"Float pixels must lie in [0, 1]; got values from {low:g} to {high:g}. Pass whole "
                "numbers (X.astype(np.uint8)) to have them divided by "
                f"max_value={max_value:g}, or scale the floats yourself (X / X.max())."
            )
        return np.ascontiguousarray(rows, dtype=np.float32)
    if low < 0 or high > max_value:
        raise ValueError(
            f"Whole-number pixels must lie in [0, max_value={max_value:g}]; got values from {low} "
            f"to {high}. Pass the right max_value."
        )
    scaled = np.empty(rows.shape, dtype=np.float32)
    return np.divide(rows, np.float32(max_value), out=scaled, casting="unsafe")


def _to_pixels(X: ArrayLike, *, max_value: float) -> NDArray[np.unsignedinteger[Any]]:
    """Undo `flatten_and_scale`: whole-number pixels in the smallest type that holds them."""
    dtype = np.min_scalar_type(int(max_value))
    return np.clip(np.rint(np.asarray(X) * max_value), 0, max_value).astype(dtype)


class FlattenScale(CallbackSupportMixin, FunctionTransformer):
    """Flatten images to rows and scale their pixels to [0, 1], as a pipeline step.

    A `FunctionTransformer` over `flatten_and_scale`: stateless, invertible, with feature names,
    and at home under scikit-learn's callbacks.

    Parameters
    ----------
    max_value : float, default=255
        The whole number that stands for full ink. Floats are taken as already scaled.

    Attributes
    ----------
    n_features_in_ : int
        Number of pixels an image, seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, where ``X`` had string column names.

    Examples
    --------
    >>> from skmnist import FlattenScale, load_digits28
    >>> digits = load_digits28()
    >>> FlattenScale().fit_transform(digits.images).shape
    (1797, 784)
    """

    func = staticmethod(flatten_and_scale)
    inverse_func = staticmethod(_to_pixels)
    validate = False
    accept_sparse = False
    feature_names_out = "one-to-one"

    _parameter_constraints: dict[str, list[Any]] = {}  # noqa: RUF012 - flatten_and_scale checks

    def __init__(self, max_value: float = 255) -> None:
        self.max_value = max_value

    @property
    def kw_args(self) -> dict[str, float]:
        """The keyword arguments of `func`."""
        return {"max_value": self.max_value}

    inv_kw_args = kw_args

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
        rows = flatten_and_scale(X, max_value=self.max_value)
        validate_data(self, X, reset=True, skip_check_array=True, ensure_2d=False)
        self.n_features_in_ = rows.shape[1]
        context.call_on_fit_task_end(
            estimator=self, X=X, y=y, reconstruction_attributes={"n_features_in_": rows.shape[1]}
        )
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
        if hasattr(self, "n_features_in_"):
            validate_data(self, X, reset=False, skip_check_array=True, ensure_2d=False)
        rows = flatten_and_scale(X, max_value=self.max_value)
        if rows.shape[1] != getattr(self, "n_features_in_", rows.shape[1]):
            raise ValueError(
                f"X has {rows.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
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
        return _check_feature_names_in(self, input_features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.sparse = False
        return tags
