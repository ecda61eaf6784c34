"""`EpochHalvingSearchCV`: successive halving whose survivors go on training."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from joblib.parallel import get_active_backend
from sklearn.base import BaseEstimator
from sklearn.model_selection import ParameterGrid

from skmnist._compat.callbacks import NoContext
from skmnist._compat.sklearn import (
    SEARCH_CONSTRAINTS,
    Interval,
    StrOptions,
    select_best_index,
    yields_constant_splits,
)
from skmnist.classifiers import fit_setting
from skmnist.engine import ResumePoint
from skmnist.model_selection.stacked import StackedTraining, networks_of

__all__ = ["EpochHalvingSearchCV"]


class EpochHalvingSearchCV(StackedTraining):
    """Search by successive halving with epochs as the resource; nothing is trained twice.

    All candidates begin with a few epochs. The best third goes on, from its own weights and
    optimizers' memory, to three times as many, and so on, until the last few have all epochs of the
    estimator [1]_. Each network follows the learning rates of a whole fit from its first epoch, so
    that in the last round it is the network that an exhaustive search would have trained. All
    networks of a round are trained together, as `StackedGridSearchCV` does.

    Parameters
    ----------
    estimator : estimator
        A `KerasClassifier`, or a Pipeline with one. Its ``epochs`` are those of the last round.
        Steps before the network are fitted in each round: give them a ``random_state`` if they
        draw.
    param_grid : dict or list of dict
        As `GridSearchCV` takes it; ``epochs`` can't be in it.
    factor : int or float, default=3
        Of the candidates of a round, one in ``factor`` is kept for the next, which has ``factor``
        times as many epochs.
    min_resources : int or "exhaust", default="exhaust"
        Epochs of the first round, at least. ``"exhaust"`` takes as many rounds as it takes to be
        left with fewer than ``factor`` candidates, if there are epochs enough.
    scoring, n_jobs, refit, cv, verbose, error_score, return_train_score
        As `GridSearchCV` takes them. With several scores, the one that ``refit`` names chooses. The
        folds must be the same at each call of the splitter.

    Attributes
    ----------
    cv_results_ : dict
        As `GridSearchCV` gives it, one entry a candidate and round, and as scikit-learn's halving
        searches ``iter``, the round, and ``n_resources``, epochs trained since the first round.
        ``mean_fit_time`` is that of the round alone.
    n_resources_, n_candidates_ : list of int
        Epochs and candidates of each round.
    n_iterations_ : int
        Number of rounds.
    best_estimator_, best_score_, best_params_, best_index_
        As `GridSearchCV` gives them; the best of the last round.

    References
    ----------
    .. [1] K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and hyperparameter
       optimization", AISTATS 2016.

    Examples
    --------
    >>> from skmnist import EpochHalvingSearchCV, load_digits28, make_dense_pipeline
    >>> X, y = load_digits28(return_X_y=True)
    >>> pipeline = make_dense_pipeline(hidden_layer_sizes=(32,), epochs=9, random_state=0)
    >>> rates = {"denseclassifier__learning_rate": [0.0001, 0.0003, 0.001, 0.003, 0.01]}
    >>> search = EpochHalvingSearchCV(pipeline, rates, cv=3).fit(X, y)
    >>> search.n_candidates_, search.n_resources_
    ([5, 2], [3, 9])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SEARCH_CONSTRAINTS,
        "param_grid": [dict, list],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "min_resources": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"exhaust"}),
        ],
    }
    del _parameter_constraints["pre_dispatch"]

    def __init__(
        self,
        estimator: BaseEstimator,
        param_grid: Any,
        *,
        factor: float = 3,
        min_resources: int | Literal["exhaust"] = "exhaust",
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_grid = param_grid
        self.factor = factor
        self.min_resources = min_resources

    def _check_parameters(self) -> None:
        if len(networks_of(self.estimator)) != 1:
            raise ValueError(
                "EpochHalvingSearchCV needs an estimator with one KerasClassifier, whose epochs "
                f"are the resource; got {self.estimator!r}."
            )
        if isinstance(self.scoring, (list, tuple, set, dict)) and not isinstance(self.refit, str):
            raise self._no_score_chooses()
        if not yields_constant_splits(self.cv):
            raise ValueError(
                "The cv parameter must yield consistent folds across calls to split(). Set its "
                "random_state to an int, or set shuffle=False."
            )

    def _run_search(
        self, evaluate_candidates: Callable[..., Any], *, callback_ctx: Any = None
    ) -> None:
        self._check_parameters()
        candidates = list(ParameterGrid(self.param_grid))
        ((prefix, network),) = networks_of(self.estimator).items()
        if any(name in (prefix + "epochs", prefix[:-2]) for each in candidates for name in each):
            raise ValueError(
                f"{prefix}epochs can't be searched: it is the resource. The network "
                "can't be either."
            )
        epochs = fit_setting(network, "epochs")
        if epochs == "auto":
            raise ValueError(f"{prefix}epochs is the resource: set a number, not 'auto'.")
        rounds = self._rounds(len(candidates), epochs)
        self.n_resources_, self.n_candidates_, self.n_iterations_ = [], [], len(rounds)
        scored: Any = self.refit if isinstance(self.refit, str) else "score"
        backend, _ = get_active_backend()  # of `fit`
        standing: list[list[Any]] = []
        search_ctx = (
            (callback_ctx or NoContext())
            .subcontext(task_name="search", max_subtasks=len(rounds))
            .call_on_fit_task_begin(estimator=self)
        )
        for i, epochs in enumerate(rounds):
            round_ctx = search_ctx.subcontext(
                task_name="halving-iteration",
                # known before the first fit from scikit-learn 1.9 on, as callbacks are
                max_subtasks=len(candidates) * getattr(self, "n_splits_", 0),
                sequential_subtasks=False,
            ).call_on_fit_task_begin(estimator=self)
            self.n_resources_.append(epochs)
            self.n_candidates_.append(len(candidates))
            backend.until = epochs
            backend.pauses = [pauses for folds in standing for pauses in folds]
            labels = {"iter": [i] * len(candidates), "n_resources": [epochs] * len(candidates)}
            followed = {} if callback_ctx is None else {"callback_ctx": round_ctx}
            results = evaluate_candidates(candidates, more_results=labels, **followed)
            round_ctx.call_on_fit_task_end(estimator=self)
            scores = results.get(f"mean_test_{scored}", results.get("mean_test_score"))
            if scores is None:  # a function has given several scores
                raise self._no_score_chooses()
            last = np.nan_to_num(scores[-len(candidates) :], nan=-np.inf)
            kept = np.argsort(-last, kind="stable")[: math.ceil(len(candidates) / self.factor)]
            n_splits = len(backend.pauses) // len(candidates)
            standing = [_folds(backend.pauses, k, n_splits) for k in kept]
            candidates = [candidates[k] for k in kept]
        backend.until = None
        search_ctx.call_on_fit_task_end(estimator=self)

    def _no_score_chooses(self) -> ValueError:
        return ValueError(
            f"With several scores, refit names the one that chooses; got refit={self.refit!r}."
        )

    def _rounds(self, n_candidates: int, max_epochs: int) -> list[int]:
        """Choose the epochs of each round; the last one has all."""
        least = 1 if self.min_resources == "exhaust" else int(self.min_resources)
        if least > max_epochs:
            raise ValueError(
                f"min_resources={least} is greater than the epochs of the estimator, {max_epochs}."
            )
        required = 1 + math.floor(math.log(n_candidates, self.factor) + 1e-9)
        possible = 1 + math.floor(math.log(max_epochs / least, self.factor) + 1e-9)
        n_rounds = min(required, possible)
        return [round(max_epochs / self.factor ** (n_rounds - 1 - i)) for i in range(n_rounds)]

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: str, results: dict[str, Any]) -> int:
        """Choose the best candidate of the last round."""
        if callable(refit):
            return int(select_best_index(refit, refit_metric, results))
        last = np.flatnonzero(results["iter"] == np.max(results["iter"]))
        scores = np.nan_to_num(results[f"mean_test_{refit_metric}"][last], nan=-np.inf)
        return int(last[np.argmax(scores)])


def _folds(pauses: list[Any], candidate: int, n_splits: int) -> list[list[ResumePoint]]:
    return pauses[candidate * n_splits : (candidate + 1) * n_splits]
