"""The program that predicts on TensorFlow: weights and rows go in, outputs come out."""

from __future__ import annotations

import functools
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.engine.arrays import PREDICTION_ROWS, lengthened
from skmnist.engine.backends.tensorflow.steps import program
from skmnist.engine.dynamic import outputs_with
from skmnist.keras_models import Network

# isort: split
import tensorflow as tf

__all__ = ["Predictor"]

_FEW_ROWS: Final = 4
"""Rows of a program for fewer than a batch: most of the time of a single row is its batch's."""


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
        self._row_shape = row_shape
        self._weights = [tf.TensorSpec(w.shape, w.dtype) for w in model.weights]
        self._one = self._program_of(PREDICTION_ROWS)
        self._few_are_exact: bool | None = None  # seen at the first call of a few
        self._placed: WeakKeyDictionary[Network, list[tf.Tensor]] = WeakKeyDictionary()

    def __call__(self, network: Network, X: NDArray[Any]) -> NDArray[Any]:
        """Compute the network's outputs."""
        weights = self._placed.get(network)
        if weights is None:
            weights = [tf.convert_to_tensor(array) for array in network.arrays]
            self._placed[network] = weights
        if len(X) <= PREDICTION_ROWS:
            few = len(X) <= _FEW_ROWS and self._few_agree(weights)
            batch, n_rows = (self._few, _FEW_ROWS) if few else (self._one, PREDICTION_ROWS)
            outputs = batch(weights, tf.convert_to_tensor(lengthened(X, n_rows), tf.float32))
        else:
            padded = lengthened(X, len(X) + -len(X) % PREDICTION_ROWS)
            rows = tf.convert_to_tensor(padded, tf.float32)
            outputs = self._many(weights, tf.reshape(rows, [-1, PREDICTION_ROWS, *X.shape[1:]]))
            outputs = tf.reshape(outputs, [-1, *outputs.shape[2:]])
        return outputs.numpy()[: len(X)]

    @functools.cached_property
    def _few(self) -> Any:
        return self._program_of(_FEW_ROWS)

    def _few_agree(self, weights: list[tf.Tensor]) -> bool:
        """Tell whether the program of a few rows gives each the bits that the batch's gives."""
        if self._few_are_exact is None:
            rng = np.random.default_rng(0)
            rows = rng.random((PREDICTION_ROWS, *self._row_shape), dtype=np.float32)
            starts = range(0, PREDICTION_ROWS, _FEW_ROWS)
            parts = [self._few(weights, tf.constant(rows[i : i + _FEW_ROWS])) for i in starts]
            together = self._one(weights, tf.constant(rows))
            self._few_are_exact = np.array_equal(tf.concat(parts, 0), together, equal_nan=True)
        return self._few_are_exact

    @functools.cached_property
    def _many(self) -> Any:
        batches = tf.TensorSpec([None, PREDICTION_ROWS, *self._row_shape], tf.float32)
        return program(self._batches, [self._weights, batches])

    def _program_of(self, n_rows: int) -> Any:
        batch = tf.TensorSpec([n_rows, *self._row_shape], tf.float32)
        return program(self._batch, [self._weights, batch])

    def _batch(self, weights: list[tf.Tensor], batch: tf.Tensor) -> tf.Tensor:
        return outputs_with(self._model, weights, batch)

    def _batches(self, weights: list[tf.Tensor], batches: tf.Tensor) -> tf.Tensor:
        outputs = functools.partial(self._batch, weights)
        return tf.map_fn(outputs, batches, fn_output_signature=tf.float32)
