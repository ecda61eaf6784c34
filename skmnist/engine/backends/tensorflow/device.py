"""TensorFlow's side of the process: its threads, its device, its memory, and rows on it."""

from __future__ import annotations

import functools
from typing import Any, Final

from numpy.typing import NDArray

from skmnist._compat.tensorflow import release_kernels
from skmnist.engine.arrays import PlacedSamples
from skmnist.engine.process import own_cores, refuse_forks, worker_share
from skmnist.engine.tally import Tally

# isort: split
import tensorflow as tf

__all__ = [
    "BUILT",
    "ONE_AT_A_TIME",
    "check_process",
    "has_accelerator",
    "n_cores",
    "place",
    "release_caches",
    "to_device",
]

ONE_AT_A_TIME: Final = True
"""True, because a program's variables are working memory: it serves one training at a time."""
BUILT: Final = Tally()
"""Models built, for fits and for programs; TensorFlow keeps something of each."""
_MODELS_KEPT: Final = 16
"""Models built before TensorFlow is told to forget."""


def _obey_worker_share() -> None:
    """Take no more threads than a joblib worker is given."""
    share = worker_share()
    if share:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(share)
            tf.config.threading.set_inter_op_parallelism_threads(share)
        except RuntimeError:  # TensorFlow already runs with the user's own settings
            return


_obey_worker_share()


def n_cores() -> int:
    """Tell how many cores TensorFlow has to itself."""
    return tf.config.threading.get_intra_op_parallelism_threads() or own_cores()


@functools.cache
def has_accelerator() -> bool:
    """Tell whether TensorFlow has a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def check_process() -> None:
    """Refuse to work in a fork of a process that has worked."""
    refuse_forks("TensorFlow")


def to_device(array: NDArray[Any]) -> tf.Tensor:
    """Bring an array to the device."""
    return tf.convert_to_tensor(array)


def place(
    X: NDArray[Any], y: NDArray[Any], weights: NDArray[Any], *, whole_batches_of: int = 1
) -> PlacedSamples:
    """Bring rows to the device, padded with zeros to whole batches."""
    return PlacedSamples.of((X, y, weights), len(X) + -len(X) % whole_batches_of, to_device)


def release_caches(n_built: int) -> None:
    """Now and then, free what TensorFlow keeps for the variables of models that are gone.

    It caches a kernel for the creation of each variable, under the variable's unique name, for
    ever: some 0.03 megabytes each. `keras.utils.clear_session` frees them by the same call, after
    which each program is prepared anew: 0.1 seconds.
    """
    BUILT.add(n_built)
    if BUILT.recent >= _MODELS_KEPT:
        BUILT.reset()
        release_kernels()
