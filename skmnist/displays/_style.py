"""Axes and colours of all displays, legible on light and dark grounds and in grey print."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = [
    "COLOURS",
    "GREY",
    "MARKERS",
    "OneAxes",
    "as_png",
    "axes_or_new",
    "new_axes",
    "show_scores",
    "text_colour",
    "tidy",
]

GREY: Final = "#767676"
"""As far from white as from black."""
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", GREY)
"""M. Okabe and K. Ito's colours for all kinds of eyes, https://jfly.uni-koeln.de/color/.

Grey stands for their black, which can't be seen on black.
"""
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
"""One a colour, so that grey print tells series apart."""


class OneAxes:
    """A display that is drawn on one pair of axes."""

    ax_: Axes

    @property
    def figure_(self) -> Any:
        """The figure that it was drawn in."""
        return self.ax_.figure


def new_axes(n: int = 1, *, size: tuple[float, float] = (6.4, 4.0)) -> list[Axes]:
    """Make a figure with axes side by side, of the given size in inches each."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("Drawing needs matplotlib: pip install matplotlib") from error
    width, height = size
    _, axes = plt.subplots(1, n, figsize=(width * n, height), squeeze=False, layout="constrained")
    return list(axes[0])


def axes_or_new(ax: Any, *, size: tuple[float, float] = (6.4, 4.0)) -> Axes:
    """Give the axes that a user passed, or new ones."""
    return new_axes(size=size)[0] if ax is None else ax


def text_colour() -> Any:
    """Give the colour in which the style in use writes."""
    import matplotlib as mpl

    return mpl.rcParams["text.color"]


def show_scores(axis: Axis, scoring: str) -> None:
    """Name an axis by its score; accuracies are percentages with the digits that ticks need."""
    axis.set_label_text(scoring.replace("_", " "))
    if "accuracy" in scoring:
        axis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")


def as_png(figure: Any) -> bytes:
    """Draw a figure into the bytes of a picture, and let go of it."""
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    plt.close(figure)
    return buffer.getvalue()


def tidy(ax: Axes, *, grid: Literal["x", "y", "both"] | None = None) -> None:
    """Leave out what carries no information; lines to read values by are pale and behind."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis=grid, color=GREY, alpha=0.3, linewidth=0.8)
