"""`SearchDisplay`: the scores of a search against each parameter that was searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from skmnist.displays._style import COLOURS, GREY, new_axes, text_colour, tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

__all__ = ["SearchDisplay"]


class SearchDisplay:
    """The scores of a search against each parameter that was searched.

    Parameters
    ----------
    cv_results : mapping of str to array
        As scikit-learn's searches give it; of halving searches the last round of each candidate
        counts.
    scoring : str, default="score"
        The score to show, by its name in ``cv_results``.

    Attributes
    ----------
    axes_ : list of matplotlib.axes.Axes
        Where it was drawn, one for each parameter.
    figure_ : matplotlib.figure.Figure
        Their figure.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skmnist import SearchDisplay, load_digits28, make_baseline, param_grid
    >>> X, y = load_digits28(return_X_y=True)
    >>> search = GridSearchCV(make_baseline("gaussian_nb"), param_grid("gaussian_nb"), cv=3)
    >>> SearchDisplay.from_search(search.fit(X, y)).frame().columns.tolist()
    ['gaussiannb__var_smoothing', 'mean', 'std']
    """

    axes_: list[Axes]

    def __init__(self, cv_results: Any, *, scoring: str = "score") -> None:
        if f"mean_test_{scoring}" not in cv_results:
            scores = [key[10:] for key in cv_results if key.startswith("mean_test_")]
            raise ValueError(f"There is no score {scoring!r}; there are {', '.join(scores)}.")
        self.cv_results, self.scoring = cv_results, scoring

    @classmethod
    def from_search(cls, search: Any) -> Self:
        """Take the results of a fitted search.

        Parameters
        ----------
        search : GridSearchCV or the like
            Fitted. With several scores, the one that ``refit`` names is shown.

        Returns
        -------
        SearchDisplay
            Not drawn yet.
        """
        named = isinstance(search.refit, str) and search.multimetric_
        return cls(search.cv_results_, scoring=search.refit if named else "score")

    @property
    def figure_(self) -> Any:
        """The figure that it was drawn in."""
        return self.axes_[0].figure

    def frame(self) -> pd.DataFrame:
        """Give one row a candidate, the best first.

        Returns
        -------
        pandas.DataFrame
            A column for each parameter, ``mean`` and ``std`` of the score over folds, of halving
            searches ``n_resources``.
        """
        results = self.cv_results
        table = pd.DataFrame(list(results["params"]))
        parameters = list(table.columns)
        table["mean"] = results[f"mean_test_{self.scoring}"]
        table["std"] = results[f"std_test_{self.scoring}"]
        by = ["mean"]
        if "n_resources" in results:
            table["n_resources"] = results["n_resources"]
            by = ["n_resources", "mean"]
        table = table.sort_values(by, ascending=False, kind="stable")
        of_candidate = table[parameters].map(repr).agg("|".join, axis=1)
        return table[~of_candidate.duplicated()].reset_index(drop=True)

    def plot(self, axes: Sequence[Axes] | None = None) -> Self:
        """Draw the score of each candidate over each parameter, and the mean for each value.

        Parameters
        ----------
        axes : sequence of matplotlib.axes.Axes, default=None
            Where to draw, one for each parameter; by default a new figure.

        Returns
        -------
        SearchDisplay
            Itself.
        """
        table = self.frame()
        names = [str(n) for n in table if n not in ("mean", "std", "n_resources")]
        self.axes_ = new_axes(len(names), size=(3.6, 3.4)) if axes is None else list(axes)
        if len(self.axes_) != len(names):
            raise ValueError(f"{len(names)} parameters need as many axes; got {len(self.axes_)}.")
        for ax, name in zip(self.axes_, names, strict=True):
            self._draw(ax, table, name)
        self.axes_[0].set_ylabel(f"mean {self.scoring} over folds")
        low, high = (f(table["mean"]) for f in (np.nanmin, np.nanmax))
        n_folds = sum(
            key.startswith("split") and key.endswith(f"test_{self.scoring}")
            for key in self.cv_results
        )
        error = table["std"].iloc[0] / max(n_folds, 1) ** 0.5
        for ax in self.axes_:
            ax.axhspan(
                high - error,
                high,
                color=GREY,
                alpha=0.13,
                linewidth=0,
                zorder=0,
                label="within a standard error of the best",
            )
            ax.margins(x=0.12)
            ax.set_ylim(low - 0.06 * (high - low) - 1e-6, high + 0.06 * (high - low) + 1e-6)
        self.axes_[0].figure.legend(
            *self.axes_[0].get_legend_handles_labels(),
            loc="outside lower center",
            ncols=4,
            frameon=False,
            fontsize=8,
        )
        return self

    @staticmethod
    def _draw(ax: Axes, table: pd.DataFrame, name: str) -> None:
        values = table[name]
        is_number = pd.api.types.is_numeric_dtype(values) and values.dtype != bool
        if is_number:
            places = values.astype(float)
            if places.min() > 0 and places.max() / places.min() >= 5:
                ax.set_xscale("log")
        else:
            texts = values.map(str)
            order = list(dict.fromkeys(sorted(texts)))
            places = texts.map(order.index).astype(float)
            ax.set_xticks(range(len(order)), order, rotation=20, ha="right")
            ax.set_xlim(-0.5, len(order) - 0.5)
        ax.plot(
            places,
            table["mean"],
            "o",
            color=COLOURS[0],
            markersize=5,
            alpha=0.6,
            label="a candidate",
        )
        means = table["mean"].groupby(places).mean()
        ax.plot(means.index, means, "-", color=COLOURS[1], label="mean of a value", linewidth=1.5)
        best = table.index[0]
        ax.plot(
            [places[best]],
            [table.loc[best, "mean"]],
            "o",
            markersize=11,
            markerfacecolor="none",
            markeredgecolor=text_colour(),
            linestyle="none",
            label="the best",
        )
        if is_number and places.nunique() <= 6:
            ax.set_xticks(sorted(places.unique()), [f"{v:g}" for v in sorted(places.unique())])
            ax.minorticks_off()
        ax.set_xlabel(name.rpartition("__")[2].replace("_", " "))
        tidy(ax, grid="y")
