"""Choices of the engine made by hand, for tests and benchmarks.

The choices hold in all threads, those of lanes too, and so for one user at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["FORCED", "Strategy", "forced_layout", "forced_strategy"]

Strategy = Literal["loop", "keras", "graph", "xla"]
"""Way of training a network: Keras's own loop, or a program of one of three kinds."""


@dataclass
class _Forced:
    strategy: Strategy | None = None
    stack_size: int | None = None
    n_lanes: int | None = None


FORCED: Final = _Forced()
"""Choices that are forced now; None where the engine chooses."""


@contextmanager
def forced_strategy(strategy: Strategy) -> Iterator[None]:
    """Train by one strategy, whatever would be chosen.

    Parameters
    ----------
    strategy : {"loop", "keras", "graph", "xla"}
        The strategy. A fit that it can't serve raises ValueError.

    Yields
    ------
    None
        While it holds.
    """
    before, FORCED.strategy = FORCED.strategy, strategy
    try:
        yield
    finally:
        FORCED.strategy = before


@contextmanager
def forced_layout(*, stack_size: int | None = None, n_lanes: int | None = None) -> Iterator[None]:
    """Train several networks in stacks of one size, or in so many lanes, whatever would pay.

    Parameters
    ----------
    stack_size : int, default=None
        The most networks of a stack; 1 stacks none, and None lets the engine choose.
    n_lanes : int, default=None
        How many trainings go on at a time; None lets the engine choose.

    Yields
    ------
    None
        While it holds.
    """
    before = FORCED.stack_size, FORCED.n_lanes
    FORCED.stack_size, FORCED.n_lanes = stack_size, n_lanes
    try:
        yield
    finally:
        FORCED.stack_size, FORCED.n_lanes = before
