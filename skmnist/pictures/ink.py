"""Ink on paper: what is drawn in a picture, part by part, without frames, edges and shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy import ndimage

__all__ = ["Drawing", "Part", "as_grey", "bounds", "find_drawing", "scaled_down"]

_TOUCHING: Final = np.ones((3, 3), dtype=bool)  # corners touch too
_BLUR: Final = 1.6  # pixels, by which large pictures are smoothed before they are cut into parts
_SMALL: Final = 60  # pixels, the side up to which nothing is smoothed
_PAPER_SIDE: Final = 400  # pixels, the side at which paper is told from ink
_REACH: Final = 0.4  # share of the side; a stroke is narrower, a shadow wider
_TOP: Final = 0.005  # share of the pixels that say how dark ink is
_FAINT, _DARK = 0.25, 0.5  # of the ink; a part reaches down to the one and up to the other
_NOISE: Final = 2.0  # times the noise of the paper, below which nothing is ink
_VISIBLE: Final = 6.0  # times the noise of the paper, below which nothing is drawn
_LEAST: Final = 5  # pixels, the side of the smallest digit; less is a speck
_SPECK: Final = 0.02  # of the picture's side, likewise
_HUGGING: Final = 0.5  # of a part's side along the border: an edge, a shadow or a neighbour
_ALL_ROUND: Final = 1.5  # of a part's side; no digit lies so long along the border
_PANEL: Final = 0.95  # of its box that a panel fills, its holes too
_PANEL_SIDE: Final = 20  # pixels
_RIM: Final = 0.06  # of a frame's side within which its lines are
_MOST: Final = 2000  # parts; more are noise


@dataclass(frozen=True, eq=False)
class Part:
    """Connected ink.

    Parameters
    ----------
    mask : ndarray of shape (height, width), dtype bool
        Its pixels, inside its box.
    top, left : int
        Where the box begins.
    contact : int
        Number of its pixels on the border of the picture.
    """

    mask: NDArray[np.bool_]
    top: int
    left: int
    contact: int

    @property
    def height(self) -> int:
        """Height of the box."""
        return self.mask.shape[0]

    @property
    def width(self) -> int:
        """Width of the box."""
        return self.mask.shape[1]

    @property
    def bottom(self) -> int:
        """Where the box ends."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """Where the box ends."""
        return self.left + self.width

    @property
    def side(self) -> int:
        """The longer side of the box."""
        return max(self.mask.shape)

    @property
    def area(self) -> int:
        """Number of its pixels."""
        return int(self.mask.sum())

    @property
    def is_hugging(self) -> bool:
        """Tell whether it lies along the border of the picture."""
        return self.contact > _HUGGING * self.side

    @property
    def is_edge(self) -> bool:
        """Tell whether it is a shadow or an edge, and nothing that was written."""
        is_filled = bool(self.mask.mean() > _PANEL)
        return self.contact > _ALL_ROUND * self.side or (self.is_hugging and is_filled)

    def holds(self, other: Part) -> bool:
        """Tell whether the box of another part lies inside this one's."""
        return (
            self.top <= other.top
            and other.bottom <= self.bottom
            and self.left <= other.left
            and other.right <= self.right
        )

    def gap(self, other: Part) -> int:
        """Give the distance of two boxes, in pixels; 0 where they overlap."""
        down = max(self.top - other.bottom, other.top - self.bottom)
        across = max(self.left - other.right, other.left - self.right)
        return max(down, across, 0)


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is drawn in a picture.

    Parameters
    ----------
    ink : ndarray of shape (height, width)
        How much darker than the paper each pixel is, or lighter where that is the ink.
    parts : list of Part
        At least one.
    top, left : int
        Where the ink lies in the picture: a panel is looked at alone.
    """

    ink: NDArray[np.float64]
    parts: list[Part]
    top: int = 0
    left: int = 0

    def cut(self, parts: Sequence[Part]) -> NDArray[np.float64]:
        """Cut parts out, with their soft edges, and leave the others behind."""
        top, left, bottom, right = bounds(parts)
        chosen = np.zeros(self.ink.shape, dtype=bool)
        for part in parts:
            chosen[part.top : part.bottom, part.left : part.right] |= part.mask
        box = np.s_[top:bottom, left:right]
        chosen = ndimage.binary_dilation(chosen[box], _TOUCHING)
        return np.where(chosen, self.ink[box], 0)


def bounds(parts: Sequence[Part]) -> tuple[int, int, int, int]:
    """Give the box around parts: top, left, bottom, right."""
    return (
        min(part.top for part in parts),
        min(part.left for part in parts),
        max(part.bottom for part in parts),
        max(part.right for part in parts),
    )


def as_grey(picture: ArrayLike) -> NDArray[np.float64]:
    """Check that a picture is a matrix of finite numbers."""
    grey = np.asarray(picture)
    if grey.ndim != 2 or not grey.size or grey.dtype.kind not in "buif":
        raise ValueError(
            f"A picture is a matrix of grey values; got an array of shape {grey.shape} and type "
            f"{grey.dtype}. read_picture turns colours into grey."
        )
    if not np.isfinite(grey).all():
        raise ValueError("A picture is a matrix of finite grey values; this one has NaN or inf.")
    return grey.astype(np.float64)


def scaled_down(grey: NDArray[np.float64], side: int) -> tuple[NDArray[np.float64], int]:
    """Scale a large picture down by a whole number, which is given too."""
    factor = -(-max(grey.shape) // side)
    if factor <= 1:
        return grey, 1
    smaller = Image.fromarray(grey.astype(np.float32)).reduce(factor)
    return np.asarray(smaller, np.float64), factor


def find_drawing(grey: NDArray[np.float64]) -> Drawing:
    """Find what is drawn, dark on light or light on dark.

    Paper is what a wide grey opening leaves, so that shadows and gradients belong to it. What lies
    along the border is left out, as are frames; of a panel the inside is looked at.

    Parameters
    ----------
    grey : ndarray of shape (height, width)
        Grey values.

    Returns
    -------
    Drawing
        With all parts but frames, edges and specks.

    Raises
    ------
    ValueError
        If nothing is drawn.
    """
    ink, noise = _ink(grey)
    parts = _parts(ink, noise)
    ink, parts = _without_edges(ink, noise, parts)
    if not parts:
        raise ValueError("Nothing is drawn in the picture: no ink stands out from the paper.")
    if all(part.is_edge for part in parts):
        raise ValueError("Nothing is drawn in the picture but shadows along its border.")
    inside = _inside_panel(grey, parts)
    if inside is not None:
        return inside
    least = max(_LEAST, _SPECK * max(grey.shape))
    if all(part.side < least for part in parts):
        raise ValueError("Nothing is drawn in the picture but specks.")
    kept = [part for part in parts if not _is_frame(part, parts, max(grey.shape))]
    return Drawing(ink, kept)


def _ink(grey: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Take the paper away; give the noise that is left on it too, as a standard deviation."""
    middle = np.median(_ring(grey))
    is_dark = middle - grey.min() > grey.max() - middle
    high = -grey if is_dark else grey
    if high.max() == high.min():
        raise ValueError("Nothing is drawn in the picture: all of it has one shade.")
    small, _ = scaled_down(high, _PAPER_SIDE)
    size = max(9, int(_REACH * max(small.shape)) | 1)
    windows = tuple(min(size, 2 * side - 1) for side in small.shape)
    paper = ndimage.grey_opening(_smoothed(small), size=windows, mode="nearest")
    if paper.shape != grey.shape:
        wide = Image.fromarray(paper.astype(np.float32))
        paper = np.asarray(wide.resize(grey.shape[::-1], Image.Resampling.BILINEAR), np.float64)
    ink = high - paper
    bare = ink[ink <= _otsu(ink)]
    level = np.median(bare)
    noise = 1.4826 * float(np.median(np.abs(bare - level)))
    if max(grey.shape) <= _SMALL:
        noise = max(noise, _noise(grey))
    return np.clip(ink - level, 0, None), noise


