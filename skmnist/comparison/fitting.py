"""Models by name, seeded, fitted and scored once."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import check_scoring

from skmnist._compat.sklearn import num_samples, safe_indexing
from skmnist.comparison.folds import FoldResult
from skmnist.comparison.tuning import choice_of
from skmnist.pipelines import make_model

__all__ = ["fit_and_score", "named_models", "seeded_model"]


def named_models(
    estimators: Mapping[str, BaseEstimator] | Sequence[str],
) -> dict[str, BaseEstimator]:
    """Give models by name, made where names alone are given."""
    if isinstance(estimators, str):
        raise TypeError(f"estimators is a mapping, or a list of names: [{estimators!r}].")
    if isinstance(estimators, Mapping):
        named = dict(estimators)
    else:
        named = {name: make_model(name) for name in estimators}
    if not named:
        raise ValueError("There is nothing to compare: name at least one model.")
    return named


def seeded_model(model: BaseEstimator, seed: int) -> BaseEstimator:
    """Set every ``random_state`` that is still None."""
    open_seeds = [
        name
        for name, value in model.get_params().items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return model.set_params(**dict.fromkeys(open_seeds, seed))


def fit_and_score(
    name: str,
    model: BaseEstimator,
    fold: int,
    X: Any,
    y: Any,
    train: NDArray[np.intp] | None,
    X_test: Any,
    y_test: Any,
    test: NDArray[np.intp] | None,
    scoring: str,
) -> FoldResult:
    """Fit and score a model; rows are chosen here, so that whole arrays travel, and once each."""
    X, y, X_test, y_test = _of(X, train), _of(y, train), _of(X_test, test), _of(y_test, test)
    model = clone(model)
    start = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    predicted = np.asarray(model.predict(X_test))
    done = time.perf_counter()
    truth = np.asarray(y_test)
    by_hand = scoring == "accuracy" and truth.ndim == 1  # and so nothing is predicted twice
    score = (
        np.mean(predicted == truth)
        if by_hand
        else check_scoring(model, scoring)(model, X_test, y_test)
    )
    return FoldResult(
        name,
        fold,
        float(score),
        fitted - start,
        done - fitted,
        num_samples(y),
        len(truth),
        len(pickle.dumps(getattr(model, "best_estimator_", model))),
        predicted,
        _confidence(model, X_test, predicted != truth) if truth.ndim == 1 else None,
        choice_of(model),
    )


def _of(rows: Any, chosen: NDArray[np.intp] | None) -> Any:
    return rows if chosen is None else safe_indexing(rows, chosen)


def _confidence(
    model: BaseEstimator, X: Any, wrong: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Give the probability of each wrong prediction, where the model estimates any."""
    if not hasattr(model, "predict_proba"):
        return None
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return np.zeros(0)
    return np.asarray(model.predict_proba(safe_indexing(X, rows))).max(axis=1)
