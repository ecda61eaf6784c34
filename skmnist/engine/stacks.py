"""Training several networks at once: in stacks, or side by side."""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist.engine.arrays import EVALUATION_ROWS, Pool, StackData, State, few_lengths
from skmnist.engine.backends import backend
from skmnist.engine.backends.protocol import StackProgram
from skmnist.engine.dynamic import dynamic_rates
from skmnist.engine.programs import n_steps, stack_trainer, strategy_of
from skmnist.engine.records import Rows
from skmnist.engine.run import Run
from skmnist.engine.training import run_alone

__all__ = ["Outcome", "train_runs"]

_STACKED_WEIGHTS: Final = 2e6
"""Weights of all networks of a stack, about. With RMSprop's memory and the gradients these are 24
megabytes: more no longer stay in the caches of a processor from one step to the next. Measured on
two cores: stacks of 4 to 8 networks of 200,000 weights train 1.4 times as fast as one by one."""
_STACK_SIZES: Final = (4, 64)  # however many weights
_LANES_REPAY: Final = 1e9
"""Weights times steps times networks above which a second lane repays its compiler: of some 7 ns
each it saves an eighth, and takes a second."""
_MOST_LANES: Final = 4


@dataclass
class Outcome:
    """How the training of a run ended.

    Parameters
    ----------
    state : State or Exception
        The state after the last epoch, or what went wrong.
    seconds : float
        What it took; a stack's time is shared out by epochs trained.
    """

    state: State | Exception
    seconds: float


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
        groups.setdefault(_stack_key(run) or ("alone", i), []).append(i)
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
    size = _stack_size(n_weights, len(group)) if backend.stacks_pay(n_weights) else 1
    if size == 1:
        for i, run in zip(members, group, strict=True):
            yield [i], functools.partial(_train_alone, run)
        return
    data = _pooled([run.request.rows for run in group])
    held_out = [run.request.validation for run in group if run.request.validation]
    validation = _pooled(held_out) if held_out else None
    for first in range(0, len(group), size):
        places = list(range(first, min(first + size, len(group))))
        filled = places + [places[-1]] * (size - len(places))
        yield (
            [members[i] for i in places],
            functools.partial(
                _train_stack,
                [group[i] for i in places],
                data.of(filled),
                validation and validation.of(filled),
            ),
        )


def _n_lanes(jobs: Sequence[Job], runs: Sequence[Run]) -> int:
    """Choose how many jobs to do at once: where there are cores, and work enough."""
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


def _stack_key(run: Run) -> Hashable:
    """Tell what the trainings of a stack have in common; None where a network can't be stacked."""
    model, request = run.model, run.request
    if request.callbacks or request.plan.augmentation is not None or not run.epochs:
        return None
    strategy = strategy_of(request)
    if strategy == "loop":
        return None
    n_held_out = len(request.validation.X) if request.validation else 0
    lengths = len(request.rows.X), n_held_out
    alike = backend.stack_key(model, strategy, lengths)
    if alike is None:
        return None
    slots = run.start.slots
    return (
        alike,
        run.program_key,
        n_steps(request),
        request.plan.batch_size,
        run.epochs,
        request.validation is None,
        int(slots[0]) if slots else 0,  # steps that the optimizer has taken
    )


def _stack_size(n_weights: int, n_networks: int) -> int:
    """Choose a size of stacks near the best one, with the fewest places left empty."""
    smallest, largest = _STACK_SIZES
    best = int(np.clip(_STACKED_WEIGHTS / n_weights, smallest, largest))
    if n_networks <= best:
        return n_networks
    sizes = range(-(-3 * best // 5), 5 * best // 3 + 1)
    return min(sizes, key=lambda size: (-n_networks % size, abs(size - best)))


def _pooled(rows: Sequence[Rows]) -> StackData:
    n_rows = np.array([len(each.X) for each in rows], np.int32)
    X, y, weights = (Pool.of(arrays, backend.to_device) for arrays in zip(*rows, strict=True))
    return StackData(X, y, weights, n_rows)


def _train_stack(
    runs: Sequence[Run], data: StackData, validation: StackData | None, lane: int
) -> list[Outcome]:
    start = time.perf_counter()
    program = stack_trainer(runs[0].request, runs[0].program_key, len(data.n_rows), lane)
    batch, steps = runs[0].plan.batch_size, n_steps(runs[0].request)
    batch = min(batch, int(data.n_rows.max()))
    size = len(data.n_rows)
    filled = [*runs, *[runs[-1]] * (size - len(runs))]
    state = program.stack(
        [
            run.start if run.start.slots else run.start._replace(slots=program.initial_slots)
            for run in filled
        ]
    )
    rates = np.stack([run.rates(steps) for run in filled], axis=-1)
    dynamic = np.array([dynamic_rates(run.model) for run in filled], np.float32).T
    ended: dict[int, State | Exception] = {}
    for epoch in runs[0].epochs:
        orders = _batches([run.order(epoch) for run in runs], size, batch)
        state, logs = program.epoch(state, data, orders, rates[epoch], dynamic)
        if validation:
            rows = [np.arange(n, dtype=np.int32) for n in validation.n_rows]
            most = few_lengths(int(validation.n_rows.max()))
            whole = _batches(rows, size, min(EVALUATION_ROWS, most))
            val_logs = program.evaluate(state, validation, whole)
            logs |= {f"val_{name}": values for name, values in val_logs.items()}
        for i, run in enumerate(runs):
            if i not in ended:  # one that has ended is trained on, in vain, beside the others
                ended |= _end_epoch(program, run, i, state, logs)
        if len(ended) == len(runs):
            break
    state = state.to_numpy()
    seconds = time.perf_counter() - start
    n_epochs = [run.progress.history.n_epochs - run.epochs.start for run in runs]
    shares = np.array(n_epochs) / max(sum(n_epochs), 1)
    return [
        Outcome(ended[i] if i in ended else program.take(state, i), seconds * float(shares[i]))
        for i in range(len(runs))
    ]


def _end_epoch(
    program: StackProgram, run: Run, i: int, state: State, logs: dict[str, NDArray[Any]]
) -> dict[int, State | Exception]:
    """Tell a run what its network has come to; gives its end, if this is it."""
    try:
        own_logs = {name: np.asarray(values[i]).tolist() for name, values in logs.items()}
        if run.end_epoch(own_logs, lambda: program.take(state, i)):
            return {i: program.take(state, i)}
    except Exception as error:  # noqa: BLE001 - it is the fit's that asked for this training
        return {i: error}
    return {}


def _batches(
    orders: Sequence[NDArray[np.int32]], n_networks: int, batch_size: int
) -> NDArray[np.int32]:
    """Give each network's rows as batches of one size; padding, and places left empty, are 0."""
    n_batches = -(-max(map(len, orders)) // batch_size)
    padded = np.zeros((n_networks, n_batches * batch_size), np.int32)
    for place, order in zip(padded, orders, strict=False):
        place[: len(order)] = order
    batches: Iterator[Any] = (place.reshape(n_batches, batch_size) for place in padded)
    return np.stack(list(batches), axis=1)
