"""A few pictures of one's own beside many images: how much each of them weighs."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Weighed", "put_beside"]

_SHARE: Final = 0.1  # of the weight of the images, what all pictures weigh together
_HEAVIEST: Final = 100  # images that a picture weighs at most


class Weighed(NamedTuple):
    """Images to learn from, some of more weight than others.

    Parameters
    ----------
    X : ndarray of shape (n_images, n_pixels)
        The images.
    y : ndarray of shape (n_images,)
        Their labels.
    sample_weight : ndarray of shape (n_images,)
        Their weights.
    weight : float
        That of each picture.
    """

    X: NDArray[np.uint8]
    y: NDArray[Any]
    sample_weight: NDArray[np.float64]
    weight: float


def put_beside(
    data: tuple[NDArray[np.uint8], NDArray[Any]],
    pictures: tuple[NDArray[np.uint8], NDArray[Any]],
    weight: float | None = None,
) -> Weighed:
    """Put pictures beside the images of a data set.

    Parameters
    ----------
    data : tuple of ndarray
        Images and labels, of weight 1 each.
    pictures : tuple of ndarray
        Pictures and labels, which are among those of the data.
    weight : float, default=None
        How many images a picture weighs. By default as many as make all pictures together weigh a
        tenth of the data, but at least 1 and at most 100: heavier ones cost a network accuracy on
        the data.

    Returns
    -------
    Weighed
        The images, and after them the pictures.

    Raises
    ------
    ValueError
        If the weight is not a positive number, or data and pictures don't fit.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist.datasets.beside import put_beside
    >>> black, white = np.zeros((40, 4), np.uint8), np.full((2, 4), 255, np.uint8)
    >>> put_beside((black, np.arange(40) % 2), (white, np.array([0, 1]))).sample_weight[-3:]
    array([1., 2., 2.])
    """
    (X, y), (X_pictures, y_pictures) = data, pictures
    if weight is None:
        weight = min(max(_SHARE * len(y) / len(y_pictures), 1), _HEAVIEST)
    if not (math.isfinite(weight) and weight > 0):
        raise ValueError(f"The weight of a picture must be a positive number; got {weight}.")
    if X.shape[1] != X_pictures.shape[1]:
        raise ValueError(
            f"Pictures become images of {X_pictures.shape[1]} pixels; those of the data have "
            f"{X.shape[1]}."
        )
    known = set(y.tolist())
    others = sorted(set(y_pictures.tolist()) - known, key=str)
    if others:
        raise ValueError(
            f"The data have no label {others[0]!r}, as a picture has; theirs are "
            f"{', '.join(map(repr, sorted(known, key=str)))}."
        )
    weights = np.repeat([1.0, weight], [len(y), len(y_pictures)])
    return Weighed(
        np.concatenate([X, X_pictures]), np.concatenate([y, y_pictures]), weights, weight
    )
