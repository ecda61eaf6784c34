"""The library that trains and predicts: Keras's own choice, made when Keras is loaded.

Each backend is a few modules, `_tensorflow*` or `_jax*`, with the names below; the rest of the
engine knows no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skmnist._compat.keras import keras

if TYPE_CHECKING or keras.backend.backend() == "tensorflow":
    from skmnist.engine.backends.tensorflow.feed import batches
    from skmnist.engine.backends.tensorflow.predictor import Predictor
    from skmnist.engine.backends.tensorflow.stackable import stack_key, stacks_pay
    from skmnist.engine.backends.tensorflow.stacking import StackTrainer
    from skmnist.engine.backends.tensorflow.trainer import (
        ONE_AT_A_TIME,
        Trainer,
        check_process,
        n_cores,
        place,
        release_caches,
        to_device,
    )
elif keras.backend.backend() == "jax":
    from skmnist.engine.backends.jax.device import (
        ONE_AT_A_TIME,
        check_process,
        n_cores,
        place,
        to_device,
    )
    from skmnist.engine.backends.jax.feed import batches
    from skmnist.engine.backends.jax.predictor import Predictor
    from skmnist.engine.backends.jax.stacking import StackTrainer, stack_key, stacks_pay
    from skmnist.engine.backends.jax.trainer import Trainer, release_caches
else:
    raise ImportError(
        f"skmnist trains on TensorFlow or JAX, and Keras is set to {keras.backend.backend()!r}: "
        "set KERAS_BACKEND to 'tensorflow' or 'jax' before Python starts."
    )

__all__ = [
    "ONE_AT_A_TIME",
    "Predictor",
    "StackTrainer",
    "Trainer",
    "batches",
    "check_process",
    "n_cores",
    "place",
    "release_caches",
    "stack_key",
    "stacks_pay",
    "to_device",
]
