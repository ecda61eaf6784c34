"""Matrix products that give a row the same bits wherever it stands, and however many there are.

BLAS adds up a row's products in another order where there are more rows or columns. OpenBLAS on
processors with AVX-512 does not, if no sum is long and no columns are left over from its tiles. So
kernels are padded, products are added up in pieces, and rows are taken in blocks of a few sizes.
Whether these agree is tried once for each shape: BLAS elsewhere may not do so.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "agreeing_blocks", "divided", "padded_columns", "product"]

_TILE: Final = 16
"""Columns that OpenBLAS computes together."""
_PIECE: Final = 400
"""Products in a sum; OpenBLAS divides longer ones, but not where there are few rows."""


class Block(NamedTuple):
    """A number of rows that are multiplied together, and whether each sum is added up whole."""

    n_rows: int
    whole: bool = False


_LARGE: Final = (Block(512, whole=True), Block(512), Block(128), Block(64))
"""Blocks for many rows: with 512, products are at full speed."""
_SMALL: Final = (Block(16), Block(4), Block(2))
"""Blocks for few rows: a single image takes as long as 2."""
_BLOCKS: Final = _LARGE + _SMALL


def padded_columns(kernel: NDArray[Any]) -> NDArray[Any]:
    """Add columns of zeros to a matrix, so that none is left over from whole tiles."""
    missing = -kernel.shape[1] % _TILE
    return np.pad(kernel, ((0, 0), (0, missing))) if missing else kernel


def product(rows: NDArray[Any], kernel: NDArray[Any], block: Block) -> NDArray[Any]:
    """Multiply a block of rows by a matrix with whole tiles of columns."""
    length = len(kernel)
    n_pieces = 1 if block.whole else -(-length // _PIECE)
    step = -(-length // n_pieces)
    total = rows[:, :step] @ kernel[:step]
    for start in range(step, length, step):
        total += rows[:, start : start + step] @ kernel[start : start + step]
    return total


def agreeing_blocks(shapes: Iterable[tuple[int, int]]) -> tuple[Block, ...]:
    """Find blocks that agree about the products with all of some matrices.

    Parameters
    ----------
    shapes : iterable of tuple of int
        Shapes of the matrices.

    Returns
    -------
    tuple of Block
        A large one first and a small one last; empty where BLAS has none, as OpenBLAS on
        processors with AVX2 alone.
    """
    alike = [dict(zip(_BLOCKS, _alike(shape), strict=True)) for shape in set(shapes)]
    for i, large in enumerate(_LARGE):
        if all(of[large] for of in alike):
            agreeing = [b for b in _BLOCKS[i:] if all(of[b] == of[large] for of in alike)]
            if agreeing[-1] in _SMALL:
                return tuple(agreeing)
    return ()


def divided(n_rows: int, blocks: Sequence[Block]) -> Iterator[tuple[int, Block]]:
    """Divide rows into blocks, each of which is at least three quarters full or of the last kind.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    blocks : sequence of Block
        The blocks that there are, largest first.

    Yields
    ------
    tuple of int and Block
        The first row of a block, and which.
    """
    start = 0
    for block in blocks:
        least = 1 if block is blocks[-1] else block.n_rows * 3 // 4
        while n_rows - start >= least:
            yield start, block
            start += block.n_rows


@functools.lru_cache(maxsize=1024)
def _alike(shape: tuple[int, int]) -> tuple[int, ...]:
    """Give each block a number, the same to those that agree; 0 where a row's place matters."""
    rng = np.random.default_rng(0)
    kernel = padded_columns(rng.standard_normal(shape, dtype=np.float32))
    rows = rng.random((_LARGE[0].n_rows, shape[0]), dtype=np.float32)
    found: list[NDArray[Any]] = []
    numbers = []
    for block in _BLOCKS:
        here = _in_blocks(rows, kernel, block)
        elsewhere = np.roll(_in_blocks(np.roll(rows, 1, axis=0), kernel, block), -1, axis=0)
        found.append(here)
        same = next(i for i, other in enumerate(found, 1) if np.array_equal(here, other))
        numbers.append(same if np.array_equal(here, elsewhere) else 0)
    return tuple(numbers)


def _in_blocks(rows: NDArray[Any], kernel: NDArray[Any], block: Block) -> NDArray[Any]:
    starts = range(0, len(rows), block.n_rows)
    return np.concatenate([product(rows[i : i + block.n_rows], kernel, block) for i in starts])
