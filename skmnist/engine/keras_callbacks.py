"""Keras's callbacks between two epochs, for trainings whose epochs are programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skmnist._keras import keras
from skmnist.engine.arrays import State
from skmnist.engine.records import Rows

__all__ = ["KerasCallbacks"]


class KerasCallbacks:
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

    def call(self, state: State, event: str, epoch: int | None = None, logs: Any = None) -> State:
        """Tell the callbacks of an event; gives the state as they leave it."""
        for variable, value in zip(self._model.variables, state.variables, strict=True):
            variable.assign(value)
        if not self._begun:
            self._begun = True
            self._list.on_train_begin()
        arguments = {} if event == "on_train_end" else {"epoch": epoch}
        getattr(self._list, event)(**arguments, logs=logs)
        return state._replace(variables=[np.asarray(v) for v in self._model.variables])
