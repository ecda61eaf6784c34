"""Checks of labels, weights of rows, and the validation split."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from skmnist._compat.sklearn import check_sample_weight, num_samples
from skmnist.engine import Samples

__all__ = [
    "check_labels",
    "check_validation_samples",
    "numpy_labels",
    "split_samples",
    "weighted_samples",
]


def numpy_labels(y: Any) -> Any:
    """Give labels of pandas's own types in NumPy's: whole numbers would come back as floats."""
    kind = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    if kind is None or y.isna().any():
        return y
    return y.to_numpy(dtype=kind)


def check_labels(
    y: NDArray[Any],
    classes: ArrayLike | None,
    known: NDArray[Any] | None,
    fewest: int = 1,
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Check what is to be learned.

    Parameters
    ----------
    y : ndarray
        Labels, as numbers, strings or indicators.
    classes : array-like or None
        All labels there will be, where the user names them.
    known : ndarray or None
        The labels of the fit that this one goes on from.
    fewest : int, default=1
        How many classes a network needs.

    Returns
    -------
    y : ndarray
        The labels, a single column made one-dimensional.
    classes : ndarray or None
        All labels; None for indicators of several labels a row.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    if type_of_target(y).startswith("multilabel"):
        return y, None
    if y.ndim > 1:
        raise ValueError(f"y should be a 1d array, got an array of shape {y.shape} instead.")
    seen = np.unique(y)
    if known is None:
        known = seen if classes is None else np.unique(classes)
    elif classes is not None and not np.array_equal(np.unique(classes), known):
        raise ValueError(
            f"`classes={np.unique(classes)!r}` is not the same as on last call to partial_fit, "
            f"was: {known!r}"
        )
    if not np.isin(seen, known).all():
        raise ValueError(
            f"Found unknown categories in y, which are not among the classes: "
            f"{np.setdiff1d(seen, known)!r}; the classes are {known!r}. Name all of them at the "
            "first partial_fit, or fit anew with warm_start=False."
        )
    if len(known) < fewest:
        raise ValueError(
            "A classifier needs samples of at least 2 classes in the data, but the data contains "
            f"only one class: {known[0]!r}"
        )
    return y, known


def weighted_samples(
    X: NDArray[np.float32],
    y: NDArray[Any],
    sample_weight: ArrayLike | None,
    class_weight: dict[Any, float] | Literal["balanced"] | None,
) -> Samples:
    """Weigh the rows of a fit.

    Parameters
    ----------
    X : ndarray of shape (n_rows, ...)
        Checked rows.
    y : ndarray of shape (n_rows, ...)
        Checked labels.
    sample_weight : array-like of shape (n_rows,) or None
        As the user passed it.
    class_weight : dict, "balanced" or None
        As the user set it.

    Returns
    -------
    Samples
        With their labels: those of weight 0 left out, the mean weight 1.
    """
    if sample_weight is not None and not np.asarray(sample_weight).any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number: only zeros were passed in "
            "sample_weight."
        )
    weights = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if class_weight is not None:
        _check_class_weight(class_weight)
        weights = weights * compute_sample_weight(class_weight, y)
    if not weights.any():
        raise ValueError("The class weights of all rows are 0: there is nothing to train on.")
    keep = np.flatnonzero(weights)
    if len(keep) < len(X):
        X, y, weights = X[keep], y[keep], weights[keep]
    # to a mean of 1, so that a weight of 2 everywhere is no weight at all
    weights = (weights / weights.max() / np.mean(weights / weights.max())).astype(np.float32)
    return Samples(X, y, weights)


def split_samples(samples: Samples, share: float, seed: int) -> tuple[Samples, Samples | None]:
    """Set some rows aside to validate on, stratified where there are rows enough.

    Parameters
    ----------
    samples : Samples
        With their labels.
    share : float
        Of the rows to set aside; 0 sets none aside.
    seed : int
        Seed of the split.

    Returns
    -------
    train : Samples
        To train on.
    held_out : Samples or None
        To validate on.
    """
    if not share:
        return samples, None
    y = samples.y
    parts = train_test_split(
        np.arange(len(y)),
        test_size=share,
        stratify=y if y.ndim == 1 and _can_stratify(y, share) else None,
        random_state=seed,
    )
    train, held_out = (samples.take(np.sort(part)) for part in parts)
    return train, held_out


def check_validation_samples(X_val: Any, y_val: Any, n_rows: int) -> None:
    """Refuse rows to validate on that come without labels, or may be training rows.

    Parameters
    ----------
    X_val, y_val : array-like or None
        As the user passed them.
    n_rows : int
        How many rows there are to train on.
    """
    if X_val is None or y_val is None:
        raise ValueError("X_val and y_val are passed together or not at all.")
    if num_samples(X_val) == n_rows:
        raise ValueError(
            f"X_val has as many rows as X, {n_rows}: cross-validation slices such an array like X, "
            "and its rows would be training rows. Leave out one of them."
        )


def _can_stratify(y: NDArray[Any], share: float) -> bool:
    """Tell whether there are rows enough for each class to be on both sides of a split."""
    counts = np.unique(y, return_counts=True)[1]
    n_held_out = math.ceil(share * len(y))
    return bool(counts.min() > 1) and len(counts) <= min(n_held_out, len(y) - n_held_out)


def _check_class_weight(class_weight: Any) -> None:
    if isinstance(class_weight, dict):
        for label, weight in class_weight.items():
            if not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
                raise ValueError(
                    f"Class weights must be numbers of at least 0; that of class {label!r} is "
                    f"{weight!r}."
                )
