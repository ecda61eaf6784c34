"""Outputs of dense networks in NumPy: a call costs its matrix products, and little else."""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit, log_softmax

from skmnist.engine.arrays import lengthened
from skmnist.engine.products import Block, agreeing_blocks, divided, padded_columns, product
from skmnist.engine.proven import is_proven_network
from skmnist.keras_models import Network

__all__ = ["ACTIVATIONS", "dense_outputs"]

Array = NDArray[np.float32]
Config = Mapping[str, Any]


def _elu(x: Array) -> Array:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _hard_sigmoid(x: Array) -> Array:
    return np.clip(x / 6 + np.float32(0.5), 0, 1)


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, np.float32(0))


ACTIVATIONS: Final[dict[str, Callable[[Array], Array]]] = {
    "elu": _elu,
    "exponential": np.exp,
    "gelu": lambda x: x * (1 + erf(x * np.float32(np.sqrt(0.5)))) / 2,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": lambda x: x * _hard_sigmoid(x),
    "leaky_relu": lambda x: np.maximum(x, x * np.float32(0.2)),
    "linear": lambda x: x,
    "log_softmax": functools.partial(log_softmax, axis=-1),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "selu": lambda x: np.float32(1.05070098) * np.where(x > 0, x, np.float32(1.67326324) * _elu(x)),
    "sigmoid": expit,
    "silu": lambda x: x * expit(x),
    "softmax": _softmax,
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "tanh": np.tanh,
}
"""Keras's activations, by the names that its configurations give them."""


class _Step(NamedTuple):
    """A layer: how many of the network's arrays it takes, and what it makes of a block by them."""

    n_arrays: int
    apply: Callable[..., Array]


def _elementwise(function: Callable[[Array], Array]) -> _Step:
    return _Step(0, lambda _block, x: function(x))


_UNCHANGED: Final = _elementwise(lambda x: x)


class _Plan(NamedTuple):
    """How a network's outputs are computed: by which steps, in which blocks of rows."""

    steps: tuple[_Step, ...]
    blocks: tuple[Block, ...]


def _dense(config: Config) -> _Step:
    activation = ACTIVATIONS[config["activation"]]
    if config.get("lora_rank") or config.get("quantization_config"):
        raise KeyError("kernels in other forms")
    units = config["units"]

    def apply(block: Block, x: Array, kernel: Array, bias: Array | None = None) -> Array:
        x = product(x, kernel, block)[:, :units]
        if bias is not None:
            x += bias
        return activation(x)

    return _Step(1 + config["use_bias"], apply)


def _batch_normalization(config: Config) -> _Step:
    scaled, centered, epsilon = config["scale"], config["center"], np.float32(config["epsilon"])
    if config["axis"] not in (-1, 1) or config.get("renorm"):
        raise KeyError("other statistics")

    def apply(_block: Block, x: Array, *arrays: Array) -> Array:
        mean, variance = arrays[-2:]
        factor = 1 / np.sqrt(variance + epsilon)
        if scaled:
            factor *= arrays[0]
        return x * factor + (arrays[scaled] - mean * factor if centered else -mean * factor)

    return _Step(2 + scaled + centered, apply)


def _flatten(config: Config) -> _Step:
    if config["data_format"] != "channels_last":
        raise KeyError("axes in another order")
    return _elementwise(lambda x: x.reshape(len(x), -1))


def _rescaling(config: Config) -> _Step:
    scale, offset = np.float32(config["scale"]), np.float32(config["offset"])
    return _elementwise(lambda x: x * scale + offset)


def _as_it_is(_config: Config) -> _Step:
    return _UNCHANGED


_LAYERS: Final[dict[str, Callable[[Config], _Step]]] = {
    "Activation": lambda config: _elementwise(ACTIVATIONS[config["activation"]]),
    "ActivityRegularization": _as_it_is,
    "AlphaDropout": _as_it_is,
    "BatchNormalization": _batch_normalization,
    "Dense": _dense,
    "Dropout": _as_it_is,
    "Flatten": _flatten,
    "GaussianDropout": _as_it_is,
    "GaussianNoise": _as_it_is,
    "Identity": _as_it_is,
    "InputLayer": _as_it_is,
    "Rescaling": _rescaling,
}


