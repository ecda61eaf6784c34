"""The program that trains a stack on JAX: `jax.vmap` over that of one network."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmnist.engine.arrays import StackedSamples, State, loss_first
from skmnist.engine.backends.jax.steps import BatchSource
from skmnist.engine.backends.jax.trainer import Program

# isort: split
import jax

__all__ = ["StackTrainer"]


class StackTrainer(Program):
    """Training epochs and evaluations of several networks of one architecture at once."""

    def stack(self, states: Sequence[State]) -> State:
        """Stack the states of single networks."""
        return State(
            *(
                [np.stack(arrays) for arrays in zip(*each, strict=True)]
                for each in zip(*states, strict=True)
            )
        )

    def take(self, state: State, network: int) -> State:
        """Take the state of a single network out of a stack's."""
        if isinstance(state.variables[0], np.ndarray):
            return State(*([array[network].copy() for array in arrays] for arrays in state))
        return State(*self._take(tuple(state), network)).to_numpy()

    @functools.cached_property
    def _take(self) -> Any:
        """On the device: only one network's arrays travel."""
        return jax.jit(lambda state, i: jax.tree.map(lambda array: array[i], state))

    def epoch(
        self,
        state: State,
        data: StackedSamples,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: NDArray[np.float32],
    ) -> tuple[State, dict[str, NDArray[Any]]]:
        """Train all networks for an epoch."""
        state, logs = self._run_epoch(state, _pooled(data), data.n_rows, order, rates, dynamic)
        return state, _arrays(logs)

    def evaluate(
        self, state: State, data: StackedSamples, order: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """Compute loss and metrics of all networks without training."""
        return _arrays(self._run_evaluation(state, _pooled(data), data.n_rows, order))


def _pooled(data: StackedSamples) -> BatchSource:
    pools = data[:3]
    starts = np.stack([pool.starts for pool in pools], axis=1)  # (n_networks, 3)
    X, y, weights = (pool.values for pool in pools)
    return BatchSource(X, y, weights, starts)


def _arrays(logs: dict[str, Any]) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(value) for name, value in loss_first(logs).items()}
