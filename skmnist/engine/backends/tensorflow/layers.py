"""Forward passes of layers of a stack: the table of the layers that can be stacked.

A stack has one more axis in front of all arrays, that of the networks. A layer that is not in the
table does not stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from skmnist._compat.keras import keras
from skmnist.engine.dropout import drop

# isort: split
import tensorflow as tf

__all__ = ["STACKED_LAYERS", "StackedVariable"]

StackedVariable = Callable[[keras.Variable], keras.Variable]
"""Gives the stack's variable that stands for a single network's."""

_Layer = Callable[[Any, tf.Tensor, StackedVariable, "tf.Tensor | None"], tf.Tensor]
"""Takes a layer, its inputs, the stack's variables and, of dropout in training, the rates."""


def _dense(layer: Any, x: tf.Tensor, of: StackedVariable, _: Any) -> tf.Tensor:
    x = tf.matmul(x, of(layer.kernel).value)
    if layer.use_bias:
        x += of(layer.bias).value
    return layer.activation(x)


def _dropout(layer: Any, x: tf.Tensor, of: StackedVariable, rates: tf.Tensor | None) -> tf.Tensor:
    if rates is None:
        return x
    seed = of(layer.seed_generator.state)
    x = drop(x, rates, seed.value[:, 0])
    seed.assign_add(tf.constant([[[0, 1]]], seed.value.dtype))
    return x


def _flatten(_layer: Any, x: tf.Tensor, _of: StackedVariable, _: Any) -> tf.Tensor:
    return tf.reshape(x, [*x.shape[:1], -1, np.prod(x.shape[2:])])


def _elementwise(layer: Any, x: tf.Tensor, _of: StackedVariable, _: Any) -> tf.Tensor:
    return layer(x)


def _input(_layer: Any, x: tf.Tensor, _of: StackedVariable, _: Any) -> tf.Tensor:
    return x


STACKED_LAYERS: Final[dict[type, _Layer]] = {
    keras.layers.InputLayer: _input,
    keras.layers.Dense: _dense,
    keras.layers.Dropout: _dropout,
    keras.layers.Flatten: _flatten,
    keras.layers.Activation: _elementwise,
    keras.layers.ReLU: _elementwise,
}