_placed: Final[WeakKeyDictionary[Network, list[Array]]] = WeakKeyDictionary()
"""The arrays of networks that have predicted, kernels with whole tiles of columns."""


def dense_outputs(network: Network, X: NDArray[Any]) -> Array | None:
    """Compute a dense network's outputs, each row as if it were alone.

    Parameters
    ----------
    network : Network
        A trained network.
    X : ndarray of shape (n_rows, ...)
        The rows.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs) or None
        The outputs; None of a network with other layers, or where no blocks agree.
    """
    plan = None if network.custom_objects else _plan(network.config, X.shape[1:])
    if plan is None:
        return None
    arrays = _placed.get(network)
    if arrays is None:
        arrays = [padded_columns(array) if array.ndim > 1 else array for array in network.arrays]
        _placed[network] = arrays
    parts = []
    with np.errstate(over="ignore", invalid="ignore"):  # as Keras, an output may be infinite
        for start, block in divided(len(X), plan.blocks):
            rows = X[start : start + block.n_rows].astype(np.float32, copy=False)
            parts.append(_forward(plan.steps, block, arrays, lengthened(rows, block.n_rows)))
    return np.concatenate(parts)[: len(X)]


def _forward(steps: Sequence[_Step], block: Block, arrays: Sequence[Array], x: Array) -> Array:
    first = 0
    for n_arrays, apply in steps:
        x = apply(block, x, *arrays[first : first + n_arrays])
        first += n_arrays
    return x


@functools.lru_cache(maxsize=256)
def _plan(config: str, row_shape: tuple[int, ...]) -> _Plan | None:
    """Read a chain of layers from a configuration; None of a network that is something else."""
    if not is_proven_network(config):
        return None
    network = json.loads(config)
    layers = network["config"]["layers"]
    try:
        if not (
            _takes(layers[0], row_shape)
            and (network["class_name"] == "Sequential" or _is_chain(network["config"]))
            and (len(row_shape) == 1 or _flattens_first(layers))
        ):
            return None
        steps = [_LAYERS[layer["class_name"]](layer["config"]) for layer in layers]
    except (KeyError, TypeError):  # a layer, a setting or a call of another kind
        return None
    dense = (layer["config"]["units"] for layer in layers if layer["class_name"] == "Dense")
    blocks = agreeing_blocks(itertools.pairwise([math.prod(row_shape), *dense]))
    if not blocks:
        return None
    return _Plan(tuple(step for step in steps if step is not _UNCHANGED), blocks)


def _takes(layer: Config, row_shape: tuple[int, ...]) -> bool:
    config = layer["config"]
    return (
        layer["class_name"] == "InputLayer"
        and config["dtype"] == "float32"
        and tuple(config["batch_shape"][1:]) == row_shape
    )


def _is_chain(config: Config) -> bool:
    """Tell whether each layer is called once, with what the one before gave, and nothing more."""
    names = [layer["name"] for layer in config["layers"]]
    calls = [layer["inbound_nodes"] for layer in config["layers"]]
    return (
        calls[0] == []
        and config["input_layers"] == [names[0], 0, 0]
        and config["output_layers"] == [names[-1], 0, 0]
        and all(
            len(nodes) == 1
            and len(nodes[0]["args"]) == 1
            and nodes[0]["args"][0]["config"]["keras_history"] == [before, 0, 0]
            and not any(nodes[0]["kwargs"].values())
            for before, nodes in zip(names, calls[1:], strict=False)
        )
    )


def _flattens_first(layers: Sequence[Config]) -> bool:
    """Tell whether rows of any shape are made flat before a layer asks for it."""
    names = [layer["class_name"] for layer in layers]
    before = itertools.takewhile(lambda name: name != "Flatten", names)
    return all(_LAYERS.get(name) in (_as_it_is, _rescaling) for name in before)
