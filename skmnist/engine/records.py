"""Values that go into a training and come out of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.augmentation import Augmentation
from skmnist.engine.arrays import Logs, State
from skmnist.engine.schedules import Schedule
from skmnist.history import History
from skmnist.keras_models import Description, Network, describe

__all__ = [
    "Checkpoint",
    "OnEpoch",
    "Progress",
    "ResumePoint",
    "Samples",
    "TrainingPlan",
    "TrainingRequest",
    "TrainingResult",
]

OnEpoch = Callable[[Logs, Callable[[], Network]], bool]
"""Called after each epoch with its logs and a way to the network as it is; true stops training."""


class Samples(NamedTuple):
    """Samples to train or validate on: rows, targets, weights.

    Parameters
    ----------
    X : ndarray of shape (n_rows, ...)
        What the network takes; a list or dict of arrays for one of several inputs.
    y : ndarray of shape (n_rows, ...)
        Targets as the loss takes them; a list or dict of arrays for a network of several outputs.
    weights : ndarray of shape (n_rows,), dtype float32
        How much each row counts.
    """

    X: Any
    y: Any
    weights: NDArray[Any]

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.weights)

    def take(self, chosen: Any) -> Samples:
        """Give some of the samples, by their numbers or a slice."""
        return Samples(*keras.tree.map_structure(lambda array: array[chosen], tuple(self)))


@dataclass(frozen=True)
class TrainingPlan:
    """Settings of a training.

    Parameters
    ----------
    batch_size : int
        Rows a step.
    epochs : int
        Passes over the rows.
    seed : int
        Seed for the order of the rows.
    schedule : {"constant", "cosine", "one_cycle"}, default="constant"
        How the optimizer's learning rate changes. Callbacks may change a constant one.
    patience : int, default=None
        Epochs without a lower validation loss after which training stops and the weights of the
        best epoch are taken. None trains to the end and takes the last weights.
    shuffle : bool, default=True
        Whether each epoch sees the rows in a new order.
    augmentation : Augmentation, default=None
        How the rows, which are images then, are bent anew for each epoch.
    """

    batch_size: int
    epochs: int
    seed: int
    schedule: Schedule = "constant"
    patience: int | None = None
    shuffle: bool = True
    augmentation: Augmentation | None = None


class Checkpoint(NamedTuple):
    """State in which a fit stopped, for another to go on from.

    Parameters
    ----------
    state : State
        Weights, random seeds and the optimizer's memory.
    optimizer : str
        Key of the optimizer whose memory it is.
    epoch : int
        Epochs trained so far.
    """

    state: State
    optimizer: str
    epoch: int


@dataclass(frozen=True)
class TrainingResult:
    """Result of a training.

    Parameters
    ----------
    network : Network
        The trained network.
    history : History
        Loss and metrics of each epoch.
    best_epoch : int
        The epoch, counted from 1, of the lowest validation loss; the last without validation.
    checkpoint : Checkpoint
        Where to go on from.
    """

    network: Network
    history: History
    best_epoch: int
    checkpoint: Checkpoint


@dataclass(frozen=True, eq=False)
class TrainingRequest:
    """A training to do.

    Parameters
    ----------
    model : keras.Model
        Compiled; its weights are where training begins. Changed only where Keras's callbacks ask
        for it.
    samples : Samples
        What to train on.
    plan : TrainingPlan
        How.
    validation : Samples, default=None
        What to validate on after each epoch.
    initial : sequence of ndarray, default=None
        Variables to begin with, instead of the model's.
    checkpoint : Checkpoint, default=None
        Where to go on from, instead of any beginning.
    callbacks : sequence of keras.callbacks.Callback, default=()
        Keras's callbacks. Those that act on batches are served by Keras's own loop.
    on_epoch : callable, default=None
        Called after each epoch.
    builder : callable, keras.Model or None, default=None
        What rebuilds the model, where its configuration does not.
    described : Description, default=None
        Of the model, where there is one already and no builder.
    """

    model: keras.Model
    samples: Samples
    plan: TrainingPlan
    validation: Samples | None = None
    initial: Sequence[NDArray[Any]] | None = None
    checkpoint: Checkpoint | None = None
    callbacks: Sequence[keras.callbacks.Callback] = ()
    on_epoch: OnEpoch = lambda *_: False
    builder: Callable[[], keras.Model] | keras.Model | None = None

    described: Description | None = None

    @functools.cached_property
    def description(self) -> Description:
        """Keras's description of the model."""
        return self.described or describe(self.model)

    @property
    def config(self) -> str:
        """Configuration of the network, JSON; empty where a program can't go by it."""
        can_go_by = self.builder is None and self.description.is_of_keras
        return self.description.config if can_go_by else ""


@dataclass
class Progress:
    """Progress of a training.

    Parameters
    ----------
    history : History
        Loss and metrics of each epoch.
    best : State or None
        The state after the best epoch, where early stopping will ask for it.
    best_epoch : int
        The epoch, counted from 1, of the lowest validation loss; the last without validation.
    best_loss : float
        That loss.
    stopped : bool
        Whether training ended before its last epoch.
    """

    history: History = field(default_factory=History)
    best: State | None = None
    best_epoch: int = 0
    best_loss: float = float("inf")
    stopped: bool = False


class ResumePoint(NamedTuple):
    """A training between two of its epochs: all that it needs to go on as if it had not paused.

    Parameters
    ----------
    checkpoint : Checkpoint
        The state after the last epoch.
    progress : Progress
        What it has seen.
    digest : bytes
        Of the rows: it goes on with the same ones.
    """

    checkpoint: Checkpoint
    progress: Progress
    digest: bytes