def _noise(grey: NDArray[np.float64]) -> float:
    """Estimate noise where nothing is smoothed: by second differences (Immerkaer, 1996)."""
    differences = ndimage.convolve(grey, np.outer([1, -2, 1], [1, -2, 1]).astype(np.float64))
    return 1.4826 * float(np.median(np.abs(differences))) / 6


def _smoothed(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    if max(grey.shape) <= _SMALL:
        return grey
    return ndimage.gaussian_filter(grey, _BLUR * min(1, max(grey.shape) / _PAPER_SIDE))


def _ring(grey: NDArray[Any]) -> NDArray[Any]:
    """Give the pixels of the border."""
    return np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])


def _otsu(values: NDArray[np.float64]) -> float:
    """Find the threshold that parts values best into two groups (Otsu, 1979)."""
    counts, edges = np.histogram(values, 128)
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)[:-1]
    above = values.size - below
    sums = np.cumsum(counts * centres)
    between = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    return float(edges[1:-1][np.argmax(between)])


def _parts(ink: NDArray[np.float64], noise: float) -> list[Part]:
    """Cut ink into its connected parts; those that are faint throughout are left out."""
    soft = _smoothed(ink)
    n_top = max(1, int(_TOP * soft.size))
    full = float(np.sort(soft, axis=None)[-n_top:].mean())  # np.partition is far slower here
    if full <= _VISIBLE * noise:
        return []
    faint = max(_FAINT * full, _NOISE * noise)
    labels, n_parts = ndimage.label(soft > faint, _TOUCHING)
    if not n_parts:
        return []
    areas = np.bincount(labels.ravel())[1:]
    strong = np.setdiff1d(labels[soft >= max(_DARK * full, faint)], [0]) - 1
    largest = strong[np.argsort(areas[strong])[::-1][:_MOST]]
    boxes = ndimage.find_objects(labels)
    return [_part(labels, boxes[i], i + 1) for i in sorted(largest)]


