"""Comparison of models under one cross-validation: the same folds, scores, times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from scipy.stats import binomtest
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import StratifiedKFold, check_cv
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import check_consistent_length

from skmnist.pipelines import make_baseline, make_dense_pipeline

__all__ = ["Comparison", "FoldResult", "compare"]


@dataclass(frozen=True)
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
        Wall-clock times.
    n_scored : int
        Rows left out.
    """

    model: str
    fold: int
    score: float
    fit_seconds: float
    predict_seconds: float
    n_scored: int


class Comparison:
    """What `compare` found.

    Parameters
    ----------
    results : sequence of FoldResult
        One a model and fold.
    scoring : str, default="accuracy"
        Name of the score.

    Attributes
    ----------
    folds_ : pandas.DataFrame
        One row a model and fold.
    """

    def __init__(self, results: Sequence[FoldResult], *, scoring: str = "accuracy") -> None:
        table = pd.DataFrame([vars(result) for result in results])
        self.scoring = scoring
        self.folds_ = table[table["fold"] >= 0].reset_index(drop=True)
        self._tests = table[table["fold"] < 0].set_index("model")

    def frame(self) -> pd.DataFrame:
        """Give one row a model, the best first.

        Returns
        -------
        pandas.DataFrame
            Indexed by model: ``mean`` and ``std`` (over folds, ddof=1) of the score,
            ``fit_seconds`` (mean over folds), ``predict_us`` (microseconds a row, median over
            folds, since the first prediction of a program is also its making). With a test
            set also ``test``, and for accuracies ``test_low`` and ``test_high``, Wilson's 95 %
            interval [1]_.

        References
        ----------
        .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
           Journal of the American Statistical Association 22(158), 209-212, 1927.
        """
        groups = self.folds_.groupby("model", sort=False)
        a_row = 1e6 * self.folds_["predict_seconds"] / self.folds_["n_scored"]
        frame = pd.DataFrame(
            {
                "mean": groups["score"].mean(),
                "std": groups["score"].std(ddof=1),
                "fit_seconds": groups["fit_seconds"].mean(),
                "predict_us": a_row.groupby(self.folds_["model"], sort=False).median(),
            }
        )
        if len(self._tests):
            frame["test"] = self._tests["score"]
            if self.scoring == "accuracy":
                low, high = zip(*(self._wilson(model) for model in frame.index), strict=True)
                frame["test_low"], frame["test_high"] = low, high
        return frame.sort_values("mean", ascending=False, kind="stable")

    def _wilson(self, model: str) -> tuple[float, float]:
        found: Any = self._tests.loc[model]
        n = int(found["n_scored"])
        interval = binomtest(round(float(found["score"]) * n), n).proportion_ci(method="wilson")
        return float(interval.low), float(interval.high)

    def __repr__(self) -> str:
        return f"Comparison by {self.scoring}\n{self.frame().round(4)}"

    def _repr_html_(self) -> str:
        return self.frame().to_html(float_format="{:.4g}".format)


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
        The models by name; or names, ``"dense"`` and those of `list_baselines`.
    X : array-like of shape (n_samples, ...)
        Rows as the models take them.
    y : array-like of shape (n_samples,)
        Labels.
    cv : int, cross-validation generator or iterable, default=5
        A whole number stands for that many stratified, shuffled folds.
    X_test, y_test : array-like, default=None
        Rows to score once the models have been fitted to all of ``X``. Nothing is chosen by them.
    scoring : str, default="accuracy"
        Name of a score of scikit-learn.
    n_jobs : int, default=None
        How many models are fitted at once; more than one at a time spoils the times.
    random_state : int, RandomState instance or None, default=None
        What the folds follow from, and the models that have a ``random_state`` not yet set.
    callback : callable, default=None
        Called with each `FoldResult` as it comes in, to show progress.

    Returns
    -------
    Comparison
        Scores and times.

    Examples
    --------
    >>> from skmnist import compare, load_digits28
    >>> X, y = load_digits28(return_X_y=True)
    >>> found = compare(["gaussian_nb", "dummy"], X, y, cv=3, random_state=0)
    >>> list(found.frame().index)
    ['gaussian_nb', 'dummy']
    """
    named = _named(estimators)
    check_consistent_length(X, y)
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test are passed together or not at all.")
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    models = {name: _seeded(clone(model), seed) for name, model in named.items()}
    if isinstance(cv, int):
        cv = StratifiedKFold(cv, shuffle=True, random_state=seed)
    splits = list(check_cv(cv, y, classifier=True).split(X, y))
    runs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_run)(name, model, fold, *rows, scoring)
        for name, model in models.items()
        for fold, rows in _folds(X, y, splits, X_test, y_test)
    )
    results = []
    for result in runs:
        results.append(result)
        if callback is not None:
            callback(result)
    return Comparison(results, scoring=scoring)


def _named(estimators: Mapping[str, BaseEstimator] | Sequence[str]) -> dict[str, BaseEstimator]:
    if isinstance(estimators, Mapping):
        named = dict(estimators)
    else:
        named = {
            name: make_dense_pipeline() if name == "dense" else make_baseline(name)
            for name in estimators
        }
    if not named:
        raise ValueError("There is nothing to compare: name at least one model.")
    return named


def _seeded(model: BaseEstimator, seed: int) -> BaseEstimator:
    """Set every ``random_state`` that is still None."""
    open_seeds = [
        name
        for name, value in model.get_params().items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return model.set_params(**dict.fromkeys(open_seeds, seed))


Rows = tuple[Any, Any, Any, Any]


def _folds(
    X: Any, y: Any, splits: Sequence[tuple[Any, Any]], X_test: Any, y_test: Any
) -> Iterator[tuple[int, Rows]]:
    """Give the rows to fit and to score, one fold at a time so that few copies are alive."""
    for fold, parts in enumerate(splits):
        train, test = ((_safe_indexing(X, part), _safe_indexing(y, part)) for part in parts)
        yield fold, (*train, *test)
    if X_test is not None:
        yield -1, (X, y, X_test, y_test)


def _run(
    name: str,
    model: BaseEstimator,
    fold: int,
    X: Any,
    y: Any,
    X_test: Any,
    y_test: Any,
    scoring: str,
) -> FoldResult:
    model = clone(model)
    start = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    score = float(check_scoring(model, scoring)(model, X_test, y_test))
    scored = time.perf_counter()
    return FoldResult(name, fold, score, fitted - start, scored - fitted, len(y_test))
