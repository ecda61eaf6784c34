"""Keras's own training loop and prediction, for networks that no program is proven to serve."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from skmnist._compat.keras import all_layers, forget_model, keep_no_graphs, keras
from skmnist.engine.arrays import PREDICTION_ROWS, State
from skmnist.engine.backends import backend
from skmnist.engine.records import Rows, TrainingRequest
from skmnist.engine.schedules import check_rate_is_ours
from skmnist.keras_models import Network, set_weights

if TYPE_CHECKING:
    from skmnist.engine.run import Run

__all__ = [
    "PREDICT_HOOKS",
    "acts_on",
    "claim",
    "needs_batches",
    "predict_by_keras",
    "predict_with_callbacks",
    "release",
    "remember",
    "train_by_keras",
]

_BATCH_HOOKS: Final = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
)
"""Of callbacks: what happens within an epoch, its validation included."""
PREDICT_HOOKS: Final = (
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)
_models: Final[WeakKeyDictionary[Network, keras.Model]] = WeakKeyDictionary()
"""The models of networks that are alive, built or trained in this process."""
_claims: Final[WeakKeyDictionary[keras.Model, int]] = WeakKeyDictionary()
"""Models of the user's that are being fitted, and by which threads."""
_occupied: Final = threading.RLock()
"""Held while a model that others may know has the weights of one network."""


def needs_batches(request: TrainingRequest) -> bool:
    """Tell whether an epoch must be left batch by batch, or its rows are no single array."""
    acts_on_batches = any(acts_on(callback, _BATCH_HOOKS) for callback in request.callbacks)
    model = request.model
    in_python = model.run_eagerly or (keras.backend.backend() == "jax" and not model.jit_compile)
    is_nested = any(keras.tree.is_nested(part) for part in request.rows[:2])
    return acts_on_batches or in_python or is_nested


def acts_on(callback: keras.callbacks.Callback, hooks: Sequence[str]) -> bool:
    """Tell whether a callback does something of its own at one of these events."""
    return any(
        getattr(getattr(callback, hook), "__func__", None)
        is not getattr(keras.callbacks.Callback, hook)
        for hook in hooks
    )


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


def train_by_keras(run: Run) -> State:
    """Train by Keras's own loop, in the same order and at the same rates."""
    model, state = run.model, run.start
    if run.request.builder is not model:
        return _train(run, model, state)
    with _occupied, _left_as_it_was(model):  # the user's own
        return _train(run, model, state)


def _train(run: Run, model: keras.Model, state: State) -> State:
    keep_no_graphs(model.optimizer)
    for variable, value in zip(model.variables, state.variables, strict=True):
        variable.assign(value)
    for layer in all_layers(model):
        if hasattr(layer, "finalize_state"):  # what an adapted layer computes with
            layer.finalize_state()
    if state.slots:
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(_slots(model), state.slots, strict=True):
            variable.assign(value)

    def now() -> State:
        held = (model.variables, _slots(model))
        return State(*([np.asarray(v).copy() for v in variables] for variables in held))

    rows, size = run.request.rows, run.plan.batch_size
    n_batches = math.ceil(rows.n_rows / size)
    follower = _Follower(run, now, n_batches)
    validation = run.request.validation
    settings = {
        "validation_data": validation and _without_lists(validation),
        "validation_batch_size": size,
        "callbacks": [*run.request.callbacks, follower],
        "shuffle": False,
        "verbose": 0,
    }
    first, last = run.epochs.start, run.epochs.stop
    if type(model).fit is keras.Model.fit:
        data = backend.batches(follower.epoch_rows, size, n_batches, like=_without_lists(rows))
        model.fit(data, epochs=last, initial_epoch=first, **settings)
    else:  # one of the user's own takes arrays, in the order of an epoch at a time
        for epoch in run.epochs:
            follower.on_epoch_begin(epoch)
            x, y, weights = follower.epoch_rows()
            settings |= {"batch_size": size, "epochs": epoch + 1, "initial_epoch": epoch}
            model.fit(x=x, y=y, sample_weight=weights, **settings)
            if model.stop_training:
                break
    model.train_function = model.test_function = None  # with the rows that they hold
    return now()


def _without_lists(rows: Rows) -> tuple[Any, ...]:
    """Give rows as Keras takes them; TensorFlow knows no lists in data."""
    plain: tuple[Any, ...] = keras.tree.lists_to_tuples(tuple(rows))
    return plain


def _slots(model: keras.Model) -> list[Any]:
    """Give what an optimizer remembers, its learning rate excepted."""
    rate = model.optimizer.learning_rate
    return [v for v in model.optimizer.variables if v is not rate]


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


class _Follower(keras.callbacks.Callback):
    """The run's own part in Keras's loop: rates, order, history, early stopping."""

    def __init__(self, run: Run, state: Callable[[], State], n_batches: int) -> None:
        super().__init__()
        self._run, self._state, self._n_batches = run, state, n_batches
        self._epoch = run.epochs.start
        self._rate: float | None = None

    def epoch_rows(self) -> tuple[Any, ...]:
        """Give the rows of the epoch that begins, in its order."""
        return _without_lists(self._run.rows(self._epoch).of(self._run.order(self._epoch)))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._run.plan.schedule == "constant":
            return
        if not hasattr(self, "_rates"):
            self._rates = self._run.rates(self._n_batches)
        optimizer = self.model.optimizer
        check_rate_is_ours(self._run.plan.schedule, self._rate, float(optimizer.learning_rate))
        optimizer.learning_rate = self._rate = float(self._rates[self._epoch, batch])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._run.end_epoch(dict(logs or {}), self._state):
            self.model.stop_training = True
