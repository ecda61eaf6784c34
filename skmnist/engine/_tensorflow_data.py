"""Rows on the device: of one network, or of several with equal arrays in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

__all__ = ["Data", "Pool", "StackData", "place"]


class Data(NamedTuple):
    """Rows to train or evaluate on, on the device.

    Parameters
    ----------
    X, y, weights : tensor
        Rows, targets as the loss takes them, one weight a row.
    n_rows : int
        Rows that count; those behind are padding.
    """

    X: Any
    y: Any
    weights: Any
    n_rows: int


def place(
    X: NDArray[Any], y: NDArray[Any], weights: NDArray[Any], *, whole_batches_of: int = 1
) -> Data:
    """Bring rows to the device, padded with zeros to whole batches.

    Parameters
    ----------
    X, y, weights : ndarray
        Of one length.
    whole_batches_of : int, default=1
        Rows a batch.

    Returns
    -------
    Data
        The rows.
    """
    missing = -len(X) % whole_batches_of
    arrays = [
        np.pad(a, [(0, missing)] + [(0, 0)] * (a.ndim - 1)) if missing else a
        for a in (X, y, weights)
    ]
    placed_X, placed_y, placed_weights = map(tf.convert_to_tensor, arrays)
    return Data(placed_X, placed_y, placed_weights, len(X))


class Pool(NamedTuple):
    """Arrays of rows one behind the other, each of them once.

    Parameters
    ----------
    rows : tensor of shape (n_pooled_rows, ...)
        All rows.
    starts : ndarray of shape (n_arrays,), dtype int32
        Where the rows of each array begin; equal arrays share a place.
    """

    rows: tf.Tensor
    starts: NDArray[np.int32]

    @classmethod
    def of(cls, arrays: Sequence[NDArray[Any]]) -> Pool:
        """Pool arrays on the device; the length is rounded up, so that few lengths occur."""
        places: list[tuple[NDArray[Any], int]] = []
        starts, end = [], 0
        for array in arrays:
            place = next((start for held, start in places if _equal(held, array)), None)
            if place is None:
                places.append((array, end))
                place, end = end, end + len(array)
            starts.append(place)
        step = max(64, 1 << max(end.bit_length() - 4, 0))
        rows = np.zeros((-(-end // step) * step, *arrays[0].shape[1:]), arrays[0].dtype)
        for array, start in places:
            rows[start : start + len(array)] = array
        return cls(tf.convert_to_tensor(rows), np.array(starts, np.int32))


class StackData(NamedTuple):
    """Rows, targets and weights of several networks.

    Parameters
    ----------
    X, y, weights : Pool
        One array a network in each.
    n_rows : ndarray of shape (n_networks,), dtype int32
        How many rows each network has.
    """

    X: Pool
    y: Pool
    weights: Pool
    n_rows: NDArray[np.int32]

    def of(self, networks: Sequence[int]) -> StackData:
        """Give the data of some of the networks, in the same place."""
        chosen = np.asarray(networks)
        X, y, weights = (pool._replace(starts=pool.starts[chosen]) for pool in self[:3])
        return StackData(X, y, weights, self.n_rows[chosen])


def _equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one is other or (
        one.shape == other.shape
        and np.array_equal(one[:1], other[:1])  # most differ at once
        and np.array_equal(one, other)
    )
