"""The program that predicts on TensorFlow: weights and rows go in, outputs come out."""

from __future__ import annotations

import functools
from typing import Any
from weakref import WeakKeyDictionary

from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.engine.arrays import PREDICTION_ROWS, lengthened
from skmnist.engine.dynamic import outputs_with
from skmnist.keras_models import Network

# isort: split
import tensorflow as tf

__all__ = ["Predictor"]


class Predictor:
    """The outputs of one architecture, with weights and rows as arguments.

    Parameters
    ----------
    model : keras.Model
        A built model.
    row_shape : tuple of int
        Shape of a row.
    """

    def __init__(self, model: keras.Model, row_shape: tuple[int, ...]) -> None:
        self._model = model
        weights = [tf.TensorSpec(w.shape, w.dtype) for w in model.weights]
        batch = tf.TensorSpec([PREDICTION_ROWS, *row_shape], tf.float32)
        batches = tf.TensorSpec([None, *batch.shape], tf.float32)
        # concrete functions are quicker to call: all types are known
        one = tf.function(self._batch, input_signature=[weights, batch])
        self._one = one.get_concrete_function()
        self._signature = [weights, batches]
        self._placed: WeakKeyDictionary[Network, list[tf.Tensor]] = WeakKeyDictionary()

    def __call__(self, network: Network, X: NDArray[Any]) -> NDArray[Any]:
        """Compute the network's outputs."""
        padded = lengthened(X, len(X) + -len(X) % PREDICTION_ROWS)
        weights = self._placed.get(network)
        if weights is None:
            weights = [tf.convert_to_tensor(array) for array in network.arrays]
            self._placed[network] = weights
        rows = tf.convert_to_tensor(padded, tf.float32)
        if len(padded) == PREDICTION_ROWS:
            outputs = self._one(weights, rows)
        else:
            outputs = self._many(weights, tf.reshape(rows, [-1, PREDICTION_ROWS, *X.shape[1:]]))
            outputs = tf.reshape(outputs, [-1, *outputs.shape[2:]])
        return outputs.numpy()[: len(X)]

    @functools.cached_property
    def _many(self) -> Any:
        return tf.function(self._batches, input_signature=self._signature).get_concrete_function()

    def _batch(self, weights: list[tf.Tensor], batch: tf.Tensor) -> tf.Tensor:
        return outputs_with(self._model, weights, batch)

    def _batches(self, weights: list[tf.Tensor], batches: tf.Tensor) -> tf.Tensor:
        outputs = functools.partial(self._batch, weights)
        return tf.map_fn(outputs, batches, fn_output_signature=tf.float32)
