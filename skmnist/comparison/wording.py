"""Words and figures of a comparison, alike in tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from skmnist.pipelines import MODELS
from skmnist.significance import Accuracy

__all__ = [
    "HEADINGS",
    "Units",
    "capitalized",
    "display_name",
    "format_row",
    "format_score",
    "join_names",
    "number_of_draws",
    "probability_in_words",
    "pvalue_in_words",
]

HEADINGS: Final = {
    "mean": "mean ± std of folds",
    "test": "test set, 95% interval",
    "fit_seconds": "fit",
    "predict_us": "predict a row",
    "n_bytes": "size",
}


def format_row(row: pd.Series[Any], scoring: str) -> dict[str, str]:
    """Write the figures of a model as they are shown everywhere.

    Parameters
    ----------
    row : pandas.Series
        A row of `Comparison.frame`.
    scoring : str
        Name of the score.

    Returns
    -------
    dict of str to str
        By the names of the columns; ``std`` is with ``mean``, and limits are with ``test``.
    """
    cells = {
        "mean": " ± ".join(format_score(row[name], scoring) for name in ("mean", "std")),
        "fit_seconds": f"{row['fit_seconds']:.2f} s",
        "predict_us": f"{row['predict_us']:.0f} µs",
        "n_bytes": f"{row['n_bytes'] / 1e6:.2f} MB",
    }
    if "test" in row:
        has_interval = "test_low" in row
        limits = row[["test", "test_low", "test_high"]] if has_interval else ()
        cells["test"] = (
            str(Accuracy(*limits)) if has_interval else format_score(row["test"], scoring)
        )
    return cells


def format_score(value: float, scoring: str) -> str:
    """Write a score: accuracies in per cent."""
    return f"{value:.2%}" if "accuracy" in scoring else f"{value:.4f}"


def number_of_draws(n_draws: int) -> str:
    """Write how many draws there are."""
    return "1 draw" if n_draws == 1 else f"{n_draws} draws"


class Units(NamedTuple):
    """Units of a score's differences.

    Parameters
    ----------
    name : str
        In words.
    factor : int
        Units of a difference of 1.
    """

    name: str
    factor: int

    @classmethod
    def of(cls, scoring: str) -> Units:
        """Give percentage points for accuracies, and the score's own name for others."""
        is_share = "accuracy" in scoring
        return cls("points", 100) if is_share else cls(scoring.replace("_", " "), 1)

    def number(self, difference: float) -> str:
        """Write a difference without its units."""
        return f"{self.factor * difference:.{1 if self.factor == 100 else 3}f}"


def display_name(name: str) -> str:
    """Write a model's name, or a score's, as people do."""
    known = MODELS.get(str(name))
    return known.words if known else str(name).replace("_", " ")


def probability_in_words(value: float) -> str:
    """Write the probability of a verdict; none is 1."""
    return "more than 99.9% sure" if value > 0.999 else f"{100 * value:.3g}% sure"


def capitalized(words: str) -> str:
    """Begin with a capital letter, and leave the others: RBF SVM stays what it is."""
    return words[:1].upper() + words[1:]


def join_names(names: Sequence[str]) -> str:
    """Write names one after the other, as in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def pvalue_in_words(value: float) -> str:
    """Write a p value behind a p, as in a sentence."""
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"
