"""Training programs on JAX: whole epochs, and evaluations, as compiled pure functions.

State and data go in, state and logs come out; nothing else is touched. So one program serves any
number of threads, and `jax.vmap` makes the program of a stack out of that of a network.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import build_metrics, keras
from skmnist.engine.arrays import EVALUATION_ROWS, Data, Logs, State, loss_first
from skmnist.engine.backends.jax.layers import DynamicDropout, kinds_for
from skmnist.engine.dynamic import copy_with_layers
from skmnist.engine.keys import Strategy

# isort: split
import jax
import jax.numpy as jnp

__all__ = ["Program", "Trainer", "release_caches"]

_KEPT: Final = 64
"""Training programs traced before JAX is told to forget, twice as many as `programs` keeps."""


class _Rows(NamedTuple):
    """What the steps of a program choose their batches from.

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


class Program:
    """The steps of one architecture, optimizer, loss and set of metrics, as functions.

    Parameters
    ----------
    model : keras.Model
        Built and compiled; it is copied.
    loss : object
        As `keras.Model.compile` takes it.
    strategy : {"keras", "xla"}
        Whether to take Keras's own steps, or lean ones that stand rows of weight zero.
    like : sequence of ndarray
        Rows, targets and weights of the types and shapes to come, in any number.
    n_networks : int, default=None
        How many networks of a stack; None for one alone.
    loss_weights, metrics, weighted_metrics : object
        As `keras.Model.compile` takes them.
    """

    n_traces = 0
    """How many training programs were traced in this process."""
    n_forgotten = 0
    """How many of them had been when JAX was last told to forget."""

    def __init__(
        self,
        model: keras.Model,
        loss: Any,
        *,
        like: Sequence[NDArray[Any]],
        strategy: Strategy,
        n_networks: int | None = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        self.strategy = strategy
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
            self._zero = [np.asarray(v) for v in self._model.metrics_variables]
        else:
            self._zero = [np.zeros((), np.float32)] * 3
        variables = [id(v) for v in self._model.variables]
        self._trained, self._others = (
            [variables.index(id(v)) for v in vs]
            for vs in (self._model.trainable_variables, self._model.non_trainable_variables)
        )
        memory = self._optimizer.variables
        rate = self._optimizer.learning_rate
        self._rate_at = next((i for i, v in enumerate(memory) if v is rate), None)
        # what the optimizer remembers before its first step
        self.initial_slots = [np.asarray(v).copy() for v in memory if v is not rate]
        of_rows = _Rows(None, None, None, 0)
        train, test = self._train_steps, self._test_steps
        if n_networks is not None:
            train = jax.vmap(train, in_axes=(0, 0, 0, 1, of_rows, 1, 1, 1))
            test = jax.vmap(test, in_axes=(0, 0, of_rows, 1, 1))
            self._zero = [np.stack([array] * n_networks) for array in self._zero]
        self._train, self._test = jax.jit(train), jax.jit(test)

    def _run_epoch(
        self,
        state: State,
        rows: _Rows,
        n_rows: NDArray[Any],
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: NDArray[np.float32],
    ) -> tuple[State, dict[str, Any]]:
        """Train one network or a stack; logs stay on the device."""
        variables, slots, measures, logs = state.variables, state.slots, self._zero, {}
        for steps, *part in self._parts(order, n_rows):
            variables, slots, measures, logs = self._train(
                variables, slots, measures, dynamic, rows, *part, rates[steps]
            )
        return State(variables, slots), logs

    def _run_evaluation(
        self, state: State, rows: _Rows, n_rows: NDArray[Any], order: NDArray[np.int32]
    ) -> dict[str, Any]:
        measures, logs = self._zero, {}
        for _, *part in self._parts(order, n_rows):
            measures, logs = self._test(state.variables, measures, rows, *part)
        return logs

    def _parts(
        self, order: NDArray[np.int32], n_rows: NDArray[Any]
    ) -> Iterator[tuple[slice, NDArray[np.int32], NDArray[np.float32]]]:
        """Divide an epoch into calls of the program.

        Keras's own steps would see padding: so they get a last batch of its own size.

        Parameters
        ----------
        order : ndarray of shape (n_steps, batch_size) or (n_steps, n_networks, batch_size)
            Numbers of rows.
        n_rows : ndarray of shape () or (n_networks,)
            How many rows count.

        Yields
        ------
        slice
            Steps.
        ndarray
            Their part of ``order``.
        ndarray
            How many rows of each batch count.
        """
        n_steps, batch = len(order), order.shape[-1]
        begun = batch * np.arange(n_steps).reshape(-1, *[1] * np.ndim(n_rows))
        counts = np.clip(n_rows - begun, 0, batch).astype(np.float32)
        rest = int(np.max(n_rows)) % batch if self.strategy == "keras" else 0
        whole = n_steps - (rest > 0)
        if whole:
            yield slice(whole), order[:whole], counts[:whole]
        if rest:
            yield slice(whole, None), order[whole:, ..., :rest], counts[whole:]

    # Traced from here on

    def _train_steps(
        self,
        variables: list[Any],
        slots: list[Any],
        measures: list[Any],
        dynamic: Any,
        rows: _Rows,
        order: Any,
        counts: Any,
        rates: Any,
    ) -> tuple[list[Any], list[Any], list[Any], dict[str, Any]]:
        Program.n_traces += 1
        step: Any = self._keras_step if self.strategy == "keras" else self._lean_step

        def next_step(before: Any, batch: Any) -> tuple[Any, None]:
            chosen, count, rate = batch
            return step(*before, rows.batch(chosen), count, rate), None

        with self._tracing, self._made_dynamic(dynamic):
            begin = (variables, slots, measures)
            (variables, slots, measures), _ = jax.lax.scan(next_step, begin, (order, counts, rates))
            return variables, slots, measures, self._logs(measures)

    def _test_steps(
        self, variables: list[Any], measures: list[Any], rows: _Rows, order: Any, counts: Any
    ) -> tuple[list[Any], dict[str, Any]]:
        step = self._keras_test_step if self.strategy == "keras" else self._lean_test_step

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
        if self.strategy != "keras":
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

    @contextmanager
    def _made_dynamic(self, dynamic: Any) -> Iterator[None]:
        """Let the program's arguments take the place of the rates, while it is traced."""
        dropped = [layer for layer in self._model.layers if isinstance(layer, DynamicDropout)]
        decay = self._optimizer.weight_decay
        for layer, rate in zip(dropped, dynamic, strict=False):
            layer.dynamic_rate = rate
        if decay is not None:
            self._optimizer.weight_decay = dynamic[-1]
        try:
            yield
        finally:
            for layer in dropped:
                layer.dynamic_rate = None
            self._optimizer.weight_decay = decay


class Trainer(Program):
    """Training epochs and evaluations of one network."""

    def epoch(
        self,
        state: State,
        data: Data,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: list[float],
    ) -> tuple[State, Logs]:
        """Train for an epoch, as `_tensorflow.Trainer` does."""
        n_rows, numbers = np.array(data.n_rows), np.array(dynamic, np.float32)
        state, logs = self._run_epoch(state, _alone(data), n_rows, order, rates, numbers)
        return state, _plain(logs)

    def evaluate(self, state: State, data: Data) -> Logs:
        """Compute loss and metrics without training."""
        batch = min(EVALUATION_ROWS, len(data.X))
        n_steps = -(-data.n_rows // batch)
        order = np.arange(n_steps * batch, dtype=np.int32).reshape(n_steps, batch)
        return _plain(self._run_evaluation(state, _alone(data), np.array(data.n_rows), order))


def _alone(data: Data) -> _Rows:
    return _Rows(data.X, data.y, data.weights, np.zeros(3, np.int32))


def _plain(logs: dict[str, Any]) -> Logs:
    return {name: np.asarray(value).tolist() for name, value in loss_first(logs).items()}


def is_correct(target: jax.Array, output: jax.Array) -> jax.Array:
    """Whether each row's class is the one that it should be, as 1.0 or 0.0."""
    rows = output.shape[:-1]
    if output.shape[-1] == 1:
        hit = (output.reshape(rows) > 0.5) == (target.reshape(rows) > 0.5)
    else:
        wide = target.ndim == output.ndim and target.shape[-1] == output.shape[-1]
        label = jnp.argmax(target, -1) if wide else target.reshape(rows).astype(jnp.int32)
        hit = jnp.argmax(output, -1) == label
    return hit.astype(jnp.float32)


def release_caches(_n_built: int) -> None:
    """Now and then, free what JAX keeps for the programs and variables of models that are gone.

    It keeps what it has compiled, programs and the making of initial weights of each shape, for
    ever: some 20 megabytes for each new architecture, and nothing for another model of one. To be
    told to forget costs the programs still in use another compilation each.
    """
    if Program.n_traces - Program.n_forgotten >= _KEPT:
        Program.n_forgotten = Program.n_traces
        jax.clear_caches()
