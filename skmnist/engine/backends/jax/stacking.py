"""Training programs on JAX for a stack: `jax.vmap` over the program of one network."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.engine.arrays import StackData, State, loss_first
from skmnist.engine.backends.jax.device import has_accelerator
from skmnist.engine.backends.jax.trainer import Program, _Rows
from skmnist.engine.keys import Strategy

# isort: split
import jax

__all__ = ["StackTrainer", "stack_key", "stacks_pay"]


def stack_key(model: keras.Model, strategy: Strategy, lengths: tuple[int, int]) -> Hashable:
    """Tell what networks of a program must have in common to be stacked; None if none can be.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    strategy : {"keras", "xla"}
        How an epoch of it alone runs.
    lengths : tuple of int
        How many rows it is trained and validated on. Keras's own steps can't tell padding from
        rows, and so ask for equal ones.

    Returns
    -------
    hashable or None
        Equal for networks that can be stacked.
    """
    if type(model).train_step is not keras.Model.train_step:
        return None
    return lengths if strategy == "keras" else "any"


def stacks_pay(_n_weights: int) -> bool:
    """Tell whether a stack of networks is quicker than these side by side: on a GPU it is.

    On two cores, 30 fits warm, a stack of networks of 1,200 weights takes as long as these side by
    side, of 17,000 to 235,000 weights 1.1 to 1.6 times as long.
    """
    return has_accelerator()


class StackTrainer(Program):
    """Training epochs and evaluations of several networks of one architecture at once."""

    n_traces = 0
    """None beside those of `Program`, which counts for both."""

    def stack(self, states: Sequence[State]) -> State:
        """Stack the states of single networks, as `_tensorflow_stack.StackTrainer` does."""
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
        data: StackData,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: NDArray[np.float32],
    ) -> tuple[State, dict[str, NDArray[Any]]]:
        """Train all networks for an epoch."""
        state, logs = self._run_epoch(state, _pooled(data), data.n_rows, order, rates, dynamic)
        return state, _arrays(logs)

    def evaluate(
        self, state: State, data: StackData, order: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """Compute loss and metrics of all networks without training."""
        return _arrays(self._run_evaluation(state, _pooled(data), data.n_rows, order))


def _pooled(data: StackData) -> _Rows:
    pools = data[:3]
    starts = np.stack([pool.starts for pool in pools], axis=1)  # (n_networks, 3)
    X, y, weights = (pool.rows for pool in pools)
    return _Rows(X, y, weights, starts)


def _arrays(logs: dict[str, Any]) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(value) for name, value in loss_first(logs).items()}
