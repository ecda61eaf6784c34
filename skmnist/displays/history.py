"""`HistoryDisplay`: how training and validation went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from skmnist.displays._style import COLOURS, GREY, OneAxes, axes_or_new, text_colour, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HistoryDisplay"]


class HistoryDisplay(OneAxes):
    """A measure of training and validation over the epochs of one fit or several.

    Parameters
    ----------
    histories : History or sequence of History
        One a fit, all with the same measures: the folds of a cross-validation, say.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        The figure of ``ax_``.

    Examples
    --------
    >>> from skmnist import HistoryDisplay, load_digits28, make_dense_pipeline
    >>> X, y = load_digits28(return_X_y=True)
    >>> network = make_dense_pipeline(epochs=3, validation_split=0.3, random_state=0).fit(X, y)
    >>> display = HistoryDisplay.from_estimator(network).plot("accuracy")
    >>> display.frame().shape
    (3, 6)
    """

    def __init__(
        self, histories: Mapping[str, list[float]] | Sequence[Mapping[str, list[float]]]
    ) -> None:
        fits = [histories] if isinstance(histories, Mapping) else list(histories)
        if not fits:
            raise ValueError("There is no history to show.")
        self.histories = fits

    @classmethod
    def from_estimator(cls, *estimators: Any) -> Self:
        """Take the histories of fitted networks, or of Pipelines that end in one.

        Parameters
        ----------
        *estimators : estimator
            Fitted.

        Returns
        -------
        HistoryDisplay
            Not drawn yet.
        """
        return cls([getattr(each, "_final_estimator", each).history_ for each in estimators])

    def frame(self) -> pd.DataFrame:
        """Give one row an epoch of a fit.

        Returns
        -------
        pandas.DataFrame
            ``fit``, from 0, ``epoch``, from 1, and a column a measure.
        """
        tables = []
        for i, history in enumerate(self.histories):
            table = pd.DataFrame(dict(history))
            table.insert(0, "fit", i)
            table.insert(1, "epoch", np.arange(1, len(table) + 1))
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def plot(self, measure: str = "accuracy", ax: Axes | None = None) -> Self:
        """Draw a measure; of several fits the mean, and a band of a standard deviation.

        Parameters
        ----------
        measure : str, default="accuracy"
            A key of the histories; its validation is drawn beside it where there is one.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default a new figure.

        Returns
        -------
        HistoryDisplay
            Itself.
        """
        self.histories[0][measure]  # a name that was not recorded is an error that says so
        self.ax_ = axes_or_new(ax)
        by_epoch = self.frame().groupby("epoch")
        held_out = f"val_{measure}"
        names = [name for name in (measure, held_out) if name in self.histories[0]]
        means = {name: by_epoch[name].mean() for name in names}
        labels = {measure: "training", held_out: "validation"}
        for name, colour, line in zip(names, COLOURS, ("-", "--"), strict=False):
            mean = means[name]
            self.ax_.plot(
                mean.index, mean, line, marker=".", color=colour, label=labels[name], linewidth=1.8
            )
            if len(self.histories) > 1:
                spread = by_epoch[name].std(ddof=1).fillna(0)
                self.ax_.fill_between(
                    mean.index, mean - spread, mean + spread, color=colour, alpha=0.15, linewidth=0
                )
        if held_out in means:
            self._mark_gap_and_best(means[measure], means[held_out], loss=measure == "loss")
        self.ax_.set(xlabel="epoch", ylabel=measure)
        if len(self.histories) > 1:
            self.ax_.set_title(
                f"{measure.capitalize()}: mean of {len(self.histories)} fits ± standard deviation"
            )
        else:
            self.ax_.set_title(f"{measure.capitalize()} over the epochs")
        self.ax_.locator_params(axis="x", integer=True)
        self.ax_.legend(frameon=False)
        tidy(self.ax_, grid="y")
        return self

    def _mark_gap_and_best(self, training: Any, validation: Any, *, loss: bool) -> None:
        """Shade the overfitting gap, and mark the epoch that validated best."""
        beyond = validation > training if loss else validation < training
        self.ax_.fill_between(
            training.index, training, validation, where=beyond, color=GREY, alpha=0.12, linewidth=0
        )
        best = validation.idxmin() if loss else validation.idxmax()
        self.ax_.plot(
            [best],
            [validation[best]],
            "o",
            markersize=9,
            markerfacecolor="none",
            markeredgecolor=text_colour(),
            label=f"best epoch, {best}: {validation[best]:.4g}",
            linestyle="none",
        )
