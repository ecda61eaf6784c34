"""What a classifier makes of a drawing."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmnist.pictures import center_digit
from skmnist.preprocessing import as_fitted_on

__all__ = ["PAPER", "Answer", "Reader"]

PAPER: Final = 255
"""The grey value of what nothing is drawn on."""
_TOP: Final = 3  # labels named of each drawing
_SURE: Final = 0.7  # probability from which an answer is not marked as unsure


class Answer(NamedTuple):
    """What is seen in a drawing; of an empty one nothing.

    Parameters
    ----------
    image : list of int
        The pixels that the classifier sees, row by row: 784, or none.
    best : list of tuple of (str, float)
        The likeliest labels and their probabilities, the likeliest first.
    sure : bool
        Whether the first of them is likely enough to be told without reserve.
    """

    image: list[int]
    best: list[tuple[str, float]]
    sure: bool


class Reader:
    """A classifier that reads drawings.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier of images of 28 x 28 pixels, which estimates probabilities.

    Raises
    ------
    ValueError
        If it does not take such images.
    """

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self.labels = [str(label) for label in estimator.classes_]
        try:
            # which compiles too, so that the first stroke does not wait
            self._probabilities(np.diag(np.full(28, 255, np.uint8)))
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"The model does not take images of 28 x 28 pixels: {error}"
            ) from error

    def read(self, drawing: NDArray[np.uint8]) -> Answer:
        """Read a drawing in dark ink on paper of the value `PAPER`."""
        try:
            image = center_digit(drawing)
        except ValueError:  # nothing yet, or the speck that a stroke begins with
            return Answer([], [], sure=False)
        row = self._probabilities(image)
        order = np.argsort(row)[::-1][:_TOP]
        best = [(self.labels[i], float(row[i])) for i in order]
        return Answer(image.ravel().tolist(), best, sure=best[0][1] >= _SURE)

    def _probabilities(self, image: NDArray[np.uint8]) -> Any:
        return self._estimator.predict_proba(as_fitted_on(self._estimator, image[None]))[0]
