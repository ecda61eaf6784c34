"""Searches over hyper-parameters that train the networks of all candidates and folds together."""

from __future__ import annotations

from skmnist.model_selection.halving import EpochHalvingSearchCV
from skmnist.model_selection.stacked import StackedGridSearchCV, StackedRandomizedSearchCV

__all__ = [
    "EpochHalvingSearchCV",
    "StackedGridSearchCV",
    "StackedRandomizedSearchCV",
]
