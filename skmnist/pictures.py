"""Pictures of digits, as people take or draw them, in the form that MNIST's have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["center_digit", "read_picture"]

_SIDE: Final = 28  # pixels, the side of an MNIST image
_BOX: Final = 20  # pixels, the side of the box that a digit is scaled into
_FAINT: Final = 0.2  # share of the full ink below which a pixel of a noisy picture is paper
_LARGEST: Final = 40_000_000  # pixels


def read_picture(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read a picture in shades of grey.

    Parameters
    ----------
    path : path-like
        A file in any format that Pillow reads. What is transparent is taken for white.

    Returns
    -------
    ndarray of shape (height, width), dtype uint8
        Its grey values, turned the way that the camera says.

    Raises
    ------
    ValueError
        If the file is no picture, is damaged, or has more than 40 million pixels.
    """
    path = Path(path)
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _LARGEST:
                raise ValueError(
                    f"{path} has {picture.width * picture.height:,} pixels; at most {_LARGEST:,} "
                    "are read. Scale it down."
                )
            picture.load()
            upright = ImageOps.exif_transpose(picture)
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no picture {path}.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is not a picture, or is damaged: {error}") from error
    if upright.mode.startswith(("I", "F")):  # 16 bits and more, which "L" would cut off
        values = np.asarray(upright, np.float64)
        return np.rint(255 * values / max(values.max(), 1)).astype(np.uint8)
    colours = upright.convert("RGBA")
    white = Image.new("RGBA", colours.size, "white")
    return np.asarray(Image.alpha_composite(white, colours).convert("L"))


def center_digit(picture: ArrayLike) -> NDArray[np.uint8]:
    """Cut a digit out of a picture, and scale and centre it as MNIST's digits are [1]_.

    Ink is what differs from the border of the picture, dark on light or light on dark. It is cut
    out, scaled into a box of 20 x 20 pixels with its proportions kept, and put into an image of
    28 x 28 pixels so that its centre of mass is in the middle.

    Parameters
    ----------
    picture : array-like of shape (height, width)
        Grey values, of any range and any size.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8
        0 for paper to 255 for full ink.

    Raises
    ------
    ValueError
        If the picture is not a matrix of finite numbers, or nothing is drawn in it.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). Gradient-based learning applied to
       document recognition. Proceedings of the IEEE 86(11), 2278-2324.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import center_digit
    >>> paper = np.full((60, 90), 230)
    >>> paper[10:40, 70:74] = 20  # a one, drawn thinly to the right
    >>> image = center_digit(paper)
    >>> np.argwhere(image > 127).min(axis=0).tolist(), np.argwhere(image > 127).max(axis=0).tolist()
    ([4, 13], [23, 15])
    """
    grey = np.asarray(picture, dtype=np.float64)
    if grey.ndim != 2 or not grey.size or not np.isfinite(grey).all():
        raise ValueError(
            f"A picture is a matrix of finite grey values; got an array of shape {grey.shape}."
        )
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = np.median(border)
    above, below = grey.max() - paper, paper - grey.min()
    ink = np.clip(grey - paper if above > below else paper - grey, 0, None)
    if not ink.max():
        raise ValueError("Nothing is drawn in the picture: all of it has one shade.")
    ink /= ink.max()
    noise = np.abs(border - paper).max() / max(above, below)
    ink[ink < (_FAINT if noise else 0)] = 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = _BOX / max(digit.shape)
    height, width = (max(1, round(side * scale)) for side in digit.shape)
    if digit.shape != (height, width):
        drawn = Image.fromarray(digit.astype(np.float32))
        drawn = drawn.resize(
            (width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
        )
        digit = np.clip(np.asarray(drawn, np.float64), 0, 1)
        digit /= digit.max()
    return _centred(digit)


def _centred(digit: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Put a digit where its centre of mass is that of the image."""
    image = np.zeros((_SIDE, _SIDE), np.uint8)
    corner = []
    for axis, side in enumerate(digit.shape):
        mass = digit.sum(axis=1 - axis)
        centre = (mass * np.arange(side)).sum() / mass.sum()  # MNIST has it on the pixel 14
        corner.append(int(np.clip(round(_SIDE / 2 - centre), 0, _SIDE - side)))
    top, left = corner
    height, width = digit.shape
    image[top : top + height, left : left + width] = np.rint(255 * digit)
    return image
