"""Prediction programs on JAX: weights and rows go in, outputs come out."""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from skmnist._keras import keras
from skmnist.engine.arrays import lengthened
from skmnist.networks import Network

# isort: split
import jax

__all__ = ["Predictor"]

_PREDICTION_ROWS: Final = 64
"""Rows a batch of a prediction: always this many, by the same program, so that a row's result,
which may depend in its last bits on the shape of the matrix product, depends on the row alone."""


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
        """Compute the network's outputs.

        Parameters
        ----------
        network : Network
            A network of this architecture.
        X : ndarray of shape (n_rows, ...)
            The rows.

        Returns
        -------
        ndarray
            One output a row, each computed as if it were alone.
        """
        weights = self._placed.get(network)
        if weights is None:
            weights = [jax.device_put(array) for array in network.arrays]
            self._placed[network] = weights
        starts = range(0, len(X), _PREDICTION_ROWS)
        batches = (X[i : i + _PREDICTION_ROWS].astype(np.float32, copy=False) for i in starts)
        outputs = [self._batch(weights, lengthened(b, _PREDICTION_ROWS)) for b in batches]
        return np.concatenate([np.asarray(output) for output in outputs])[: len(X)]

    def _outputs(self, weights: list[Any], batch: Any) -> Any:
        of_id = {id(v): w for v, w in zip(self._model.weights, weights, strict=True)}
        trainable, other = (
            [of_id.get(id(v), v.value) for v in variables]
            for variables in (self._model.trainable_variables, self._model.non_trainable_variables)
        )
        return self._model.stateless_call(trainable, other, batch)[0]
