"""Demands of a loss on targets, and its meaning for a network's outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np

from skmnist import engine
from skmnist._compat.keras import keras

__all__ = ["Link", "check_form", "form_for", "link_of", "recoded_metrics"]

Link = Literal["identity", "softmax", "sigmoid", "normalize", "margin", "unknown"]
"""Way from a network's outputs to probabilities. ``"margin"`` has none: signs decide. ``"unknown"``
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
