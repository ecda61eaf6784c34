"""What shape an image has whose pixels lie in a row."""

from __future__ import annotations

import math

__all__ = ["square_shape"]


def square_shape(n_features: int) -> tuple[int, int]:
    """Find the shape of square images.

    Parameters
    ----------
    n_features : int
        Pixels of an image.

    Returns
    -------
    tuple of int
        Height and width.

    Raises
    ------
    ValueError
        If no square has so many pixels.
    """
    side = math.isqrt(n_features)
    if side * side != n_features:
        raise ValueError(
            f"Rows of {n_features} features are no square images: pass images of shape "
            "(n_images, height, width), or set image_shape."
        )
    return side, side
