"""Losses and metrics, which Keras takes under many names, as objects of its classes."""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

from skmnist._compat.keras import keras

__all__ = ["SHORT_NAMES", "is_correct", "keras_loss", "keras_metric", "keras_name", "renamed"]

SHORT_NAMES: Final = frozenset({"acc", "accuracy", "ce", "crossentropy"})
"""Names by which Keras chooses a loss or metric that fits the form of the targets."""


def is_correct(target: Any, output: Any) -> Any:
    """Tell whether each row's class is the one that it should be.

    Parameters
    ----------
    target : tensor of shape (..., n_rows, n_classes), (..., n_rows, 1) or (..., n_rows)
        Targets in either form.
    output : tensor of shape (..., n_rows, n_outputs)
        Outputs of a network.

    Returns
    -------
    tensor of shape (..., n_rows)
        1.0 or 0.0.
    """
    ops = keras.ops
    of_rows = ops.shape(output)[:-1]
    if output.shape[-1] == 1:
        hit = (ops.reshape(output, of_rows) > 0.5) == (ops.reshape(target, of_rows) > 0.5)
    else:
        is_wide = len(target.shape) == len(output.shape) and target.shape[-1] == output.shape[-1]
        label = (
            ops.argmax(target, -1) if is_wide else ops.cast(ops.reshape(target, of_rows), "int32")
        )
        hit = ops.argmax(output, -1) == label
    return ops.cast(hit, "float32")


def keras_loss(loss: Any) -> Any:
    """Give a loss of Keras's own as an object of its class.

    Parameters
    ----------
    loss : object
        As `keras.Model.compile` takes it.

    Returns
    -------
    object
        A `keras.losses.Loss` for the name of a loss of Keras's, its function or its class; anything
        else as it is.
    """
    return _as_object(loss, keras.losses, keras.losses.Loss)


def keras_metric(metric: Any) -> Any:
    """Give a metric of Keras's own as a new object of its class, under a name that stays.

    Parameters
    ----------
    metric : object
        As `keras.Model.compile` takes it, in a list.

    Returns
    -------
    object
        A `keras.metrics.Metric` for a metric of Keras's, its name, its function or its class;
        anything else as it is. An object is copied, so that two fits never share one.
    """
    found = _as_object(metric, keras.metrics, keras.metrics.Metric)
    if not (isinstance(found, keras.metrics.Metric) and keras_name(found)):
        return found
    config = found.get_config()
    if isinstance(metric, str):
        config["name"] = metric
    elif found is not metric:  # then Keras has numbered it
        config["name"] = getattr(metric, "__name__", "")
        if isinstance(metric, type):
            config["name"] = _snake_case(config["name"])
    return type(found).from_config(config)


def renamed(metric: Any) -> Any:
    """Name a metric of Keras's by its class, where Keras has numbered it as well."""
    if not keras_name(metric):
        return metric
    stem = _snake_case(type(metric).__name__)
    if not re.fullmatch(rf"{stem}_\d+", metric.name):
        return metric
    return type(metric).from_config(metric.get_config() | {"name": stem})


def keras_name(value: Any) -> str:
    """Give the name of an object's class, where this is Keras's own; else nothing."""
    kind = type(value)
    return kind.__name__ if kind.__module__.startswith("keras.") else ""


def _as_object(value: Any, module: Any, kind: type) -> Any:
    if isinstance(value, str):
        if value in SHORT_NAMES:
            return value
        value = module.get(value)
    name = getattr(value, "__name__", "")
    if inspect.isfunction(value) and getattr(module, name, None) is value:
        classes = {n.lower(): each for n, each in vars(module).items() if inspect.isclass(each)}
        value = classes.get(name.replace("_", ""), value)
    if isinstance(value, type) and issubclass(value, kind) and hasattr(module, value.__name__):
        return value()
    return value  # a function without a class, or the user's own


def _snake_case(name: str) -> str:
    """Name an object as Keras does by its class: ``F1Score`` is ``f1_score``."""
    parts = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parts).lower()
