"""Parts of networks that programs may train: tests hold them to Keras's own numbers.

`tests/test_conformance.py` trains each of these kinds by a program and by Keras's own `fit`, and
compares weights, history and predictions. All else, code of the user's own above all, goes through
Keras's own loop.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any, Final

from skmnist._compat.keras import keras, schedule_of, spares_weights
from skmnist.engine.measures import SHORT_NAMES, keras_loss, keras_metric, keras_name
from skmnist.engine.recoding import Recoded

__all__ = [
    "LAYERS",
    "LOSSES",
    "METRICS",
    "OPTIMIZERS",
    "are_proven_metrics",
    "is_proven_loss",
    "is_proven_network",
    "is_proven_optimizer",
    "objects_in",
]

LAYERS: Final = frozenset(
    [
        "Activation",
        "ActivityRegularization",
        "Add",
        "AdditiveAttention",
        "AlphaDropout",
        "Attention",
        "Average",
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "BatchNormalization",
        "Bidirectional",
        "CategoryEncoding",
        "CenterCrop",
        "Concatenate",
        "Conv1D",
        "Conv1DTranspose",
        "Conv2D",
        "Conv2DTranspose",
        "Conv3D",
        "Conv3DTranspose",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
        "Dense",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "Dot",
        "Dropout",
        "ELU",
        "EinsumDense",
        "Embedding",
        "Flatten",
        "GRU",
        "GRUCell",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalAveragePooling3D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "GlobalMaxPooling3D",
        "GroupNormalization",
        "GroupQueryAttention",
        "Identity",
        "InputLayer",
        "LSTM",
        "LSTMCell",
        "LayerNormalization",
        "LeakyReLU",
        "Masking",
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
        "Maximum",
        "Minimum",
        "MultiHeadAttention",
        "Multiply",
        "PReLU",
        "Permute",
        "RMSNormalization",
        "RNN",
        "RandomBrightness",
        "RandomContrast",
        "RandomFlip",
        "RandomRotation",
        "RandomTranslation",
        "RandomZoom",
        "ReLU",
        "RepeatVector",
        "Rescaling",
        "Reshape",
        "Resizing",
        "SeparableConv1D",
        "SeparableConv2D",
        "SimpleRNN",
        "SimpleRNNCell",
        "Softmax",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "StackedRNNCells",
        "Subtract",
        "TimeDistributed",
        "UnitNormalization",
        "UpSampling1D",
        "UpSampling2D",
        "UpSampling3D",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "ZeroPadding3D",
    ]
)
"""Keras's layers that train in a program. Left out are those whose state is more than their
weights, those that draw otherwise in a program, and those that no test here trains."""

LOSSES: Final = frozenset(
    [
        "BinaryCrossentropy",
        "BinaryFocalCrossentropy",
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "CategoricalHinge",
        "CosineSimilarity",
        "Hinge",
        "Huber",
        "KLDivergence",
        "LogCosh",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanSquaredError",
        "MeanSquaredLogarithmicError",
        "Poisson",
        "SparseCategoricalCrossentropy",
        "SquaredHinge",
    ]
)
"""Keras's losses of single rows: their mean over an epoch is that of its batches."""

METRICS: Final = frozenset(
    [
        "AUC",
        "BinaryAccuracy",
        "BinaryCrossentropy",
        "BinaryIoU",
        "CategoricalAccuracy",
        "CategoricalCrossentropy",
        "CategoricalHinge",
        "CosineSimilarity",
        "F1Score",
        "FBetaScore",
        "FalseNegatives",
        "FalsePositives",
        "Hinge",
        "KLDivergence",
        "LogCoshError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanSquaredError",
        "MeanSquaredLogarithmicError",
        "OneHotIoU",
        "OneHotMeanIoU",
        "Poisson",
        "Precision",
        "PrecisionAtRecall",
        "R2Score",
        "Recall",
        "RecallAtPrecision",
        "RootMeanSquaredError",
        "SensitivityAtSpecificity",
        "SparseCategoricalAccuracy",
        "SparseCategoricalCrossentropy",
        "SparseTopKCategoricalAccuracy",
        "SpecificityAtSensitivity",
        "SquaredHinge",
        "TopKCategoricalAccuracy",
        "TrueNegatives",
        "TruePositives",
    ]
)
"""Keras's metrics whose value over an epoch does not depend on how it is divided into batches."""

