"""The program that trains one network on JAX: whole epochs as compiled pure functions.

One program serves any number of threads, and `jax.vmap` makes the program of a stack out of that
of a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.engine.arrays import EVALUATION_ROWS, Logs, PlacedSamples, State, loss_first
from skmnist.engine.backends.jax.steps import BatchSource, Steps
from skmnist.engine.strategy import Strategy
from skmnist.engine.tally import TRACES

# isort: split
import jax

__all__ = ["Program", "Trainer"]


class Program:
    """The steps of one architecture, optimizer, loss and set of metrics, compiled.

    Parameters
    ----------
    model : keras.Model
        Built and compiled; it is copied.
    loss : object
        As `keras.Model.compile` takes it.
    like : sequence of ndarray
        Samples, targets and weights of the types and shapes to come, in any number.
    strategy : {"keras", "xla"}
        Whether to take Keras's own steps, or lean ones that stand rows of weight zero.
    n_networks : int, default=None
        How many networks of a stack; None for one alone.
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
        n_networks: int | None = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        self.strategy = strategy
        steps = Steps(model, loss, strategy, like, loss_weights, metrics, weighted_metrics)
        self.initial_slots, self._no_totals = steps.initial_slots, steps.no_totals

        def counted(*arguments: Any) -> Any:
            TRACES.add()
            return steps.epoch(*arguments)

        train, test = counted, steps.evaluation
        if n_networks is not None:
            of_rows = BatchSource(None, None, None, 0)
            train = jax.vmap(train, in_axes=(0, 0, 0, 1, of_rows, 1, 1, 1))
            test = jax.vmap(test, in_axes=(0, 0, of_rows, 1, 1))
            self._no_totals = [np.stack([array] * n_networks) for array in self._no_totals]
        self._train, self._test = jax.jit(train), jax.jit(test)

    def _run_epoch(
        self,
        state: State,
        rows: BatchSource,
        n_rows: NDArray[Any],
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: NDArray[np.float32],
    ) -> tuple[State, dict[str, Any]]:
        """Train one network or a stack; logs stay on the device."""
        variables, slots, measures, logs = state.variables, state.slots, self._no_totals, {}
        for steps, *part in self._parts(order, n_rows):
            variables, slots, measures, logs = self._train(
                variables, slots, measures, dynamic, rows, *part, rates[steps]
            )
        return State(variables, slots), logs

    def _run_evaluation(
        self, state: State, rows: BatchSource, n_rows: NDArray[Any], order: NDArray[np.int32]
    ) -> dict[str, Any]:
        measures, logs = self._no_totals, {}
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


class Trainer(Program):
    """Training epochs and evaluations of one network."""

    def epoch(
        self,
        state: State,
        data: PlacedSamples,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: list[float],
    ) -> tuple[State, Logs]:
        """Train for an epoch."""
        n_rows, numbers = np.array(data.n_rows), np.array(dynamic, np.float32)
        state, logs = self._run_epoch(state, _alone(data), n_rows, order, rates, numbers)
        return state, _plain(logs)

    def evaluate(self, state: State, data: PlacedSamples) -> Logs:
        """Compute loss and metrics without training."""
        batch = min(EVALUATION_ROWS, len(data.X))
        n_steps = -(-data.n_rows // batch)
        order = np.arange(n_steps * batch, dtype=np.int32).reshape(n_steps, batch)
        return _plain(self._run_evaluation(state, _alone(data), np.array(data.n_rows), order))


def _alone(data: PlacedSamples) -> BatchSource:
    return BatchSource(data.X, data.y, data.weights, np.zeros(3, np.int32))


def _plain(logs: dict[str, Any]) -> Logs:
    return {name: np.asarray(value).tolist() for name, value in loss_first(logs).items()}
