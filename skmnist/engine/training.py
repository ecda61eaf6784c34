"""The loop over epochs: order of the rows, history, early stopping, callbacks."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist._keras import keras
from skmnist.engine import _tensorflow as backend
from skmnist.engine._tensorflow_predict import Predictor
from skmnist.engine.cache import Cache
from skmnist.engine.keras_loop import needs_keras, train_by_keras
from skmnist.engine.keys import (
    architecture,
    choose_way,
    dropout_layers,
    named_loss,
    optimizer_key,
    value_key,
)
from skmnist.engine.records import Checkpoint, Fit, Plan, Rows
from skmnist.engine.schedules import learning_rates
from skmnist.history import History
from skmnist.networks import BUILDING, Network, own_objects, serialized

__all__ = [
    "clear_programs",
    "count_traces",
    "predict",
    "train",
]

_PROGRAMS: Final = 32
"""How many programs of each kind are kept; one takes some megabytes."""

_trainers: Final = Cache[backend.Trainer](_PROGRAMS, BUILDING)
_predictors: Final = Cache[Predictor](_PROGRAMS, BUILDING)


OnEpoch = Callable[[dict[str, float], Callable[[], Network]], bool]
"""Called after each epoch with its logs and a way to the network as it is; true stops training."""


def train(
    model: keras.Model,
    rows: Rows,
    plan: Plan,
    *,
    validation: Rows | None = None,
    initial: Sequence[NDArray[Any]] | None = None,
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_epoch: OnEpoch = lambda *_: False,
) -> Fit:
    """Train a network.

    Parameters
    ----------
    model : keras.Model
        Compiled; its weights are where training begins. Changed only where Keras's callbacks ask
        for it.
    rows : Rows
        What to train on.
    plan : Plan
        How.
    validation : Rows, default=None
        What to validate on after each epoch.
    initial : sequence of ndarray, default=None
        Variables to begin with, instead of the model's.
    checkpoint : Checkpoint, default=None
        Where to go on from, instead of any beginning.
    callbacks : sequence of keras.callbacks.Callback, default=()
        Keras's callbacks. Those that act on batches are served by Keras's own loop.
    on_epoch : callable, default=None
        Called after each epoch.

    Returns
    -------
    Fit
        The trained network and how it got there.
    """
    key = optimizer_key(model.optimizer)
    first = checkpoint.epoch if checkpoint else 0
    run = Run(model, plan, on_epoch, first)
    start = checkpoint and checkpoint.state
    if start is None:
        start = backend.State([np.asarray(v) for v in initial or model.variables], [])
    elif checkpoint and checkpoint.optimizer != key:  # another one: its memory begins anew
        start = start._replace(slots=[])
    way = train_by_keras if needs_keras(model, callbacks) else _train_by_program
    state = way(model, rows, plan, validation, start, callbacks, run)
    for callback in callbacks:  # which could not be copied or saved with a live model
        callback._model = None
    if initial is None:  # the model was built for this fit
        backend.forget_kernels()
    if run.best is not None:
        state = run.best.to_numpy()
    return Fit(
        run.network(state),
        run.history,
        run.best_epoch,
        Checkpoint(state, key, first + run.n_epochs),
    )


def predict(network: Network, X: NDArray[Any]) -> NDArray[Any]:
    """Compute a network's outputs.

    Parameters
    ----------
    network : Network
        A trained network.
    X : ndarray of shape (n_rows, ...)
        The rows.

    Returns
    -------
    ndarray
        One output a row, which depends on no other row.
    """
    shape = X.shape[1:]
    key = (_key_of(network.config), tuple(network.custom_objects.items()), shape)
    return _predictors.get(key, lambda: Predictor(network.to_keras(), shape))(network, X)


def count_traces() -> int:
    """Tell how many training programs this process has traced."""
    return backend.Trainer.n_traces


def clear_programs() -> None:
    """Forget all programs, to give their memory back."""
    _trainers.clear()
    _predictors.clear()


@functools.lru_cache(maxsize=2 * _PROGRAMS)
def _key_of(config: str) -> str:
    return architecture(json.loads(config))


@dataclass
class Run:
    """What both ways to train keep while they run."""

    model: keras.Model
    plan: Plan
    on_epoch: OnEpoch
    first: int
    history: History = field(default_factory=History)
    best: backend.State | None = None
    best_epoch: int = 0
    best_loss: float = float("inf")

    @property
    def n_epochs(self) -> int:
        return self.history.n_epochs

    def network(self, state: backend.State) -> Network:
        is_weight = {id(w) for w in self.model.weights}
        pairs = zip(self.model.variables, state.variables, strict=True)
        return Network.from_keras(
            self.model, [np.asarray(a) for v, a in pairs if id(v) in is_weight]
        )

    def end_epoch(self, logs: dict[str, float], state: backend.State) -> bool:
        """Record an epoch; tell whether training is to stop."""
        self.history = self.history.then({name: [value] for name, value in logs.items()})
        if not np.isfinite(logs["loss"]):
            raise FloatingPointError(
                f"The loss is {logs['loss']} after epoch {self.n_epochs}: training diverged. Lower "
                "the learning rate, or scale the features."
            )
        loss = logs.get("val_loss", -float(self.n_epochs))
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, self.n_epochs
            if self.plan.patience is not None:
                self.best = state
        stop = self.on_epoch(logs, lambda: self.network(state))
        patience = self.plan.patience
        return stop or (patience is not None and self.n_epochs - self.best_epoch >= patience)

    def order(self, epoch: int, n_rows: int) -> NDArray[np.int32]:
        """Put the rows of an epoch in order: it follows from the seed and the epoch alone."""
        if not self.plan.shuffle:
            return np.arange(n_rows, dtype=np.int32)
        rng = np.random.default_rng([self.plan.seed, self.first + epoch])
        return rng.permutation(n_rows).astype(np.int32)

    def rates(self, n_steps: int) -> NDArray[np.float32]:
        """Compute the learning rate of every step of the fit, epoch by epoch."""
        rate = self.model.optimizer.learning_rate
        peak = 0.0 if callable(rate) else float(rate)
        steps = learning_rates(self.plan.schedule, peak, n_steps * self.plan.epochs)
        return steps.reshape(self.plan.epochs, n_steps)


def _train_by_program(
    model: keras.Model,
    rows: Rows,
    plan: Plan,
    validation: Rows | None,
    state: backend.State,
    callbacks: Sequence[keras.callbacks.Callback],
    run: Run,
) -> backend.State:
    batch = min(plan.batch_size, len(rows.X))
    n_steps = math.ceil(len(rows.X) / batch)
    trainer = _trainer(model, rows, n_steps * plan.epochs)
    data = backend.place(*rows, whole_batches_of=batch if trainer.way == "xla" else 1)
    held_out = validation and backend.place(*validation)
    rates = run.rates(n_steps)
    free = [layer.rate for layer in dropout_layers(model)]
    if model.optimizer.weight_decay is not None:
        free.append(float(model.optimizer.weight_decay))
    if not state.slots:
        state = state._replace(slots=trainer.initial_slots)
    model.stop_training = False
    keras_callbacks = _KerasCallbacks(callbacks, model, plan.epochs, rows) if callbacks else None
    for epoch in range(plan.epochs):
        if keras_callbacks:
            state = keras_callbacks.call(state, "on_epoch_begin", epoch)
            if plan.schedule == "constant":
                rates = run.rates(n_steps)
        padding = np.arange(len(rows.X), n_steps * batch, dtype=np.int32)
        order = np.concatenate([run.order(epoch, len(rows.X)), padding]).reshape(n_steps, batch)
        state, logs = trainer.epoch(state, data, order, rates[epoch], free)
        if held_out:
            val_logs = trainer.evaluate(state, held_out)
            logs |= {f"val_{name}": value for name, value in val_logs.items()}
        if keras_callbacks:
            state = keras_callbacks.call(state, "on_epoch_end", epoch, logs)
        stop = run.end_epoch(logs, state)
        if stop or getattr(model, "stop_training", False):
            break
    if keras_callbacks:
        state = keras_callbacks.call(state, "on_train_end")
    return state.to_numpy()


def _trainer(model: keras.Model, rows: Rows, n_steps: int) -> backend.Trainer:
    metrics, weighted, loss_weights = _measures(model)
    loss = named_loss(model.loss)
    way = choose_way(model, loss, metrics, weighted or loss_weights, n_steps)
    key = (
        architecture(serialized(model)),
        tuple(own_objects(model).items()),
        optimizer_key(model.optimizer),
        value_key(loss),
        value_key(metrics),
        value_key(weighted),
        value_key(loss_weights),
        tuple((array.shape[1:], array.dtype) for array in rows),
        way,
    )
    return _trainers.get(
        key,
        lambda: backend.Trainer(
            model,
            loss,
            like=rows,
            way=way,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted,
        ),
    )


def _measures(model: keras.Model) -> tuple[Any, Any, Any]:
    """Find metrics, weighted metrics and loss weights that a model was compiled with, as given."""
    metrics, loss = model._compile_metrics, model._compile_loss
    return (
        metrics and metrics._user_metrics,
        metrics and metrics._user_weighted_metrics,
        loss and loss._user_loss_weights,
    )


class _KerasCallbacks:
    """Keras's callbacks between two epochs, with a live model to look at and to change."""

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        epochs: int,
        rows: Rows,
    ) -> None:
        self._model = model
        model._symbolic_build(data_batch=tuple(array[:1] for array in rows))  # names its metrics
        self._list = keras.callbacks.CallbackList(
            list(callbacks), model=model, epochs=epochs, verbose=0
        )
        self._begun = False

    def call(
        self, state: backend.State, event: str, epoch: int | None = None, logs: Any = None
    ) -> backend.State:
        for variable, value in zip(self._model.variables, state.variables, strict=True):
            variable.assign(value)
        if not self._begun:
            self._begun = True
            self._list.on_train_begin()
        arguments = {} if event == "on_train_end" else {"epoch": epoch}
        getattr(self._list, event)(**arguments, logs=logs)
        return state._replace(variables=[np.asarray(v) for v in self._model.variables])
