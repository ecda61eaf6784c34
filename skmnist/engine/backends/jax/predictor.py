"""The program that predicts on JAX: weights and rows go in, outputs come out."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.engine.arrays import PREDICTION_ROWS, lengthened
from skmnist.engine.dynamic import outputs_with
from skmnist.keras_models import Network

# isort: split
import jax

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
        self._batch = jax.jit(self._outputs)
        self._placed: WeakKeyDictionary[Network, list[jax.Array]] = WeakKeyDictionary()

    def __call__(self, network: Network, X: NDArray[Any]) -> NDArray[Any]:
        """Compute the network's outputs."""
        weights = self._placed.get(network)
        if weights is None:
            weights = [jax.device_put(array) for array in network.arrays]
            self._placed[network] = weights
        starts = range(0, len(X), PREDICTION_ROWS)
        batches = (X[i : i + PREDICTION_ROWS].astype(np.float32, copy=False) for i in starts)
        outputs = [self._batch(weights, lengthened(b, PREDICTION_ROWS)) for b in batches]
        return np.concatenate([np.asarray(output) for output in outputs])[: len(X)]

    def _outputs(self, weights: list[Any], batch: Any) -> Any:
        return outputs_with(self._model, weights, batch)
