"""The program that trains one network on TensorFlow: whole epochs as compiled functions.

A program is pure from the outside: state and data go in, state and logs come out. Its variables
are working memory, guarded by a lock for the length of one call.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.engine.arrays import Logs, PlacedSamples, State, loss_first
from skmnist.engine.backends.tensorflow.device import BUILT
from skmnist.engine.backends.tensorflow.steps import Steps, program
from skmnist.engine.strategy import Strategy
from skmnist.engine.tally import TRACES

# isort: split
import tensorflow as tf

__all__ = ["Trainer", "specs_of", "tensors"]


class Trainer:
    """Training epochs and evaluations of one architecture, optimizer, loss and set of metrics.

    Parameters
    ----------
    model : keras.Model
        Built and compiled; it is copied.
    loss : object
        As `keras.Model.compile` takes it.
    strategy : {"keras", "graph", "xla"}
        How to run an epoch; XLA needs whole batches.
    like : sequence of ndarray
        Samples, targets and weights of the types and shapes to come, in any number.
    loss_weights, metrics, weighted_metrics : object
        As `keras.Model.compile` takes them.
    """

    def __init__(
        self,
        model: keras.Model,
        loss: Any,
        *,
        like: Sequence[NDArray[Any]],
        strategy: Strategy,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        BUILT.add()
        self.strategy = strategy
        self._lock = threading.Lock()
        steps = Steps(model, loss, strategy, like, loss_weights, metrics, weighted_metrics)
        self.initial_slots = [np.asarray(v).copy() for v in steps.slots]
        variables, slots = specs_of(steps.variables), specs_of(steps.slots)
        rows = [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in like]
        self._train = program(
            steps.epoch,
            [
                variables,
                slots,
                [tf.TensorSpec([], tf.float32)] * steps.n_dynamic,
                *rows,
                tf.TensorSpec([None, None], tf.int32),
                tf.TensorSpec([], tf.int32),
                tf.TensorSpec([None], tf.float32),
            ],
            compiled=strategy == "xla",
        )
        TRACES.add()
        self._make_test = functools.partial(program, steps.evaluation, [variables, *rows])

    @functools.cached_property
    def _test(self) -> Any:
        return self._make_test()

    def epoch(
        self,
        state: State,
        data: PlacedSamples,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: list[float],
    ) -> tuple[State, Logs]:
        """Train for an epoch."""
        with self._lock:
            variables, slots, logs = self._train(
                tensors(state.variables),
                tensors(state.slots),
                tensors(np.float32(value) for value in dynamic),
                *data[:3],
                *tensors((order, np.int32(data.n_rows), rates)),
            )
        return State(variables, slots), _plain(logs)

    def evaluate(self, state: State, data: PlacedSamples) -> Logs:
        """Compute loss and metrics without training."""
        with self._lock:
            logs = self._test(tensors(state.variables), *data[:3])
        return _plain(logs)


def specs_of(variables: Sequence[Any]) -> list[tf.TensorSpec]:
    """Describe variables, as arguments of a program."""
    return [tf.TensorSpec(v.shape, v.dtype) for v in variables]


def tensors(arrays: Iterable[Any]) -> list[tf.Tensor]:
    """Bring arrays to the device."""
    return [tf.convert_to_tensor(array) for array in arrays]


def _plain(logs: dict[str, tf.Tensor]) -> Logs:
    return {name: np.asarray(value).tolist() for name, value in loss_first(logs).items()}
