"""Keras's own training loop, for networks that no program is proven to serve."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skmnist._compat.keras import all_layers, keep_no_graphs, keras
from skmnist.engine.arrays import State
from skmnist.engine.backends import backend
from skmnist.engine.records import Samples
from skmnist.engine.run import Run
from skmnist.engine.schedules import check_rate_is_ours
from skmnist.engine.working_models import occupied

__all__ = ["train_by_keras"]


def train_by_keras(run: Run) -> State:
    """Train by Keras's own loop, in the same order and at the same rates."""
    model, state = run.model, run.start
    if run.request.builder is not model:
        return _train(run, model, state)
    with occupied(model):  # the user's own
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

    samples, size = run.request.samples, run.plan.batch_size
    n_batches = math.ceil(samples.n_samples / size)
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
        data = backend.batches(
            follower.epoch_samples, size, n_batches, like=_without_lists(samples)
        )
        model.fit(data, epochs=last, initial_epoch=first, **settings)
    else:  # one of the user's own takes arrays, in the order of an epoch at a time
        for epoch in run.epochs:
            follower.on_epoch_begin(epoch)
            x, y, weights = follower.epoch_samples()
            settings |= {"batch_size": size, "epochs": epoch + 1, "initial_epoch": epoch}
            model.fit(x=x, y=y, sample_weight=weights, **settings)
            if model.stop_training:
                break
    model.train_function = model.test_function = None  # with the rows that they hold
    return now()


def _without_lists(samples: Samples) -> tuple[Any, ...]:
    """Give samples as Keras takes them; TensorFlow knows no lists in data."""
    plain: tuple[Any, ...] = keras.tree.lists_to_tuples(tuple(samples))
    return plain


def _slots(model: keras.Model) -> list[Any]:
    """Give what an optimizer remembers, its learning rate excepted."""
    rate = model.optimizer.learning_rate
    return [v for v in model.optimizer.variables if v is not rate]


class _Follower(keras.callbacks.Callback):
    """The run's own part in Keras's loop: rates, order, history, early stopping."""

    def __init__(self, run: Run, state: Callable[[], State], n_batches: int) -> None:
        super().__init__()
        self._run, self._state, self._n_batches = run, state, n_batches
        self._epoch = run.epochs.start
        self._rate: float | None = None

    def epoch_samples(self) -> tuple[Any, ...]:
        """Give the rows of the epoch that begins, in its order."""
        return _without_lists(self._run.samples(self._epoch).take(self._run.order(self._epoch)))

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
