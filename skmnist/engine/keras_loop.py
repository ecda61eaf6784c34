"""Keras's own training loop, for what an epoch in one program can't do: acting on batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist._keras import keras
from skmnist.engine.arrays import State
from skmnist.engine.records import Plan

if TYPE_CHECKING:
    from skmnist.engine.run import Run

__all__ = ["needs_keras", "train_by_keras"]

_BATCH_HOOKS: Final = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)


def needs_keras(model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]) -> bool:
    """Tell whether an epoch must be left batch by batch, or ends in another way than by steps."""
    acts_on_batches = any(
        getattr(getattr(callback, hook), "__func__", None)
        is not getattr(keras.callbacks.Callback, hook)
        for callback in callbacks
        for hook in _BATCH_HOOKS
    )
    optimizer = model.optimizer
    chooses_weights = any(
        getattr(optimizer, name, None)
        for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    )
    scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    special = optimizer.use_ema or chooses_weights or scales
    in_python = model.run_eagerly or (keras.backend.backend() == "jax" and not model.jit_compile)
    return acts_on_batches or in_python or special


def train_by_keras(run: Run) -> State:
    """Train by Keras's own loop, in the same order and at the same rates."""
    model, plan, state = run.model, run.plan, run.start
    model.optimizer.build(model.trainable_variables)
    slots = [
        v
        for v in model.optimizer.variables
        if v is not getattr(model.optimizer, "_learning_rate", None)
    ]
    for variable, value in zip(model.variables, state.variables, strict=True):
        variable.assign(value)
    if state.slots:
        for variable, value in zip(slots, state.slots, strict=True):
            variable.assign(value)

    def now() -> State:
        variables, memory = ([np.asarray(v).copy() for v in vs] for vs in (model.variables, slots))
        return State(variables, memory)

    batches = _Batches(plan, run)
    model.fit(
        batches,
        epochs=run.epochs.stop,
        initial_epoch=run.epochs.start,
        validation_data=run.request.validation,
        callbacks=[*run.request.callbacks, _Follower(run, now, batches)],
        shuffle=False,
        verbose=0,
    )
    return now()


class _Batches(keras.utils.PyDataset):
    """The batches of each epoch, in the order of the run."""

    def __init__(self, plan: Plan, run: Run) -> None:
        super().__init__()
        self._size, self._run = plan.batch_size, run
        self.begin(run.epochs.start)

    def begin(self, epoch: int) -> None:
        self._order, self._rows = self._run.order(epoch), self._run.rows(epoch)

    def __len__(self) -> int:
        return math.ceil(len(self._rows.X) / self._size)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], ...]:
        chosen = self._order[index * self._size : (index + 1) * self._size]
        return tuple(array[chosen] for array in self._rows)


class _Follower(keras.callbacks.Callback):
    """The run's own part in Keras's loop: rates, order, history, early stopping."""

    def __init__(self, run: Run, state: Callable[[], State], batches: _Batches) -> None:
        super().__init__()
        self._run, self._state, self._batches = run, state, batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._batches.begin(epoch)
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._run.plan.schedule != "constant":
            if not hasattr(self, "_rates"):
                self._rates = self._run.rates(len(self._batches))
            self.model.optimizer.learning_rate = float(self._rates[self._epoch, batch])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._run.end_epoch(dict(logs or {}), self._state):
            self.model.stop_training = True
