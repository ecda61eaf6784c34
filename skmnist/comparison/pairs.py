"""Models pair by pair: on the folds, and row by row on a test set."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from skmnist.comparison.folds import FoldResult
from skmnist.comparison.verdicts import more_folds, verdict_of
from skmnist.significance import compare_on_folds, holm, mcnemar

__all__ = ["compare_pairs"]

_LEVEL: Final = 0.05  # of significance


def compare_pairs(
    folds: pd.DataFrame,
    ordered: Sequence[str],
    tests: Mapping[str, FoldResult],
    y_test: Any,
    rope: float,
) -> pd.DataFrame:
    """Compare each model with each that is behind it.

    Parameters
    ----------
    folds : pandas.DataFrame
        One row a model and fold, as `Comparison.folds_` has them.
    ordered : sequence of str
        The models, the best first.
    tests : mapping of str to FoldResult
        What each model gave on the test set; empty without one.
    y_test : array-like or None
        Labels of the test set.
    rope : float
        Half the width of the region of practical equivalence.

    Returns
    -------
    pandas.DataFrame
        As `Comparison.pairwise` describes it.
    """
    scores = {name: part["score"] for name, part in folds.sort_values("fold").groupby("model")}
    if len(ordered) < 2 or folds["fold"].nunique() < 2:
        return pd.DataFrame()
    n_train, n_test = (float(folds[key].mean()) for key in ("n_train", "n_scored"))
    lines = []
    for first, second in itertools.combinations(ordered, 2):
        a, b = scores[first].to_numpy(), scores[second].to_numpy()
        found = compare_on_folds(a, b, n_train=n_train, n_test=n_test, rope=rope)
        verdict = verdict_of(found)
        times = (
            more_folds(found, len(a), n_test / n_train, rope) if verdict == "undecided" else None
        )
        line = {"first": first, "second": second, **found._asdict()}
        lines.append(line | {"verdict": verdict, "more_folds": times})
    pairs = pd.DataFrame(lines).astype({"more_folds": float})
    pairs.insert(7, "pvalue_holm", holm(pairs["pvalue"]))
    if tests:
        pairs = pd.concat([pairs, _on_test_set(pairs, tests, y_test)], axis=1)
    pairs["differs"] = pairs.get("test_pvalue_holm", pairs["pvalue_holm"]) < _LEVEL
    return pairs


def _on_test_set(pairs: pd.DataFrame, tests: Mapping[str, FoldResult], y_test: Any) -> pd.DataFrame:
    """Count the rows that just one of two has right, and test whether that is chance."""
    right = {name: result.predicted == np.asarray(y_test) for name, result in tests.items()}
    both = [(right[a], right[b]) for a, b in zip(pairs["first"], pairs["second"], strict=True)]
    only_first = [int((a & ~b).sum()) for a, b in both]
    only_second = [int((b & ~a).sum()) for a, b in both]
    pvalues = [mcnemar(a, b) for a, b in zip(only_first, only_second, strict=True)]
    return pd.DataFrame(
        {
            "only_first": only_first,
            "only_second": only_second,
            "test_pvalue": pvalues,
            "test_pvalue_holm": holm(pvalues),
        }
    )
