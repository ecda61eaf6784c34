"""Network functions, and the seeds of what they build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skmnist._compat.keras import keras
from skmnist._images import image_shape as find_image_shape
from skmnist.keras_models import BUILDING, flat_layers

__all__ = [
    "conv_network",
    "dense_network",
    "draw_seed",
    "initial_variables",
]


def dense_network(
    hidden_layer_sizes: Sequence[int] = (512, 512),
    activation: str = "relu",
    dropout: float = 0.0,
    batch_norm: bool = False,
    *,
    meta: Mapping[str, Any],
) -> keras.Model:
    """Build a dense network with one softmax output a class, not compiled.

    A network function for `KerasClassifier`, which passes ``meta``; its other parameters are
    reached as ``model__hidden_layer_sizes`` and so on.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(512, 512)
        Units of each hidden layer.
    activation : str, default="relu"
        Keras's name of the hidden layers' activation.
    dropout : float, default=0.0
        Share of each hidden layer's outputs that a training step leaves out.
    batch_norm : bool, default=False
        Whether to normalise each hidden layer's inputs to its activation over the batch.
    meta : mapping
        What the classifier knows of the data: ``n_features_in_`` and ``n_classes_`` are used.

    Returns
    -------
    keras.Model
        The network.

    Examples
    --------
    >>> from skmnist import dense_network
    >>> dense_network((32,), meta={"n_features_in_": 784, "n_classes_": 10}).count_params()
    25450
    """
    inputs = keras.Input((meta["n_features_in_"],))
    outputs = inputs
    for units in hidden_layer_sizes:
        if batch_norm:  # the normalisation's own offset takes the place of the bias
            outputs = keras.layers.Dense(units, use_bias=False)(outputs)
            outputs = keras.layers.BatchNormalization()(outputs)
            outputs = keras.layers.Activation(activation)(outputs)
        else:
            outputs = keras.layers.Dense(units, activation=activation)(outputs)
        if dropout:
            outputs = keras.layers.Dropout(dropout)(outputs)
    return keras.Model(inputs, _classes(meta["n_classes_"])(outputs))


def conv_network(
    filters: Sequence[int] = (16, 32),
    kernel_size: int = 3,
    block_depth: int = 1,
    hidden_layer_sizes: Sequence[int] = (128,),
    activation: str = "relu",
    dropout: float = 0.0,
    batch_norm: bool = False,
    image_shape: tuple[int, int] | None = None,
    *,
    meta: Mapping[str, Any],
) -> keras.Model:
    """Build a convolutional network with one softmax output a class, not compiled.

    Blocks of convolutions, each followed by a pooling that halves height and width, then dense
    layers. Takes images, or rows that hold one each.

    Parameters
    ----------
    filters : sequence of int, default=(16, 32)
        Channels of each block.
    kernel_size : int, default=3
        Height and width of a convolution's kernel.
    block_depth : int, default=1
        Convolutions in a block.
    hidden_layer_sizes : sequence of int, default=(128,)
        Units of each dense layer behind the blocks.
    activation : str, default="relu"
        Keras's name of the activation of convolutions and dense layers.
    dropout : float, default=0.0
        Share of the dense layers' inputs, the output layer's included, that a step leaves out.
    batch_norm : bool, default=False
        Whether to normalise what each convolution passes to its activation over the batch.
    image_shape : tuple of int, default=None
        Height and width of an image; one may be -1, for what the other leaves. By default what the
        rows' own shape says, or a square.
    meta : mapping
        What the classifier knows of the data: ``X_shape_`` and ``n_classes_`` are used.

    Returns
    -------
    keras.Model
        The network.

    Examples
    --------
    >>> from skmnist import conv_network
    >>> conv_network((4, 8), meta={"X_shape_": (1, 784), "n_classes_": 10}).count_params()
    51930
    """
    shape = meta["X_shape_"][1:]
    inputs = keras.Input(shape)
    height, width = find_image_shape(shape, image_shape)
    outputs = keras.layers.Reshape((height, width, -1))(inputs)
    for channels in filters:
        for _ in range(block_depth):
            outputs = keras.layers.Conv2D(
                channels,
                kernel_size,
                padding="same",
                use_bias=not batch_norm,
                activation=None if batch_norm else activation,
            )(outputs)
            if batch_norm:
                outputs = keras.layers.BatchNormalization()(outputs)
                outputs = keras.layers.Activation(activation)(outputs)
        outputs = keras.layers.MaxPooling2D(padding="same")(outputs)
    outputs = keras.layers.Flatten()(outputs)
    for units in hidden_layer_sizes:
        if dropout:
            outputs = keras.layers.Dropout(dropout)(outputs)
        outputs = keras.layers.Dense(units, activation=activation)(outputs)
    if dropout:
        outputs = keras.layers.Dropout(dropout)(outputs)
    return keras.Model(inputs, _classes(meta["n_classes_"])(outputs))


def _classes(n_classes: int) -> keras.layers.Layer:
    """Make the last layer: one output a class, of which one alone has no others to exceed."""
    return keras.layers.Dense(n_classes, activation="softmax" if n_classes > 1 else "sigmoid")


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Draw a seed, never from a generator that `seeded` holds in another thread.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As scikit-learn's estimators take it.

    Returns
    -------
    int
        From 0 to 2**31 - 2.
    """
    with BUILDING:
        return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def initial_variables(model: keras.Model, seed: int) -> list[NDArray[Any]]:
    """Draw the variables that a newly built model would begin with, without building one.

    Parameters
    ----------
    model : keras.Model
        Its layers name the initializer of each of their weights, as Keras's own do.
    seed : int
        Seed of the draw.

    Returns
    -------
    list of ndarray
        In the order of ``model.variables``; the seeds of random layers among them.
    """
    seeds = np.random.default_rng(seed).integers(1, 2**31 - 1, len(model.variables)).tolist()
    seed_of = dict(zip((id(v) for v in model.variables), seeds, strict=True))
    drawn = {}
    for layer in flat_layers(model):
        for weight in layer.weights:
            initializer = getattr(layer, f"{weight.name}_initializer", None)
            if initializer is not None:
                config = initializer.get_config()
                if "seed" in config:
                    config["seed"] = seed_of[id(weight)]
                values = type(initializer).from_config(config)(weight.shape, weight.dtype)
                drawn[id(weight)] = np.asarray(values)
    return [
        drawn[id(v)] if id(v) in drawn else np.array([seed_of[id(v)], 0], v.dtype)
        for v in model.variables
    ]
