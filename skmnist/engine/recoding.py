"""Targets in the form that a loss or a metric asks for: labels, or one column a class."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import keras

__all__ = ["Recoded", "TargetForm", "in_form"]

TargetForm = Literal["labels", "one_hot"]
"""``"labels"`` is one number a row, of shape (n_rows, 1); ``"one_hot"`` one column a class."""


def in_form(codes: NDArray[Any], form: TargetForm, n_classes: int) -> NDArray[np.float32]:
    """Bring the numbers of classes into a form.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,)
        From 0 to ``n_classes - 1``.
    form : {"labels", "one_hot"}
        The form.
    n_classes : int
        Columns of one-hot targets.

    Returns
    -------
    ndarray of shape (n_rows, 1) or (n_rows, n_classes), dtype float32
        The targets.
    """
    if form == "labels":
        return codes.astype(np.float32).reshape(-1, 1)
    return np.eye(n_classes, dtype=np.float32)[codes]


@keras.saving.register_keras_serializable(package="skmnist")
class Recoded(keras.metrics.Metric):
    """A metric that gets targets in another form than the loss does.

    Parameters
    ----------
    metric : keras.metrics.Metric
        The metric, whose name it keeps.
    form : {"labels", "one_hot"}
        The form that ``metric`` asks for; the loss gets the other one.
    n_classes : int
        Columns of one-hot targets.
    """

    def __init__(self, metric: keras.metrics.Metric, form: TargetForm, n_classes: int) -> None:
        super().__init__(name=metric.name)
        self.metric, self.form, self.n_classes = metric, form, n_classes

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Hand the targets on in the other form."""
        ops = keras.ops
        if self.form == "one_hot":
            codes = ops.reshape(ops.cast(y_true, "int32"), [-1])
            y_true = ops.one_hot(codes, self.n_classes, dtype="float32")
        else:
            y_true = ops.cast(ops.argmax(y_true, axis=-1)[:, None], "float32")
        self.metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def result(self) -> Any:
        """Give the metric's own result."""
        return self.metric.result()

    def reset_state(self) -> None:
        """Begin anew."""
        self.metric.reset_state()

    def get_config(self) -> dict[str, Any]:
        """Describe the metric."""
        metric = keras.saving.serialize_keras_object(self.metric)
        return {"metric": metric, "form": self.form, "n_classes": self.n_classes}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Recoded:
        """Make the metric that a configuration describes."""
        metric = keras.saving.deserialize_keras_object(config["metric"])
        return cls(metric, config["form"], config["n_classes"])
