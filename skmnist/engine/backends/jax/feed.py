"""Rows for Keras's own loop on JAX, in batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skmnist._compat.keras import keras

__all__ = ["batches"]


def batches(
    epoch_samples: Callable[[], tuple[Any, ...]],
    batch_size: int,
    n_batches: int,
    like: tuple[Any, ...],  # noqa: ARG001 - TensorFlow has to know
) -> Any:
    """Give the batches of each epoch, as a `keras.utils.PyDataset`."""
    return _Batches(epoch_samples, batch_size, n_batches)


class _Batches(keras.utils.PyDataset):
    def __init__(
        self, epoch_samples: Callable[[], tuple[Any, ...]], batch_size: int, n_batches: int
    ) -> None:
        super().__init__()
        self._epoch_rows, self._size, self._n_batches = epoch_samples, batch_size, n_batches

    def __len__(self) -> int:
        return self._n_batches

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        if index == 0:
            self._rows = self._epoch_rows()
        chosen = slice(index * self._size, (index + 1) * self._size)
        batch: tuple[Any, ...] = keras.tree.map_structure(lambda part: part[chosen], self._rows)
        return batch
