"""Results of single folds, and what was chosen in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Choice", "FoldResult"]


@dataclass(frozen=True, eq=False)
class Choice:
    """What a search chose inside a fold.

    Parameters
    ----------
    params : dict of str to object
        The best candidate.
    score : float
        Its mean score in the search.
    n_candidates : int
        How many there were.
    refit_seconds : float
        Wall-clock time of fitting the best one to all rows of the fold.
    """

    params: dict[str, Any]
    score: float
    n_candidates: int
    refit_seconds: float


@dataclass(frozen=True, eq=False)
class FoldResult:
    """One model on one fold.

    Parameters
    ----------
    model : str
        Its name.
    fold : int
        Number of the fold, from 0; -1 stands for all of the data and the test set.
    score : float
        Score on the rows left out.
    fit_seconds, predict_seconds : float
        Wall-clock times; of a search all of it.
    n_train, n_scored : int
        Rows trained on, and rows left out.
    n_bytes : int
        Size of the fitted model, pickled.
    predicted : ndarray of shape (n_scored,)
        Labels predicted.
    confidence : ndarray or None
        Probability of each wrong prediction, in their order, where the model estimates any.
    choice : Choice or None
        Of a model that is a search.
    """

    model: str
    fold: int
    score: float
    fit_seconds: float
    predict_seconds: float
    n_train: int
    n_scored: int
    n_bytes: int
    predicted: NDArray[Any]
    confidence: NDArray[np.float64] | None = None
    choice: Choice | None = None
