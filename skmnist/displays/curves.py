"""`LearningCurvesDisplay`: scores of several models over the number of training rows."""

from __future__ import annotations

from typing import Any, Self

import pandas as pd

from skmnist.displays._style import COLOURS, MARKERS, OneAxes, axes_or_new, show_scores, tidy

__all__ = ["LearningCurvesDisplay"]


class LearningCurvesDisplay(OneAxes):
    """Scores of several models over the number of rows that they learn from, with bands.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a model and number of rows: ``model``, ``rows``, ``mean``, ``low``, ``high``.
    scoring : str, default="accuracy"
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> import pandas as pd
    >>> from skmnist import LearningCurvesDisplay
    >>> table = pd.DataFrame(
    ...     {"model": "knn", "rows": [100, 300], "mean": [0.8, 0.9], "low": 0.7, "high": 0.95}
    ... )
    >>> LearningCurvesDisplay(table).plot().ax_.get_xscale()
    'log'
    """

    def __init__(self, table: pd.DataFrame, *, scoring: str = "accuracy") -> None:
        self.table, self.scoring = table, scoring

    def frame(self) -> pd.DataFrame:
        """Give the values.

        Returns
        -------
        pandas.DataFrame
            As they came in.
        """
        return self.table

    def plot(self, ax: Any = None) -> Self:
        """Draw a line and a band for each model, the rows on a logarithmic axis.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default a new figure.

        Returns
        -------
        LearningCurvesDisplay
            Itself.
        """
        self.ax_ = axes_or_new(ax, size=(7.2, 4.4))
        top = 1.0 if "accuracy" in self.scoring else None
        last = self.table.groupby("model", sort=False)["mean"].last()
        for i, name in enumerate(last.sort_values(ascending=False).index):
            own = self.table[self.table["model"] == name]
            colour, marker = COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]
            style = "-" if i < len(COLOURS) else "--"
            self.ax_.plot(
                own["rows"], own["mean"], style, color=colour, marker=marker, ms=4, label=name
            )
            self.ax_.fill_between(
                own["rows"],
                own["low"],
                own["high"].clip(upper=top),
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
        sizes = sorted(self.table["rows"].unique())
        self.ax_.set_xscale("log")
        self.ax_.set_xticks(sizes, [f"{size:,}" for size in sizes])
        self.ax_.minorticks_off()
        self.ax_.set_xlabel("training rows")
        show_scores(self.ax_.yaxis, self.scoring)
        tidy(self.ax_, grid="y")
        self.ax_.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        return self
