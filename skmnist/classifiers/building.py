"""Building of networks that are ready to be trained, by a function or from a Keras model."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist import engine
from skmnist._compat.keras import all_layers, compile_settings, fresh, keras
from skmnist._compat.scikeras import build_model
from skmnist.classifiers.compiling import CompileParameters, compile_as_asked, loss_of, recompile
from skmnist.classifiers.losses import Link, check_form, form_for, link_of
from skmnist.classifiers.targets import Targets
from skmnist.keras_models import Description, Network, describe, is_of_keras

__all__ = ["BuiltNetwork", "Rebuild", "build_network", "check_same_network"]

_PROBE_ROWS: Final = 3  # by which a copy of a model is compared with it


@dataclass(frozen=True)
class BuiltNetwork:
    """A network, ready to be trained.

    Parameters
    ----------
    model : keras.Model
        Built and compiled.
    form : {"labels", "one_hot"}
        The form of targets that its loss asks for, of one label a row.
    link : str
        How its outputs become probabilities.
    builder : callable, keras.Model or None, default=None
        What rebuilds the model, where its configuration does not.
    description : Description, default=None
        Of the model, where it was described already.
    initial : list of ndarray, default=None
        Variables to begin with, instead of the model's.
    """

    model: keras.Model
    form: engine.TargetForm
    link: Link
    builder: Callable[[], keras.Model] | keras.Model | None = None
    description: Description | None = None
    initial: list[NDArray[Any]] | None = None


@dataclass(frozen=True)
class Rebuild:
    """Calls a network function again as a classifier called it.

    Parameters
    ----------
    kind : type
        The classifier's class.
    params : dict
        Its parameters.
    seen : dict
        What it knew of the data.
    """

    kind: type
    params: dict[str, Any]
    seen: dict[str, Any]

    def __call__(self) -> keras.Model:
        """Build the model, not trained."""
        classifier = self.kind(**self.params)
        vars(classifier).update(self.seen)
        model = build_model(classifier)
        row = np.zeros((1, *classifier.X_shape_[1:]), np.float32)
        _build(model, classifier.feature_encoder_.transform(row))
        return model


def build_network(
    source: keras.Model | Callable[[], Any],
    X: Any,
    targets: Targets,
    parameters: CompileParameters,
    rebuild: Rebuild,
) -> BuiltNetwork:
    """Build and compile a network.

    Parameters
    ----------
    source : keras.Model or callable
        A model of the user's, which is copied where it can be; or what builds one.
    X : ndarray of shape (n_rows, ...), or list or dict of them
        Rows as the network takes them.
    targets : Targets
        What it is to learn.
    parameters : CompileParameters
        How to compile it, where it comes uncompiled.
    rebuild : Rebuild
        Builds it once more.

    Returns
    -------
    BuiltNetwork
        The network.
    """
    model, builder, description = _model_of(source, X, rebuild)
    widths = _output_widths(model, X)
    compile_as_asked(model, parameters, targets, widths[0])
    loss = loss_of(model)
    _check_outputs(widths, targets)
    if isinstance(loss, (list, tuple, dict)) or len(widths) != 1:
        return BuiltNetwork(model, "labels", "unknown", builder, description)
    n_classes, one_label = targets.n_classes, targets.has_one_label
    check_form(targets.kind, loss)
    form = form_for(loss, n_classes, widths[0]) if one_label else "labels"
    if type(model).compile is keras.Model.compile:
        recompile(model, form, n_classes, recode=one_label and widths[0] == n_classes)
    link = link_of(model, loss, shares=one_label and widths[0] > 1)
    return BuiltNetwork(model, form, link, builder, description)


def _model_of(
    source: keras.Model | Callable[[], Any], X: Any, rebuild: Rebuild
) -> tuple[keras.Model, Callable[[], keras.Model] | keras.Model | None, Description | None]:
    """Give the model to train, and what rebuilds it or describes it."""
    row = keras.tree.map_structure(lambda array: array[:1], X)
    if isinstance(source, keras.Model):
        _build(source, row)
        copy = _faithful_copy(source, keras.tree.map_structure(lambda a: a[:_PROBE_ROWS], X))
        if copy is not None:
            return copy, None, None
        engine.claim(source)
        return source, source, None
    model = source()
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The network function must return a keras.Model; it returned a {type(model).__name__}."
        )
    _build(model, row)
    if is_of_keras(model):
        description = describe(model)
        if engine.is_proven_network(description.config):
            return model, None, description
    return model, rebuild, None


def _build(model: keras.Model, row: Any) -> None:
    """Give a model its weights, if it waits for data before it has any."""
    if model.built and all(layer.built for layer in all_layers(model)):
        expected = getattr(model, "input_shape", None)
        if isinstance(row, np.ndarray) and isinstance(expected, tuple) and expected:
            _check_shape(expected[1:], row.shape[1:])
        return
    try:
        model(row)
    except ValueError as error:
        shapes = keras.tree.map_structure(lambda array: array.shape[1:], row)
        reason = str(error).strip().splitlines()
        said = next((line for line in reason if "\x1b" in line), reason[0])
        said = re.sub("\x1b\\[[0-9;]*m", "", said)
        raise ValueError(f"The network can't take rows of shape {shapes}: {said}") from error


def _check_shape(expected: tuple[int | None, ...], shape: tuple[int, ...]) -> None:
    """Refuse rows of another shape than a network takes."""
    if len(expected) == len(shape) and all(
        n is None or n == m for n, m in zip(expected, shape, strict=True)
    ):
        return
    if len(shape) > 1 and len(expected) == 1:
        remedy = "Flatten the images first, with FlattenScale, or begin with keras.layers.Flatten."
    elif None not in expected and math.prod(expected) == math.prod(shape):  # type: ignore[arg-type]
        remedy = f"Begin the network with keras.layers.Reshape({expected})."
    else:
        remedy = "Let the network function take meta, and use its n_features_in_ or X_shape_."
    raise ValueError(
        f"The network takes rows of shape {expected}, but X has rows of shape {shape}. {remedy}"
    )


def _output_widths(model: keras.Model, X: Any) -> list[int]:
    """Count the columns of each of a model's outputs."""
    try:
        shapes = [tuple(output.shape) for output in model.outputs]
    except (AttributeError, TypeError, ValueError):  # it is no graph, and has to be asked
        row = keras.tree.map_structure(lambda array: array[:1], X)
        shapes = [tuple(output.shape) for output in keras.tree.flatten(model(row, training=False))]
    return [int(shape[-1]) for shape in shapes]


