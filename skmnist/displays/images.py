"""Displays of images: digits with their labels, one with its numbers, and the worst mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skmnist._images import image_shape
from skmnist.augmentation import Augmentation, Kind
from skmnist.displays._style import GREY, OneAxes, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DigitsDisplay", "ErrorsDisplay"]

_GAP: Final = 0.16  # of an image's side, between images
_BENT: Final = 9  # images shown of what augmentation makes of one
_LINE: Final = 0.24  # of an image's side, for a line of text above it


class DigitsDisplay(OneAxes):
    """Images of digits in a grid, with labels; a single one with its numbers.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width) or (n_images, n_pixels)
        The images; rows of pixels are taken to be square.
    labels : array-like of shape (n_images,), default=None
        What to write above each.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        The figure of ``ax_``.

    Examples
    --------
    >>> from skmnist import DigitsDisplay, load_digits28
    >>> X, y = load_digits28(return_X_y=True)
    >>> display = DigitsDisplay(X[:20], y[:20]).plot()
    >>> display.frame().head(2)
       label  ink
    0      0  ...
    1      1  ...
    """

    def __init__(self, images: ArrayLike, labels: ArrayLike | None = None) -> None:
        self.images = _as_images(images)
        self.labels = None if labels is None else np.asarray(labels)
        if self.labels is not None and len(self.labels) != len(self.images):
            raise ValueError(f"{len(self.images)} images, but {len(self.labels)} labels.")

    @classmethod
    def from_augmentation(
        cls,
        images: ArrayLike,
        labels: ArrayLike | None = None,
        *,
        augment: Kind = "elastic",
        random_state: int = 0,
    ) -> Self:
        """Show each image, and behind it nine times what augmentation makes of it.

        Parameters
        ----------
        images : array-like of shape (n_images, height, width) or (n_images, n_pixels)
            The images; rows of pixels are taken to be square.
        labels : array-like of shape (n_images,), default=None
            What to write above each.
        augment : {"affine", "elastic"}, default="elastic"
            As the classifiers take it.
        random_state : int, default=0
            Seed of the bending.

        Returns
        -------
        DigitsDisplay
            Of ten images each; drawn in lines of ten.
        """
        firsts = np.repeat(_as_images(images).astype(np.float32), _BENT + 1, axis=0)
        bent = Augmentation(augment, firsts.shape[1:])(firsts, np.random.default_rng(random_state))
        bent[:: _BENT + 1] = firsts[:: _BENT + 1]
        if labels is None:
            return cls(bent)
        return cls(bent, [text for label in np.asarray(labels) for text in (label, *[""] * _BENT)])

    def frame(self) -> pd.DataFrame:
        """Give one row an image.

        Returns
        -------
        pandas.DataFrame
            Its ``label``, where there are labels, and its ``ink``: the mean of its pixels.
        """
        columns = {} if self.labels is None else {"label": self.labels}
        return pd.DataFrame(columns | {"ink": self.images.mean(axis=(1, 2))})

    def plot(self, ax: Axes | None = None, *, n_columns: int = 10) -> Self:
        """Draw the images, or a single image with the numbers of its pixels.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default a new figure.
        n_columns : int, default=10
            Images in a line.

        Returns
        -------
        DigitsDisplay
            Itself.
        """
        if len(self.images) == 1:
            self.ax_ = axes_or_new(ax, size=(7.2, 7.2))
            _draw_numbers(self.ax_, self.images[0])
            if self.labels is not None:
                self.ax_.set_title(f"A {self.labels[0]}, and what a network sees of it")
            return self
        texts = [""] * len(self.images) if self.labels is None else [str(v) for v in self.labels]
        self.ax_ = _draw_grid(ax, self.images, texts, n_columns, 0.85)
        return self


class ErrorsDisplay(OneAxes):
    """The mistakes that a classifier was most sure of.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width) or (n_images, n_pixels)
        The images that were scored.
    y_true, y_pred : array-like of shape (n_images,)
        Their labels, and those predicted.
    confidence : array-like of shape (n_images,)
        Probability of each prediction.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        The figure of ``ax_``.

    Examples
    --------
    >>> from skmnist import ErrorsDisplay, load_digits28, make_baseline
    >>> X, y = load_digits28(subset="train", return_X_y=True)
    >>> X_test, y_test = load_digits28(subset="test", return_X_y=True)
    >>> model = make_baseline("gaussian_nb").fit(X, y)
    >>> list(ErrorsDisplay.from_estimator(model, X_test, y_test).frame().columns)
    ['index', 'true', 'predicted', 'probability']
    """

    def __init__(
        self, images: ArrayLike, y_true: ArrayLike, y_pred: ArrayLike, confidence: ArrayLike
    ) -> None:
        self.images = _as_images(images)
        self.y_true, self.y_pred = np.asarray(y_true), np.asarray(y_pred)
        self.confidence = np.asarray(confidence, dtype=float)
        lengths = {len(a) for a in (self.images, self.y_true, self.y_pred, self.confidence)}
        if len(lengths) > 1:
            raise ValueError(
                f"Images, labels, predictions and confidence need one length; got {lengths}."
            )

    @classmethod
    def from_predictions(
        cls, images: ArrayLike, y_true: ArrayLike, y_proba: ArrayLike, *, classes: ArrayLike
    ) -> Self:
        """Take predictions from probabilities.

        Parameters
        ----------
        images : array-like of shape (n_images, ...)
            The images.
        y_true : array-like of shape (n_images,)
            Their labels.
        y_proba : array-like of shape (n_images, n_classes)
            Probabilities of the classes.
        classes : array-like of shape (n_classes,)
            The classes.

        Returns
        -------
        ErrorsDisplay
            Not drawn yet.
        """
        probabilities = np.asarray(y_proba)
        best = probabilities.argmax(axis=1)
        return cls(images, y_true, np.asarray(classes)[best], probabilities.max(axis=1))

    @classmethod
    def from_estimator(cls, estimator: Any, images: ArrayLike, y_true: ArrayLike) -> Self:
        """Let a fitted classifier predict.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``predict_proba``.
        images : array-like of shape (n_images, ...)
            As the estimator takes them.
        y_true : array-like of shape (n_images,)
            Their labels.

        Returns
        -------
        ErrorsDisplay
            Not drawn yet.
        """
        probabilities = estimator.predict_proba(images)
        return cls.from_predictions(images, y_true, probabilities, classes=estimator.classes_)

    def frame(self) -> pd.DataFrame:
        """Give one row a mistake, the most confident first.

        Returns
        -------
        pandas.DataFrame
            ``index`` of the image, ``true`` and ``predicted`` label, ``probability``.
        """
        wrong = np.flatnonzero(self.y_true != self.y_pred)
        wrong = wrong[np.argsort(-self.confidence[wrong], kind="stable")]
        return pd.DataFrame(
            {
                "index": wrong,
                "true": self.y_true[wrong],
                "predicted": self.y_pred[wrong],
                "probability": self.confidence[wrong],
            }
        )

    def plot(self, ax: Axes | None = None, *, n_errors: int = 20, n_columns: int = 5) -> Self:
        """Draw the mistakes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; by default a new figure.
        n_errors : int, default=20
            How many, at most.
        n_columns : int, default=5
            Images in a line.

        Returns
        -------
        ErrorsDisplay
            Itself.
        """
        worst = self.frame().head(n_errors)
        texts = [
            f"{row.true}, taken for {row.predicted}\n{row.probability:.0%} sure"
            for row in worst.itertuples()
        ]
        self.ax_ = _draw_grid(ax, self.images[worst["index"]], texts, n_columns, 1.5)
        self.ax_.set_title(f"{len(worst)} of {len(self.frame())} mistakes, the most confident")
        return self


def _as_images(values: ArrayLike) -> NDArray[Any]:
    images = np.asarray(values)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim == 2:
        images = images.reshape(-1, *image_shape(images.shape[1:]))
    if images.ndim != 3:
        raise ValueError(f"Images have the shape (n, height, width); got {images.shape}.")
    return images


def _draw_grid(
    ax: Axes | None, images: NDArray[Any], texts: list[str], n_columns: int, inches: float
) -> Axes:
    """Draw images in a grid on one pair of axes, in units of an image's side."""
    n_columns = max(1, min(n_columns, len(images)))
    n_lines = max(1, -(-len(images) // n_columns))
    text_lines = max((text.count("\n") + 1 if text else 0 for text in texts), default=0)
    wide, high = 1 + _GAP, 1 + _GAP + _LINE * text_lines * 0.85 / min(inches, 1)
    ax = axes_or_new(ax, size=(inches * wide * n_columns, inches * high * n_lines + 0.5))
    for i, (image, text) in enumerate(zip(images, texts, strict=True)):
        x, y = (i % n_columns) * wide, (i // n_columns) * high
        ax.imshow(image, cmap="gray_r", extent=(x, x + 1, y + 1, y), interpolation="nearest")
        if text:
            ax.text(x + 0.5, y - 0.04, text, ha="center", va="bottom", fontsize=9)
    ax.set_xlim(-_GAP / 2, n_columns * wide - _GAP / 2)
    ax.set_ylim(n_lines * high - (high - 1) / 2, -(high - 1))
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def _draw_numbers(ax: Axes, image: NDArray[Any]) -> None:
    ax.imshow(image, cmap="gray_r", interpolation="nearest")
    dark = image.max() / 2
    for (i, j), value in np.ndenumerate(image):
        text = f"{value}" if np.issubdtype(image.dtype, np.integer) else f"{value:.1f}"
        colour = "white" if value > dark else GREY if value == 0 else "black"
        ax.text(j, i, text, ha="center", va="center", fontsize=5.5, color=colour)
    ax.set_axis_off()
