"""Training one network: the loop over its epochs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import forget_model, keras
from skmnist.engine.arrays import State
from skmnist.engine.backends import backend
from skmnist.engine.dynamic import dynamic_rates
from skmnist.engine.keras_callbacks import KerasCallbacks
from skmnist.engine.keras_loop import train_by_keras
from skmnist.engine.programs import trainer
from skmnist.engine.records import Samples, TrainingPlan, TrainingRequest, TrainingResult
from skmnist.engine.run import Run
from skmnist.engine.strategy import n_steps, strategy_of

__all__ = ["begin", "run_alone", "train", "trained_elsewhere"]

trained_elsewhere: Final[ContextVar[Callable[[TrainingRequest], TrainingResult] | None]] = (
    ContextVar("trained_elsewhere", default=None)
)
"""Function that trains instead, where trainings are gathered to be done together."""


def train(
    model: keras.Model, samples: Samples, plan: TrainingPlan, **settings: Any
) -> TrainingResult:
    """Train a network.

    Parameters
    ----------
    model : keras.Model
        Compiled; its weights are where training begins.
    samples : Samples
        What to train on.
    plan : TrainingPlan
        How.
    **settings : dict
        The other parameters of `TrainingRequest`.

    Returns
    -------
    TrainingResult
        The trained network and how it got there.
    """
    request = TrainingRequest(model, samples, plan, **settings)
    elsewhere = trained_elsewhere.get()
    if elsewhere is not None and request.builder is not model:  # the user's own can't wait
        return elsewhere(request)
    run = Run(request)
    trained = run.fit(run_alone(run))
    backend.release_caches(request.initial is None)  # then the model was built for this fit
    return trained


def begin(
    model: keras.Model,
    initial: Sequence[NDArray[Any]] | None = None,
    builder: Callable[[], keras.Model] | keras.Model | None = None,
) -> TrainingResult:
    """Give a network as it is before any training, in the form of a fit.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    initial : sequence of ndarray, default=None
        Variables to take instead of the model's.
    builder : callable, keras.Model or None, default=None
        What rebuilds the model, where its configuration does not.

    Returns
    -------
    TrainingResult
        Without any epoch.
    """
    nothing = Samples(np.empty(0), np.empty(0), np.empty(0))
    request = TrainingRequest(
        model, nothing, TrainingPlan(1, 1, seed=0), initial=initial, builder=builder
    )
    run = Run(request, until=0)
    return run.fit(run.start)


def run_alone(run: Run, lane: int = 0) -> State:
    """Train one network through the epochs of its run; gives the state after the last."""
    request = run.request
    by_keras = strategy_of(request) == "loop"
    state = train_by_keras(run) if by_keras else _train_by_program(run, lane)
    for callback in request.callbacks:  # which could not be copied or saved with a live model
        forget_model(callback)
    return state


def _train_by_program(run: Run, lane: int) -> State:
    model, samples, plan, state = run.model, run.request.samples, run.plan, run.start
    batch, steps = min(plan.batch_size, len(samples.X)), n_steps(run.request)
    program = trainer(run.request, run.program_key, lane)
    whole = batch if program.strategy == "xla" else 1
    data = backend.place(*samples, whole_batches_of=whole)
    held_out = run.request.validation and backend.place(*run.request.validation)
    rates, dynamic = run.rates(steps), dynamic_rates(model)
    if not state.slots:
        state = state._replace(slots=program.initial_slots)
    model.stop_training = False
    callbacks = run.request.callbacks
    keras_callbacks = KerasCallbacks(callbacks, model, plan, samples) if callbacks else None
    padding = np.arange(len(samples.X), steps * batch, dtype=np.int32)
    for epoch in run.epochs:
        if keras_callbacks:
            state = keras_callbacks.call(state, "on_epoch_begin", epoch)
            if plan.schedule == "constant":
                rates = run.rates(steps)
        if plan.augmentation:
            data = backend.place(*run.samples(epoch), whole_batches_of=whole)
        order = np.concatenate([run.order(epoch), padding]).reshape(steps, batch)
        state, logs = program.epoch(state, data, order, rates[epoch], dynamic)
        if held_out:
            val_logs = program.evaluate(state, held_out)
            logs |= {f"val_{name}": value for name, value in val_logs.items()}
        if keras_callbacks:
            state = keras_callbacks.call(state, "on_epoch_end", epoch, logs)
        stop = run.end_epoch(logs, functools.partial(State, *state))
        if stop or getattr(model, "stop_training", False):
            run.progress.stopped = True
            break
    if keras_callbacks:
        state = keras_callbacks.call(state, "on_train_end")
    return state.to_numpy()
