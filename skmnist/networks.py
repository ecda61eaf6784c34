"""Network functions, and what a Keras network is in this package: a configuration and arrays."""

from __future__ import annotations

import inspect
import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skmnist._images import square_shape
from skmnist._keras import keras

__all__ = [
    "BUILDING",
    "Network",
    "conv_network",
    "dense_network",
    "draw_seed",
    "flat_layers",
    "initial_variables",
    "own_objects",
    "seeded",
    "serialized",
]

BUILDING = threading.RLock()
"""Held while a network is built, and by the caches of programs, so that no two locks cross."""


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
    outputs = keras.layers.Dense(meta["n_classes_"], activation="softmax")(outputs)
    return keras.Model(inputs, outputs)


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
        Height and width of an image; by default what the rows' own shape says, or a square.
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
    height, width = image_shape or (square_shape(*shape) if len(shape) == 1 else shape[:2])
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
    outputs = keras.layers.Dense(meta["n_classes_"], activation="softmax")(outputs)
    return keras.Model(inputs, outputs)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let what is drawn inside, initial weights above all, follow from a seed.

    Keras's layers take their seeds from Python's generator where none are given, and network
    functions may use NumPy's. Both are set inside and given back as they were; builds in several
    threads wait for each other.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1.

    Yields
    ------
    None
        While the seed holds.
    """
    with BUILDING:
        python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - to give it back
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - network functions may draw from it
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002 - given back


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
        What the draw follows from.

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


@dataclass(frozen=True, eq=False)
class Network:
    """A Keras network as data: cheap to copy, pickle and send to a worker.

    Parameters
    ----------
    config : str
        Keras's own serialisation of the architecture, JSON.
    arrays : tuple of ndarray
        The weights, in the order of `keras.Model.get_weights`.
    custom_objects : dict of str to object
        Classes and functions of the user's own, by name, that the configuration speaks of.
    """

    config: str
    arrays: tuple[NDArray[Any], ...]
    custom_objects: dict[str, Any]

    @classmethod
    def from_keras(cls, model: keras.Model, arrays: Sequence[NDArray[Any]] | None = None) -> Self:
        """Take a network from a Keras model.

        Parameters
        ----------
        model : keras.Model
            A built model.
        arrays : sequence of ndarray, default=None
            Weights to take instead of the model's own.

        Returns
        -------
        Network
            Independent of ``model``.
        """
        # Keras's own `get_weights` warns of NumPy 2 on JAX
        weights = [np.asarray(w).copy() for w in model.weights] if arrays is None else arrays
        return cls(json.dumps(serialized(model)), tuple(weights), own_objects(model))

    def to_keras(self) -> keras.Model:
        """Build the Keras model.

        Returns
        -------
        keras.Model
            A new model with these weights, not compiled.
        """
        with seeded(0):  # initial weights would be drawn from Python's generator
            model = keras.saving.deserialize_keras_object(
                json.loads(self.config), custom_objects=self.custom_objects, safe_mode=False
            )
        model.set_weights(list(self.arrays))
        return model


def serialized(model: keras.Model) -> dict[str, Any]:
    """Give Keras's description of a model, without the way it is trained.

    Parameters
    ----------
    model : keras.Model
        A model.

    Returns
    -------
    dict
        What Keras can rebuild the model from.
    """
    config: dict[str, Any] = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    return config


def own_objects(model: keras.Model) -> dict[str, Any]:
    """Collect the classes and functions of a model that are not Keras's own.

    Parameters
    ----------
    model : keras.Model
        A model.

    Returns
    -------
    dict of str to object
        Layers, activations, initializers and the like, by the names that Keras gives them.
    """
    parts = [model, *flat_layers(model)]
    held = [value for part in parts for value in vars(part).values()]
    found: dict[str, Any] = {}
    for value in (*parts, *held):
        if inspect.isfunction(value):
            kind: Any = value
        elif hasattr(value, "get_config"):
            kind = type(value)
        else:
            continue
        if kind.__module__.partition(".")[0] != "keras" and kind.__name__ != "<lambda>":
            found[kind.__name__] = kind
    return found


def flat_layers(model: keras.Model) -> list[keras.Layer]:
    """List all layers of a model, those of nested models included.

    Parameters
    ----------
    model : keras.Model
        A model.

    Returns
    -------
    list of keras.Layer
        In the order of ``model.layers``, a nested model before its own layers.
    """
    layers: list[keras.Layer] = []
    for layer in model.layers:
        layers += [layer, *(flat_layers(layer) if isinstance(layer, keras.Model) else [])]
    return layers
