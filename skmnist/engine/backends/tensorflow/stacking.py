"""The program that trains a stack on TensorFlow: dense networks with one more axis in front.

Biases have an axis of rows as well, so that whatever differs between networks (learning rate,
weight decay, dropout) is a number of shape (n_networks, 1, 1), and Keras's own optimizers, which
work element by element, update all networks at once.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras, set_rate_tensor
from skmnist.engine.arrays import StackedSamples, State
from skmnist.engine.backends.tensorflow.device import BUILT
from skmnist.engine.backends.tensorflow.layers import STACKED_LAYERS
from skmnist.engine.backends.tensorflow.steps import (
    assign,
    copied_optimizer,
    program,
    totals,
    values_of,
)
from skmnist.engine.backends.tensorflow.trainer import specs_of, tensors
from skmnist.engine.keys import dropout_layers
from skmnist.engine.measures import is_correct
from skmnist.engine.strategy import Strategy
from skmnist.engine.tally import TRACES

# isort: split
import tensorflow as tf

__all__ = ["StackTrainer"]


class StackTrainer:
    """Training epochs and evaluations of several networks of one architecture at once.

    Parameters
    ----------
    model : keras.Model
        A chain of layers that treat each row alone, compiled.
    loss : keras.losses.Loss
        A cross-entropy over classes.
    n_networks : int
        How many.
    like : sequence of ndarray
        Samples, targets and weights of the types and shapes to come, in any number.
    strategy : {"graph", "xla"}
        How to run an epoch.
    metrics : list or None
        Either ``["accuracy"]`` or nothing.
    loss_weights, weighted_metrics : None
        What networks have none of that `stack_key` lets through.
    """

    def __init__(
        self,
        model: keras.Model,
        loss: keras.losses.Loss,
        *,
        n_networks: int,
        like: Sequence[NDArray[Any]],
        strategy: Strategy,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        BUILT.add()
        self._lock = threading.Lock()
        self._layers = model.layers
        self._loss = loss
        self._measures = ["loss", *(metrics or [])]
        self._dropped = [id(layer) for layer in dropout_layers(model)]
        self._index = {id(v): i for i, v in enumerate(model.variables)}
        self._trained = [self._index[id(v)] for v in model.trainable_variables]
        self._shapes = [tuple(v.shape) for v in model.variables]
        self._variables = [
            keras.Variable(np.zeros((n_networks, *_wide(v.shape)), v.dtype), dtype=v.dtype)
            for v in model.variables
        ]
        self._optimizer = copied_optimizer(model.optimizer)
        self._optimizer.build([self._variables[i] for i in self._trained])
        rate = self._optimizer.learning_rate
        self._slots = [v for v in self._optimizer.variables if v is not rate]
        slots = type(model.optimizer).from_config(model.optimizer.get_config())
        slots.build(model.trainable_variables)
        rate = slots.learning_rate
        self._slot_shapes = [tuple(v.shape) for v in slots.variables if v is not rate]
        self.initial_slots = [np.asarray(v) for v in slots.variables if v is not rate]
        a_network = tf.TensorSpec([n_networks, 1, 1], tf.float32)
        n_dynamic = len(self._dropped) + (self._optimizer.weight_decay is not None)
        rows = [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in like]
        where = [
            tf.TensorSpec([3, n_networks], tf.int32),
            tf.TensorSpec([n_networks], tf.int32),
            tf.TensorSpec([None, n_networks, None], tf.int32),
        ]
        variables, slots = specs_of(self._variables), specs_of(self._slots)
        self._train = program(
            self._epoch,
            [
                variables,
                slots,
                [a_network] * n_dynamic,
                *rows,
                *where,
                tf.TensorSpec([None, n_networks], tf.float32),
            ],
            compiled=strategy == "xla",
        )
        TRACES.add()
        self._test_signature = [variables, *rows, *where]

    @functools.cached_property
    def _test(self) -> Any:
        return program(self._evaluation, self._test_signature)

    def stack(self, states: Sequence[State]) -> State:
        """Stack the states of single networks."""
        variables, slots = (zip(*arrays, strict=True) for arrays in zip(*states, strict=True))
        return State(
            [np.stack([_widened(a) for a in arrays]) for arrays in variables],
            [
                np.stack([_widened(a) for a in arrays]) if shape else np.asarray(arrays[0])
                for arrays, shape in zip(slots, self._slot_shapes, strict=True)
            ],
        )

    def take(self, state: State, network: int) -> State:
        """Take the state of a single network out of a stack's."""
        variables, slots = (
            [
                np.asarray(a[network]).reshape(shape).copy() if shape else np.asarray(a)
                for a, shape in zip(arrays, shapes, strict=True)
            ]
            for arrays, shapes in zip(state, (self._shapes, self._slot_shapes), strict=True)
        )
        return State(variables, slots)

    def epoch(
        self,
        state: State,
        data: StackedSamples,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: NDArray[np.float32],
    ) -> tuple[State, dict[str, NDArray[Any]]]:
        """Train all networks for an epoch."""
        X, y, weights, n_rows = data
        starts = np.stack([X.starts, y.starts, weights.starts])
        with self._lock:
            variables, slots, logs = self._train(
                tensors(state.variables),
                tensors(state.slots),
                tensors(rate[:, None, None] for rate in dynamic),
                *(pool.values for pool in (X, y, weights)),
                *tensors((starts, n_rows, order, rates)),
            )
        return State(variables, slots), {name: logs[name].numpy() for name in self._measures}

    def evaluate(
        self, state: State, data: StackedSamples, order: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """Compute loss and accuracy of all networks without training."""
        X, y, weights, n_rows = data
        starts = np.stack([X.starts, y.starts, weights.starts])
        with self._lock:
            logs = self._test(
                tensors(state.variables),
                *(pool.values for pool in (X, y, weights)),
                *tensors((starts, n_rows, order)),
            )
        return {name: logs[name].numpy() for name in self._measures}

    def _epoch(
        self,
        variables: list[tf.Tensor],
        slots: list[tf.Tensor],
        dynamic: list[tf.Tensor],
        X: tf.Tensor,
        y: tf.Tensor,
        weights: tf.Tensor,
        starts: tf.Tensor,
        n_rows: tf.Tensor,
        order: tf.Tensor,
        rates: tf.Tensor,
    ) -> tuple[list[tf.Tensor], list[tf.Tensor], dict[str, tf.Tensor]]:
        assign(self._variables, variables)
        assign(self._slots, slots)
        n_batches, _, batch_size = tf.unstack(tf.shape(order))

        def step(i: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            count = tf.minimum(batch_size, n_rows - i * batch_size)
            batch = _gather((X, y, weights), starts, order[i])
            return self._step(batch, count, rates[i], dynamic)

        logs = self._means(n_batches, step, n_rows)
        return values_of(self._variables), values_of(self._slots), logs

    def _step(
        self,
        batch: Sequence[tf.Tensor],
        count: tf.Tensor,
        rates: tf.Tensor,
        dynamic: Sequence[tf.Tensor],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        x, target, weight = batch
        real = tf.sequence_mask(count, tf.shape(weight)[1], tf.float32)
        trained = [self._variables[i] for i in self._trained]
        parameters = [v.value for v in trained]
        with tf.GradientTape() as tape:
            output = self._outputs(x, dynamic)
            total = tf.reduce_sum(self._loss.call(target, output) * weight * real, axis=1)
            mean = tf.reduce_sum(total / tf.cast(count, tf.float32))  # no network moves another
        # tensors take the place of the optimizer's numbers: one a network
        set_rate_tensor(self._optimizer, rates[:, None, None])
        if self._optimizer.weight_decay is not None:
            self._optimizer.weight_decay = dynamic[-1]
        self._optimizer.apply(tape.gradient(mean, parameters), trained)
        return total, tf.reduce_sum(is_correct(target, output) * real, axis=1)

    def _evaluation(
        self,
        variables: list[tf.Tensor],
        X: tf.Tensor,
        y: tf.Tensor,
        weights: tf.Tensor,
        starts: tf.Tensor,
        n_rows: tf.Tensor,
        order: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        assign(self._variables, variables)
        n_batches, _, batch_size = tf.unstack(tf.shape(order))

        def step(i: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            x, target, weight = _gather((X, y, weights), starts, order[i])
            real = tf.sequence_mask(n_rows - i * batch_size, batch_size, tf.float32)
            output = self._outputs(x)
            total = tf.reduce_sum(self._loss.call(target, output) * weight * real, axis=1)
            return total, tf.reduce_sum(is_correct(target, output) * real, axis=1)

        return self._means(n_batches, step, n_rows)

    def _means(
        self,
        n_batches: tf.Tensor,
        step: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
        n_rows: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Take all steps, and divide each network's loss and right answers by its rows."""
        zeros = tf.zeros(n_rows.shape)
        loss, correct = totals(n_batches, step, (zeros, zeros))
        count = tf.cast(n_rows, tf.float32)
        return {"loss": loss / count, "accuracy": correct / count}

    def _outputs(self, x: tf.Tensor, dynamic: Sequence[tf.Tensor] = ()) -> tf.Tensor:
        """Run the chain of layers on a batch of each network; with dropout where ``dynamic``."""
        rates = dict(zip(self._dropped, dynamic, strict=False))
        for layer in self._layers:
            x = STACKED_LAYERS[type(layer)](layer, x, self._of, rates.get(id(layer)))
        return x

    def _of(self, variable: keras.Variable) -> keras.Variable:
        """Give the stack's variable that stands for a single network's."""
        return self._variables[self._index[id(variable)]]


def _wide(shape: Sequence[int]) -> tuple[int, ...]:
    return (1, *shape) if len(shape) == 1 else tuple(shape)


def _widened(array: Any) -> NDArray[Any]:
    array = np.asarray(array)
    return array.reshape(_wide(array.shape))


def _gather(pools: Sequence[tf.Tensor], starts: tf.Tensor, order: tf.Tensor) -> list[tf.Tensor]:
    return [tf.gather(pool, order + starts[i][:, None]) for i, pool in enumerate(pools)]
