"""Displays: values to look at, and a thin way to draw them. They know no model."""

from __future__ import annotations

from skmnist.displays._style import as_png, new_axes
from skmnist.displays.comparison import ComparisonDisplay
from skmnist.displays.curves import LearningCurvesDisplay
from skmnist.displays.history import HistoryDisplay
from skmnist.displays.images import DigitsDisplay, ErrorsDisplay
from skmnist.displays.readings import ReadingDisplay
from skmnist.displays.search import SearchDisplay

__all__ = [
    "ComparisonDisplay",
    "DigitsDisplay",
    "ErrorsDisplay",
    "HistoryDisplay",
    "LearningCurvesDisplay",
    "ReadingDisplay",
    "SearchDisplay",
    "as_png",
    "new_axes",
]
