"""Verdicts on two models in words: better, practically the same, or undecided."""

from __future__ import annotations

from typing import Any, Final, Literal

from skmnist.comparison.wording import (
    Units,
    capitalized,
    display_name,
    probability_in_words,
    pvalue_in_words,
)
from skmnist.significance import FoldsTest, on_more_folds

__all__ = ["Verdict", "more_folds", "on_folds", "on_test_set", "verdict_of"]

Verdict = Literal["better", "same", "worse", "undecided"]

SURE: Final = 0.95  # probability from which a verdict is given
_TIMES: Final = (2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50)


def verdict_of(found: FoldsTest) -> Verdict:
    """Decide on two models, where the probability is 95% or more.

    Parameters
    ----------
    found : FoldsTest
        Of the first and the second, on the same folds.

    Returns
    -------
    {"better", "same", "worse", "undecided"}
        Of the first: by more than the region of practical equivalence, or within it.
    """
    sure: dict[Verdict, float] = {
        "better": found.better,
        "same": found.alike,
        "worse": found.worse,
    }
    return next((name for name, value in sure.items() if value >= SURE), "undecided")


def more_folds(found: FoldsTest, n_folds: int, overlap: float, rope: float) -> int | None:
    """Estimate how many times as many folds would decide, at the same differences.

    Parameters
    ----------
    found : FoldsTest
        Undecided.
    n_folds : int
        How many folds it is of.
    overlap : float
        Rows scored on over rows trained on.
    rope : float
        Half the width of the region of practical equivalence.

    Returns
    -------
    int or None
        None where 50 times as many would not do.
    """
    for times in _TIMES:
        if verdict_of(on_more_folds(found, n_folds, times, overlap, rope)) != "undecided":
            return times
    return None


def on_folds(pair: Any, units: Units, rope: float) -> str:
    """Say what the folds say of two models.

    Parameters
    ----------
    pair : named tuple
        A row of `Comparison.pairwise`.
    units : Units
        Of the score.
    rope : float
        Half the width of the region of practical equivalence.

    Returns
    -------
    str
        A sentence, with the difference, its 95% interval and the probability.
    """
    first, second = capitalized(display_name(pair.first)), display_name(pair.second)
    interval = f"{units.number(pair.low)} to {units.number(pair.high)}"
    difference = f"{units.number(pair.difference)} {units.name} ({interval})"
    if pair.verdict == "better":
        sure = probability_in_words(pair.better)
        return f"{first} beats {second} by {difference}: {sure}"
    if pair.verdict == "same":
        within = f"within {units.number(rope)} {units.name}"
        sure = probability_in_words(pair.alike)
        return f"{first} and {second} are practically the same, {difference} apart: {sure} {within}"
    times = pair.more_folds
    remedy = (
        f"{times:.0f} times as many folds might decide"
        if times == times
        else "more folds would not decide"
    )
    return (
        f"{first} leads {second} by {difference}, undecided: "
        f"better with a probability of {pair.better:.0%}; {remedy}"
    )


def on_test_set(pair: Any) -> str:
    """Say what a test set says of two models.

    Parameters
    ----------
    pair : named tuple
        A row of `Comparison.pairwise`.

    Returns
    -------
    str
        A sentence, with the rows that just one has right and the adjusted p value.
    """
    first, second = display_name(pair.first), display_name(pair.second)
    return (
        f"On the test set {first} alone is right on {pair.only_first} rows, {second} alone on "
        f"{pair.only_second}: p {pvalue_in_words(pair.test_pvalue_holm)}"
    )
