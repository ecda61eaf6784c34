"""Keras networks as data: a configuration and arrays."""

from __future__ import annotations

import inspect
import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import all_layers, keras

__all__ = [
    "BUILDING",
    "Description",
    "Network",
    "describe",
    "flat_layers",
    "is_of_keras",
    "seeded",
    "serialized",
    "set_weights",
]

BUILDING = threading.RLock()
"""Held while a network is built, and by the caches of programs, so that no two locks cross."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed all that is drawn inside, initial weights above all.

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


@dataclass(frozen=True, eq=False)
class Network:
    """A trained Keras network as data: what rebuilds the model, and its weights.

    Most networks are rebuilt from Keras's own configuration. One that its configuration does not
    describe faithfully (code of the user's own, adapted layers) is rebuilt by the function that
    built it, or is the user's model itself.

    Parameters
    ----------
    config : str
        Keras's own serialisation of the architecture, JSON. Empty where ``builder`` is set.
    arrays : tuple of ndarray
        The weights, in the order of `keras.Model.get_weights`.
    custom_objects : dict of str to object
        Classes and functions of the user's own, by name, that the configuration speaks of.
    builder : callable, keras.Model or None, default=None
        What gives the model, without these weights, where its configuration does not.
    """

    config: str
    arrays: tuple[NDArray[Any], ...]
    custom_objects: dict[str, Any]
    builder: Callable[[], keras.Model] | keras.Model | None = None

    @classmethod
    def from_keras(
        cls,
        model: keras.Model,
        arrays: Sequence[NDArray[Any]] | None = None,
        builder: Callable[[], keras.Model] | keras.Model | None = None,
    ) -> Self:
        """Take a network from a Keras model.

        Parameters
        ----------
        model : keras.Model
            A built model.
        arrays : sequence of ndarray, default=None
            Weights to take instead of the model's own.
        builder : callable, keras.Model or None, default=None
            What rebuilds the model, where its configuration does not.

        Returns
        -------
        Network
            Independent of ``model``, unless ``builder`` is a model.
        """
        # Keras's own `get_weights` warns of NumPy 2 on JAX
        weights = [np.asarray(w).copy() for w in model.weights] if arrays is None else arrays
        if builder is not None:
            return cls("", tuple(weights), {}, builder)
        description = describe(model)
        return cls(description.config, tuple(weights), description.custom_objects)

    @property
    def rebuilt_from(self) -> Literal["config", "function", "model"]:
        """Source of the model: its configuration, a function, or the user's model itself."""
        if self.builder is None:
            return "config"
        return "model" if isinstance(self.builder, keras.Model) else "function"

    def to_keras(self) -> keras.Model:
        """Build the Keras model.

        Returns
        -------
        keras.Model
            A new model with these weights; the user's own, with its weights replaced, where
            ``rebuilt_from`` is "model".
        """
        with seeded(0):  # initial weights would be drawn from Python's generator
            if self.builder is None:
                model = keras.saving.deserialize_keras_object(
                    json.loads(self.config), custom_objects=self.custom_objects, safe_mode=False
                )
            else:
                model = self.builder if self.rebuilt_from == "model" else self.builder()
        set_weights(model, self.arrays)
        return model

    def __getstate__(self) -> dict[str, Any]:
        if self.rebuilt_from == "model":
            raise TypeError(
                "This Keras model can't be rebuilt from its configuration, and so its classifier "
                "can't be copied to another process or a file. Pass model= a function that builds "
                "it instead."
            )
        return dict(self.__dict__)


def set_weights(model: keras.Model, arrays: Sequence[NDArray[Any]]) -> None:
    """Give a model weights, and let layers draw from them what they compute with.

    Parameters
    ----------
    model : keras.Model
        A built model.
    arrays : sequence of ndarray
        In the order of `keras.Model.get_weights`.

    Raises
    ------
    ValueError
        If the model has weights of other shapes.
    """
    shapes, given = [tuple(w.shape) for w in model.weights], [np.shape(a) for a in arrays]
    if shapes != given:
        raise ValueError(
            f"The network was rebuilt with weights of shapes {shapes}, but was trained with "
            f"{given}: its function no longer builds the same network."
        )
    for weight, array in zip(model.weights, arrays, strict=True):
        weight.assign(array)
    for layer in all_layers(model):  # those inside wrappers too
        if hasattr(layer, "finalize_state"):  # layers with `adapt`
            layer.finalize_state()


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
    with BUILDING:  # several threads may share a model
        # Keras would describe the loss as well, which may be a lambda
        vars(model)["get_compile_config"] = lambda: None
        try:
            config: dict[str, Any] = keras.saving.serialize_keras_object(model)
        finally:
            del vars(model)["get_compile_config"]
    config.pop("compile_config", None)
    return config


@dataclass(frozen=True)
class Description:
    """Description of a model by which Keras rebuilds it, without weights.

    Parameters
    ----------
    config : str
        Keras's own serialisation, JSON.
    custom_objects : dict of str to object
        Layers, activations, initializers and the like of the user's own, by the names that Keras
        gives them.
    is_of_keras : bool
        Whether no code but Keras's is in the model.
    """

    config: str
    custom_objects: dict[str, Any]
    is_of_keras: bool


def describe(model: keras.Model) -> Description:
    """Describe a model.

    Parameters
    ----------
    model : keras.Model
        A model.

    Returns
    -------
    Description
        Holds until the model is changed.
    """
    with BUILDING:
        own = _own(model)
        objects = {kind.__name__: kind for kind in own if not _is_lambda(kind)}
        return Description(json.dumps(serialized(model)), objects, is_of_keras=not own)


def is_of_keras(model: keras.Model) -> bool:
    """Tell whether no code but Keras's is in a model.

    Parameters
    ----------
    model : keras.Model
        A model.

    Returns
    -------
    bool
        Known without describing it, at which code of the user's may fail.
    """
    with BUILDING:
        return not _own(model)


def _own(model: keras.Model) -> list[Any]:
    return [kind for kind in _kinds(model) if _is_own(kind)]


def _kinds(model: keras.Model) -> Iterator[Any]:
    """Find the classes of a model's layers, and the classes and functions that these hold."""
    for layer in all_layers(model):  # those inside wrappers too
        yield type(layer)
        for value in vars(layer).values():
            if inspect.isfunction(value) or inspect.isbuiltin(value):
                yield value
            elif hasattr(value, "get_config"):
                yield type(value)


def _is_own(kind: Any) -> bool:
    return (kind.__module__ or "").partition(".")[0] != "keras"


def _is_lambda(kind: Any) -> bool:
    return bool(kind.__name__ == "<lambda>")


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
