"""From labels to what a network learns from, and from its outputs back to labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target

from skmnist import engine
from skmnist._compat.keras import keras

__all__ = ["Link", "TargetEncoder", "check_form", "form_for", "link_of", "recoded_metrics"]

Link = Literal["identity", "softmax", "sigmoid", "normalize", "margin", "unknown"]
"""How a network's outputs become probabilities. ``"margin"`` has none: signs decide. ``"unknown"``
outputs are taken as probabilities only where they are some."""

_LABEL_LOSSES: Final = (
    keras.losses.SparseCategoricalCrossentropy,
    keras.losses.CategoricalGeneralizedCrossEntropy,
    keras.losses.Circle,
    keras.losses.CTC,
)
_LABEL_METRICS: Final = (
    keras.metrics.SparseCategoricalAccuracy,
    keras.metrics.SparseCategoricalCrossentropy,
    keras.metrics.SparseTopKCategoricalAccuracy,
)
_MARGIN_LOSSES: Final = (
    keras.losses.Hinge,
    keras.losses.SquaredHinge,
    keras.losses.CategoricalHinge,
)
_LIKELIHOODS: Final = (
    keras.losses.BinaryCrossentropy,
    keras.losses.BinaryFocalCrossentropy,
    keras.losses.CategoricalCrossentropy,
    keras.losses.CategoricalFocalCrossentropy,
    keras.losses.CategoricalGeneralizedCrossEntropy,
    keras.losses.KLDivergence,
    keras.losses.SparseCategoricalCrossentropy,
)
"""Losses that take a network's outputs as probabilities, or as their logits."""
_PROBED: Final = 3  # classes for which a loss is asked which targets it tells apart


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
        """Whether each row has one label, given as such."""
        return self.target_type_ in ("binary", "multiclass")

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


def form_for(loss: Any, n_classes: int, n_outputs: int) -> engine.TargetForm:
    """Find the form of targets that a loss asks for.

    Of Keras's own losses the class says it. One of the user's own is asked: it gets targets in each
    form, with outputs that are right and outputs that are wrong, and has to tell them apart.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss
        As `keras.Model.compile` takes it.
    n_classes, n_outputs : int
        Classes of the data, outputs of the network.

    Returns
    -------
    {"labels", "one_hot"}
        The form; labels where the loss can't be told from its answers.
    """
    loss = engine.keras_loss(loss)
    if n_outputs == 1 or isinstance(loss, (str, *_LABEL_LOSSES)):
        return "labels"
    if engine.keras_name(loss):
        return "one_hot"
    forms: tuple[engine.TargetForm, ...] = ("labels", "one_hot")
    return next((f for f in forms if _prefers_right(loss, f, n_classes)), "labels")


def check_form(target_type: str, loss: Any) -> None:
    """Refuse columns of indicators where a loss asks for labels.

    Parameters
    ----------
    target_type : str
        What the targets are.
    loss : object
        As `keras.Model.compile` takes it.

    Raises
    ------
    ValueError
        If they do not fit.
    """
    if target_type.startswith("multi") and target_type != "multiclass":
        loss = engine.keras_loss(loss)
        if isinstance(loss, _LABEL_LOSSES):
            raise ValueError(
                f"{type(loss).__name__} asks for labels, but y has one column a class. Pass "
                "labels, y.argmax(axis=1), or train by CategoricalCrossentropy."
            )


def _prefers_right(
    loss: Callable[[Any, Any], Any], form: engine.TargetForm, n_classes: int
) -> bool:
    """Tell whether a loss, given targets in a form, is lower for right outputs than for wrong."""
    right = np.full((n_classes, n_classes), 0.1 / (n_classes - 1), dtype=np.float32)
    np.fill_diagonal(right, 0.9)
    targets = engine.in_form(np.arange(n_classes), form, n_classes)
    convert = keras.ops.convert_to_tensor
    try:
        for c in {*range(min(n_classes, _PROBED)), n_classes - 1}:
            target = convert(targets[c : c + 1])
            lower, higher = (
                float(np.mean(np.asarray(loss(target, convert(right[i : i + 1])))))
                for i in (c, (c + 1) % n_classes)
            )
            if not lower < higher:
                return False
    except Exception:  # noqa: BLE001 - a loss of the user's own may raise anything
        return False
    return True


def recoded_metrics(metrics: Any, form: engine.TargetForm, n_classes: int) -> Any:
    """Let each metric get targets in the form that it asks for, and keep its name from fit to fit.

    Parameters
    ----------
    metrics : list or None
        As `keras.Model.compile` takes them; anything but a list is left as it is.
    form : {"labels", "one_hot"}
        The form that the loss gets.
    n_classes : int
        Classes of the data.

    Returns
    -------
    list or None
        Copies of Keras's own metrics, and the others as they are.
    """
    if not isinstance(metrics, (list, tuple)):
        return metrics
    return [_recoded(metric, form, n_classes) for metric in metrics]


def _recoded(metric: Any, form: engine.TargetForm, n_classes: int) -> Any:
    metric = engine.keras_metric(metric)
    if not (isinstance(metric, keras.metrics.Metric) and engine.keras_name(metric)):
        return metric  # one that Keras fits to the targets, or the user's own: for the loss's form
    overlap = isinstance(metric, keras.metrics.IoU) and metric.sparse_y_true
    by_output = isinstance(metric, keras.metrics.BinaryIoU)
    takes_labels = isinstance(metric, _LABEL_METRICS) or (overlap and not by_output)
    asked: engine.TargetForm = "labels" if takes_labels else "one_hot"
    return metric if asked == form else engine.Recoded(metric, asked, n_classes)


def link_of(model: keras.Model, loss: Any, *, shares: bool) -> Link:
    """Find how the outputs of a compiled network become probabilities.

    Parameters
    ----------
    model : keras.Model
        Built.
    loss : object
        The loss that it is trained by.
    shares : bool
        Whether each row has one label, and each class an output.

    Returns
    -------
    {"identity", "softmax", "sigmoid", "normalize", "margin", "unknown"}
        The last layer's activation says it, or else the loss.
    """
    activation = _last_activation(model)
    if activation == "softmax":
        return "identity"
    if activation in ("sigmoid", "hard_sigmoid"):
        return "normalize" if shares else "identity"
    loss = engine.keras_loss(loss)
    keywords = getattr(loss, "keywords", {})  # of a partial function
    if getattr(loss, "from_logits", keywords.get("from_logits", False)):
        return "softmax" if shares else "sigmoid"
    if isinstance(loss, _MARGIN_LOSSES):
        return "margin"
    if isinstance(loss, _LIKELIHOODS):
        return "normalize" if shares else "identity"
    return "unknown"


def _last_activation(model: keras.Model) -> str:
    last: Any = model
    while isinstance(last, keras.Model) and last.layers:
        last = last.layers[-1]
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    return getattr(getattr(last, "activation", None), "__name__", "")
