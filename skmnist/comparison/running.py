"""`compare`: fits and scores models on the same folds."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import StratifiedKFold, check_cv
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length

from skmnist._compat.sklearn import num_samples, safe_indexing
from skmnist.comparison.folds import FoldResult
from skmnist.comparison.result import Comparison
from skmnist.pipelines import make_model

__all__ = ["compare", "fit_and_score", "named_models", "seeded_model"]


def compare(
    estimators: Mapping[str, BaseEstimator] | Sequence[str],
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: Any = 5,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    scoring: str = "accuracy",
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    callback: Callable[[FoldResult], None] | None = None,
) -> Comparison:
    """Compare models on the same folds, and once on a test set if there is one.

    Parameters
    ----------
    estimators : mapping of str to estimator, or sequence of str
        The models by name; or names of `list_models`.
    X : array-like of shape (n_samples, ...)
        Rows as the models take them.
    y : array-like of shape (n_samples,)
        Labels.
    cv : int, cross-validation generator or iterable, default=5
        A whole number stands for that many stratified, shuffled folds. `RepeatedStratifiedKFold`
        makes the verdicts surer.
    X_test, y_test : array-like, default=None
        Rows to score once the models have been fitted to all of ``X``. Nothing is chosen by them.
    scoring : str, default="accuracy"
        Name of a score of scikit-learn.
    n_jobs : int, default=None
        How many models are fitted at once; more than one at a time spoils the times.
    random_state : int, RandomState instance or None, default=None
        Seed for the folds, and for the models that have a ``random_state`` not yet set.
    callback : callable, default=None
        Called with each `FoldResult` as it comes in, to show progress.

    Returns
    -------
    Comparison
        Scores, costs, and what they say.

    Examples
    --------
    >>> from skmnist import compare, load_digits28
    >>> X, y = load_digits28(return_X_y=True)
    >>> found = compare(["gaussian_nb", "dummy"], X, y, cv=3, random_state=0)
    >>> list(found.frame().index)
    ['gaussian_nb', 'dummy']
    """
    named = named_models(estimators)
    check_consistent_length(X, y)
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test are passed together or not at all.")
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    models = {name: seeded_model(clone(model), seed) for name, model in named.items()}
    if isinstance(cv, int):
        cv = StratifiedKFold(cv, shuffle=True, random_state=seed)
    splits = list(check_cv(cv, y, classifier=True).split(X, y))
    folds: list[Any] = [(fold, train, X, y, test) for fold, (train, test) in enumerate(splits)]
    if X_test is not None:
        folds.append((-1, None, X_test, y_test, None))
    runs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(fit_and_score)(name, model, fold, X, y, *parts, scoring)
        for name, model in models.items()
        for fold, *parts in folds
    )
    results = []
    for result in runs:
        results.append(result)
        if callback is not None:
            callback(result)
    seen = {"folds": (X, y), "test": (X_test, y_test)}
    scored = [test for _, test in splits]
    return Comparison(results, scoring=scoring, models=models, scored=scored, **seen)


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
        len(pickle.dumps(model)),
        predicted,
        _confidence(model, X_test, predicted != truth) if truth.ndim == 1 else None,
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
