"""`Comparison`: what was found on the folds, and what it says."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skmnist.comparison.curves import LearningCurves
from skmnist.comparison.folds import FoldResult
from skmnist.comparison.pairs import compare_pairs
from skmnist.comparison.tuning import choices_frame
from skmnist.comparison.verdicts import on_folds, on_test_set
from skmnist.comparison.wording import HEADINGS, Units, display_name, format_row
from skmnist.displays import ComparisonDisplay, ErrorsDisplay
from skmnist.significance import accuracy

__all__ = ["Comparison"]

_NO_COLUMNS: Final = frozenset({"predicted", "confidence", "choice"})
"""Fields of a fold's result that are no columns of a table."""


class Comparison:
    """Result of `compare`.

    Parameters
    ----------
    results : sequence of FoldResult
        One a model and fold.
    scoring : str
        Name of the score.
    models : mapping of str to estimator
        The models, not fitted.
    scored : sequence of ndarray
        The rows that each fold left out.
    folds, test : tuple of array-like
        Rows and labels of the folds and of the test set; None where there is none.

    Attributes
    ----------
    folds_ : pandas.DataFrame
        One row a model and fold.
    """

    def __init__(
        self,
        results: Sequence[FoldResult],
        *,
        scoring: str,
        models: Mapping[str, BaseEstimator],
        scored: Sequence[NDArray[Any]],
        folds: tuple[Any, Any],
        test: tuple[Any, Any] = (None, None),
    ) -> None:
        self.scoring, self.models = scoring, dict(models)
        self._results, self._scored = list(results), list(scored)
        self._on_folds, self._on_test = folds, test
        columns = [name for name in FoldResult.__annotations__ if name not in _NO_COLUMNS]
        self.folds_ = pd.DataFrame(
            [{name: getattr(r, name) for name in columns} for r in results if r.fold >= 0]
        )
        self._tests = {r.model: r for r in results if r.fold < 0}

    def frame(self) -> pd.DataFrame:
        """Give one row a model, the best first.

        Returns
        -------
        pandas.DataFrame
            Indexed by model: ``mean`` and ``std`` (over folds, ddof=1) of the score,
            ``fit_seconds`` (mean over folds), ``predict_us`` (microseconds a row, median over
            folds, since the first prediction of a program is also its making), ``n_bytes`` (of the
            fitted model, pickled; mean) and ``pareto``: whether no other model has a higher mean
            and a shorter fit. With a test set also ``test``, and for accuracies ``test_low`` and
            ``test_high``, Wilson's 95% interval. The memory that a fit takes at its peak can't be
            known inside one process, and is left out.
        """
        groups = self.folds_.groupby("model", sort=False)
        a_row = 1e6 * self.folds_["predict_seconds"] / self.folds_["n_scored"]
        frame = pd.DataFrame(
            {
                "mean": groups["score"].mean(),
                "std": groups["score"].std(ddof=1),
                "fit_seconds": groups["fit_seconds"].mean(),
                "predict_us": a_row.groupby(self.folds_["model"], sort=False).median(),
                "n_bytes": groups["n_bytes"].mean().round().astype(int),
            }
        )
        mean, cost = frame["mean"].to_numpy(), frame["fit_seconds"].to_numpy()
        beaten: NDArray[np.bool_] = (mean > mean[:, None]) & (cost < cost[:, None])
        frame["pareto"] = np.logical_not(beaten.any(axis=1)).tolist()
        if self._tests:
            tests = [self._tests[str(model)] for model in frame.index]
            frame["test"] = [result.score for result in tests]
            if self.scoring == "accuracy":
                found = [accuracy(round(r.score * r.n_scored), r.n_scored) for r in tests]
                frame["test_low"] = [each.low for each in found]
                frame["test_high"] = [each.high for each in found]
        return frame.sort_values("mean", ascending=False, kind="stable")

    def pairwise(self, *, rope: float = 0.005) -> pd.DataFrame:
        """Compare each model with each that is behind it.

        Parameters
        ----------
        rope : float, default=0.005
            Half the width of the region of practical equivalence.

        Returns
        -------
        pandas.DataFrame
            One row a pair: ``first`` and ``second``, by `frame`; ``difference`` of their means,
            its 95% interval ``low`` to ``high``, ``effect_size``, ``pvalue`` of the corrected
            resampled t-test on the folds and ``pvalue_holm``, adjusted for the number of pairs;
            ``worse``, ``alike``, ``better``: probabilities that the first is behind, within
            ``rope``, or ahead; ``verdict``: ``"better"``, ``"same"``, ``"worse"`` or
            ``"undecided"``, and how many times as many folds might decide then, ``more_folds``,
            missing where 50 times as many would not. With a test set also ``only_first`` and
            ``only_second``, rows that just one has right, and McNemar's exact ``test_pvalue`` and
            ``test_pvalue_holm``.
            ``differs``: whether the adjusted p value, of the test set where there is one, else of
            the folds, is below 5%. See `skmnist.significance` for formulas and sources.
        """
        tests = self._tests if np.ndim(self._on_test[1]) == 1 else {}
        return compare_pairs(self.folds_, list(self.frame().index), tests, self._on_test[1], rope)

    def verdicts(self, *, rope: float = 0.005, all_pairs: bool = False) -> list[str]:
        """Say in words how models stand to each other, on the folds and on the test set.

        A model is better, or practically the same, where the Bayesian correlated t-test gives that
        a probability of 95% or more; otherwise it is undecided. See `skmnist.significance`.

        Parameters
        ----------
        rope : float, default=0.005
            Half the width of the region of practical equivalence.
        all_pairs : bool, default=False
            Whether to compare each model with each behind it, and not the best one alone.

        Returns
        -------
        list of str
            A sentence a pair, of the closest first; then one a pair on the test set, if there is
            one. Differences are of the folds' means, with 95% intervals.
        """
        pairs = self.pairwise(rope=rope)
        if not len(pairs):
            return []
        units, best = Units.of(self.scoring), self.frame().index[0]
        shown = pairs if all_pairs else pairs[pairs["first"] == best]
        said = [on_folds(pair, units, rope) for pair in shown.itertuples()]
        if "test_pvalue_holm" in pairs:
            said += [on_test_set(pair) for pair in shown.itertuples()]
        return said

    def choices(self) -> pd.DataFrame:
        """Show what searches chose inside each fold: with ``tune``, or where a model is a search.

        Returns
        -------
        pandas.DataFrame
            One row a search and fold, -1 for the fit that the test set scores: ``model``, ``fold``,
            ``params`` of the best candidate, its mean ``score`` within the fold, ``n_candidates``,
            ``search_seconds`` and ``refit_seconds``.
        """
        return choices_frame(self._results)

    def errors(self, model: str) -> ErrorsDisplay:
        """Show the mistakes that a model was most sure of: on the test set, else on the folds.

        Parameters
        ----------
        model : str
            Its name.

        Returns
        -------
        ErrorsDisplay
            Not drawn yet.

        Raises
        ------
        ValueError
            If there is no such model, or it estimates no probabilities.
        """
        rows, truth, predicted, confidence = self._predictions(model)
        if confidence is None:
            raise ValueError(f"{model} estimates no probabilities to rank its mistakes by.")
        X, _ = self._on_test if self._tests else self._on_folds
        return ErrorsDisplay(np.asarray(X)[rows], truth, predicted, confidence)

    def predictions(self, model: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give true and predicted labels: of the test set, else of the rows that folds left out.

        Parameters
        ----------
        model : str
            Its name.

        Returns
        -------
        y_true, y_pred : ndarray of shape (n_rows,)
            For `sklearn.metrics.ConfusionMatrixDisplay.from_predictions` and the like.
        """
        _, truth, predicted, _ = self._predictions(model)
        return truth, predicted

    def plot(
        self, kind: Literal["scores", "cost", "pairs"] = "scores", ax: Any = None
    ) -> ComparisonDisplay:
        """Draw the comparison.

        Parameters
        ----------
        kind : {"scores", "cost", "pairs"}, default="scores"
            See `ComparisonDisplay.plot`.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default a new figure.

        Returns
        -------
        ComparisonDisplay
            Drawn.
        """
        frame, pairs = self.frame().rename(index=display_name), self.pairwise()
        if len(pairs):
            words = {name: pairs[name].map(display_name) for name in ("first", "second")}
            pairs = pairs.assign(**words)
        display = ComparisonDisplay(frame, pairs, scoring=self.scoring)
        return display.plot(kind, ax)

    def to_markdown(self) -> str:
        """Give `frame` as a table in Markdown.

        Returns
        -------
        str
            One line a model.
        """
        lines = [["model", *HEADINGS.values()]]
        frame = self.frame()
        if not self._tests:
            lines[0].remove(HEADINGS["test"])
        for name, row in frame.iterrows():
            cells = format_row(row, self.scoring)
            lines.append(
                [display_name(str(name)), *(cells[key] for key in HEADINGS if key in cells)]
            )
        lines.insert(1, ["---", *["---:"] * (len(lines[0]) - 1)])
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"

    def to_html(
        self,
        path: str | Path,
        *,
        title: str = "",
        made_by: str = "",
        curves: LearningCurves | None = None,
    ) -> None:
        """Write a report: one page with tables and pictures that needs nothing from elsewhere.

        Parameters
        ----------
        path : str or Path
            The file to write.
        title : str, default=""
            What was compared.
        made_by : str, default=""
            The code or command that made the comparison, to print in the page.
        curves : LearningCurves, default=None
            Learning curves to show in the page as well.
        """
        from skmnist.comparison.report import write_report

        write_report(self, Path(path), title=title, made_by=made_by, curves=curves)

    def __repr__(self) -> str:
        lines = [f"Comparison by {self.scoring}", repr(self.frame().round(4)), *self.verdicts()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{html.escape(line)}</li>" for line in self.verdicts())
        return self.frame().to_html(float_format="{:.4g}".format) + f"<ul>{said}</ul>"

    def _predictions(self, model: str) -> tuple[Any, ...]:
        if model not in self.models:
            raise ValueError(f"There is no model {model!r}; there are {', '.join(self.models)}.")
        if self._tests:
            y = self._on_test[1]
            parts = [(np.arange(len(y)), self._tests[model])]
        else:
            y = self._on_folds[1]
            parts = [
                (self._scored[r.fold], r) for r in self._results if r.model == model and r.fold >= 0
            ]
        y = np.asarray(y)
        rows = np.concatenate([part for part, _ in parts])
        predicted = np.concatenate([result.predicted for _, result in parts])
        _, once = np.unique(rows, return_index=True)  # repeats leave a row out more than once
        confidence = None
        if all(result.confidence is not None for _, result in parts):
            given = [result.confidence for _, result in parts if result.confidence is not None]
            confidence = np.ones(len(rows))
            confidence[y[rows] != predicted] = np.concatenate(given)
            confidence = confidence[once]
        return rows[once], y[rows[once]], predicted[once], confidence
