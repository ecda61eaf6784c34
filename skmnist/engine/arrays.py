"""Arguments and results of programs: states and rows, of one network or of several.

The same for every backend; "on the device" are the backend's own arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EVALUATION_ROWS",
    "PREDICTION_ROWS",
    "Logs",
    "PlacedSamples",
    "Pool",
    "StackedSamples",
    "State",
    "few_lengths",
    "lengthened",
    "loss_first",
]

EVALUATION_ROWS: Final = 1000
"""Rows a batch of an evaluation."""
PREDICTION_ROWS: Final = 64
"""Rows a batch of a prediction: always this many, so that a row's result, which may depend in its
last bits on the shape of the matrix product, depends on the row alone. One image is answered at
once all the same."""

Logs = dict[str, Any]
"""Loss and metrics of an epoch: a float each, or one a class."""


class State(NamedTuple):
    """All that a training step changes.

    Parameters
    ----------
    variables : list of array
        Weights and random seeds of the network, in the order of `keras.Model.variables`.
    slots : list of array
        What the optimizer remembers, its learning rate excepted.
    """

    variables: list[Any]
    slots: list[Any]

    def to_numpy(self) -> State:
        """Bring the state back from the device."""
        return State(*([_owned(array) for array in arrays] for arrays in self))


class PlacedSamples(NamedTuple):
    """Rows to train or evaluate on, on the device.

    Parameters
    ----------
    X, y, weights : tensor
        Samples, targets as the loss takes them, one weight a row.
    n_rows : int
        Rows that count; those behind are padding.
    """

    X: Any
    y: Any
    weights: Any
    n_rows: int

    @classmethod
    def of(
        cls,
        arrays: Sequence[NDArray[Any]],
        length: int,
        to_device: Callable[[NDArray[Any]], Any],
    ) -> PlacedSamples:
        """Bring rows, targets and weights to the device, padded with zeros to a length."""
        X, y, weights = (to_device(lengthened(array, length)) for array in arrays)
        return cls(X, y, weights, len(arrays[0]))


class Pool(NamedTuple):
    """Arrays of rows one behind the other, each of them once.

    Parameters
    ----------
    values : tensor of shape (n_pooled_rows, ...)
        All of them.
    starts : ndarray of shape (n_arrays,), dtype int32
        Where the rows of each array begin; equal arrays share a place.
    """

    values: Any
    starts: NDArray[np.int32]

    @classmethod
    def of(cls, arrays: Sequence[NDArray[Any]], to_device: Callable[[NDArray[Any]], Any]) -> Pool:
        """Pool arrays on the device; the length is rounded up, so that few lengths occur."""
        places: list[tuple[NDArray[Any], int]] = []
        starts, end = [], 0
        for array in arrays:
            place = next((start for held, start in places if _equal(held, array)), None)
            if place is None:
                places.append((array, end))
                place, end = end, end + len(array)
            starts.append(place)
        rows = np.zeros((few_lengths(end), *arrays[0].shape[1:]), arrays[0].dtype)
        for array, start in places:
            rows[start : start + len(array)] = array
        return cls(to_device(rows), np.array(starts, np.int32))


class StackedSamples(NamedTuple):
    """Samples, targets and weights of several networks.

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

    def of(self, networks: Sequence[int]) -> StackedSamples:
        """Give the data of some of the networks, in the same place."""
        chosen = np.asarray(networks)
        X, y, weights = (pool._replace(starts=pool.starts[chosen]) for pool in self[:3])
        return StackedSamples(X, y, weights, self.n_rows[chosen])


def few_lengths(n_rows: int) -> int:
    """Round a number of rows up by at most an eighth, or to 64, so that few numbers occur."""
    step = max(64, 1 << max(n_rows.bit_length() - 4, 0))
    return -(-n_rows // step) * step


def lengthened(array: NDArray[Any], n_rows: int) -> NDArray[Any]:
    """Pad an array with rows of zeros."""
    if len(array) == n_rows:
        return array
    padded = np.zeros((n_rows, *array.shape[1:]), array.dtype)
    padded[: len(array)] = array
    return padded


def loss_first(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Put logs in Keras's order: both compilers sort them by name."""
    return {name: logs[name] for name in sorted(logs, key=lambda name: name != "loss")}


def _owned(array: Any) -> NDArray[Any]:
    """Give an array that may be written to: some backends lend their own memory."""
    values = np.asarray(array)
    return values if values.flags.writeable else values.copy()


def _equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one is other or (
        one.shape == other.shape
        and np.array_equal(one[:1], other[:1])  # most differ at once
        and np.array_equal(one, other)
    )