OPTIMIZERS: Final = frozenset(
    [
        "Adadelta",
        "Adafactor",
        "Adagrad",
        "Adam",
        "AdamW",
        "Adamax",
        "Ftrl",
        "Lamb",
        "Lion",
        "Nadam",
        "RMSprop",
        "SGD",
    ]
)
"""Keras's optimizers that take in a program the steps that they take outside."""

_PLAIN_MODULES: Final = (
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    "keras.src.ops.",  # functions of `keras.ops`, of tensors alone
)
_GRAPHS: Final = frozenset({"Sequential", "Functional"})
_END_LENGTH: Final = 3  # by which a configuration names an input or output: layer, node, tensor


@functools.lru_cache(maxsize=256)
def is_proven_network(config: str) -> bool:
    """Tell whether a network of one input and output is made of proven layers, all in float32.

    Parameters
    ----------
    config : str
        Keras's configuration of the network, as JSON; empty where there is none.

    Returns
    -------
    bool
        Whether a program trains it to Keras's own numbers, and its configuration rebuilds it.
    """
    if not config:
        return False
    network = json.loads(config)
    ends = (network["config"].get(name, []) for name in ("input_layers", "output_layers"))
    one_each = all(len(keras.tree.flatten(end)) <= _END_LENGTH for end in ends)
    return one_each and all(map(_is_known, objects_in(network)))


def is_proven_loss(loss: Any) -> bool:
    """Tell whether a loss is one of Keras's, and the mean of the rows' own losses."""
    loss = keras_loss(loss)
    usual = getattr(loss, "reduction", "") == "sum_over_batch_size"
    return usual and getattr(loss, "axis", -1) == -1 and keras_name(loss) in LOSSES


def are_proven_metrics(metrics: Any) -> bool:
    """Tell whether each of a list of metrics is one of Keras's that can be kept in a program."""
    return not metrics or (isinstance(metrics, list) and all(map(_is_proven_metric, metrics)))


def _is_proven_metric(metric: Any) -> bool:
    inner = metric.metric if isinstance(metric, Recoded) else metric
    if isinstance(inner, str) and inner in SHORT_NAMES:
        return True
    return keras_name(keras_metric(inner)) in METRICS


def is_proven_optimizer(optimizer: keras.optimizers.Optimizer) -> bool:
    """Tell whether an optimizer is one of Keras's, and ends an epoch in no other way than by steps.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        What a model was compiled with.

    Returns
    -------
    bool
        False too where it treats some weights unlike others, which a copy would not know.
    """
    own_schedule = schedule_of(optimizer) is not None and not keras_name(schedule_of(optimizer))
    return keras_name(optimizer) in OPTIMIZERS and not (
        optimizer.use_ema or spares_weights(optimizer) or own_schedule
    )


def objects_in(node: Any) -> Iterator[dict[str, Any]]:
    """Find all objects that a configuration describes.

    Parameters
    ----------
    node : object
        A configuration, or a part of one, as JSON has it.

    Yields
    ------
    dict
        An object's class, module and settings.
    """
    if isinstance(node, list):
        for part in node:
            yield from objects_in(part)
    elif isinstance(node, dict):
        if "class_name" in node and not str(node["class_name"]).startswith("__keras_tensor"):
            yield node
        for part in node.values():
            yield from objects_in(part)


def _is_known(described: dict[str, Any]) -> bool:
    module, name = described.get("module") or "", described["class_name"]
    config = described.get("config")
    settings = config if isinstance(config, dict) else {}
    if name == "DTypePolicy":
        return settings.get("name") == "float32"
    if name in _GRAPHS:
        return module.startswith("keras")
    if module == "keras.layers":
        draws = settings.get("dropout") or settings.get("recurrent_dropout")  # inside the layer
        return name in LAYERS and not draws
    return module.startswith(_PLAIN_MODULES)
