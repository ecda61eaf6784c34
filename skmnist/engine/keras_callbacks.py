"""Keras's callbacks: what they act on, and their calls where epochs are programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from skmnist._compat.keras import build_metrics, keras
from skmnist.engine.arrays import State
from skmnist.engine.records import Samples, TrainingPlan
from skmnist.engine.schedules import check_rate_is_ours

__all__ = ["BATCH_HOOKS", "PREDICT_HOOKS", "KerasCallbacks", "acts_on"]

BATCH_HOOKS: Final = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
)
"""Events of callbacks within an epoch, its validation included."""
PREDICT_HOOKS: Final = (
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


def acts_on(callback: keras.callbacks.Callback, hooks: Sequence[str]) -> bool:
    """Tell whether a callback does something of its own at one of these events."""
    return any(
        getattr(getattr(callback, hook), "__func__", None)
        is not getattr(keras.callbacks.Callback, hook)
        for hook in hooks
    )


class KerasCallbacks:
    """Keras's callbacks between two epochs, with a live model to look at and to change."""

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        plan: TrainingPlan,
        rows: Samples,
    ) -> None:
        self._model, self._plan = model, plan
        self._rate = _settable_rate(model)
        build_metrics(model, tuple(array[:1] for array in rows))  # so that they are named
        self._list = keras.callbacks.CallbackList(
            list(callbacks), model=model, epochs=plan.epochs, verbose=0
        )
        self._begun = False

    def call(self, state: State, event: str, epoch: int | None = None, logs: Any = None) -> State:
        """Tell the callbacks of an event; gives the state as they leave it."""
        for variable, value in zip(self._model.variables, state.variables, strict=True):
            variable.assign(value)
        if not self._begun:
            self._begun = True
            self._list.on_train_begin()
        arguments = {} if event == "on_train_end" else {"epoch": epoch}
        getattr(self._list, event)(**arguments, logs=logs)
        check_rate_is_ours(self._plan.schedule, self._rate, _settable_rate(self._model))
        return state._replace(variables=[np.asarray(v) for v in self._model.variables])


def _settable_rate(model: keras.Model) -> float:
    """Read a model's learning rate; that of one with a schedule of Keras's can't be set."""
    rate = model.optimizer.learning_rate
    return float(rate) if isinstance(rate, keras.Variable) else 0.0
