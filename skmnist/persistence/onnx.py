"""A pipeline as one ONNX graph: pixels in, labels and probabilities out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmnist._compat.keras import keras, origin
from skmnist._files import atomic_write
from skmnist._images import image_shape
from skmnist.classifiers import KerasClassifier
from skmnist.preprocessing import FlattenScale

if TYPE_CHECKING:
    import onnx

__all__ = ["to_onnx"]

_OPSET: Final = 20  # which has Gelu; ONNX Runtime 1.17 and later read it
_IR: Final = 10

_SIMPLE: Final = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "mish": "Mish",
}
_NCHW: Final = [0, 3, 1, 2]
_NHWC: Final = [0, 2, 3, 1]


def to_onnx(
    pipeline: Any, path: str | os.PathLike[str] | None = None, *, rows: bool | None = None
) -> onnx.ModelProto:
    """Write a fitted pipeline as one ONNX graph.

    With `FlattenScale` in front the graph takes ``X``, pixels like those that the pipeline was
    fitted on, in the smallest type that holds them, and scales them itself; a bare classifier's
    takes what the classifier takes, in float32. It gives ``label``, of shape (n_images,), and
    ``probabilities``, of shape (n_images, n_classes).
    Needs the package onnx: ``pip install 'skmnist[onnx]'``.

    Parameters
    ----------
    pipeline : Pipeline or KerasClassifier
        Fitted: a classifier of this package, alone or behind `FlattenScale`.
    path : path-like, default=None
        A file to write, customarily ``*.onnx``.
    rows : bool, default=None
        Whether the pixels come as rows, of shape (n_images, n_pixels), or as images; by default as
        those that the pipeline was fitted on.

    Returns
    -------
    onnx.ModelProto
        The graph, checked by onnx.

    Raises
    ------
    ImportError
        If onnx is not installed.
    TypeError
        If the last step is no classifier of this package.
    ValueError
        If the pipeline has another step, or the network a layer that is not served; it is named.

    Examples
    --------
    >>> from skmnist import load_digits28, make_dense_pipeline, to_onnx
    >>> X, y = load_digits28(subset="test", return_X_y=True)
    >>> pipeline = make_dense_pipeline(hidden_layer_sizes=(16,), epochs=2).fit(X, y)
    >>> graph = to_onnx(pipeline)
    >>> [value.name for value in graph.graph.output]
    ['label', 'probabilities']
    """
    try:
        import onnx
    except ImportError as error:
        raise ImportError("to_onnx needs the package onnx: pip install 'skmnist[onnx]'") from error
    scale, classifier = _parts(pipeline)
    graph = _Graph()
    shape = classifier.X_shape_[1:]
    if scale is None:
        pixels, scaled = _value("X", np.float32, [None, *shape]), "X"
    else:
        as_rows = len(scale.image_shape_) == 1 if rows is None else rows
        taken = shape if as_rows else image_shape(shape, getattr(classifier, "image_shape", None))
        pixels = _value("X", _pixel_type(scale), [None, *taken])
        scaled = graph.add("Reshape", "X", np.array([-1, *shape]))
        scaled = graph.add("Cast", scaled, to=onnx.TensorProto.FLOAT)
        scaled = graph.add("Div", scaled, np.float32(scale.max_value_))
    model = classifier.model_
    probabilities = _linked(graph, classifier.link_, _of_network(graph, model, scaled))
    classes = np.asarray(classifier.classes_)
    if model.output_shape[-1] == 1:
        other = graph.add("Sub", np.float32(1), probabilities)
        probabilities = graph.add("Concat", other, probabilities, axis=1)
    graph.add("Identity", probabilities, name="probabilities")
    best = graph.add("ArgMax", probabilities, axis=1, keepdims=0)
    numbers = {"i": np.int64, "u": np.int64, "b": np.int64, "f": np.float64}
    labels = classes.astype(numbers.get(classes.dtype.kind, str))
    labels = labels.astype(object) if labels.dtype.kind == "U" else labels
    graph.add("Gather", labels, best, name="label")
    written = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "skmnist",
            [pixels],
            [
                _value("label", labels.dtype, [None]),
                _value("probabilities", np.float32, [None, len(classes)]),
            ],
            graph.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="skmnist",
    )
    onnx.checker.check_model(written, full_check=True)
    if path is not None:
        with atomic_write(Path(path)) as temporary:
            temporary.write_bytes(written.SerializeToString())
    return written


def _linked(graph: _Graph, link: str, outputs: str) -> str:
    """Make probabilities of a network's outputs, as the classifier does."""
    if link == "softmax":
        return graph.add("Softmax", outputs, axis=-1)
    if link == "sigmoid":
        return graph.add("Sigmoid", outputs)
    if link == "normalize":
        shares = graph.add("Relu", outputs)
        totals = graph.add("ReduceSum", shares, np.array([1]), keepdims=1)
        return graph.add("Div", shares, totals)
    if link != "identity":
        raise ValueError("to_onnx writes probabilities, and the network's outputs are none.")
    return outputs


