"""Gathering trainings: functions that train run in turns, and what they ask for is done together.

Each function has a thread, as a coroutine would have a frame: one thread runs at a time, until it
needs a training or ends. So the fits of a grid search, whatever else they do around their networks,
come to train in stacks without a line of theirs being changed.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from skmnist.engine.lanes import train_runs
from skmnist.engine.records import ResumePoint, TrainingRequest, TrainingResult
from skmnist.engine.run import Run
from skmnist.engine.stacks import Outcome
from skmnist.engine.training import trained_elsewhere

__all__ = ["Done", "run_cooperatively"]

T = TypeVar("T")

_PATIENCE: Final = 2.0  # seconds for a thread to unwind, once all is given up


@dataclass
class Done(Generic[T]):
    """Result of a function, and of its trainings.

    Parameters
    ----------
    value : object
        What it returned.
    seconds_off : float
        How much longer it seemed to take than it did: it waited for its turns, and for trainings
        that it shares with others.
    pauses : list of ResumePoint
        Where its trainings stand, in their order.
    """

    value: T
    seconds_off: float
    pauses: list[ResumePoint]


def run_cooperatively(
    functions: Sequence[Callable[[], T]],
    *,
    pauses: Sequence[Sequence[ResumePoint]] | None = None,
    until: int | None = None,
) -> list[Done[T]]:
    """Run functions that train networks, and train these together.

    Parameters
    ----------
    functions : sequence of callable
        Each is run in a thread of its own, one at a time.
    pauses : sequence of sequence of ResumePoint, default=None
        Where the trainings of each function paused when it ran before; they go on from there.
    until : int, default=None
        Epochs after which trainings pause; None trains to the end, and keeps no pauses.

    Returns
    -------
    list of Done
        One a function.

    Raises
    ------
    BaseException
        What a function raises; the others are given up.
    """
    earlier = pauses or [()] * len(functions)
    turns = [_Turns(f, past, until) for f, past in zip(functions, earlier, strict=True)]
    with warnings.catch_warnings():  # threads in turns leave its list in another's place
        try:
            going = turns
            while going:
                for each in going:
                    each.go_on()
                going = [each for each in going if each.run is not None]
                outcomes = train_runs([each.run for each in going if each.run])
                for each, outcome in zip(going, outcomes, strict=True):
                    each.outcome = outcome
        except BaseException:
            for each in turns:
                each.give_up()
            raise
    return [Done(each.value, each.seconds_off, each.done) for each in turns]


class _GivenUp(BaseException):
    """Ends a thread whose function is no longer wanted."""


@dataclass
class _Turns(Generic[T]):
    """A function in a thread that runs only while it has its turn."""

    function: Callable[[], T]
    pauses: Sequence[ResumePoint]
    until: int | None
    run: Run | None = None
    outcome: Outcome | None = None
    value: Any = None
    seconds_off: float = 0.0
    done: list[ResumePoint] = field(default_factory=list)
    _error: BaseException | None = None
    _is_over: bool = False

    def __post_init__(self) -> None:
        self._mine, self._theirs = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live, daemon=True)

    def go_on(self) -> None:
        """Give the function its turn, until it asks for a training or ends."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._mine.release()
        self._theirs.acquire()
        if self._error is not None:
            raise self._error

    def give_up(self) -> None:
        """End the function where it waits, and wait a little for it to unwind."""
        self._is_over = True
        self._mine.release()
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE)

    def _live(self) -> None:
        trained_elsewhere.set(self._train)
        try:
            with suppress(_GivenUp):
                self.value = self.function()
        except BaseException as error:  # noqa: BLE001 - raised where the turns are given
            self._error = error
        finally:
            self.run = None
            self._theirs.release()

    def _train(self, request: TrainingRequest) -> TrainingResult:
        """Ask for a training; runs in the function's own thread."""
        began = time.perf_counter()
        place = len(self.done)
        run = Run(request, self.pauses[place] if place < len(self.pauses) else None, self.until)
        self.run = run
        self._theirs.release()
        self._mine.acquire()
        if self._is_over or self.outcome is None:
            raise _GivenUp
        state, seconds = self.outcome.state, self.outcome.seconds
        self.run = self.outcome = None
        self.seconds_off += time.perf_counter() - began - seconds
        if isinstance(state, Exception):
            raise state
        if self.until is not None:
            self.done.append(run.pause(state))
        return run.fit(state)
