"""Pixels and labels from elsewhere, checked and brought to the types of MNIST's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["as_labels", "as_pixels"]


def as_labels(values: ArrayLike, where: str) -> NDArray[Any]:
    """Make labels whole numbers if all of them are, else texts.

    Parameters
    ----------
    values : array-like of shape (n_images,)
        Numbers or texts.
    where : str
        What an error names as their place.

    Returns
    -------
    ndarray of shape (n_images,)
        Of int64, or of texts.

    Raises
    ------
    ValueError
        If there is not one label an image, or some are missing.

    Examples
    --------
    >>> from skmnist.datasets.checking import as_labels
    >>> as_labels(["7", "3"], "here"), as_labels(["7", "x"], "here")
    (array([7, 3]), array(['7', 'x'], dtype='<U1'))
    """
    import pandas as pd

    labels = np.asarray(values)
    if labels.ndim != 1:
        raise ValueError(f"{where}: labels have the shape (n_images,); got {labels.shape}.")
    n_missing = int(pd.isna(labels).sum()) + int(np.sum(labels.astype(str) == ""))
    if n_missing:
        raise ValueError(f"{where}: {n_missing} of {len(labels)} labels are missing.")
    if labels.dtype.kind == "f" and np.array_equal(labels, np.rint(labels)):
        return labels.astype(np.int64)
    if labels.dtype.kind not in "iu":
        labels = labels.astype(str)
        digits = np.strings.lstrip(labels, "-")
        short = np.strings.str_len(digits) < 19  # which an int64 can hold
        if not np.all(np.strings.isdecimal(digits) & short):
            return labels
    return labels.astype(np.int64)


def as_pixels(values: ArrayLike, where: str) -> NDArray[np.uint8]:
    """Take grey values from 0 to 255, and refuse others.

    Parameters
    ----------
    values : array-like
        Whole numbers, of any type.
    where : str
        What an error names as their place.

    Returns
    -------
    ndarray, dtype uint8
        The same values.

    Raises
    ------
    ValueError
        If there are others among them.
    """
    pixels = np.asarray(values)
    if pixels.dtype == np.uint8:
        return pixels
    try:  # pandas gives nullable numbers as objects
        pixels = pixels if pixels.dtype.kind in "iuf" else pixels.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: not all pixels are numbers.") from None
    if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 255):
        raise ValueError(f"{where}: pixels are whole numbers from 0 to 255; some are not.")
    whole = pixels.astype(np.uint8)
    if not np.array_equal(whole, pixels):
        raise ValueError(
            f"{where}: pixels are whole numbers from 0 to 255; some are not. Multiply fractions of "
            "1 by 255, and round them."
        )
    return whole