def _parts(pipeline: Any) -> tuple[FlattenScale | None, KerasClassifier]:
    steps = [step for _, step in pipeline.steps] if isinstance(pipeline, Pipeline) else [pipeline]
    *before, last = steps
    if not isinstance(last, KerasClassifier):
        raise TypeError(f"to_onnx writes this package's classifiers; got a {type(last).__name__}.")
    check_is_fitted(last)
    if last.target_type_ not in ("binary", "multiclass"):
        raise ValueError(f"to_onnx writes classifiers of one label; got {last.target_type_} ones.")
    others = [type(step).__name__ for step in before if not isinstance(step, FlattenScale)]
    if others or len(before) > 1:
        raise ValueError(
            "to_onnx writes one FlattenScale and the network; the pipeline has "
            f"{', '.join(others) or 'several'} in front of it."
        )
    return (before[0] if before else None), last


def _pixel_type(scale: FlattenScale) -> np.dtype[Any]:
    """Choose the type of pixels that a graph takes: bytes, where these hold full ink."""
    whole = float(scale.max_value_).is_integer() and scale.pixel_dtype_.kind in "bui"
    return np.min_scalar_type(int(scale.max_value_)) if whole else np.dtype(np.float32)


def _value(name: str, dtype: Any, shape: list[int | None]) -> onnx.ValueInfoProto:
    import onnx

    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return onnx.helper.make_tensor_value_info(name, kind, shape)


class _Graph:
    """Nodes and constants in the making; values are known by their names."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(
        self, kind: str, *inputs: str | NDArray[Any] | np.generic, name: str = "", **to: Any
    ) -> str:
        """Add a node of one output; gives the output's name."""
        import onnx

        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        output = name or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(kind, names, [output], **to))
        return output

    def _constant(self, value: NDArray[Any] | np.generic) -> str:
        import onnx

        name = f"constant_{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(value), name))
        return name


def _of_network(graph: _Graph, model: keras.Model, inputs: str) -> str:
    """Walk a network back from its output, each of its values once."""
    known = {id(model.inputs[0]): inputs}

    def value(tensor: Any) -> str:
        if id(tensor) not in known:
            layer, sources = origin(tensor)
            known[id(tensor)] = _of_layer(graph, layer, [value(source) for source in sources])
        return known[id(tensor)]

    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError("to_onnx writes networks of one input and one output.")
    return value(model.outputs[0])


def _of_layer(graph: _Graph, layer: keras.Layer, inputs: list[str]) -> str:
    kind = type(layer)
    if kind in _LAYERS and getattr(layer, "data_format", "channels_last") == "channels_last":
        return _LAYERS[kind](graph, layer, *inputs)
    raise ValueError(f"to_onnx has nothing for the layer {layer.name!r}, a {kind.__name__}.")


