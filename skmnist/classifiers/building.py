"""From the parameters of a `KerasClassifier` to a compiled network, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

import numpy as np

from skmnist import engine
from skmnist._compat.keras import all_layers, compile_settings, fresh, keras
from skmnist._images import square_shape
from skmnist.augmentation import Augmentation
from skmnist.classifiers.targets import (
    Link,
    check_form,
    form_for,
    link_of,
    recoded_metrics,
)
from skmnist.keras_models import Network, described

if TYPE_CHECKING:
    from skmnist.classifiers.base import KerasClassifier

__all__ = [
    "BuiltNetwork",
    "Rebuild",
    "augmentation_of",
    "build_network",
    "check_network",
    "image_shape_of",
    "positive_ints",
]

_COMPILE_ROUTES: Final = ("optimizer__", "loss__", "metrics__", "compile__")
_compiled_here: Final[WeakSet[keras.Model]] = WeakSet()
"""Models that came uncompiled."""
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
    """

    model: keras.Model
    form: engine.TargetForm
    link: Link
    builder: Callable[[], keras.Model] | keras.Model | None = None


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
        model = classifier._build_keras_model()
        row = np.zeros((1, *classifier.X_shape_[1:]), np.float32)
        _build(model, classifier.feature_encoder_.transform(row))
        return model


def positive_ints(name: str, values: Sequence[int] | int) -> tuple[int, ...]:
    """Check a parameter that holds sizes; one alone stands for a sequence of one."""
    given: Any = values
    sizes: tuple[Any, ...] = (given,) if isinstance(given, Integral) else tuple(given)
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
    if math.prod(shape) % (height * width) or (
        height * width != math.prod(shape) and len(shape) == 1
    ):
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


def build_network(classifier: KerasClassifier, X: Any) -> BuiltNetwork:
    """Build and compile what the parameters of a classifier say.

    Parameters
    ----------
    classifier : KerasClassifier
        Its target encoder is fitted.
    X : ndarray of shape (n_rows, ...), or list or dict of them
        Rows as the network takes them.

    Returns
    -------
    BuiltNetwork
        The network. A model of the user's is copied, where it can be.
    """
    model, builder = _model_of(classifier, X)
    widths = _output_widths(model, X)
    if not model.compiled or model in _compiled_here:
        _compile(classifier, model, widths)
        _compiled_here.add(model)
    else:
        _refuse_settings_without_effect(classifier, model)
    loss = model.loss
    if isinstance(loss, (list, tuple)) and len(loss) == 1:
        loss = loss[0]
    if not loss and type(model).train_step is keras.Model.train_step:
        raise ValueError("The network has no loss to train by: provide a loss.")
    _check_outputs(classifier, widths)
    if isinstance(loss, (list, tuple, dict)) or len(widths) != 1:
        return BuiltNetwork(model, "labels", "unknown", builder)
    one_label, n_classes = classifier._has_one_label(), len(classifier.classes_)
    check_form(classifier.target_type_, loss)
    form = form_for(loss, n_classes, widths[0]) if one_label else "labels"
    if type(model).compile is keras.Model.compile:
        _recompile(model, form, n_classes, recode=one_label and widths[0] == n_classes)
    link = link_of(model, loss, shares=one_label and widths[0] > 1)
    return BuiltNetwork(model, form, link, builder)


def _model_of(
    classifier: KerasClassifier, X: Any
) -> tuple[keras.Model, Callable[[], keras.Model] | keras.Model | None]:
    """Give the model to train, and what rebuilds it if its configuration does not."""
    row = keras.tree.map_structure(lambda array: array[:1], X)
    if isinstance(classifier.model, keras.Model):
        model = classifier.model
        _build(model, row)
        copy = _faithful_copy(model, keras.tree.map_structure(lambda a: a[:_PROBE_ROWS], X))
        if copy is not None:
            return copy, None
        engine.claim(model)
        return model, model
    model = classifier._build_keras_model()
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The network function must return a keras.Model; it returned a {type(model).__name__}."
        )
    _build(model, row)
    if engine.is_proven_network(described(model)):
        return model, None
    seen = classifier._get_metadata()
    return model, Rebuild(type(classifier), classifier.get_params(deep=False), seen)


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


