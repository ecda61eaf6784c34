"""`center_digit`: the digit in a picture, in the form that MNIST's have."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy import ndimage

from skmnist.pictures.ink import Drawing, Part, as_grey, find_drawing, scaled_down

__all__ = ["center_digit", "centred"]

_SIDE: Final = 28  # pixels, the side of an MNIST image
_BOX: Final = 20  # pixels, the side of the box that a digit is scaled into
_WORK: Final = 400  # pixels, the side at which one digit is looked for
_STROKE: Final = 2.0  # pixels of the box, the width below which strokes are widened
_PIECE: Final = 0.05  # of the area of a digit's main part, below which a piece near it is dust
_NEAR: Final = 0.3  # of its side, up to which a piece is near


def center_digit(picture: ArrayLike) -> NDArray[np.uint8]:
    """Cut a digit out of a picture, and scale and centre it as MNIST's digits are [1]_.

    Ink is what stands out from the paper around it, dark on light or light on dark; frames, the
    edges of paper, dust and what is cut off by the border are left behind. The digit is scaled into
    a box of 20 x 20 pixels with its proportions kept, thin strokes widened to those of a pen, and
    put into an image of 28 x 28 pixels so that its centre of mass is in the middle.

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

    See Also
    --------
    find_digits : Cuts a picture of several digits.

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
    grey, _ = scaled_down(as_grey(picture), _WORK)
    drawing = find_drawing(grey)
    return centred(drawing.cut(_pieces(drawing)))


def _pieces(drawing: Drawing) -> list[Part]:
    """Choose the main part and the pieces that belong to it."""
    main = max(drawing.parts, key=lambda part: part.area * (0.3 if part.contact else 1))
    return [part for part in drawing.parts if part is main or _belongs(part, main)]


def _belongs(part: Part, main: Part) -> bool:
    return (
        part.area >= _PIECE * main.area
        and part.gap(main) <= _NEAR * main.side
        and (not part.contact or main.contact > 0)
    )


def centred(ink: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Scale a digit into the box, and put its centre of mass into the middle of the image.

    Parameters
    ----------
    ink : ndarray of shape (height, width)
        The digit alone, 0 for paper.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8
        As MNIST's.
    """
    digit = np.clip(ink / np.percentile(ink[ink > 0.25 * ink.max()], 80), 0, 1)
    digit[digit < 0.1] = 0
    return _placed(_scaled(_widened(digit)))


def _widened(digit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Widen thin strokes, so that they don't fade where they are scaled down."""
    scale = _BOX / max(digit.shape)
    if scale >= 1:
        return digit
    missing = round(_STROKE / scale - _stroke_width(digit > 0.5))
    if missing < 1:
        return digit
    reach = -(-missing // 2)
    down, across = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    pen = down**2 + across**2 <= (missing / 2 + 0.3) ** 2
    return _trimmed(ndimage.grey_dilation(np.pad(digit, reach), footprint=pen))


def _stroke_width(mask: NDArray[np.bool_]) -> float:
    """Measure strokes by the distance of their middle lines from the paper."""
    inside = np.pad(mask, 1)
    depth = ndimage.distance_transform_edt(inside)
    ridge = inside & (depth == ndimage.maximum_filter(depth, 3))
    return float(2 * depth[ridge].mean()) if ridge.any() else 0.0


def _trimmed(digit: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scaled(digit: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = _BOX / max(digit.shape)
    height, width = (max(1, round(side * scale)) for side in digit.shape)
    if digit.shape == (height, width):
        return digit
    way = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BICUBIC
    drawn = Image.fromarray(digit.astype(np.float32)).resize((width, height), way)
    scaled = np.clip(np.asarray(drawn, np.float64), 0, 1)
    return scaled / scaled.max()


def _placed(digit: NDArray[np.float64]) -> NDArray[np.uint8]:
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
