"""JAX's side of the process: its threads, its device, its memory, and rows on it."""

from __future__ import annotations

import functools
import os
from typing import Any, Final

from numpy.typing import NDArray

from skmnist.engine.arrays import PlacedSamples, few_lengths
from skmnist.engine.process import own_cores, refuse_forks, worker_share
from skmnist.engine.tally import TRACES

# isort: split
import jax
import jax.numpy as jnp

__all__ = [
    "ONE_AT_A_TIME",
    "check_process",
    "has_accelerator",
    "n_cores",
    "place",
    "release_caches",
    "to_device",
]

ONE_AT_A_TIME: Final = False
"""False, because programs are pure functions, and serve any number of trainings at a time."""
_THREADS: Final = "PJRT_NPROC"
"""Read by JAX's client of the processor when it starts, and never again."""
_KEPT: Final = 64
"""Training programs traced before JAX is told to forget, twice as many as `programs` keeps."""


def check_process() -> None:
    """Refuse to work in a fork of a process that has worked; start JAX where it has not run yet."""
    refuse_forks("JAX")
    _start()


@functools.cache
def _start() -> None:
    """Start JAX's client with no more threads than a joblib worker is given.

    If something else has used JAX before, it runs with the user's own settings.
    """
    share = worker_share()
    if share is None or _THREADS in os.environ:
        return
    os.environ[_THREADS] = str(share)
    try:
        jax.devices()
    finally:
        del os.environ[_THREADS]


def n_cores() -> int:
    """Tell how many cores JAX has to itself."""
    return worker_share() or own_cores()


@functools.cache
def has_accelerator() -> bool:
    """Tell whether JAX runs on something else than the processor."""
    return jax.default_backend() != "cpu"


def to_device(array: NDArray[Any]) -> jax.Array:
    """Bring an array to the device."""
    return jnp.asarray(array)


def place(
    X: NDArray[Any], y: NDArray[Any], weights: NDArray[Any], *, whole_batches_of: int = 1
) -> PlacedSamples:
    """Bring rows to the device; their length is rounded up, since programs hold for one length."""
    length = len(X) + -len(X) % whole_batches_of
    if whole_batches_of == 1:
        length = few_lengths(length)
    return PlacedSamples.of((X, y, weights), length, to_device)


def release_caches(_n_built: int) -> None:
    """Now and then, free what JAX keeps for the programs and variables of models that are gone.

    It keeps what it has compiled, programs and the making of initial weights of each shape, for
    ever: some 20 megabytes for each new architecture, and nothing for another model of one. To be
    told to forget costs the programs still in use another compilation each.
    """
    if TRACES.recent >= _KEPT:
        TRACES.reset()
        jax.clear_caches()
