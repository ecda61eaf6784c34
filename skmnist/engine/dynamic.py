"""Rates and weights as arguments of a program, in place of constants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from skmnist._compat.keras import keras
from skmnist.engine.dropout import DynamicDropout
from skmnist.engine.keys import dropout_layers
from skmnist.keras_models import seeded, set_weights

__all__ = [
    "copy_with_dynamic_dropout",
    "copy_with_layers",
    "dynamic_rates",
    "dynamic_rates_in",
    "outputs_with",
]


def dynamic_rates(model: keras.Model) -> list[float]:
    """Read the rates that are arguments of a program: of dropout, then the weight decay."""
    dynamic = [float(layer.rate) for layer in dropout_layers(model)]
    if model.optimizer.weight_decay is not None:
        dynamic.append(float(model.optimizer.weight_decay))
    return dynamic


def copy_with_dynamic_dropout(model: keras.Model) -> keras.Model:
    """Copy a network, with dropout whose rate is an argument of its program."""
    dynamic = {id(layer) for layer in dropout_layers(model)}
    return copy_with_layers(model, lambda layer: DynamicDropout if id(layer) in dynamic else None)


def copy_with_layers(
    model: keras.Model, kind_of: Callable[[keras.Layer], type | None]
) -> keras.Model:
    """Copy a network, with other kinds of layers in the place of some.

    Parameters
    ----------
    model : keras.Model
        A network.
    kind_of : callable
        Gives a subclass of a layer's class to take its place, or None.

    Returns
    -------
    keras.Model
        Not compiled.
    """

    def copied(layer: keras.Layer) -> keras.Layer:
        kind: Any = kind_of(layer) or type(layer)
        return kind.from_config(layer.get_config())

    with seeded(0):
        copy = keras.models.clone_model(model, clone_function=copied)
        if not copy.built:
            copy.build(model.input_shape)
    set_weights(copy, [np.asarray(w) for w in model.weights])
    return copy


@contextmanager
def dynamic_rates_in(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, dynamic: Sequence[Any]
) -> Iterator[None]:
    """Let a program's arguments take the place of rates, while it is traced.

    Parameters
    ----------
    model : keras.Model
        Its dropout layers are `DynamicDropout`.
    optimizer : keras.optimizers.Optimizer
        Its own.
    dynamic : sequence of tensor
        A rate for each of these layers, then the weight decay, if the optimizer has one.

    Yields
    ------
    None
        While they do.
    """
    dropout = [layer for layer in model.layers if isinstance(layer, DynamicDropout)]
    decay = optimizer.weight_decay
    for layer, rate in zip(dropout, dynamic, strict=False):
        layer.dynamic_rate = rate
    if decay is not None:
        optimizer.weight_decay = dynamic[-1]
    try:
        yield
    finally:
        for layer in dropout:
            layer.dynamic_rate = None
        optimizer.weight_decay = decay


def outputs_with(model: keras.Model, weights: Sequence[Any], batch: Any) -> Any:
    """Compute a model's outputs with other weights than its own, in their order."""
    of_id = {id(v): w for v, w in zip(model.weights, weights, strict=True)}
    trainable, other = (
        [of_id.get(id(v), v.value) for v in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    )
    return model.stateless_call(trainable, other, batch, training=False)[0]
