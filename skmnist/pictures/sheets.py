"""`find_digits`: the digits of a number or a sheet, in the order in which they are read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmnist.pictures.digits import center_digit, centred
from skmnist.pictures.ink import Part, as_grey, bounds, find_drawing, scaled_down

__all__ = ["Digits", "find_digits"]

_WORK: Final = 1600  # pixels, the side at which digits are looked for
_SHORT: Final = 0.45  # of the usual height, below which ink is a piece, a dot or a dash
_CLOSE: Final = 0.12  # of the usual height, across which pieces are joined
_OVERLAP: Final = 0.35  # of the narrower one's width; digits side by side overlap less
_WIDE: Final = 1.25  # times its height, above which a part holds more than one digit
_LOW: Final = 8  # pixels, the height below which nothing can be parted
_TALL: Final = 0.6  # of the height, below which a piece of a wide part is no digit
_NECK: Final = 0.3  # of the height, the ink of a column at which touching digits are parted


class Digits(NamedTuple):
    """The digits in a picture.

    Parameters
    ----------
    images : ndarray of shape (n_digits, 28, 28), dtype uint8
        As `center_digit` gives them.
    boxes : ndarray of shape (n_digits, 4), dtype int64
        Top, left, bottom and right of each in the picture, in pixels.
    lines : ndarray of shape (n_digits,), dtype int64
        Number of the line that each stands in, from 0.
    touching : ndarray of shape (n_digits,), dtype bool
        Whether it touches another, or may be more than one: what is read there is unsure.
    """

    images: NDArray[np.uint8]
    boxes: NDArray[np.int64]
    lines: NDArray[np.int64]
    touching: NDArray[np.bool_]


class _Glyph(NamedTuple):
    """Parts that make one digit."""

    parts: list[Part]
    touching: bool = False

    @property
    def box(self) -> tuple[int, int, int, int]:
        return bounds(self.parts)

    @property
    def height(self) -> int:
        top, _, bottom, _ = self.box
        return bottom - top

    @property
    def width(self) -> int:
        _, left, _, right = self.box
        return right - left


def find_digits(picture: ArrayLike) -> Digits:
    """Cut the digits out of a picture of one, of a number, or of a sheet of them.

    Digits are parts of the ink about as high as the others; smaller pieces belong to the digit that
    they are close to, or are dust. Digits that touch are parted where the ink between them is thin.

    Parameters
    ----------
    picture : array-like of shape (height, width)
        Grey values, of any range and any size.

    Returns
    -------
    Digits
        Line by line, from left to right.

    Raises
    ------
    ValueError
        If the picture is not a matrix of finite numbers, or nothing is drawn in it.

    See Also
    --------
    center_digit : Takes a picture for one digit.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import find_digits, load_digits28
    >>> images = load_digits28().images[:3]  # 0, 1, 2
    >>> digits = find_digits(np.hstack(images))
    >>> digits.images.shape, digits.lines
    ((3, 28, 28), array([0, 0, 0]))
    """
    full = as_grey(picture)
    grey, factor = scaled_down(full, _WORK)
    drawing = find_drawing(grey)
    glyphs = [half for glyph in _glyphs(drawing.parts) for half in _parted(glyph)]
    lines = _lines(glyphs)
    ordered = [(number, glyph) for number, line in enumerate(lines) for glyph in line]
    if len(ordered) == 1:
        images = center_digit(full)[np.newaxis]
    else:
        images = np.array([centred(drawing.cut(glyph.parts)) for _, glyph in ordered])
    origin = np.array([drawing.top, drawing.left] * 2)
    return Digits(
        images,
        factor * (np.array([glyph.box for _, glyph in ordered]) + origin),
        np.array([number for number, _ in ordered]),
        np.array([glyph.touching for _, glyph in ordered]),
    )


def _glyphs(parts: Sequence[Part]) -> list[_Glyph]:
    """Join pieces into digits, and leave dust out."""
    usual = _usual_height(parts)
    groups = [[part] for part in parts]
    joined = True
    while joined:
        joined = False
        for i, first in enumerate(groups):
            for second in groups[i + 1 :]:
                if _is_one(first, second, usual):
                    first.extend(second)
                    groups.remove(second)
                    joined = True
                    break
    glyphs = [_Glyph(group) for group in groups]
    usual = max(usual, max(glyph.height for glyph in glyphs) / 3)
    tall = [glyph for glyph in glyphs if glyph.height >= _SHORT * usual]
    return tall or [max(glyphs, key=lambda glyph: glyph.height)]


def _usual_height(parts: Sequence[Part]) -> float:
    """Give the height of the part in which half of the ink is reached, from the lowest one up."""
    ordered = sorted(parts, key=lambda part: part.height)
    ink = np.cumsum([part.area for part in ordered])
    return float(ordered[int(np.searchsorted(ink, ink[-1] / 2))].height)


def _is_one(first: list[Part], second: list[Part], usual: float) -> bool:
    """Tell whether two groups of parts are pieces of one digit."""
    a, b = bounds(first), bounds(second)
    across = min(a[3], b[3]) - max(a[1], b[1])
    down = min(a[2], b[2]) - max(a[0], b[0])
    narrower = min(a[3] - a[1], b[3] - b[1])
    is_piece = min(a[2] - a[0], b[2] - b[0]) < _SHORT * usual
    over_each_other = across >= _OVERLAP * narrower
    height = max(a[2], b[2]) - min(a[0], b[0])
    if over_each_other and (down > 0 or -down <= _CLOSE * usual):
        return True
    if over_each_other and is_piece and height <= 1.3 * usual:
        return True
    return is_piece and max(-across, -down) <= _CLOSE * usual


def _parted(glyph: _Glyph) -> list[_Glyph]:
    """Part digits that touch; what can't be parted clearly is marked."""
    if glyph.width <= _WIDE * glyph.height or glyph.height < _LOW:
        return [glyph]
    mask = _mask(glyph)
    expected = max(2, round(glyph.width / (0.8 * glyph.height)))
    is_joined = False
    for n_digits in (expected, expected - 1, expected + 1):
        cuts = _cuts(mask.sum(axis=0), n_digits)
        is_thin = all(mask[:, cut].sum() <= _NECK * len(mask) for cut in cuts[1:-1])
        pieces = [_piece(glyph, mask, *ends) for ends in itertools.pairwise(cuts)]
        is_tall = min(piece.height for piece in pieces) >= _TALL * glyph.height
        if n_digits > 1 and is_thin and is_tall:
            return [_Glyph([piece], touching=True) for piece in pieces]
        is_joined |= n_digits > 1 and is_tall
    return [glyph._replace(touching=is_joined)]  # or else a five with a long bar


