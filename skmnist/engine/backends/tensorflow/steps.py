"""Training steps, epochs and evaluations of one network, for TensorFlow to trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from skmnist._compat.keras import build_metrics, keep_no_graphs, keras
from skmnist.engine.arrays import EVALUATION_ROWS
from skmnist.engine.dynamic import copy_with_dynamic_dropout, dynamic_rates, dynamic_rates_in
from skmnist.engine.measures import is_correct
from skmnist.engine.strategy import Strategy

# isort: split
import tensorflow as tf

__all__ = ["Steps", "assign", "copied_optimizer", "program", "totals", "values_of"]


class Steps:
    """Epochs and evaluations of one network, as functions to trace.

    They read and write variables of a copy of the model, which are working memory.

    Parameters
    ----------
    model : keras.Model
        Built and compiled; it is copied.
    loss : object
        As `keras.Model.compile` takes it.
    strategy : {"keras", "graph", "xla"}
        How to take a step.
    like : sequence of ndarray
        Samples, targets and weights of the types and shapes to come, in any number.
    loss_weights, metrics, weighted_metrics : object
        As `keras.Model.compile` takes them.

    Attributes
    ----------
    variables : list of keras.Variable
        Of the network.
    slots : list of keras.Variable
        What the optimizer remembers, its learning rate excepted.
    n_dynamic : int
        How many rates are arguments.
    """

    def __init__(
        self,
        model: keras.Model,
        loss: Any,
        strategy: Strategy,
        like: Sequence[NDArray[Any]],
        loss_weights: Any,
        metrics: Any,
        weighted_metrics: Any,
    ) -> None:
        self._strategy = strategy
        self._measures = ["loss", *(metrics or [])]
        self._model = copy_with_dynamic_dropout(model)
        self._optimizer = copied_optimizer(model.optimizer)
        self._model.compile(
            self._optimizer,
            loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            jit_compile=False,
        )
        self._optimizer.build(self._model.trainable_variables)
        # its metrics too: one that is not built when the program is traced is never reset in it
        build_metrics(self._model, tuple(array[:1] for array in like))
        rate = self._optimizer.learning_rate
        self._sets_rate = isinstance(rate, keras.Variable)  # a schedule of Keras's sets itself
        self.variables = self._model.variables
        self.slots = [v for v in self._optimizer.variables if v is not rate]
        self.n_dynamic = len(dynamic_rates(model))

    def epoch(
        self,
        variables: list[tf.Tensor],
        slots: list[tf.Tensor],
        dynamic: list[tf.Tensor],
        X: tf.Tensor,
        y: tf.Tensor,
        weights: tf.Tensor,
        order: tf.Tensor,
        n_rows: tf.Tensor,
        rates: tf.Tensor,
    ) -> tuple[list[tf.Tensor], list[tf.Tensor], dict[str, tf.Tensor]]:
        """Take the training steps of an epoch; gives variables, slots and logs."""
        assign(self.variables, variables)
        assign(self.slots, slots)
        step = self._keras_step if self._strategy == "keras" else self._lean_step
        with dynamic_rates_in(self._model, self._optimizer, dynamic):
            means = self._run(step, X, y, weights, order, n_rows, rates)
        if self._strategy == "keras":
            logs = self._model.get_metrics_result()
        else:
            logs = {name: means[name] for name in self._measures}
        return values_of(self.variables), values_of(self.slots), logs

    def evaluation(
        self, variables: list[tf.Tensor], X: tf.Tensor, y: tf.Tensor, weights: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Compute loss and metrics by Keras's own test steps."""
        assign(self.variables, variables)
        self._model.reset_metrics()
        n_rows = tf.shape(X)[0]

        def step(i: tf.Tensor) -> tuple[()]:
            start = i * EVALUATION_ROWS
            rows = slice(start, tf.minimum(start + EVALUATION_ROWS, n_rows))
            self._model.test_step((X[rows], y[rows], weights[rows]))
            return ()

        totals(-(-n_rows // EVALUATION_ROWS), step, ())
        return self._model.get_metrics_result()

    def _run(
        self,
        step: Callable[..., tuple[tf.Tensor, tf.Tensor]],
        X: tf.Tensor,
        y: tf.Tensor,
        weights: tf.Tensor,
        order: tf.Tensor,
        n_rows: tf.Tensor,
        rates: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        self._model.reset_metrics()
        n_batches, batch_size = tf.unstack(tf.shape(order))

        def numbered(i: tf.Tensor) -> tuple[tf.Tensor, ...]:
            if self._sets_rate:
                self._optimizer.learning_rate.assign(rates[i])
            return step(X, y, weights, order[i], tf.minimum(batch_size, n_rows - i * batch_size))

        sums = totals(n_batches, numbered, (tf.zeros(()), tf.zeros(())))
        of_all = tf.cast(n_rows, tf.float32)
        return {
            name: total / of_all for name, total in zip(("loss", "accuracy"), sums, strict=True)
        }

    def _keras_step(
        self, X: tf.Tensor, y: tf.Tensor, weights: tf.Tensor, chosen: tf.Tensor, count: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Take Keras's own training step on the rows that count; its metrics keep the totals."""
        chosen = chosen[:count]
        batch = tuple(tf.gather(array, chosen) for array in (X, y, weights))
        self._model.train_step(batch)
        return tf.zeros(()), tf.zeros(())

    def _lean_step(
        self, X: tf.Tensor, y: tf.Tensor, weights: tf.Tensor, chosen: tf.Tensor, count: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Take the same step by hand; under XLA's fixed shapes padding fills the last batch."""
        if self._strategy != "xla":
            chosen = chosen[:count]
        x, target, weight = (tf.gather(array, chosen) for array in (X, y, weights))
        parameters = [v.value for v in self._model.trainable_variables]
        with tf.GradientTape() as tape:
            output = self._model(x, training=True)
            losses = self._model.loss.call(target, output)
            total = tf.reduce_sum(losses * weight)
            loss = total / tf.cast(count, tf.float32)
        self._optimizer.apply(tape.gradient(loss, parameters), self._model.trainable_variables)
        counts = tf.cast(tf.range(tf.shape(chosen)[0]) < count, tf.float32)
        return total, tf.reduce_sum(is_correct(target, output) * counts)


def copied_optimizer(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Copy an optimizer for a program."""
    copy = type(optimizer).from_config(optimizer.get_config())
    keep_no_graphs(copy)
    return copy


def assign(variables: Sequence[Any], values: Sequence[tf.Tensor]) -> None:
    """Give variables their values."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def values_of(variables: Sequence[Any]) -> list[tf.Tensor]:
    """Read variables, as they are now."""
    return [tf.identity(v.value) for v in variables]


def program(
    function: Callable[..., Any], signature: Sequence[Any], *, compiled: bool = False
) -> Any:
    """Trace a function for arguments of some types, which makes it quicker to call.

    Loops are built by `totals`: AutoGraph, which reads Python's, takes half a second.

    Parameters
    ----------
    function : callable
        Takes tensors, and gives tensors.
    signature : sequence of tf.TensorSpec
        Types of the arguments, or lists of types.
    compiled : bool, default=False
        Whether XLA compiles it.

    Returns
    -------
    callable
        The program.
    """
    traced = tf.function(function, input_signature=signature, jit_compile=compiled, autograph=False)
    return traced.get_concrete_function()


def totals(
    n_steps: tf.Tensor, step: Callable[[tf.Tensor], Sequence[tf.Tensor]], zeros: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
    """Take the steps of a loop one after the other, and add up what each gives.

    Parameters
    ----------
    n_steps : tensor of shape (), dtype int32
        Number of steps.
    step : callable
        Takes the number of a step, and gives tensors.
    zeros : sequence of tensor
        What to begin with.

    Returns
    -------
    list of tensor
        The totals.
    """

    def body(i: tf.Tensor, *sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return (i + 1, *(total + part for total, part in zip(sums, step(i), strict=True)))

    start = (tf.constant(0), *zeros)
    return list(tf.while_loop(lambda i, *_: i < n_steps, body, start)[1:])
