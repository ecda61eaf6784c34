"""What goes into a training and comes out of it: rows, plan, checkpoint, fit. Values, no work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from skmnist.engine._tensorflow import State
from skmnist.engine.schedules import Schedule
from skmnist.history import History
from skmnist.networks import Network

__all__ = ["Checkpoint", "Fit", "Plan", "Rows"]


class Rows(NamedTuple):
    """Rows to train or validate on.

    Parameters
    ----------
    X : ndarray of shape (n_rows, ...)
        What the network takes.
    y : ndarray of shape (n_rows, ...)
        Targets as the loss takes them.
    weights : ndarray of shape (n_rows,), dtype float32
        How much each row counts.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    weights: NDArray[Any]


@dataclass(frozen=True)
class Plan:
    """How to train.

    Parameters
    ----------
    batch_size : int
        Rows a step.
    epochs : int
        Passes over the rows.
    seed : int
        What the order of the rows follows from.
    schedule : {"constant", "cosine", "one_cycle"}, default="constant"
        How the optimizer's learning rate changes. Callbacks may change a constant one.
    patience : int, default=None
        Epochs without a lower validation loss after which training stops and the weights of the
        best epoch are taken. None trains to the end and takes the last weights.
    shuffle : bool, default=True
        Whether each epoch sees the rows in a new order.
    """

    batch_size: int
    epochs: int
    seed: int
    schedule: Schedule = "constant"
    patience: int | None = None
    shuffle: bool = True


class Checkpoint(NamedTuple):
    """Where a fit stopped, for another to go on from.

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
class Fit:
    """What a training gives.

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
