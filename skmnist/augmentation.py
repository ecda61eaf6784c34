"""Images bent a little, as other hands would have written them: more to learn from."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_array

__all__ = ["KINDS", "Augmentation", "Kind"]

Kind = Literal["affine", "elastic"]
KINDS: Final = frozenset(get_args(Kind))

_ROTATION: Final = 12.0
"""Degrees, at most, either way."""
_SCALE: Final = 0.15
"""Share by which width and height, each for itself, grow or shrink at most."""
_SHEAR: Final = 0.2
"""Share of the height by which an image leans at most, either way."""
_SHIFT: Final = 1 / 28
"""Share of the width that an image is moved at most, either way."""
_SMOOTHNESS: Final = 5.0 / 28
"""Standard deviation of the Gaussian that smooths an elastic field, as a share of the width."""
_DISPLACEMENT: Final = 1.15 / 28
"""Root mean square of an elastic field, along each axis, as a share of the width."""
_TOGETHER: Final = 100
"""Images that are bent alike: drawn anew each time, so that two seldom are so again, and seldom
fall into one batch. Their pixels lie side by side in memory, which makes bending them fast."""
_FEWEST_MAPS: Final = 256
"""Number of ways of bending; one an image, where images are few."""


@dataclass(frozen=True)
class Augmentation:
    """A way to bend images, called with rows and a generator.

    An affine map about the centre (rotation, scale along each axis, shear, shift) and, if elastic,
    a smooth random field of displacements on top of it [1]_, composed, so that pixels are
    interpolated once, linearly. What comes from outside the image is black.

    Parameters
    ----------
    kind : {"affine", "elastic"}
        What is composed.
    image_shape : tuple of int
        Height and width of an image.

    References
    ----------
    .. [1] P. Simard, D. Steinkraus and J. Platt (2003). Best practices for convolutional neural
       networks applied to visual document analysis. ICDAR.
    """

    kind: Kind
    image_shape: tuple[int, int]

    def __call__(self, rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Bend images.

        Parameters
        ----------
        rows : ndarray of shape (n_images, ...), dtype float32
            Images, each of ``height * width`` values, or of as many for each channel.
        rng : numpy.random.Generator
            Generator of the bending, which it determines to the last bit.

        Returns
        -------
        ndarray of the same shape
            New images in the same order.
        """
        n_pixels = math.prod(self.image_shape)
        images = rows.reshape(len(rows), n_pixels, -1)  # of each pixel its channels
        n_maps = max(math.ceil(len(images) / _TOGETHER), min(len(images), _FEWEST_MAPS))
        groups = np.array_split(rng.permutation(len(images)), n_maps)
        sources = self._sources(n_maps, rng)
        bent = np.empty_like(images)

        def bend(group: NDArray[np.intp], source: NDArray[np.float32]) -> None:
            pixels = images[group].swapaxes(0, 1)
            mixed = _resampling(source, self.image_shape) @ pixels.reshape(n_pixels, -1)
            bent[group] = mixed.reshape(pixels.shape).swapaxes(0, 1)

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(bend, groups, sources))
        return bent.reshape(rows.shape)

    def _sources(self, n_maps: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Draw, for each map, from where each pixel is taken: shape (n_maps, 2, height, width)."""
        height, width = self.image_shape

        def draw(most: float, *shape: int) -> NDArray[np.float64]:
            return rng.uniform(-most, most, (*shape, n_maps))

        angle, shear = np.deg2rad(draw(_ROTATION)), draw(_SHEAR)
        zoom_y, zoom_x = np.exp(draw(math.log1p(_SCALE), 2))
        shift = draw(_SHIFT, 2) * [[height], [width]]
        cos, sin = np.cos(angle), np.sin(angle)
        matrix = np.array(
            [
                [zoom_y * (cos - shear * sin), -zoom_x * sin],
                [zoom_y * (sin + shear * cos), zoom_x * cos],
            ]
        )
        centre = np.array([(height - 1) / 2, (width - 1) / 2])
        offsets = np.indices((height, width)) - centre[:, None, None]
        sources = np.einsum("ijn,jhw->nihw", matrix, offsets)
        sources += (centre[:, None] + shift).T[:, :, None, None]
        if self.kind == "elastic":
            noise = rng.standard_normal(sources.shape, dtype=np.float32)
            sigma = _SMOOTHNESS * width
            field = gaussian_filter(noise, (0, 0, sigma, sigma), mode="constant")
            # a Gaussian of this width leaves noise of deviation 1 with one of 1 / (2 sigma sqrt pi)
            sources += field * (_DISPLACEMENT * width * 2 * sigma * math.sqrt(math.pi))
        return sources.astype(np.float32)


def _resampling(source: NDArray[np.float32], image_shape: tuple[int, int]) -> csr_array:
    """Write bilinear interpolation as a sparse matrix, with the four neighbours of each pixel."""
    height, width = image_shape
    low = np.floor(source)
    part = (source - low).reshape(2, -1)
    corner = low.astype(np.int32).reshape(2, -1)
    columns = np.empty((height * width, 4), np.int32)
    weights = np.empty((height * width, 4), np.float32)
    for place, (down, right) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        y, x = corner[0] + down, corner[1] + right
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        share = (part[0] if down else 1 - part[0]) * (part[1] if right else 1 - part[1])
        weights[:, place] = np.where(inside, share, 0)
        columns[:, place] = np.where(inside, y * width + x, 0)
    starts = np.arange(0, columns.size + 1, 4, dtype=np.int32)
    size = height * width
    return csr_array((weights.ravel(), columns.ravel(), starts), shape=(size, size))
