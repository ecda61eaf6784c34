"""`learning_curves`: models fitted to ever more rows, and where one passes another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedShuffleSplit, train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length

from skmnist.comparison.fitting import fit_and_score, named_models, seeded_model
from skmnist.comparison.folds import FoldResult
from skmnist.comparison.wording import capitalized, display_name
from skmnist.displays import LearningCurvesDisplay

__all__ = ["LearningCurves", "learning_curves"]


class LearningCurves:
    """Result of `learning_curves`.

    Parameters
    ----------
    results : sequence of FoldResult
        One a model, number of rows and draw; ``fold`` is the number of the draw.
    scoring : str
        Name of the score.

    Attributes
    ----------
    draws_ : pandas.DataFrame
        One row a model, number of rows and draw: ``score`` and ``fit_seconds``.
    """

    def __init__(self, results: Sequence[FoldResult], *, scoring: str) -> None:
        self.scoring = scoring
        self.draws_ = pd.DataFrame(
            {
                "model": [each.model for each in results],
                "rows": [each.n_train for each in results],
                "draw": [each.fold for each in results],
                "score": [each.score for each in results],
                "fit_seconds": [each.fit_seconds for each in results],
            }
        )

    def frame(self) -> pd.DataFrame:
        """Give one row a model and number of rows.

        Returns
        -------
        pandas.DataFrame
            ``model``, ``rows``, ``mean`` and ``std`` over the draws, the 95% interval of the mean
            ``low`` to ``high`` (Student's t over the draws; of one draw the mean itself) and
            ``fit_seconds``.
        """
        groups = self.draws_.groupby(["model", "rows"], sort=False)
        frame = groups.agg(
            mean=("score", "mean"), std=("score", "std"), fit_seconds=("fit_seconds", "mean")
        )
        n = groups.size()
        reach = stats.t.ppf(0.975, np.maximum(n - 1, 1)) * frame["std"].fillna(0) / np.sqrt(n)
        frame.insert(2, "low", frame["mean"] - reach)
        frame.insert(3, "high", frame["mean"] + reach)
        return frame.reset_index().sort_values(["model", "rows"], kind="stable", ignore_index=True)

    def crossing(self, first: str, second: str) -> int | None:
        """Find from how many rows on a model is ahead of another.

        Parameters
        ----------
        first, second : str
            Their names.

        Returns
        -------
        int or None
            Rows from which the mean of the first stays above that of the second, between two sizes
            by a straight line over the logarithm of the rows; the smallest size where it always is;
            None where it is not at the largest one.
        """
        means = self.frame().pivot_table(index="rows", columns="model", values="mean")
        for name in (first, second):
            if name not in means:
                raise ValueError(
                    f"There is no model {name!r}; there are {', '.join(map(str, means))}."
                )
        ahead = (means[first] - means[second]).to_numpy()
        if ahead[-1] <= 0:
            return None
        behind = np.flatnonzero(ahead <= 0)
        sizes = means.index.to_numpy()
        if not len(behind):
            return int(sizes[0])
        i = behind[-1]
        share = -ahead[i] / (ahead[i + 1] - ahead[i])
        low, high = np.log(sizes[i]), np.log(sizes[i + 1])
        return round(float(np.exp(low + share * (high - low))))

    def crossings(self) -> list[str]:
        """Say in words which models pass which, and from how many rows on.

        Returns
        -------
        list of str
            A sentence for each pair whose order is another at the largest size than at the
            smallest.
        """
        frame = self.frame()
        smallest = frame.groupby("model")["mean"].first()
        largest = frame.groupby("model")["mean"].last().sort_values(ascending=False)
        said = []
        for first in largest.index:
            for second in largest.index:
                passes = smallest[first] <= smallest[second] and largest[first] > largest[second]
                if passes:
                    words, other = capitalized(display_name(first)), display_name(second)
                    rows = float(f"{self.crossing(first, second):.2g}")  # no finer than it is
                    said.append(f"{words} passes {other} at about {rows:,.0f} rows")
        return said

    def plot(self, ax: Any = None) -> LearningCurvesDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default a new figure.

        Returns
        -------
        LearningCurvesDisplay
            Drawn.
        """
        frame = self.frame()
        named = frame.assign(model=frame["model"].map(display_name))
        return LearningCurvesDisplay(named, scoring=self.scoring).plot(ax)

    def to_html(self, path: str | Path, *, title: str = "", made_by: str = "") -> None:
        """Write a page with the picture, the table and the crossings.

        Parameters
        ----------
        path : str or Path
            The file to write.
        title : str, default=""
            What was compared.
        made_by : str, default=""
            The code or command that made the curves, to print in the page.
        """
        from skmnist.comparison.report import write_curves

        write_curves(self, Path(path), title=title, made_by=made_by)


def learning_curves(
    estimators: Mapping[str, BaseEstimator] | Sequence[str],
    X: ArrayLike,
    y: ArrayLike,
    *,
    sizes: Sequence[int],
    n_draws: int = 5,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    scoring: str = "accuracy",
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    callback: Callable[[FoldResult], None] | None = None,
) -> LearningCurves:
    """Fit models to ever more rows, and score them on rows that none of them saw.

    Each draw sets a stratified fifth of the rows aside to score on, unless there is a test set. Of
    the rest it takes stratified rows, the fewer out of the more: all models of a draw see the same.
    Each draw seeds its models anew, so that the bands hold the luck of the weights as well.

    Parameters
    ----------
    estimators : mapping of str to estimator, or sequence of str
        The models by name; or names of `list_models`.
    X : array-like of shape (n_samples, ...)
        Rows as the models take them.
    y : array-like of shape (n_samples,)
        Labels.
    sizes : sequence of int
        Numbers of training rows.
    n_draws : int, default=5
        How often rows are drawn anew.
    X_test, y_test : array-like, default=None
        Rows to score on, instead of a fifth of ``X``.
    scoring : str, default="accuracy"
        Name of a score of scikit-learn.
    n_jobs : int, default=None
        How many models are fitted at once; more than one at a time spoils the times.
    random_state : int, RandomState instance or None, default=None
        Seed for the draws, and for the models that have a ``random_state`` not yet set.
    callback : callable, default=None
        Called with each `FoldResult` as it comes in, to show progress.

    Returns
    -------
    LearningCurves
        Scores by the number of rows, and where one model passes another.

    Examples
    --------
    >>> from skmnist import learning_curves, load_digits28
    >>> X, y = load_digits28(return_X_y=True)
    >>> found = learning_curves(
    ...     ["knn", "gaussian_nb"], X, y, sizes=[50, 400], n_draws=2, random_state=0
    ... )
    >>> found.crossing("knn", "gaussian_nb")  # ahead from the smallest size on
    50
    """
    named = named_models(estimators)
    check_consistent_length(X, y)
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test are passed together or not at all.")
    labels = np.asarray(y)
    rng = check_random_state(random_state)
    seed = int(rng.randint(np.iinfo(np.int32).max))
    has_test = X_test is not None
    _check_sizes(sizes, labels, len(labels) if has_test else len(labels) * 4 // 5)
    draws = _draws(labels, sorted(set(sizes)), n_draws, seed, has_test=has_test)
    X_out, y_out = (X_test, y_test) if has_test else (X, y)
    runs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(fit_and_score)(
            name,
            seeded_model(clone(model), seed + draw),
            draw,
            X,
            y,
            train,
            X_out,
            y_out,
            out,
            scoring,
        )
        for draw, train, out in draws
        for name, model in named.items()
    )
    results = []
    for result in runs:
        results.append(result)
        if callback is not None:
            callback(result)
    return LearningCurves(results, scoring=scoring)


def _check_sizes(sizes: Sequence[int], labels: NDArray[Any], most: int) -> None:
    fewest = len(np.unique(labels))
    if not len(sizes) or min(sizes) < fewest or max(sizes) > most:
        raise ValueError(
            f"sizes must be from {fewest}, one row a class, to {most:,}, the rows that there are "
            f"to learn from; got {list(sizes)}."
        )


def _draws(
    labels: NDArray[Any], sizes: list[int], n_draws: int, seed: int, *, has_test: bool
) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp] | None]]:
    """Draw rows to learn from, the fewer out of the more, and rows to score on."""
    everything = np.arange(len(labels))
    folds = StratifiedShuffleSplit(n_splits=n_draws, test_size=0.2, random_state=seed)
    parts: Any = folds.split(everything, labels)
    for draw in range(n_draws):
        chosen, out = (everything, None) if has_test else next(parts)
        nested = []
        for size in reversed(sizes):
            if size < len(chosen):
                chosen, _ = train_test_split(
                    chosen, train_size=size, stratify=labels[chosen], random_state=seed + draw
                )
            nested.append(chosen)
        for train in reversed(nested):
            yield draw, train, out
