"""The library that trains and predicts: Keras's own choice, made when Keras is loaded.

`protocol` says what a backend is; the rest of the engine knows no other name of one.
"""

from __future__ import annotations

from skmnist._compat.keras import keras
from skmnist.engine.backends.protocol import Backend

__all__ = ["backend"]


def _chosen() -> Backend:
    name = keras.backend.backend()
    if name == "tensorflow":
        from skmnist.engine.backends import tensorflow

        return tensorflow
    if name == "jax":
        from skmnist.engine.backends import jax

        return jax
    raise ImportError(
        f"skmnist trains on TensorFlow or JAX, and Keras is set to {name!r}: set KERAS_BACKEND to "
        "'tensorflow' or 'jax' before Python starts."
    )


backend = _chosen()
"""The backend of this process."""
