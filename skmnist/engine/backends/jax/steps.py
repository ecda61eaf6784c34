"""Training steps, epochs and evaluations of one network as pure functions, for JAX to trace."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import build_metrics, keras
from skmnist.engine.backends.jax.layers import kinds_for
from skmnist.engine.dynamic import copy_with_layers, dynamic_rates_in
from skmnist.engine.measures import is_correct
from skmnist.engine.strategy import Strategy

# isort: split
import jax
import jax.numpy as jnp

__all__ = ["BatchSource", "Steps"]


class BatchSource(NamedTuple):
    """Rows on the device, from which the steps of a program choose their batches.

    Parameters
    ----------
    X, y, weights : array of shape (n_pooled_rows, ...)
        On the device.
    starts : array of shape (3,)
        Where a network's own rows begin in each of them.
    """

    X: Any
    y: Any
    weights: Any
    starts: Any

    def batch(self, chosen: Any) -> tuple[Any, ...]:
        """Gather some of the network's rows."""
        return tuple(
            jnp.take(array, start + chosen, axis=0, mode="clip")
            for array, start in zip(self[:3], self.starts, strict=True)
        )


class Steps:
    """Epochs and evaluations of one network, as functions to trace.

    State and data go in, state and logs come out; nothing else is touched.

    Parameters
    ----------
    model : keras.Model
        Built and compiled; it is copied.
    loss : object
        As `keras.Model.compile` takes it.
    strategy : {"keras", "xla"}
        Whether to take Keras's own steps, or lean ones that stand rows of weight zero.
    like : sequence of ndarray
        Samples, targets and weights of the types and shapes to come, in any number.
    loss_weights, metrics, weighted_metrics : object
        As `keras.Model.compile` takes them.

    Attributes
    ----------
    initial_slots : list of ndarray
        What the optimizer remembers before its first step, its learning rate excepted.
    no_totals : list of ndarray
        The totals of loss and metrics before the first batch.
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
        self._tracing = threading.RLock()
        kinds = kinds_for(model)
        self._model = copy_with_layers(model, lambda layer: kinds.get(id(layer)))
        self._optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        self._model.compile(
            self._optimizer,
            loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
        )
        self._optimizer.build(self._model.trainable_variables)
        if strategy == "keras":
            build_metrics(self._model, tuple(a[:1] for a in like))
            self._model.reset_metrics()
            self.no_totals = [np.asarray(v) for v in self._model.metrics_variables]
        else:
            self.no_totals = [np.zeros((), np.float32)] * 3
        places = {id(v): i for i, v in enumerate(self._model.variables)}
        self._trained, self._others = (
            [places[id(v)] for v in vs]
            for vs in (self._model.trainable_variables, self._model.non_trainable_variables)
        )
        memory = self._optimizer.variables
        rate = self._optimizer.learning_rate
        self._rate_at = next((i for i, v in enumerate(memory) if v is rate), None)
        self.initial_slots = [np.asarray(v).copy() for v in memory if v is not rate]

    def epoch(
        self,
        variables: list[Any],
        slots: list[Any],
        measures: list[Any],
        dynamic: Any,
        rows: BatchSource,
        order: Any,
        counts: Any,
        rates: Any,
    ) -> tuple[list[Any], list[Any], list[Any], dict[str, Any]]:
        """Take the training steps of an epoch, or of a part of it, and add to its totals."""
        step: Callable[..., Any] = (
            self._keras_step if self._strategy == "keras" else self._lean_step
        )

        def next_step(before: Any, batch: Any) -> tuple[Any, None]:
            chosen, count, rate = batch
            return step(*before, rows.batch(chosen), count, rate), None

        with self._tracing, dynamic_rates_in(self._model, self._optimizer, dynamic):
            begin = (variables, slots, measures)
            (variables, slots, measures), _ = jax.lax.scan(next_step, begin, (order, counts, rates))
            return variables, slots, measures, self._logs(measures)

    def evaluation(
        self, variables: list[Any], measures: list[Any], rows: BatchSource, order: Any, counts: Any
    ) -> tuple[list[Any], dict[str, Any]]:
        """Compute loss and metrics, and add to their totals."""
        step = self._keras_test_step if self._strategy == "keras" else self._lean_test_step

        def next_step(before: Any, batch: Any) -> tuple[Any, None]:
            chosen, count = batch
            return step(variables, before, rows.batch(chosen), count), None

        with self._tracing:
            measures, _ = jax.lax.scan(next_step, measures, (order, counts))
            return measures, self._logs(measures)

    def _keras_step(
        self,
        variables: list[Any],
        slots: list[Any],
        measures: list[Any],
        batch: tuple[Any, ...],
        count: Any,
        rate: Any,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        """Keras's own training step; its metrics keep the totals."""
        trained, others = self._divided(variables)
        state = (trained, others, self._with_rate(slots, rate), measures)
        _, (trained, others, memory, measures) = self._model.train_step(state, batch)
        return self._joined(trained, others), self._without_rate(memory), list(measures)

    def _keras_test_step(
        self, variables: list[Any], measures: list[Any], batch: tuple[Any, ...], count: Any
    ) -> list[Any]:
        _, state = self._model.test_step((*self._divided(variables), measures), batch)
        return list(state[2])

    def _lean_step(
        self,
        variables: list[Any],
        slots: list[Any],
        measures: list[Any],
        batch: tuple[Any, ...],
        count: Any,
        rate: Any,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        """Take the same step by hand; rows behind the last one that counts weigh nothing."""
        trained, others = self._divided(variables)

        def mean_loss(trained: list[Any]) -> tuple[Any, Any]:
            loss, correct, others_after = self._outcome(trained, others, batch, count, True)
            return loss / count, (loss, correct, others_after)

        gradient, (loss, correct, others) = jax.grad(mean_loss, has_aux=True)(trained)
        trained, memory = self._optimizer.stateless_apply(
            self._with_rate(slots, rate), gradient, trained
        )
        measures = [a + b for a, b in zip(measures, (loss, correct, count), strict=True)]
        return self._joined(trained, others), self._without_rate(memory), measures

    def _lean_test_step(
        self, variables: list[Any], measures: list[Any], batch: tuple[Any, ...], count: Any
    ) -> list[Any]:
        loss, correct, _ = self._outcome(*self._divided(variables), batch, count, False)
        return [a + b for a, b in zip(measures, (loss, correct, count), strict=True)]

    def _outcome(
        self,
        trained: list[Any],
        others: list[Any],
        batch: tuple[Any, ...],
        count: Any,
        training: bool,
    ) -> tuple[Any, Any, list[Any]]:
        """Run the network on a batch: summed loss, right answers, and what else it changed."""
        x, target, weight = batch
        output, others = self._model.stateless_call(trained, others, x, training=training)
        real = (jnp.arange(len(weight)) < count).astype(jnp.float32)
        loss = jnp.sum(self._model.loss.call(target, output) * weight * real)
        return loss, jnp.sum(is_correct(target, output) * real), list(others)

    def _logs(self, measures: list[Any]) -> dict[str, Any]:
        if self._strategy != "keras":
            loss, correct, count = measures
            means = {"loss": loss / count, "accuracy": correct / count}
            return {name: means[name] for name in self._measures}
        pairs = zip(self._model.metrics_variables, measures, strict=True)
        with keras.StatelessScope(state_mapping=list(pairs)):
            return dict(self._model.get_metrics_result())

    def _divided(self, variables: list[Any]) -> tuple[list[Any], list[Any]]:
        return [variables[i] for i in self._trained], [variables[i] for i in self._others]

    def _joined(self, trained: Sequence[Any], others: Sequence[Any]) -> list[Any]:
        places = [*self._trained, *self._others]
        return [
            v
            for _, v in sorted(
                zip(places, [*trained, *others], strict=True), key=operator.itemgetter(0)
            )
        ]

    def _with_rate(self, slots: list[Any], rate: Any) -> list[Any]:
        at = self._rate_at
        return list(slots) if at is None else [*slots[:at], rate, *slots[at:]]

    def _without_rate(self, memory: Sequence[Any]) -> list[Any]:
        return [v for i, v in enumerate(memory) if i != self._rate_at]
