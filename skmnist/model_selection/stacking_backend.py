"""A joblib backend under which fits that run side by side train their networks together."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import ParallelBackendBase, get_active_backend
from numpy.typing import NDArray
from sklearn.utils import gen_even_slices

from skmnist._compat.sklearn import num_samples
from skmnist.engine import Done, ResumePoint, run_cooperatively

__all__ = ["StackingBackend"]

_AT_ONCE: Final = 15
"""Fits gathered at once, at most. It follows from nothing that a user can set, so that ``n_jobs``
changes no stack and no result. Measured on two cores: 30 at once train no faster, and a search of
30 fits would leave a second worker idle."""
_BYTES_AT_ONCE: Final = 2e9  # of their rows, about


class StackingBackend(ParallelBackendBase):
    """Runs the tasks of a `joblib.Parallel` together, and shares them among workers.

    Whatever the tasks do around their networks is left as it is: `skmnist.engine.run_together`
    gives them their turns.

    Parameters
    ----------
    X : array-like
        The rows that tasks take their shares of; many large ones are not held at once.
    """

    supports_sharedmem = True
    uses_threads = True

    def __init__(self, X: Any) -> None:
        super().__init__(nesting_level=0)
        of_a_task = 8 * num_samples(X) * float(np.prod(np.shape(X)[1:]))
        self._at_once = int(np.clip(_BYTES_AT_ONCE / max(of_a_task, 1), 1, _AT_ONCE))
        self._outer, self._outer_n_jobs = get_active_backend()
        self._tasks: list[Callable[[], Any]] = []
        self._tell: list[Callable[[Any], None]] = []
        self._results: dict[int, Any] = {}
        self._n_run = 0
        self.until: int | None = None
        """Epochs after which trainings pause; None trains to the end."""
        self.pauses: list[Sequence[ResumePoint]] = []
        """Where the tasks' trainings stand; if any do, those of the next tasks go on from there."""

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Say more than 1, which joblib would take for a reason to do without a backend."""
        return 2

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Take `joblib.Parallel`'s settings; all of its tasks are to be seen at once."""
        self.parallel, self._n_jobs = parallel, n_jobs
        parallel.pre_dispatch = "all"
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Callable[[], Any], callback: Any = None) -> int:
        """Put a task to the others; nothing runs before the first result is asked for."""
        self._tasks.append(func)
        self._tell.append(callback)
        return self._n_run + len(self._tasks) - 1

    def retrieve_result(self, out: int, timeout: float | None = None) -> Any:
        """Give the result of a task, once all have run."""
        if out not in self._results:
            self._run()
        return self._results.pop(out)

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Forget tasks and results."""
        self._n_run += len(self._tasks)
        self._tasks, self._tell, self._results = [], [], {}

    def _run(self) -> None:
        (tasks, tell), (self._tasks, self._tell) = (self._tasks, self._tell), ([], [])
        pauses = (self.until is not None and self.pauses) or [()] * len(tasks)
        n_shares = -(-len(tasks) // self._at_once)
        light, arrays = _apart(tasks)
        with parallel_config(backend=self._outer, n_jobs=self._outer_n_jobs):
            done = Parallel(n_jobs=self._n_jobs)(
                delayed(_run_share)(light[share], pauses[share], self.until, *arrays)
                for share in gen_even_slices(len(tasks), n_shares)
            )
        ended = [each for share in done for each in share]
        self._results = {self._n_run + i: each.value for i, each in enumerate(ended)}
        self._n_run += len(tasks)
        self.pauses = [each.pauses for each in ended]
        for callback in tell:  # joblib counts by it
            callback(None)


class _Place(NamedTuple):
    """Place of an argument that travels by itself."""

    number: int


def _apart(tasks: Sequence[Any]) -> tuple[list[Any], list[NDArray[Any]]]:
    """Take the arrays out of tasks: each once, so that a backend can send it to a worker once."""
    arrays: dict[int, NDArray[Any]] = {}

    def taken(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        arrays.setdefault(id(value), value)
        return _Place(list(arrays).index(id(value)))

    return [_with_arguments(task, taken) for task in tasks], list(arrays.values())


def _with_arguments(task: Any, change: Callable[[Any], Any]) -> Any:
    """Copy a task of joblib's, with other arguments in its calls."""
    copied = copy.copy(task)
    copied.items = [
        (function, [*map(change, arguments)], {name: change(v) for name, v in settings.items()})
        for function, arguments, settings in task.items
    ]
    return copied


def _run_share(
    light: Sequence[Any],
    pauses: Sequence[Sequence[ResumePoint]],
    until: int | None,
    *arrays: NDArray[Any],
) -> list[Done[Any]]:
    """Run some tasks together; the fit times that they report are corrected for their waiting."""

    def put(value: Any) -> Any:
        return arrays[value.number] if isinstance(value, _Place) else value

    tasks = [_with_arguments(task, put) for task in light]
    done = run_cooperatively(tasks, pauses=pauses, until=until)
    for each in done:
        for result in each.value:  # joblib's tasks are batches, here of one
            if isinstance(result, dict) and "fit_time" in result:
                result["fit_time"] -= each.seconds_off
    return done
