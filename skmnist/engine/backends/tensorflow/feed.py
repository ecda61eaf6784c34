"""Rows for Keras's own loop on TensorFlow, cut into batches without Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skmnist._compat.keras import keras

# isort: split
import tensorflow as tf

__all__ = ["batches"]


def batches(
    epoch_samples: Callable[[], tuple[Any, ...]],
    batch_size: int,
    n_batches: int,
    like: tuple[Any, ...],
) -> Any:
    """Give the batches of each epoch, as a `tf.data.Dataset`."""
    map_structure = keras.tree.map_structure
    signature = map_structure(
        lambda array: tf.TensorSpec([None, *array.shape[1:]], array.dtype), like
    )
    epoch = tf.data.Dataset.from_generator(
        lambda: iter([epoch_samples()]), output_signature=signature
    )

    def divided(*rows: Any) -> tf.data.Dataset:
        return tf.data.Dataset.range(n_batches).map(
            lambda i: map_structure(lambda part: part[i * batch_size : (i + 1) * batch_size], rows)
        )

    known = tf.data.experimental.assert_cardinality(n_batches)
    return epoch.flat_map(divided).apply(known).prefetch(tf.data.AUTOTUNE)
