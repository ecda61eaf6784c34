"""`ReadingDisplay`: a picture with the digits that were found in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skmnist.displays._style import COLOURS, OneAxes, axes_or_new

__all__ = ["ReadingDisplay"]


class ReadingDisplay(OneAxes):
    """A picture, a box around each digit, and what was read there.

    Parameters
    ----------
    picture : array-like of shape (height, width)
        Grey values, as `read_picture` gives them.
    boxes : array-like of shape (n_digits, 4)
        Top, left, bottom and right of each digit, as `find_digits` gives them.
    labels : sequence of str
        What was read in each; those that end in a question mark are dashed.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import ReadingDisplay, find_digits, load_digits28
    >>> picture = np.hstack(load_digits28().images[:3])
    >>> display = ReadingDisplay(picture, find_digits(picture).boxes, ["0", "1", "2?"]).plot()
    >>> display.frame()["label"].tolist()
    ['0', '1', '2?']
    """

    def __init__(self, picture: ArrayLike, boxes: ArrayLike, labels: Sequence[str]) -> None:
        self.picture: NDArray[Any] = np.asarray(picture)
        self.boxes: NDArray[Any] = np.asarray(boxes)
        self.labels = list(labels)
        if self.boxes.shape != (len(self.labels), 4):
            raise ValueError(
                f"{len(self.labels)} labels need as many boxes of four numbers; got an array of "
                f"shape {self.boxes.shape}."
            )

    def frame(self) -> pd.DataFrame:
        """Give the values.

        Returns
        -------
        pandas.DataFrame
            One row a digit: ``label``, ``top``, ``left``, ``bottom``, ``right``.
        """
        frame = pd.DataFrame(self.boxes, columns=["top", "left", "bottom", "right"])
        frame.insert(0, "label", self.labels)
        return frame

    def plot(self, ax: Any = None) -> Self:
        """Draw the picture, the boxes and the labels.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default a new figure.

        Returns
        -------
        ReadingDisplay
            Itself.
        """
        height, width = self.picture.shape
        inches = 8 / max(height, width)
        self.ax_ = axes_or_new(ax, size=(max(2.5, inches * width), max(2.5, inches * height)))
        self.ax_.imshow(self.picture, cmap="gray", vmin=0, vmax=255, aspect="equal")
        size = float(
            np.clip(72 * inches * np.median(self.boxes[:, 2] - self.boxes[:, 0]) / 3, 6, 14)
        )
        for label, (top, left, bottom, right) in zip(self.labels, self.boxes, strict=True):
            unsure = label.endswith("?")
            colour = COLOURS[1] if unsure else COLOURS[0]
            down, across = [top, top, bottom, bottom, top], [left, right, right, left, left]
            self.ax_.plot(across, down, "--" if unsure else "-", color=colour, linewidth=1.2)
            self.ax_.annotate(
                label,
                (left, top),
                textcoords="offset points",
                xytext=(0, 2),
                color="white",
                fontsize=size,
                va="bottom",
                annotation_clip=False,
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5},
            )
        self.ax_.set_axis_off()
        return self