def _faithful_copy(model: keras.Model, X: Any) -> keras.Model | None:
    """Copy a model by its configuration; None where the copy is another network."""
    try:
        copy = Network.from_keras(model).to_keras()
        alike = [v.shape for v in copy.variables] == [v.shape for v in model.variables] and all(
            np.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)
            for one, other in zip(
                keras.tree.flatten(model.predict_on_batch(X)),
                keras.tree.flatten(copy.predict_on_batch(X)),
                strict=True,
            )
        )
    except Exception:  # noqa: BLE001 - whatever a user's own code raises
        return None
    if not alike:
        return None
    if model.compiled:
        settings = compile_settings(model)
        copy.compile(**settings | {"optimizer": fresh(settings["optimizer"])})
    return copy


def _check_outputs(widths: Sequence[int], targets: Targets) -> None:
    """Compare a network's outputs with the classes of the data."""
    expected = targets.n_outputs
    if expected is not None and len(widths) != expected:
        raise ValueError(
            f"The data ask for a network with {expected} outputs, but the model has {len(widths)}."
        )
    n_classes, fits = targets.n_classes, {(1, 2), (targets.n_classes, targets.n_classes)}
    if len(widths) == 1 and targets.has_one_label and (widths[0], n_classes) not in fits:
        raise ValueError(f"The network has {widths[0]} outputs, but the data {n_classes} classes.")


def check_same_network(model: keras.Model, checkpoint: engine.Checkpoint | None) -> None:
    """Compare a network with that of the fit which this one goes on from, if it does."""
    if checkpoint is not None and [np.shape(array) for array in checkpoint.state.variables] != [
        tuple(variable.shape) for variable in model.variables
    ]:
        raise ValueError(
            "The network is not the one of the last fit, which this one is to go on from. Set "
            "its parameters back, or fit anew with warm_start=False."
        )
