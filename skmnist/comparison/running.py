"""`compare`: models on the same folds, and on a test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedKFold, check_cv
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length

from skmnist.comparison.fitting import fit_and_score, named_models, seeded_model
from skmnist.comparison.folds import FoldResult
from skmnist.comparison.result import Comparison
from skmnist.comparison.tuning import tuned_models

__all__ = ["compare"]


def compare(
    estimators: Mapping[str, BaseEstimator] | Sequence[str],
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: Any = 5,
    tune: int | None = None,
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
    tune : int, default=None
        Number of candidates to search among, inside each training fold: the same for each model,
        drawn from its `param_grid`, tried on three folds within, the best one fitted to the whole
        training fold. Only for models given by name. A search passed as a model is tuned so too.
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
    if tune is not None:
        if isinstance(estimators, Mapping):
            raise ValueError(
                "tune searches over the grids of models given by name. Pass models of your own as "
                "searches, GridSearchCV(...), and leave out tune."
            )
        named = tuned_models(named, tune, seed)
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
