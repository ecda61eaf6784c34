"""Keras's callbacks between two epochs, for trainings whose epochs are programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skmnist._compat.keras import build_metrics, keras
from skmnist.engine.arrays import State
from skmnist.engine.records import Rows, TrainingPlan
from skmnist.engine.schedules import check_rate_is_ours

__all__ = ["KerasCallbacks"]


class KerasCallbacks:
    """Keras's callbacks between two epochs, with a live model to look at and to change."""

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        plan: TrainingPlan,
        rows: Rows,
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
