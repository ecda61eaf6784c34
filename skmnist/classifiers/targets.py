"""Encoding of labels as targets of a network, and of its outputs as labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target

from skmnist import engine

__all__ = [
    "TargetEncoder",
    "Targets",
    "has_one_label",
]


def has_one_label(kind: str) -> bool:
    """Tell whether targets of a kind are one label a row, given as such."""
    return kind in ("binary", "multiclass")


@dataclass(frozen=True)
class Targets:
    """Facts about the targets of a fit.

    Parameters
    ----------
    kind : str
        As `TargetEncoder` names it in ``target_type_``.
    n_classes : int
        How many classes there are.
    n_outputs : int or None
        How many outputs the network must have, where that is known.
    """

    kind: str
    n_classes: int
    n_outputs: int | None

    @property
    def has_one_label(self) -> bool:
        """Tell whether each row has one label, given as such."""
        return has_one_label(self.kind)


class TargetEncoder:
    """Numbers the classes, and brings them into the form that a loss asks for.

    Takes the place of scikeras's encoder, with its methods. Indicators of several labels a row, and
    one-hot rows, go to the network as they are.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,), default=None
        All labels, sorted; by default those that `fit` sees. Without effect on indicators.

    Attributes
    ----------
    target_type_ : str
        As `sklearn.utils.multiclass.type_of_target` names it, or "multiclass-onehot".
    classes_ : ndarray of shape (n_classes,)
        The labels; of indicators, the numbers of their columns.
    form_ : {"labels", "one_hot"}
        What `transform` gives of one label a row.
    """

    def __init__(self, classes: NDArray[Any] | None = None) -> None:
        self.classes = classes

    def fit(self, y: NDArray[Any]) -> TargetEncoder:
        """Learn the classes.

        Parameters
        ----------
        y : ndarray of shape (n_rows,) or (n_rows, n_columns)
            Labels, or indicators.

        Returns
        -------
        TargetEncoder
            The encoder itself.
        """
        self.form_: engine.TargetForm = "labels"
        if y.ndim > 1:
            one_hot = y.min() == 0 and (y.sum(axis=1) == 1).all()
            self.target_type_ = "multiclass-onehot" if one_hot else "multilabel-indicator"
            self.classes_ = np.arange(y.shape[1])
        else:
            self.classes_ = np.unique(y) if self.classes is None else self.classes
            self.target_type_ = type_of_target(self.classes_)
        return self

    @property
    def has_one_label(self) -> bool:
        """Tell whether each row has one label, given as such."""
        return has_one_label(self.target_type_)

    def transform(self, y: NDArray[Any]) -> NDArray[np.float32]:
        """Bring labels into the form that the network learns from.

        Parameters
        ----------
        y : ndarray of shape (n_rows,) or (n_rows, n_columns)
            Labels, or indicators.

        Returns
        -------
        ndarray of shape (n_rows, 1) or (n_rows, n_classes), dtype float32
            The targets.
        """
        if not self.has_one_label:
            return y.astype(np.float32)
        codes = np.searchsorted(self.classes_, y)
        return engine.in_form(codes, self.form_, len(self.classes_))

    def inverse_transform(
        self, outputs: NDArray[Any], return_proba: bool = False, *, threshold: float = 0.5
    ) -> NDArray[Any]:
        """Name the classes that a network's outputs speak for.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs)
            Probabilities, or other outputs of the same order.
        return_proba : bool, default=False
            Whether to give one column a class instead of labels.
        threshold : float, default=0.5
            Above which a single output speaks for the second class, or for its own label.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_classes)
            Labels, indicators or probabilities.
        """
        single = self.has_one_label and outputs.shape[1] == 1
        only_one = len(self.classes_) == 1
        if return_proba:
            if single and only_one:
                return np.ones_like(outputs)
            return np.hstack([1 - outputs, outputs]) if single else outputs
        if single:
            return self.classes_[(outputs[:, 0] > threshold).astype(int) * (not only_one)]
        if self.target_type_ == "multilabel-indicator":
            return (outputs > threshold).astype(int)
        best = outputs.argmax(axis=1)
        return (
            self.classes_[best]
            if self.has_one_label
            else np.eye(len(self.classes_), dtype=int)[best]
        )

    def get_metadata(self) -> dict[str, Any]:
        """Give what network functions may ask for, as scikeras names it.

        Returns
        -------
        dict
            ``classes_``, ``n_classes_``, ``n_outputs_`` and ``n_outputs_expected_``.
        """
        n_classes = len(self.classes_)
        ones = {"n_outputs_": 1, "n_outputs_expected_": 1}
        return {"classes_": self.classes_, "n_classes_": n_classes, **ones}
