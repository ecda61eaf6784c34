"""The backend on JAX; `skmnist.engine.backends.protocol` says what its names are for."""

from __future__ import annotations

from skmnist.engine.backends.jax.device import (
    ONE_AT_A_TIME,
    check_process,
    has_accelerator,
    n_cores,
    place,
    release_caches,
    to_device,
)
from skmnist.engine.backends.jax.feed import batches
from skmnist.engine.backends.jax.predictor import Predictor
from skmnist.engine.backends.jax.stackable import stack_key, stacks_pay
from skmnist.engine.backends.jax.stacking import StackTrainer
from skmnist.engine.backends.jax.trainer import Trainer

__all__ = [
    "ONE_AT_A_TIME",
    "Predictor",
    "StackTrainer",
    "Trainer",
    "batches",
    "check_process",
    "has_accelerator",
    "n_cores",
    "place",
    "release_caches",
    "stack_key",
    "stacks_pay",
    "to_device",
]
