"""From the parameters of a `KerasClassifier` to a compiled network, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist._images import square_shape
from skmnist._keras import keras
from skmnist.augmentation import Augmentation
from skmnist.keras_models import Network

if TYPE_CHECKING:
    from skmnist.classifiers.base import KerasClassifier

__all__ = ["augmentation_of", "check_network", "compiled_model", "image_shape_of", "positive_ints"]


def positive_ints(name: str, values: Sequence[int]) -> tuple[int, ...]:
    """Check a parameter that holds sizes."""
    sizes: tuple[Any, ...] = tuple(values)
    if not all(isinstance(size, Integral) and int(size) > 0 for size in sizes):
        raise ValueError(f"{name} must be positive ints; got {sizes!r}.")
    return tuple(int(size) for size in sizes)


def image_shape_of(classifier: KerasClassifier) -> tuple[int, int]:
    """Find height and width of the images that a classifier is fitted on."""
    shape = classifier.X_shape_[1:]
    if classifier.image_shape is not None:
        height, width = positive_ints("image_shape", classifier.image_shape)
    else:
        height, width = square_shape(*shape) if len(shape) == 1 else shape[:2]
    if height * width != math.prod(shape):
        raise ValueError(
            f"Images of shape {(height, width)} have {height * width} pixels, but a row of X has "
            f"{math.prod(shape)} values: set image_shape."
        )
    return height, width


def augmentation_of(classifier: KerasClassifier) -> Augmentation | None:
    """Make what bends the images that a classifier is fitted on, where it is to."""
    if classifier.augment is None:
        return None
    return Augmentation(classifier.augment, image_shape_of(classifier))


def compiled_model(classifier: KerasClassifier) -> keras.Model:
    """Build and compile what the parameters of a classifier say."""
    if classifier.model is None:
        raise ValueError("KerasClassifier needs a network: pass model=, a network function.")
    model = classifier._build_keras_model()
    if model is classifier.model:  # the user's own is left as it is
        model = Network.from_keras(model).to_keras()
        if classifier.model.compiled:
            model.compile(_fresh(classifier.model.optimizer), classifier.model.loss)
    if not model.compiled:
        settings = classifier._get_compile_kwargs()
        settings["optimizer"] = _fresh(settings["optimizer"])
        if settings["loss"] is None:
            if getattr(model.layers[-1], "activation", None) is keras.activations.linear:
                raise ValueError(
                    "The network's last layer is linear: give it a softmax, or a sigmoid for "
                    "one output, or name a loss that fits it."
                )
            several = classifier.target_type_.startswith("multilabel")
            binary = several or model.output_shape[-1] == 1
            kind = "BinaryCrossentropy" if binary else "SparseCategoricalCrossentropy"
            settings["loss"] = getattr(keras.losses, kind)()
        model.compile(**settings)
    return model


def check_network(classifier: KerasClassifier, model: keras.Model, *, go_on: bool) -> None:
    """Compare a network with the data, and with the last fit where this one goes on from it."""
    outputs, classes = model.output_shape[-1], len(classifier.classes_)
    if classifier._has_one_label() and outputs != classes and (outputs, classes) != (1, 2):
        raise ValueError(f"The network has {outputs} outputs, but the data {classes} classes.")
    if go_on and [np.shape(array) for array in classifier._checkpoint.state.variables] != [
        tuple(variable.shape) for variable in model.variables
    ]:
        raise ValueError(
            "The network is not the one of the last fit, which this one is to go on from. Set "
            "its parameters back, or fit anew with warm_start=False."
        )


def _fresh(optimizer: Any) -> Any:
    """Copy an optimizer: the one that a parameter holds is left as it is."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return type(optimizer).from_config(optimizer.get_config())
    return optimizer
