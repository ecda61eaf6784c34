"""Training several networks: in stacks, or side by side in lanes."""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Final

from skmnist.engine.arrays import State
from skmnist.engine.backends import backend
from skmnist.engine.forced import FORCED
from skmnist.engine.run import Run
from skmnist.engine.stacks import Outcome, pooled, stack_key, stack_size, train_stack
from skmnist.engine.strategy import n_steps
from skmnist.engine.training import run_alone

__all__ = ["train_runs"]

_LANES_REPAY: Final = 1e9
"""Weights times steps times networks above which a second lane repays its compiler: of some 7 ns
each it saves an eighth, and takes a second."""
_MOST_LANES: Final = 4

Job = tuple[Sequence[int], Callable[[int], list[Outcome]]]
"""Numbers of runs, and what trains them in a lane."""


def train_runs(runs: Sequence[Run]) -> list[Outcome]:
    """Train networks of one architecture in stacks where these pay, and side by side elsewhere.

    Parameters
    ----------
    runs : sequence of Run
        What to train.

    Returns
    -------
    list of Outcome
        One a run; an error of one leaves the others alone.
    """
    groups: dict[Hashable, list[int]] = {}
    for i, run in enumerate(runs):
        groups.setdefault(stack_key(run) or ("alone", i), []).append(i)
    outcomes: dict[int, Outcome] = {}
    for members in groups.values():
        jobs = list(_jobs(members, [runs[i] for i in members]))
        for done, ended in _in_lanes(jobs, runs):
            outcomes |= dict(zip(done, ended, strict=True))
    backend.release_caches(sum(run.request.initial is None for run in runs))
    return [outcomes[i] for i in range(len(runs))]


def _jobs(members: Sequence[int], group: Sequence[Run]) -> Iterator[Job]:
    """Divide a group into stacks of one size, so that they share a program, or into single runs."""
    n_weights = group[0].model.count_params()
    best = stack_size(n_weights, len(group)) if backend.stacks_pay(n_weights) else 1
    size = min(FORCED.stack_size or best, len(group))
    if size == 1:
        for i, run in zip(members, group, strict=True):
            yield [i], functools.partial(_train_alone, run)
        return
    data = pooled([run.request.samples for run in group])
    held_out = [run.request.validation for run in group if run.request.validation]
    validation = pooled(held_out) if held_out else None
    for first in range(0, len(group), size):
        places = list(range(first, min(first + size, len(group))))
        filled = places + [places[-1]] * (size - len(places))
        yield (
            [members[i] for i in places],
            functools.partial(
                train_stack,
                [group[i] for i in places],
                data.of(filled),
                validation and validation.of(filled),
            ),
        )


def _n_lanes(jobs: Sequence[Job], runs: Sequence[Run]) -> int:
    """Choose how many jobs to do at once: where there are cores, and work enough."""
    if FORCED.n_lanes is not None:
        return min(FORCED.n_lanes, len(jobs))
    first = runs[jobs[0][0][0]]
    n_runs = sum(len(members) for members, _ in jobs)
    work = first.model.count_params() * n_steps(first.request) * len(first.epochs) * n_runs
    repays = work > _LANES_REPAY or not backend.ONE_AT_A_TIME
    return min(backend.n_cores(), _MOST_LANES, len(jobs) // 2) if repays else 1


def _in_lanes(
    jobs: Sequence[Job], runs: Sequence[Run]
) -> Iterator[tuple[Sequence[int], list[Outcome]]]:
    """Do jobs, side by side where that is quicker; an interrupt ends them all."""
    n_lanes = _n_lanes(jobs, runs)
    if n_lanes <= 1:
        yield from ((members, train(0)) for members, train in jobs)
        return
    waiting = iter(jobs)
    taking = threading.Lock()

    def work_off(lane: int) -> list[tuple[Sequence[int], list[Outcome]]]:
        done: list[tuple[Sequence[int], list[Outcome]]] = []
        while True:
            with taking:
                job = next(waiting, None)
            if job is None or runs[job[0][0]].given_up.is_set():
                return done
            done.append((job[0], job[1](lane)))

    with ThreadPoolExecutor(n_lanes) as pool:
        lanes = [pool.submit(work_off, lane) for lane in range(n_lanes)]
        try:
            for lane in wait(lanes, return_when=FIRST_EXCEPTION).done:
                lane.result()  # raises what went wrong
        except BaseException:
            for run in runs:
                run.given_up.set()
            raise
    for members, ended in itertools.chain.from_iterable(lane.result() for lane in lanes):
        for outcome in ended:
            outcome.seconds /= n_lanes  # so that all add up to the time that passed
        yield members, ended


def _train_alone(run: Run, lane: int) -> list[Outcome]:
    start = time.perf_counter()
    try:
        state: State | Exception = run_alone(run, lane)
    except Exception as error:  # noqa: BLE001 - it is the fit's that asked for this training
        state = error
    return [Outcome(state, time.perf_counter() - start)]