def _mask(glyph: _Glyph) -> NDArray[np.bool_]:
    top, left, _, _ = glyph.box
    mask = np.zeros((glyph.height, glyph.width), dtype=bool)
    for part in glyph.parts:
        rows, columns = part.top - top, part.left - left
        mask[rows : rows + part.height, columns : columns + part.width] |= part.mask
    return mask


def _cuts(ink: NDArray[np.int64], n_digits: int) -> list[int]:
    """Find where the columns have least ink, near equal shares of the width; with both ends."""
    step = len(ink) / max(1, n_digits)
    windows = [(round((i - 0.35) * step), round((i + 0.35) * step)) for i in range(1, n_digits)]
    return [0, *(low + int(np.argmin(ink[low:high])) for low, high in windows), len(ink)]


def _piece(glyph: _Glyph, mask: NDArray[np.bool_], start: int, stop: int) -> Part:
    """Give the ink between two columns as a part of its own."""
    top, left, _, _ = glyph.box
    inside = mask[:, start:stop]
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    trimmed = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Part(trimmed, top + int(rows[0]), left + start + int(columns[0]), 0)


def _lines(glyphs: Sequence[_Glyph]) -> list[list[_Glyph]]:
    """Sort digits into lines, from top to bottom, and each line from left to right."""
    lines: list[list[_Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: glyph.box[0] + glyph.box[2]):
        top, _, bottom, _ = glyph.box
        middle = (top + bottom) / 2
        if lines and middle <= np.mean([other.box[2] for other in lines[-1]]):
            lines[-1].append(glyph)
        else:
            lines.append([glyph])
    return [sorted(line, key=lambda glyph: glyph.box[1]) for line in lines]
