"""The height and width of images, by the shape of a row of data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral

__all__ = ["image_shape", "positive_ints"]


def image_shape(row_shape: Sequence[int], given: Sequence[int] | None = None) -> tuple[int, int]:
    """Find height and width of the images that rows hold.

    Parameters
    ----------
    row_shape : sequence of int
        Shape of a row: of pixels in a line, or of an image.
    given : sequence of int, default=None
        Height and width, where the user says them; one may be -1, for what the other leaves. By
        default what ``row_shape`` says, or a square.

    Returns
    -------
    tuple of int
        Height and width.

    Raises
    ------
    ValueError
        If no image of this shape is in a row.
    """
    n_values = math.prod(row_shape)
    if given is not None:
        height, width = _completed(given, n_values)
    elif len(row_shape) == 1:
        height, width = _square(row_shape[0])
    else:
        height, width = row_shape[:2]
    n_pixels = height * width
    fits = n_pixels and n_values % n_pixels == 0
    if not fits or (n_values != n_pixels and len(row_shape) == 1):
        raise ValueError(
            f"Images of shape {(height, width)} have {n_pixels} pixels, but a row of X has "
            f"{n_values} values: set image_shape."
        )
    return height, width


def positive_ints(name: str, values: Sequence[int] | int) -> tuple[int, ...]:
    """Check a parameter that holds sizes; one alone stands for a sequence of one.

    Parameters
    ----------
    name : str
        The parameter's name.
    values : int or sequence of int
        Its value.

    Returns
    -------
    tuple of int
        The sizes.

    Raises
    ------
    ValueError
        If one is not a positive int.
    """
    sizes = (values,) if isinstance(values, Integral) else tuple(values)  # type: ignore[arg-type]
    if not all(isinstance(size, Integral) and int(size) > 0 for size in sizes):
        raise ValueError(f"{name} must be positive ints; got {sizes!r}.")
    return tuple(int(size) for size in sizes)


def _completed(given: Sequence[int], n_values: int) -> tuple[int, ...]:
    known = [each for each in given if each != -1]
    if len(given) == 2 and len(known) == 1:
        (length,) = positive_ints("image_shape", known)
        return tuple(n_values // length if each == -1 else length for each in given)
    return positive_ints("image_shape", given)


def _square(n_pixels: int) -> tuple[int, int]:
    side = math.isqrt(n_pixels)
    if side * side != n_pixels:
        raise ValueError(
            f"Rows of {n_pixels} features are no square images: pass images of shape "
            "(n_images, height, width), or set image_shape."
        )
    return side, side