def _compile(classifier: KerasClassifier, model: keras.Model, widths: Sequence[int]) -> None:
    """Compile a model by the parameters of its classifier."""
    settings = classifier._get_compile_kwargs()
    settings["optimizer"] = fresh(settings["optimizer"])
    if settings["optimizer"] is None:
        raise ValueError("You must provide an optimizer to train a network: optimizer=None.")
    if settings["loss"] is None:
        settings["loss"] = _default_loss(classifier, model, widths[0])
    model.compile(**settings)


def _default_loss(classifier: KerasClassifier, model: keras.Model, width: int) -> keras.losses.Loss:
    if getattr(model.layers[-1], "activation", None) is keras.activations.linear:
        raise ValueError(
            "The network's last layer is linear: give it a softmax, or a sigmoid for one output, "
            "or name a loss that fits it, such as "
            "keras.losses.SparseCategoricalCrossentropy(from_logits=True)."
        )
    if classifier.target_type_ == "multiclass-onehot":
        return keras.losses.CategoricalCrossentropy()
    if classifier.target_type_.startswith("multilabel") or width == 1:
        return keras.losses.BinaryCrossentropy()
    return keras.losses.SparseCategoricalCrossentropy()


def _refuse_settings_without_effect(classifier: KerasClassifier, model: keras.Model) -> None:
    """Refuse parameters that compile, where the network function has compiled without them."""
    if classifier._passes_compile_kwargs():
        return
    parameters = classifier.get_params(deep=False)
    ignored = [name for name in parameters if name.startswith(_COMPILE_ROUTES)]
    optimizer, loss = parameters.get("optimizer", "rmsprop"), parameters.get("loss")
    if optimizer != "rmsprop" and not _is_kind(optimizer, model.optimizer):
        ignored.append("optimizer")
    if loss is not None and not _is_same_loss(loss, model.loss):
        ignored.append("loss")
    if parameters.get("metrics") is not None:
        ignored.append("metrics")
    if ignored:
        raise ValueError(
            f"{', '.join(sorted(ignored))} would have no effect, because the network comes "
            "compiled. Let the network function take compile_kwargs and pass them to compile, or "
            "return the model uncompiled."
        )


def _is_kind(value: Any, optimizer: keras.optimizers.Optimizer) -> bool:
    kind = value if isinstance(value, type) else type(keras.optimizers.get(value))
    return kind is type(optimizer)


def _is_same_loss(value: Any, loss: Any) -> bool:
    one, other = engine.keras_loss(value), engine.keras_loss(loss)
    return one == other or (isinstance(one, keras.losses.Loss) and type(one) is type(other))


def _recompile(
    model: keras.Model, form: engine.TargetForm, n_classes: int, *, recode: bool
) -> None:
    """Compile anew, with metrics in the form that they ask for, and nothing shared with others."""
    settings = compile_settings(model)
    # an optimizer may belong to the user, or have trained another network
    anew = settings | {"optimizer": fresh(model.optimizer)}
    for name in ("metrics", "weighted_metrics"):
        if recode:
            anew[name] = recoded_metrics(settings[name], form, n_classes)
        elif isinstance(settings[name], (list, tuple)):
            anew[name] = [engine.keras_metric(metric) for metric in settings[name]]
    model.compile(**anew)


def _check_outputs(classifier: KerasClassifier, widths: Sequence[int]) -> None:
    """Compare a network's outputs with the classes of the data."""
    expected = getattr(classifier, "n_outputs_expected_", None)
    if expected is not None and len(widths) != expected:
        raise ValueError(
            f"The data ask for a network with {expected} outputs, but the model has {len(widths)}."
        )
    if len(widths) == 1 and classifier._has_one_label():
        n_classes = len(classifier.classes_)
        if widths[0] != n_classes and (widths[0], n_classes) != (1, 2):
            raise ValueError(
                f"The network has {widths[0]} outputs, but the data {n_classes} classes."
            )


def check_network(classifier: KerasClassifier, model: keras.Model, *, go_on: bool) -> None:
    """Compare a network with that of the last fit, where this one goes on from it."""
    if go_on and [np.shape(array) for array in classifier._checkpoint.state.variables] != [
        tuple(variable.shape) for variable in model.variables
    ]:
        raise ValueError(
            "The network is not the one of the last fit, which this one is to go on from. Set "
            "its parameters back, or fit anew with warm_start=False."
        )
