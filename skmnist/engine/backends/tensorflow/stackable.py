"""Which networks TensorFlow can stack, and what each layer does to a stack.

A stack is a chain of layers with one more axis in front, that of the networks, and optimizers that
treat each weight alone.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from skmnist._compat.keras import is_called_once, keras
from skmnist.engine.backends.tensorflow.device import has_accelerator
from skmnist.engine.backends.tensorflow.layers import STACKED_LAYERS
from skmnist.engine.keys import dropout_layers
from skmnist.engine.measures import keras_loss
from skmnist.engine.strategy import Strategy

__all__ = ["stack_key", "stacks_pay"]

_LARGE: Final = 4e5
"""Weights of a network above which it fills a processor by itself. Measured on two cores with
570,000: stacks are no faster than one by one, two side by side are 1.2 times as fast."""

_ELEMENTWISE: Final = (
    keras.optimizers.SGD,
    keras.optimizers.Adam,
    keras.optimizers.AdamW,
    keras.optimizers.RMSprop,
)
"""Optimizers that treat each weight alone, and so many networks as one."""


def stack_key(model: keras.Model, strategy: Strategy, _lengths: tuple[int, int]) -> Hashable:
    """Tell what networks of a program must have in common; their numbers of rows may differ."""
    stacked = strategy != "keras" and _is_chain(model) and _is_elementwise(model.optimizer)
    return "dense" if stacked and _counts_classes(model) else None


def stacks_pay(n_weights: int) -> bool:
    """Tell whether a stack of networks of so many weights is quicker than these side by side."""
    return n_weights <= _LARGE or has_accelerator()


def _is_chain(model: keras.Model) -> bool:
    """Tell whether each layer stacks, is used once, learns all its weights and leaves them free."""
    dynamic = dropout_layers(model)
    return all(
        type(layer) in STACKED_LAYERS
        and is_called_once(layer)
        and layer.trainable
        and getattr(layer, "kernel_constraint", None) is None
        and getattr(layer, "bias_constraint", None) is None
        and getattr(layer, "lora_rank", None) is None
        and getattr(layer, "quantization_mode", None) is None
        and _is_of_keras(getattr(layer, "activation", None))
        and (not isinstance(layer, keras.layers.Dropout) or not layer.rate or layer in dynamic)
        for layer in model.layers
    )


def _is_of_keras(function: Any) -> bool:
    return (
        function is None
        or type(function).__module__.startswith("keras.")
        or (getattr(function, "__module__", "").startswith("keras."))
    )


def _is_elementwise(optimizer: keras.optimizers.Optimizer) -> bool:
    limits = ("clipnorm", "global_clipnorm", "gradient_accumulation_steps")
    return (
        type(optimizer) in _ELEMENTWISE
        and not callable(optimizer.learning_rate)
        and not any(getattr(optimizer, name, None) for name in limits)
    )


def _counts_classes(model: keras.Model) -> bool:
    kinds = (keras.losses.CategoricalCrossentropy, keras.losses.SparseCategoricalCrossentropy)
    return isinstance(keras_loss(model.loss), kinds) and model.output_shape[-1] > 1
