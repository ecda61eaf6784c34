"""Protocol of a backend: the functions and classes that a third one would have to write.

A backend is a module with the names of `Backend`. `tensorflow` and `jax` are two, with the same
files: ``device`` (the process and its arrays), ``layers`` (what takes the place of Keras's own),
``steps`` (what is traced), ``trainer`` (the program of one network), ``stacking`` (of several),
``stackable`` (of which ones), ``predictor``, and ``feed`` (batches for Keras's own loop).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.engine.arrays import Logs, PlacedSamples, StackedSamples, State
from skmnist.engine.strategy import Strategy
from skmnist.keras_models import Network

__all__ = ["Backend", "PredictionProgram", "StackProgram", "TrainingProgram"]


class TrainingProgram(Protocol):
    """The program that trains one network: made once, used by all fits that can share it."""

    strategy: Strategy
    initial_slots: list[NDArray[Any]]
    """Memory of the optimizer before its first step."""

    def epoch(
        self,
        state: State,
        data: PlacedSamples,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: list[float],
    ) -> tuple[State, Logs]:
        """Train for an epoch.

        Parameters
        ----------
        state : State
            The state before.
        data : PlacedSamples
            The rows; padded to whole batches where the strategy is ``"xla"``.
        order : ndarray of shape (n_steps, batch_size)
            Indices of rows; the last batch may reach into the padding.
        rates : ndarray of shape (n_steps,)
            The learning rate of each step.
        dynamic : list of float
            Rates of the dynamic dropout layers, then the weight decay, if there are any.

        Returns
        -------
        State
            The state after.
        dict of str to float or list of float
            Loss and metrics over the epoch, as Keras reports them.
        """

    def evaluate(self, state: State, data: PlacedSamples) -> Logs:
        """Compute loss and metrics without training.

        Parameters
        ----------
        state : State
            The state, which stays as it is.
        data : PlacedSamples
            The rows.

        Returns
        -------
        dict of str to float or list of float
            Loss and metrics, as Keras reports them.
        """


class StackProgram(Protocol):
    """The program that trains several networks of one architecture at once."""

    initial_slots: list[NDArray[Any]]
    """Memory of the optimizer of a single network before its first step."""

    def stack(self, states: Sequence[State]) -> State:
        """Stack the states of single networks; their optimizers have taken as many steps.

        Parameters
        ----------
        states : sequence of State
            One a network, all with slots.

        Returns
        -------
        State
            Theirs, with one more axis in front.
        """

    def take(self, state: State, network: int) -> State:
        """Take the state of a single network out of a stack's.

        Parameters
        ----------
        state : State
            Of the stack.
        network : int
            Its place.

        Returns
        -------
        State
            As `TrainingProgram` has it, in NumPy's arrays.
        """

    def epoch(
        self,
        state: State,
        data: StackedSamples,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: NDArray[np.float32],
    ) -> tuple[State, dict[str, NDArray[Any]]]:
        """Train all networks for an epoch.

        Parameters
        ----------
        state : State
            The state before.
        data : StackedSamples
            The rows.
        order : ndarray of shape (n_steps, n_networks, batch_size)
            Indices into the rows of each network; those behind the last row are padding.
        rates : ndarray of shape (n_steps, n_networks)
            Learning rates.
        dynamic : ndarray of shape (n_dynamic, n_networks)
            Rates of the dynamic dropout layers, then the weight decay, if there are any.

        Returns
        -------
        State
            The state after.
        dict of str to ndarray of shape (n_networks, ...)
            Loss and metrics over the epoch.
        """

    def evaluate(
        self, state: State, data: StackedSamples, order: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """Compute loss and metrics of all networks without training.

        Parameters
        ----------
        state : State
            The state, which stays as it is.
        data : StackedSamples
            The rows.
        order : ndarray of shape (n_batches, n_networks, batch_size)
            Indices into the rows of each network; those behind the last row are padding.

        Returns
        -------
        dict of str to ndarray of shape (n_networks, ...)
            Loss and metrics.
        """


class PredictionProgram(Protocol):
    """The program that computes the outputs of networks of one architecture."""

    def __call__(self, network: Network, X: NDArray[Any]) -> NDArray[Any]:
        """Compute a network's outputs.

        Parameters
        ----------
        network : Network
            A network of this architecture.
        X : ndarray of shape (n_rows, ...)
            The rows.

        Returns
        -------
        ndarray
            One output a row, each computed as if it were alone.
        """


class Backend(Protocol):
    """The module of a backend."""

    ONE_AT_A_TIME: bool
    """True if a program serves one training at a time."""

    def Trainer(  # noqa: N802 - a class of the backend's
        self,
        model: keras.Model,
        loss: Any,
        *,
        like: Sequence[NDArray[Any]],
        strategy: Strategy,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> TrainingProgram:
        """Make the program of a network.

        Parameters
        ----------
        model : keras.Model
            Built and compiled; it is copied.
        loss : object
            As `keras.Model.compile` takes it.
        like : sequence of ndarray
            Samples, targets and weights of the types and shapes to come, in any number.
        strategy : {"keras", "graph", "xla"}
            How to take a step.
        loss_weights, metrics, weighted_metrics : object
            As `keras.Model.compile` takes them.
        """

    def StackTrainer(  # noqa: N802 - a class of the backend's
        self,
        model: keras.Model,
        loss: Any,
        *,
        n_networks: int,
        like: Sequence[NDArray[Any]],
        strategy: Strategy,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> StackProgram:
        """Make the program of ``n_networks`` networks such as this one."""

    def Predictor(  # noqa: N802 - a class of the backend's
        self, model: keras.Model, row_shape: tuple[int, ...]
    ) -> PredictionProgram:
        """Make the program that predicts by a model, for rows of a shape."""

    def check_process(self) -> None:
        """Refuse to work in a fork of a process that has worked."""

    def has_accelerator(self) -> bool:
        """Tell whether the library computes on something else than the processor."""

    def n_cores(self) -> int:
        """Tell how many cores the library has to itself."""

    def to_device(self, array: NDArray[Any]) -> Any:
        """Bring an array to the device."""

    def place(
        self, X: NDArray[Any], y: NDArray[Any], weights: NDArray[Any], *, whole_batches_of: int = 1
    ) -> PlacedSamples:
        """Bring rows, targets and weights to the device, padded with zeros to whole batches."""

    def release_caches(self, n_built: int) -> None:
        """Free, now and then, what the library keeps of models that are gone.

        Parameters
        ----------
        n_built : int
            Models built for trainings since the last call.
        """

    def stack_key(
        self, model: keras.Model, strategy: Strategy, lengths: tuple[int, int]
    ) -> Hashable:
        """Tell what networks of a program must have in common to be stacked; None if none can be.

        Parameters
        ----------
        model : keras.Model
            Compiled.
        strategy : {"keras", "graph", "xla"}
            How an epoch of it alone runs.
        lengths : tuple of int
            How many rows it is trained and validated on.

        Returns
        -------
        hashable or None
            Equal for networks that can be stacked.
        """

    def stacks_pay(self, n_weights: int) -> bool:
        """Tell whether a stack of such networks is quicker than these side by side."""

    def batches(
        self,
        epoch_samples: Callable[[], tuple[Any, ...]],
        batch_size: int,
        n_batches: int,
        like: tuple[Any, ...],
    ) -> Any:
        """Give the batches of each epoch, as `keras.Model.fit` takes them.

        Parameters
        ----------
        epoch_samples : callable
            Gives the rows, targets and weights of the epoch that begins, in its order.
        batch_size : int
            Rows a batch.
        n_batches : int
            Batches an epoch.
        like : tuple
            Samples, targets and weights of the types and shapes to come, in any number.

        Returns
        -------
        object
            Asks for the rows anew in each epoch.
        """
