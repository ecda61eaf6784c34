"""Keys by which fits share programs: equal for equal architectures, whatever names and rates."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any, Final

from skmnist._compat.keras import keras

__all__ = [
    "architecture",
    "dropout_layers",
    "is_graph",
    "optimizer_key",
    "value_key",
]

_NAME_KEYS: Final = frozenset({"name", "keras_history", "input_layers", "output_layers"})
"""The keys of Keras's serialisation under which layers are named."""


def is_graph(model: keras.Model) -> bool:
    """Tell whether Keras knows the model layer by layer, and so can clone it."""
    return type(model) is keras.Sequential or type(model).__name__ == "Functional"


def dropout_layers(model: keras.Model) -> list[keras.layers.Dropout]:
    """List the plain dropout layers of a model whose rates can be arguments of a program."""
    return [
        layer
        for layer in (model.layers if is_graph(model) else [])
        if type(layer) is keras.layers.Dropout and layer.rate > 0 and layer.noise_shape is None
    ]


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
    return json.dumps(_anonymous(config, names, _dynamic_dropout(config)), sort_keys=True)


def optimizer_key(optimizer: keras.optimizers.Optimizer) -> str:
    """Describe an optimizer up to its name, learning rate and weight decay, which are data."""
    kind = type(optimizer)
    try:
        config = keras.optimizers.serialize(optimizer)
    except Exception:  # noqa: BLE001 - a schedule or optimizer of the user's own, without a config
        return json.dumps([kind.__module__, kind.__qualname__])
    settings = dict(config["config"], name="")
    if isinstance(settings.get("learning_rate"), float):
        settings["learning_rate"] = "data"
    if settings.get("weight_decay") is not None:
        settings["weight_decay"] = "data"
    described = [config["class_name"], config["registered_name"], settings]
    return json.dumps(described, sort_keys=True, default=str)


def value_key(value: Any) -> Hashable:
    """Describe a loss or metrics: by class and settings, or as themselves without these."""
    if isinstance(value, (list, tuple)):
        return tuple(value_key(v) for v in value)
    if isinstance(value, dict):
        return tuple((k, value_key(v)) for k, v in sorted(value.items()))
    kind = type(value)
    if isinstance(value, (keras.losses.Loss, keras.metrics.Metric)) and "get_config" in vars(kind):
        settings = value.get_config()
        if isinstance(value, keras.losses.Loss):
            settings.pop("name", None)  # numbered by Keras, and shown nowhere
        return kind, json.dumps(settings, sort_keys=True, default=repr)
    return value


def _dynamic_dropout(config: dict[str, Any]) -> set[str]:
    """Name the layers that `dropout_layers` lists, by the model's description."""
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


def _anonymous(
    node: Any, names: dict[str, str], dynamic: set[str], *, is_name: bool = False
) -> Any:
    """Replace layers' names by positions, and the rates and seeds of dynamic dropout by nothing."""
    if isinstance(node, (list, tuple)):
        return [_anonymous(part, names, dynamic, is_name=is_name) for part in node]
    if not isinstance(node, dict):
        return names.get(node, node) if is_name and isinstance(node, str) else node
    if node.get("class_name") == "DTypePolicy":  # its name is no layer's
        return node
    if node.get("class_name") == "Dropout" and node.get("config", {}).get("name") in dynamic:
        node = node | {"config": node["config"] | {"rate": "data", "seed": None}}
    return {
        key: _anonymous(value, names, dynamic, is_name=key in _NAME_KEYS)
        for key, value in node.items()
    }
