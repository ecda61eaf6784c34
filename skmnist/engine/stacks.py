"""Training several networks of one architecture as one stack, where that is quicker."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist.engine.arrays import EVALUATION_ROWS, Pool, StackedSamples, State, few_lengths
from skmnist.engine.backends import backend
from skmnist.engine.backends.protocol import StackProgram
from skmnist.engine.dynamic import dynamic_rates
from skmnist.engine.programs import stack_trainer
from skmnist.engine.records import Samples
from skmnist.engine.run import Run
from skmnist.engine.strategy import n_steps, strategy_of

__all__ = ["Outcome", "pooled", "stack_key", "stack_size", "train_stack"]

_STACKED_WEIGHTS: Final = 2e6
"""Weights of all networks of a stack, about. With RMSprop's memory and the gradients these are 24
megabytes: more no longer stay in the caches of a processor from one step to the next. Measured on
two cores: stacks of 4 to 8 networks of 200,000 weights train 1.4 times as fast as one by one."""
_STACK_SIZES: Final = (4, 64)  # however many weights


@dataclass
class Outcome:
    """End of the training of a run.

    Parameters
    ----------
    state : State or Exception
        The state after the last epoch, or what went wrong.
    seconds : float
        What it took; a stack's time is shared out by epochs trained.
    """

    state: State | Exception
    seconds: float


def stack_key(run: Run) -> Hashable:
    """Tell what the trainings of a stack have in common; None where a network can't be stacked."""
    model, request = run.model, run.request
    if request.callbacks or request.plan.augmentation is not None or not run.epochs:
        return None
    strategy = strategy_of(request)
    if strategy == "loop":
        return None
    n_held_out = len(request.validation.X) if request.validation else 0
    lengths = len(request.samples.X), n_held_out
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


def stack_size(n_weights: int, n_networks: int) -> int:
    """Choose a size of stacks near the best one, with the fewest places left empty."""
    smallest, largest = _STACK_SIZES
    best = int(np.clip(_STACKED_WEIGHTS / n_weights, smallest, largest))
    if n_networks <= best:
        return n_networks
    sizes = range(-(-3 * best // 5), 5 * best // 3 + 1)
    return min(sizes, key=lambda size: (-n_networks % size, abs(size - best)))


def pooled(samples: Sequence[Samples]) -> StackedSamples:
    """Bring the samples of several networks to the device, each array once."""
    n_rows = np.array([len(each.X) for each in samples], np.int32)
    X, y, weights = (Pool.of(arrays, backend.to_device) for arrays in zip(*samples, strict=True))
    return StackedSamples(X, y, weights, n_rows)


def train_stack(
    runs: Sequence[Run], data: StackedSamples, validation: StackedSamples | None, lane: int
) -> list[Outcome]:
    """Train several networks at once.

    Parameters
    ----------
    runs : sequence of Run
        Equal in `stack_key`.
    data, validation : StackedSamples
        Rows of as many networks, or more: the last one then fills the places left empty.
    lane : int
        Of this training: trainings side by side have a program each, where they need it.

    Returns
    -------
    list of Outcome
        One a run; an error of one leaves the others alone.
    """
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
            in_order = [np.arange(n, dtype=np.int32) for n in validation.n_rows]
            most = few_lengths(int(validation.n_rows.max()))
            whole = _batches(in_order, size, min(EVALUATION_ROWS, most))
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
