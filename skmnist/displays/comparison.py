"""`ComparisonDisplay`: models beside each other, with their uncertainty and their cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np
import pandas as pd

from skmnist.displays._style import COLOURS, GREY, OneAxes, axes_or_new, show_scores, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ComparisonDisplay"]

_NEAR: Final = ((7, 5), (-7, 5), (7, -12), (-7, -12), (7, 17), (-7, 17), (7, -24), (-7, -24))
"""Places of a name beside its point, in points; the first free one is taken."""


class ComparisonDisplay(OneAxes):
    """Models beside each other: their scores, what they cost, and which differ.

    Parameters
    ----------
    table : pandas.DataFrame
        As `Comparison.frame` gives it.
    pairs : pandas.DataFrame
        As `Comparison.pairwise` gives it.
    scoring : str, default="accuracy"
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        The figure of ``ax_``.

    Examples
    --------
    >>> from skmnist import compare, load_digits28
    >>> X, y = load_digits28(return_X_y=True)
    >>> display = compare(["gaussian_nb", "dummy"], X, y, cv=3, random_state=0).plot()
    >>> display.ax_.get_xlabel()
    'accuracy'
    """

    def __init__(
        self, table: pd.DataFrame, pairs: pd.DataFrame, *, scoring: str = "accuracy"
    ) -> None:
        self.table, self.pairs, self.scoring = table, pairs, scoring

    def frame(self) -> pd.DataFrame:
        """Give one row a model, the best first.

        Returns
        -------
        pandas.DataFrame
            As `Comparison.frame` gives it.
        """
        return self.table

    def plot(
        self, kind: Literal["scores", "cost", "pairs"] = "scores", ax: Axes | None = None
    ) -> Self:
        """Draw the comparison.

        Parameters
        ----------
        kind : {"scores", "cost", "pairs"}, default="scores"
            ``"scores"`` draws the mean over folds with a standard deviation, and the test set with
            its interval; ``"cost"`` the score over the time of a fit; ``"pairs"`` the difference of
            each pair, in points, bold where it is more than chance.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default a new figure.

        Returns
        -------
        ComparisonDisplay
            Itself.
        """
        draw = {"scores": self._draw_scores, "cost": self._draw_cost, "pairs": self._draw_pairs}
        if kind not in draw:
            raise ValueError(f"kind is one of {', '.join(draw)}; got {kind!r}.")
        self.ax_ = draw[kind](ax)
        return self

    def _draw_scores(self, ax: Axes | None) -> Axes:
        table = self.table[self.table["mean"] > self._floor()][::-1]
        ax = axes_or_new(ax, size=(7.2, 0.9 + 0.36 * len(table)))
        places = np.arange(len(table), dtype=float)
        shift = 0.12 if "test" in table else 0.0
        ax.errorbar(
            table["mean"],
            places + shift,
            xerr=table["std"],
            fmt="o",
            color=COLOURS[0],
            capsize=3,
            label="folds: mean ± standard deviation",
        )
        if "test" in table:
            limits = None
            if "test_low" in table:
                limits = np.abs(table[["test_low", "test_high"]].T - table["test"])
            ax.errorbar(
                table["test"],
                places - shift,
                xerr=limits,
                fmt="s",
                color=COLOURS[1],
                markerfacecolor=ax.get_facecolor(),
                capsize=3,
                label="test set: 95% interval",
            )
        ax.set_yticks(places, [_words(name) for name in table.index])
        left_out = len(self.table) - len(table)
        ax.set_ylim(-1.0 if left_out else -0.6, len(table) - 0.4)
        show_scores(ax.xaxis, self.scoring)
        ax.set_title("Models on the same folds")
        if left_out:
            names = ", ".join(_words(n) for n in self.table.index if n not in table.index)
            ax.annotate(
                f"far to the left: {names}",
                (0, 0),
                xycoords="axes fraction",
                xytext=(4, 4),
                textcoords="offset points",
                fontsize=8,
                color=GREY,
            )
        if "test" in table:
            ax.legend(frameon=False, fontsize=8, loc="upper left")
        tidy(ax, grid="x")
        return ax

    def _draw_cost(self, ax: Axes | None) -> Axes:
        table = self.table[self.table["mean"] > self._floor()]
        ax = axes_or_new(ax, size=(7.2, 4.4))
        for is_best, label in ((True, "nothing is both better and faster"), (False, None)):
            chosen = table[table["pareto"] == is_best]
            ax.errorbar(
                chosen["fit_seconds"],
                chosen["mean"],
                yerr=chosen["std"],
                fmt="o" if is_best else "s",
                markerfacecolor=COLOURS[0] if is_best else ax.get_facecolor(),
                color=COLOURS[0] if is_best else GREY,
                capsize=3,
                label=label,
            )
        ax.set_xscale("log")
        ax.margins(x=0.18, y=0.08)
        ax.set_xlabel("seconds to fit")
        show_scores(ax.yaxis, self.scoring)
        _name_points(ax, table["fit_seconds"], table["mean"])
        ax.set_title("Score over the time of a fit")
        ax.legend(frameon=False, fontsize=8, loc="lower right")
        tidy(ax, grid="both")
        return ax

    def _draw_pairs(self, ax: Axes | None) -> Axes:
        names = list(self.table.index)
        n = len(names)
        ax = axes_or_new(ax, size=(max(1.9 + 0.62 * n, 6.0), 1.5 + 0.5 * n))  # room for the title
        place = {name: i for i, name in enumerate(names)}
        differences = np.full((n, n), np.nan)
        sure = np.zeros((n, n), dtype=bool)
        rows: Any = self.pairs.itertuples()
        for pair in rows:
            i, j = place[pair.first], place[pair.second]
            differences[i, j], differences[j, i] = pair.difference, -pair.difference
            sure[i, j] = sure[j, i] = pair.differs
        # a few points are the question; beyond them all is equally clear
        limit = 0.05
        ax.imshow(differences, cmap="PuOr", vmin=-limit, vmax=limit, alpha=0.75)
        for (i, j), value in np.ndenumerate(differences):
            if np.isfinite(value):
                strong = abs(value) > 0.8 * limit
                ax.text(
                    j,
                    i,
                    f"{100 * value:+.1f}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    fontweight="bold" if sure[i, j] else "normal",
                    color="white" if strong else "black",
                )
        words = [_words(name) for name in names]
        ax.set_yticks(range(n), words)
        ax.set_xticks(range(n), words, rotation=40, ha="right", rotation_mode="anchor")
        ax.set_title("Points by which the row is ahead of the column\nbold: more than chance")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        return ax

    def _floor(self) -> float:
        """Give the score below which a model would press all others into a corner."""
        means = self.table["mean"]
        return float(means.max() - 4 * max(means.max() - means.median(), 0.02) - 0.02)


def _name_points(ax: Axes, x: pd.Series[Any], y: pd.Series[Any]) -> None:
    """Write each point's name beside it, where no other name is yet."""
    height, width = 10.0, 4.6  # of a letter, in points
    points = ax.transData.transform(np.column_stack([x, y])) * 72 / ax.figure.dpi
    taken: list[tuple[float, float, float]] = []
    for i in np.argsort(-y.to_numpy()):
        name, (left, base) = _words(x.index[i]), points[i]
        length = width * len(name)
        for dx, dy in _NEAR:
            start = left + dx - (length if dx < 0 else 0)
            if all(
                abs(base + dy - other) >= height or start + length < low or start > high
                for low, high, other in taken
            ):
                break
        taken.append((start, start + length, base + dy))
        ax.annotate(
            name,
            (x.iloc[i], y.iloc[i]),
            xytext=(dx, dy),
            textcoords="offset points",
            ha="right" if dx < 0 else "left",
            fontsize=8,
        )


def _words(name: str) -> str:
    return str(name).replace("_", " ")
