"""Compiling a network: by the parameters of a classifier, and as its targets ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakSet

from skmnist import engine
from skmnist._compat.keras import compile_settings, fresh, keras
from skmnist.classifiers.losses import recoded_metrics
from skmnist.classifiers.targets import Targets

__all__ = ["CompileParameters", "compile_as_asked", "loss_of", "recompile"]

_ROUTES: Final = ("optimizer__", "loss__", "metrics__", "compile__")
_compiled_here: Final[WeakSet[keras.Model]] = WeakSet()
"""Models that came uncompiled."""


@dataclass(frozen=True)
class CompileParameters:
    """Parameters of a classifier that concern `compile`.

    Parameters
    ----------
    arguments : callable
        Makes the arguments of `keras.Model.compile`.
    given : mapping of str to object
        The parameters, by name.
    reach_function : bool
        Whether the network function is handed the arguments, to compile by itself.
    """

    arguments: Callable[[], dict[str, Any]]
    given: Mapping[str, Any]
    reach_function: bool


def compile_as_asked(
    model: keras.Model, parameters: CompileParameters, targets: Targets, n_outputs: int
) -> None:
    """Compile a network, unless its function has: then refuse parameters without effect.

    Parameters
    ----------
    model : keras.Model
        Built.
    parameters : CompileParameters
        What to compile by.
    targets : Targets
        What it is to learn.
    n_outputs : int
        Columns of its output.
    """
    if not model.compiled or model in _compiled_here:
        _compile(model, parameters.arguments(), targets, n_outputs)
        _compiled_here.add(model)
    elif not parameters.reach_function:
        _refuse_without_effect(model, parameters.given)


def loss_of(model: keras.Model) -> Any:
    """Give the loss that a network was compiled with; a list of one stands for the one.

    Parameters
    ----------
    model : keras.Model
        Compiled.

    Returns
    -------
    object
        As `keras.Model.compile` takes it.

    Raises
    ------
    ValueError
        If there is none, and the network does not train by a step of its own.
    """
    loss = model.loss
    if isinstance(loss, (list, tuple)) and len(loss) == 1:
        loss = loss[0]
    if not loss and type(model).train_step is keras.Model.train_step:
        raise ValueError("The network has no loss to train by: provide a loss.")
    return loss


def recompile(model: keras.Model, form: engine.TargetForm, n_classes: int, *, recode: bool) -> None:
    """Compile anew, with nothing shared with others.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    form : {"labels", "one_hot"}
        The form of targets that its loss gets.
    n_classes : int
        Classes of the data.
    recode : bool
        Whether each metric is to get targets in the form that it asks for.
    """
    settings = compile_settings(model)
    # an optimizer may belong to the user, or have trained another network
    anew = settings | {"optimizer": fresh(model.optimizer)}
    for name in ("metrics", "weighted_metrics"):
        if recode:
            anew[name] = recoded_metrics(settings[name], form, n_classes)
        elif isinstance(settings[name], (list, tuple)):
            anew[name] = [engine.keras_metric(metric) for metric in settings[name]]
    model.compile(**anew)


def _compile(
    model: keras.Model, settings: dict[str, Any], targets: Targets, n_outputs: int
) -> None:
    optimizer = fresh(settings["optimizer"])
    if optimizer is None:
        raise ValueError("You must provide an optimizer to train a network: optimizer=None.")
    loss = (
        _default_loss(model, targets, n_outputs) if settings["loss"] is None else settings["loss"]
    )
    model.compile(**settings | {"optimizer": optimizer, "loss": loss})


def _default_loss(model: keras.Model, targets: Targets, n_outputs: int) -> keras.losses.Loss:
    if getattr(model.layers[-1], "activation", None) is keras.activations.linear:
        raise ValueError(
            "The network's last layer is linear: give it a softmax, or a sigmoid for one output, "
            "or name a loss that fits it, such as "
            "keras.losses.SparseCategoricalCrossentropy(from_logits=True)."
        )
    if targets.kind == "multiclass-onehot":
        return keras.losses.CategoricalCrossentropy()
    if targets.kind.startswith("multilabel") or n_outputs == 1:
        return keras.losses.BinaryCrossentropy()
    return keras.losses.SparseCategoricalCrossentropy()


def _refuse_without_effect(model: keras.Model, given: Mapping[str, Any]) -> None:
    """Refuse parameters that compile, where the network function has compiled without them."""
    ignored = [name for name in given if name.startswith(_ROUTES)]
    optimizer, loss = given.get("optimizer", "rmsprop"), given.get("loss")
    if optimizer != "rmsprop" and not _is_kind(optimizer, model.optimizer):
        ignored.append("optimizer")
    if loss is not None and not _is_same_loss(loss, model.loss):
        ignored.append("loss")
    if given.get("metrics") is not None:
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
