"""Tuning inside the folds: each model searched with the same number of candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import ParameterGrid, RandomizedSearchCV, StratifiedKFold

from skmnist.comparison.folds import Choice, FoldResult
from skmnist.comparison.wording import display_name
from skmnist.pipelines import MODELS, param_grid

__all__ = ["choice_of", "choices_frame", "choices_in_words", "tuned_models"]

_N_FOLDS: Final = 3  # of a search


def tuned_models(
    named: Mapping[str, BaseEstimator], n_candidates: int, seed: int
) -> dict[str, BaseEstimator]:
    """Wrap models in searches over their grids.

    Parameters
    ----------
    named : mapping of str to estimator
        Models by their names in `list_models`.
    n_candidates : int
        Candidates of each search, drawn from the grid.
    seed : int
        Seed of the draw, and of the folds inside.

    Returns
    -------
    dict of str to estimator
        The searches; a model without a grid as it is.
    """
    sizes = {name: len(ParameterGrid(param_grid(name))) for name in named if MODELS[name].grid}
    for name, size in sizes.items():
        if not 2 <= n_candidates <= size:
            raise ValueError(
                f"tune must be from 2 to {size}, the candidates of {name!r}; got {n_candidates}."
            )
    folds = StratifiedKFold(_N_FOLDS, shuffle=True, random_state=seed)
    return {
        name: _search_class(name)(
            model,
            param_grid(name),
            n_iter=n_candidates,
            cv=folds,
            random_state=seed,
            error_score="raise",
        )
        if name in sizes
        else model
        for name, model in named.items()
    }


def _search_class(name: str) -> type[RandomizedSearchCV]:
    if MODELS[name].is_network:
        from skmnist.model_selection import StackedRandomizedSearchCV

        return StackedRandomizedSearchCV
    return RandomizedSearchCV


def choice_of(model: BaseEstimator) -> Choice | None:
    """Read what a fitted search chose; None of any other model.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    Choice or None
        By the attributes that scikit-learn's searches have.
    """
    if not hasattr(model, "best_params_"):
        return None
    found: Any = model
    return Choice(
        dict(found.best_params_),
        float(found.best_score_),
        len(found.cv_results_["params"]),
        float(found.refit_time_),
    )


def choices_frame(results: Iterable[FoldResult]) -> pd.DataFrame:
    """Tabulate the choices of all folds.

    Parameters
    ----------
    results : iterable of FoldResult
        Those without a choice are left out.

    Returns
    -------
    pandas.DataFrame
        As `Comparison.choices` describes it.
    """
    columns = ["model", "fold", "params", "score", "n_candidates", "search_seconds"]
    return pd.DataFrame(
        [
            {
                "model": result.model,
                "fold": result.fold,
                "params": result.choice.params,
                "score": result.choice.score,
                "n_candidates": result.choice.n_candidates,
                "search_seconds": result.fit_seconds - result.choice.refit_seconds,
                "refit_seconds": result.choice.refit_seconds,
            }
            for result in results
            if result.choice is not None
        ],
        columns=[*columns, "refit_seconds"],
    )


def choices_in_words(choices: pd.DataFrame) -> list[list[str]]:
    """Say how often each model chose what.

    Parameters
    ----------
    choices : pandas.DataFrame
        As `choices_frame` gives them.

    Returns
    -------
    list of list of str
        A line a model: its name, its choices and how many folds made each, the seconds of a search.
    """
    lines = []
    for name, part in choices[choices["fold"] >= 0].groupby("model", sort=False):
        counts = Counter(map(_settings, part["params"])).most_common()
        said = "; ".join(f"{settings} ({count})" for settings, count in counts)
        lines.append([display_name(str(name)), said, f"{part['search_seconds'].mean():.1f} s"])
    return lines


def _settings(params: Mapping[str, Any]) -> str:
    values = {name.rpartition("__")[2]: value for name, value in sorted(params.items())}
    return ", ".join(
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in values.items()
    )
