"""Comparison of models on the same folds: scores, costs, significance, and a report of it all."""

from __future__ import annotations

from skmnist.comparison.curves import LearningCurves, learning_curves
from skmnist.comparison.folds import FoldResult
from skmnist.comparison.result import Comparison
from skmnist.comparison.running import compare
from skmnist.comparison.tuning import choices_in_words
from skmnist.comparison.wording import display_name, format_row, number_of_draws

__all__ = [
    "Comparison",
    "FoldResult",
    "LearningCurves",
    "choices_in_words",
    "compare",
    "display_name",
    "format_row",
    "learning_curves",
    "number_of_draws",
]
