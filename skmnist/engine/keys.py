"""When two fits can share a program: equal architectures, whatever their names and rates."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any, Final

from skmnist._keras import keras

__all__ = [
    "architecture",
    "dropout_layers",
    "named_loss",
    "optimizer_key",
    "serialized",
    "suits_xla",
    "value_key",
]

_ROW_WISE: Final = (
    keras.layers.InputLayer,
    keras.layers.Dense,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.Flatten,
    keras.layers.Dropout,
)
_CROSS_ENTROPIES: Final = (
    keras.losses.SparseCategoricalCrossentropy,
    keras.losses.CategoricalCrossentropy,
    keras.losses.BinaryCrossentropy,
)
_NAME_KEYS: Final = frozenset({"name", "keras_history", "input_layers", "output_layers"})
"""The keys of Keras's serialisation under which layers are named."""
_XLA_REPAYS: Final = 1.5e11
"""Floating-point operations of a fit above which XLA's compiler is worth its half to full second:
it saves about a third of the plain graph's time, which does 1 to 2e11 of them a second on two
cores."""


def is_graph(model: keras.Model) -> bool:
    """Tell whether Keras knows the model layer by layer, and so can clone it."""
    return type(model) is keras.Sequential or type(model).__name__ == "Functional"


def dropout_layers(model: keras.Model) -> list[keras.layers.Dropout]:
    """List the plain dropout layers of a model whose rates can be arguments of a program."""
    free = _free_dropout(serialized(model))
    return [layer for layer in model.layers if layer.name in free]


def serialized(model: keras.Model) -> dict[str, Any]:
    """Give Keras's description of a model, without the way it is trained."""
    config: dict[str, Any] = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    return config


def architecture(config: dict[str, Any]) -> str:
    """Describe a network up to the names of its layers and the rates of its dropout.

    Parameters
    ----------
    config : dict
        What `serialized` gives.

    Returns
    -------
    str
        Equal for networks that can share a program.
    """
    names: dict[str, str] = {}
    _collect_names(config, names)
    return json.dumps(_anonymous(config, names, _free_dropout(config)), sort_keys=True)


def optimizer_key(optimizer: keras.optimizers.Optimizer) -> str:
    """Describe an optimizer up to its name, learning rate and weight decay, which are data."""
    config = keras.optimizers.serialize(optimizer)
    settings = dict(config["config"], name="")
    if isinstance(settings["learning_rate"], float):
        settings["learning_rate"] = "data"
    if settings["weight_decay"] is not None:
        settings["weight_decay"] = "data"
    return json.dumps([config["class_name"], config["registered_name"], settings], sort_keys=True)


def named_loss(loss: Any) -> Any:
    """Give a loss that is named, or is one of Keras's functions, as an object of its class."""
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", None)
    by_name = {kind().name: kind for kind in _CROSS_ENTROPIES}
    is_keras = isinstance(loss, str) or getattr(keras.losses, str(name), None) is loss
    return by_name[name]() if is_keras and name in by_name else loss


def value_key(value: Any) -> Hashable:
    """Describe a loss or metrics: by their configuration, or as themselves where they have none."""
    if isinstance(value, (list, tuple)):
        return tuple(value_key(v) for v in value)
    if isinstance(value, dict):
        return tuple((k, value_key(v)) for k, v in sorted(value.items()))
    if isinstance(value, (keras.losses.Loss, keras.metrics.Metric)):
        try:
            return json.dumps([str(type(value)), value.get_config()], sort_keys=True, default=repr)
        except NotImplementedError:
            return value
    return value


def suits_xla(
    model: keras.Model, loss: Any, metrics: Any, n_rows: int, *, weighted_metrics: Any = None
) -> bool:
    """Tell whether a fit gains by XLA.

    XLA wins on dense layers in whole batches; it loses on convolutions and on dropout straight on
    the input (the consumers draw the random bits again), and it needs padding, which layers that
    mix rows would see. It also takes up to a second to compile.

    Parameters
    ----------
    model : keras.Model
        The network.
    loss, metrics, weighted_metrics : object
        As `keras.Model.compile` takes them.
    n_rows : int
        Rows seen in the whole fit, all epochs together.

    Returns
    -------
    bool
        False also where nothing is known about a layer or a loss.
    """
    layers = model.layers
    kinds = [type(layer) for layer in layers]
    return (
        is_graph(model)
        and all(kind in _ROW_WISE for kind in kinds)
        and keras.layers.Dense in kinds
        and not any(
            kind is keras.layers.Dropout for kind in kinds[: kinds.index(keras.layers.Dense)]
        )
        and len(model.inputs) == len(model.outputs) == 1
        and not model.losses
        and isinstance(loss, _CROSS_ENTROPIES)
        and loss.reduction == "sum_over_batch_size"
        and list(metrics or []) in ([], ["accuracy"])
        and not weighted_metrics
        and 6 * model.count_params() * n_rows >= _XLA_REPAYS
    )


def _free_dropout(config: dict[str, Any]) -> set[str]:
    """Names of the dropout layers whose rate can be an argument: plain ones of a plain graph."""
    if config["class_name"] not in ("Sequential", "Functional"):
        return set()
    return {
        layer["config"]["name"]
        for layer in config["config"]["layers"]
        if (layer["module"], layer["class_name"]) == ("keras.layers", "Dropout")
        and layer["config"]["rate"] > 0
        and layer["config"]["noise_shape"] is None
    }


def _collect_names(node: Any, names: dict[str, str]) -> None:
    """Give each layer's name a number, in the order of their appearance."""
    if isinstance(node, (list, tuple)):
        for part in node:
            _collect_names(part, names)
    elif isinstance(node, dict) and node.get("class_name") != "DTypePolicy":
        inner = node.get("config")
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            names.setdefault(inner["name"], str(len(names)))
        for part in node.values():
            _collect_names(part, names)


def _anonymous(node: Any, names: dict[str, str], free: set[str], *, is_name: bool = False) -> Any:
    """Replace layers' names by positions, and the rates and seeds of free dropout by nothing."""
    if isinstance(node, (list, tuple)):
        return [_anonymous(part, names, free, is_name=is_name) for part in node]
    if not isinstance(node, dict):
        return names.get(node, node) if is_name and isinstance(node, str) else node
    if node.get("class_name") == "DTypePolicy":  # its name is no layer's
        return node
    if node.get("class_name") == "Dropout" and node.get("config", {}).get("name") in free:
        node = node | {"config": node["config"] | {"rate": "data", "seed": None}}
    return {
        key: _anonymous(value, names, free, is_name=key in _NAME_KEYS)
        for key, value in node.items()
    }