def _activated(graph: _Graph, function: Any, value: str) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    if name == "linear":
        return value
    if name == "softmax":
        return graph.add("Softmax", value, axis=-1)
    if name in _SIMPLE:
        return graph.add(_SIMPLE[name], value)
    if name == "gelu":
        return graph.add("Gelu", value)
    if name in ("elu", "selu"):
        return graph.add(name.capitalize(), value)
    if name in ("silu", "swish"):
        return graph.add("Mul", value, graph.add("Sigmoid", value))
    if name == "leaky_relu":
        return graph.add("LeakyRelu", value, alpha=0.2)
    raise ValueError(f"to_onnx has nothing for the activation {name!r}.")


def _dense(graph: _Graph, layer: Any, value: str) -> str:
    value = graph.add("MatMul", value, np.asarray(layer.kernel))
    if layer.use_bias:
        value = graph.add("Add", value, np.asarray(layer.bias))
    return _activated(graph, layer.activation, value)


def _conv(graph: _Graph, layer: Any, value: str) -> str:
    kernel = np.asarray(layer.kernel).transpose(3, 2, 0, 1)
    biases = [np.asarray(layer.bias)] if layer.use_bias else []
    value = graph.add(
        "Conv",
        graph.add("Transpose", value, perm=_NCHW),
        kernel,
        *biases,
        strides=layer.strides,
        dilations=layer.dilation_rate,
        group=layer.groups,
        auto_pad=_PADDING[layer.padding],
    )
    return _activated(graph, layer.activation, graph.add("Transpose", value, perm=_NHWC))


_PADDING: Final = {"same": "SAME_UPPER", "valid": "VALID"}


def _pooling(kind: str) -> Callable[..., str]:
    def add(graph: _Graph, layer: Any, value: str) -> str:
        value = graph.add(
            kind,
            graph.add("Transpose", value, perm=_NCHW),
            kernel_shape=layer.pool_size,
            strides=layer.strides,
            auto_pad=_PADDING[layer.padding],
        )
        return graph.add("Transpose", value, perm=_NHWC)

    return add


def _batch_norm(graph: _Graph, layer: Any, value: str) -> str:
    """Fold the normalisation of the last axis into a factor and a summand."""
    if layer.axis not in (-1, layer.output.ndim - 1):
        raise ValueError(f"to_onnx normalises last axes; {layer.name!r} has axis {layer.axis}.")
    factor = 1 / np.sqrt(np.asarray(layer.moving_variance) + np.float32(layer.epsilon))
    if layer.scale:
        factor = factor * np.asarray(layer.gamma)
    summand = -np.asarray(layer.moving_mean) * factor
    if layer.center:
        summand = summand + np.asarray(layer.beta)
    return graph.add("Add", graph.add("Mul", value, factor), summand)


def _reshape(graph: _Graph, layer: Any, value: str) -> str:
    return graph.add("Reshape", value, np.array([-1, *layer.output.shape[1:]]))


def _merging(kind: str) -> Callable[..., str]:
    return lambda graph, layer, *values: graph.add(kind, *values)


_LAYERS: Final[dict[type, Callable[..., str]]] = {
    keras.layers.Dense: _dense,
    keras.layers.Conv2D: _conv,
    keras.layers.MaxPooling2D: _pooling("MaxPool"),
    keras.layers.AveragePooling2D: _pooling("AveragePool"),
    keras.layers.GlobalAveragePooling2D: lambda graph, layer, value: graph.add(
        "ReduceMean", value, np.array([1, 2]), keepdims=int(layer.keepdims)
    ),
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.Flatten: _reshape,
    keras.layers.Reshape: _reshape,
    keras.layers.Dropout: lambda graph, layer, value: value,
    keras.layers.Activation: lambda graph, layer, value: _activated(graph, layer.activation, value),
    keras.layers.Add: _merging("Sum"),
    keras.layers.Average: _merging("Mean"),
    keras.layers.Maximum: _merging("Max"),
    keras.layers.Concatenate: lambda graph, layer, *values: graph.add(
        "Concat", *values, axis=layer.axis
    ),
}