def _part(labels: NDArray[Any], box: tuple[slice, slice], number: int) -> Part:
    mask = labels[box] == number
    rows, columns = box
    edges = (
        (rows.start == 0, mask[0]),
        (rows.stop == labels.shape[0], mask[-1]),
        (columns.start == 0, mask[:, 0]),
        (columns.stop == labels.shape[1], mask[:, -1]),
    )
    contact = sum(int(line.sum()) for is_at_border, line in edges if is_at_border)
    return Part(mask, rows.start, columns.start, contact)


def _without_edges(
    ink: NDArray[np.float64], noise: float, parts: list[Part]
) -> tuple[NDArray[np.float64], list[Part]]:
    """Take away what lies along the border, as long as something else is drawn."""
    least = max(_LEAST, 0.1 * max(ink.shape))
    for _ in range(3):
        hugging = [part for part in parts if part.is_hugging]
        if not hugging:
            break
        covered = np.zeros(ink.shape, dtype=bool)
        for part in hugging:
            covered[part.top : part.bottom, part.left : part.right] |= part.mask
        rest = np.where(ndimage.binary_dilation(covered, _TOUCHING, iterations=2), 0, ink)
        others = _parts(rest, noise)
        # what spans the picture still belongs to the edge
        if not any(
            part.side >= least and part.height < ink.shape[0] and part.width < ink.shape[1]
            for part in others
        ):
            break
        ink, parts = rest, others
    return ink, parts


def _inside_panel(grey: NDArray[np.float64], parts: list[Part]) -> Drawing | None:
    """Look at the inside of the largest part, if that is a filled rectangle with a digit on it."""
    panel = max(parts, key=lambda part: part.height * part.width)
    short = min(panel.mask.shape)
    if short < _PANEL_SIDE or short <= panel.side / 2:
        return None
    if ndimage.binary_fill_holes(panel.mask).mean() <= _PANEL:
        return None
    rim = max(2, int(0.03 * short))
    if _ring(panel.mask[rim:-rim, rim:-rim]).mean() <= 0.9:
        return None
    top, left = panel.top + rim, panel.left + rim
    try:
        found = find_drawing(grey[top : panel.bottom - rim, left : panel.right - rim])
    except ValueError:
        return None
    return Drawing(found.ink, found.parts, top + found.top, left + found.left)


def _is_frame(part: Part, parts: list[Part], side: int) -> bool:
    """Tell whether a part is the outline of a rectangle with something in it."""
    short = min(part.mask.shape)
    if short < _REACH * side:
        return False
    rim = max(1, int(_RIM * short))
    on_rim = part.area - int(part.mask[rim:-rim, rim:-rim].sum())
    return on_rim > 0.9 * part.area and any(
        part.holds(other) and other.side > 0.1 * side for other in parts if other is not part
    )
