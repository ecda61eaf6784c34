"""Live Keras models of networks that no program serves: to train, and to predict with.

A model serves one network at a time, and one thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from skmnist._compat.keras import forget_model, keras
from skmnist.engine.arrays import PREDICTION_ROWS
from skmnist.keras_models import Network, set_weights

__all__ = [
    "claim",
    "occupied",
    "predict_by_keras",
    "predict_with_callbacks",
    "release",
    "remember",
]

_models: Final[WeakKeyDictionary[Network, keras.Model]] = WeakKeyDictionary()
"""The models of networks that are alive, built or trained in this process."""
_claims: Final[WeakKeyDictionary[keras.Model, int]] = WeakKeyDictionary()
"""Models of the user's that are being fitted, and by which threads."""
_occupied: Final = threading.RLock()
"""Held while a model that others may know has the weights of one network."""


def claim(model: keras.Model) -> None:
    """Take a model of the user's for a fit of this thread, until `release`.

    Parameters
    ----------
    model : keras.Model
        A model that can't be copied, and so serves one fit at a time.

    Raises
    ------
    RuntimeError
        If another thread is fitting it.
    """
    with _occupied:
        if _claims.setdefault(model, threading.get_ident()) != threading.get_ident():
            raise RuntimeError(
                "This Keras model can't be rebuilt from its configuration, and another thread is "
                "fitting it. Pass model= a function that builds it instead."
            )


def release(model: object) -> None:
    """Give back a model that this thread has claimed, if it has."""
    if isinstance(model, keras.Model) and _claims.get(model) == threading.get_ident():
        del _claims[model]


@contextmanager
def occupied(model: keras.Model) -> Iterator[None]:
    """Keep a model of the user's to this thread, and give it back its variables."""
    with _occupied, _left_as_it_was(model):
        yield


def remember(network: Network, model: keras.Model) -> None:
    """Keep the model that was trained, to predict with."""
    if network.rebuilt_from != "model":
        _models[network] = model


def predict_with_callbacks(
    network: Network, X: Any, callbacks: Sequence[keras.callbacks.Callback]
) -> Any:
    """Compute a network's outputs by Keras's `predict`, and tell callbacks of it."""
    with _working_model(network) as model:
        outputs = model.predict(X, batch_size=PREDICTION_ROWS, verbose=0, callbacks=list(callbacks))
    for callback in callbacks:
        forget_model(callback)
    return outputs


def predict_by_keras(network: Network, X: Any) -> Any:
    """Compute a network's outputs by Keras's own prediction, in batches of one size.

    Parameters
    ----------
    network : Network
        A trained network.
    X : ndarray of shape (n_rows, ...)
        The rows, or a list or dict of arrays.

    Returns
    -------
    ndarray
        One output a row, or a list or dict of such arrays.
    """
    n_rows = len(keras.tree.flatten(X)[0])
    parts = []
    with _working_model(network) as model:
        for start in range(0, n_rows, PREDICTION_ROWS):
            # the last batch is filled with copies of its last row
            chosen = np.minimum(np.arange(start, start + PREDICTION_ROWS), n_rows - 1)
            batch = keras.tree.map_structure(lambda array, rows=chosen: array[rows], X)
            parts.append(model.predict_on_batch(batch))
    outputs = keras.tree.map_structure(
        lambda *arrays: np.concatenate(arrays)[:n_rows].astype(np.float32, copy=False), *parts
    )
    flat = keras.tree.flatten(outputs)
    return flat[0] if len(flat) == 1 else outputs


@contextmanager
def _working_model(network: Network) -> Iterator[keras.Model]:
    """Give a model with a network's weights, for as long as no other thread may change them."""
    with _occupied, ExitStack() as stack:
        model: Any = network.builder if network.rebuilt_from == "model" else _models.get(network)
        if model is None:
            model = _models[network] = network.to_keras()
        if model is network.builder:
            stack.enter_context(_left_as_it_was(model))
        set_weights(model, network.arrays)  # it may have been trained on
        yield model


@contextmanager
def _left_as_it_was(model: keras.Model) -> Iterator[None]:
    """Give a model of the user's back its variables."""
    before = [np.asarray(v).copy() for v in model.variables]
    try:
        yield
    finally:
        for variable, value in zip(model.variables, before, strict=True):
            variable.assign(value)
