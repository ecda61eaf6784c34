"""One training while it runs: order of the rows, learning rates, history, early stopping."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras
from skmnist.engine.arrays import Logs, State
from skmnist.engine.keys import optimizer_key
from skmnist.engine.programs import program_key
from skmnist.engine.proven import is_proven_network
from skmnist.engine.records import (
    Checkpoint,
    Progress,
    ResumePoint,
    Samples,
    TrainingRequest,
    TrainingResult,
)
from skmnist.engine.schedules import learning_rates
from skmnist.engine.working_models import remember
from skmnist.keras_models import Network, describe

__all__ = ["Run"]

_DIGESTED: Final = 256  # rows
_BENDING: Final = 1  # a stream of random numbers apart from the order's


class Run:
    """One training while it runs, whichever way its steps are taken.

    Parameters
    ----------
    request : TrainingRequest
        What to train.
    pause : ResumePoint, default=None
        Where an earlier run of this training paused.
    until : int, default=None
        The number of epochs after which to pause; None goes to the end of the plan.
    """

    def __init__(
        self, request: TrainingRequest, pause: ResumePoint | None = None, until: int | None = None
    ) -> None:
        self.request, self.model, self.plan = request, request.model, request.plan
        if pause is not None and pause.digest != _digest(request.samples):
            raise ValueError(
                "A training can't go on from where it paused: the rows that reach the network are "
                "other ones. Set random_state in the steps before it, and in the cv splitter."
            )
        self.progress = replace(pause.progress) if pause else Progress()
        start = self.progress.history.n_epochs
        stop = start if self.progress.stopped else min(until or self.plan.epochs, self.plan.epochs)
        self.epochs = range(start, stop)
        self._optimizer = optimizer_key(self.model.optimizer)
        checkpoint = pause.checkpoint if pause else request.checkpoint
        self._first = checkpoint.epoch - start if checkpoint else 0
        self.start = self._state_of(checkpoint)
        self.given_up = threading.Event()
        """Set from another thread to end the run after the epoch that it is in."""

    @functools.cached_property
    def program_key(self) -> Hashable:
        """Key of the program, which trainings that are alike share."""
        return program_key(self.request)

    def _state_of(self, checkpoint: Checkpoint | None) -> State:
        if checkpoint is None:
            initial = self.request.initial
            values = self.model.variables if initial is None else initial
            return State([np.asarray(v) for v in values], [])
        if checkpoint.optimizer != self._optimizer:  # another one: its memory begins anew
            return checkpoint.state._replace(slots=[])
        return checkpoint.state

    def order(self, epoch: int) -> NDArray[np.int32]:
        """Order the rows of an epoch, by the seed and the number of the epoch alone."""
        n_samples = self.request.samples.n_samples
        if not self.plan.shuffle:
            return np.arange(n_samples, dtype=np.int32)
        rng = np.random.default_rng([self.plan.seed, self._first + epoch])
        return rng.permutation(n_samples).astype(np.int32)

    def samples(self, epoch: int) -> Samples:
        """Give the samples of an epoch: the same ones, or images bent anew."""
        samples, augmentation = self.request.samples, self.plan.augmentation
        if augmentation is None:
            return samples
        rng = np.random.default_rng([self.plan.seed, self._first + epoch, _BENDING])
        return samples._replace(X=augmentation(samples.X, rng))

    def rates(self, n_steps: int) -> NDArray[np.float32]:
        """Compute the learning rate of every step of the plan, epoch by epoch."""
        rate = self.model.optimizer.learning_rate
        peak = 0.0 if callable(rate) else float(rate)
        steps = learning_rates(self.plan.schedule, peak, n_steps * self.plan.epochs)
        return steps.reshape(self.plan.epochs, n_steps)

    def network(self, state: State) -> Network:
        """Take the network out of a state."""
        is_weight = {id(w) for w in self.model.weights}
        pairs = zip(self.model.variables, state.variables, strict=True)
        arrays = tuple(np.asarray(a) for v, a in pairs if id(v) in is_weight)
        if self.request.builder is not None:
            return Network("", arrays, {}, self.request.builder)
        # callbacks may have changed the model, and so may code of its own
        may_differ = self.request.callbacks or not self.request.config
        description = describe(self.model) if may_differ else self.request.description
        return Network(description.config, arrays, description.custom_objects)

    def end_epoch(self, logs: Logs, state: Callable[[], State]) -> bool:
        """Record an epoch; tell whether training is to stop."""
        if self.given_up.is_set():
            raise InterruptedError("The training was given up.")
        seen = self.progress
        seen.history = seen.history.then({name: [value] for name, value in logs.items()})
        n_epochs = seen.history.n_epochs
        if not np.isfinite(logs["loss"]):
            raise FloatingPointError(
                f"The loss is {logs['loss']} after epoch {n_epochs}: training diverged. Lower "
                "the learning rate, or scale the features."
            )
        patience = self.plan.patience
        loss = logs.get("val_loss", -float(n_epochs))
        if loss < seen.best_loss:
            seen.best_loss, seen.best_epoch = loss, n_epochs
            if patience is not None:
                seen.best = state()
        asked = self.request.on_epoch(logs, lambda: self.network(state()))
        seen.stopped = asked or (patience is not None and n_epochs - seen.best_epoch >= patience)
        return seen.stopped

    def fit(self, state: State) -> TrainingResult:
        """Give what the training has come to.

        Parameters
        ----------
        state : State
            The state after the last epoch.

        Returns
        -------
        TrainingResult
            Of the best epoch under early stopping, of the last one without.
        """
        seen = self.progress
        chosen = state if seen.best is None else seen.best.to_numpy()
        network = self.network(chosen)
        if not is_proven_network(self.request.config):
            remember(network, self.model)
        return TrainingResult(network, seen.history, seen.best_epoch, self._checkpoint(chosen))

    def pause(self, state: State) -> ResumePoint:
        """Give what the training needs to go on.

        Parameters
        ----------
        state : State
            The state after the last epoch.

        Returns
        -------
        ResumePoint
            For another run.
        """
        best = self.progress.best
        progress = replace(self.progress, best=best and best.to_numpy())
        return ResumePoint(self._checkpoint(state), progress, _digest(self.request.samples))

    def _checkpoint(self, state: State) -> Checkpoint:
        epoch = self._first + self.progress.history.n_epochs
        return Checkpoint(state, self._optimizer, epoch)


def _digest(samples: Samples) -> bytes:
    """Describe rows by some of them: a step that draws anew, or other folds, change nearly all."""
    digest = hashlib.blake2b(str(samples.n_samples).encode(), digest_size=16)
    for array in keras.tree.flatten(tuple(samples)):
        digest.update(np.ascontiguousarray(array[:: max(1, len(array) // _DIGESTED)]).tobytes())
    return digest.digest()
