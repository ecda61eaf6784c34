"""Refusals of what a fit can't do, before any work, each with a remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist import engine
from skmnist._compat.keras import keras

__all__ = [
    "check_plan",
    "check_routes",
    "check_same_kind",
    "refuse_fit_params",
    "routed_validation_data",
]

_SERVED: Final = {
    "fit": frozenset(
        {
            "batch_size",
            "callbacks",
            "class_weight",
            "epochs",
            "shuffle",
            "validation_batch_size",
            "validation_data",
            "validation_split",
            "verbose",
        }
    ),
    "predict": frozenset({"batch_size", "callbacks", "verbose"}),
}
"""Parameters of Keras's methods that may be routed to them; what predicts has no effect."""
_REMEDIES: Final = {
    "validation_data": "pass X_val and y_val to fit",
    "initial_epoch": "set warm_start=True to go on from the last fit",
    "steps_per_epoch": "pass fewer rows, or more epochs",
    "sample_weight": "pass sample_weight to fit",
}
_RATE_CALLBACKS: Final = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
)


def refuse_fit_params(kind: str, known: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    """Refuse arguments of Keras's `fit`, which are parameters of the classifier here.

    Parameters
    ----------
    kind : str
        The classifier's class.
    known : mapping of str to object
        Its parameters.
    params : mapping of str to object
        What was passed to its `fit`.
    """
    for name in params:
        if name in _REMEDIES:
            remedy = _REMEDIES[name]
        elif name in known:
            remedy = f"set it in the constructor, {kind}({name}=...), or by set_params({name}=...)"
        else:
            remedy = "it takes X, y, sample_weight, X_val and y_val"
        raise TypeError(f"Invalid argument {name!r} for {kind}.fit: {remedy}.")


def check_routes(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters routed to Keras's methods that would have no effect."""
    for name in parameters:
        method, _, routed = name.partition("__")
        if method in _SERVED and routed.partition("__")[0] not in _SERVED[method]:
            remedy = _REMEDIES.get(routed, "leave it out, or use it on the classifier's model_")
            raise ValueError(f"{name} would have no effect here: {remedy}.")


def routed_validation_data(parameters: Mapping[str, Any]) -> tuple[Any, Any]:
    """Read the rows to validate on from ``fit__validation_data``, if they are given there."""
    given = parameters.get("fit__validation_data")
    if given is None:
        return None, None
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ValueError("fit__validation_data must be a pair, (X_val, y_val).")
    return given[0], given[1]


def check_plan(plan: engine.TrainingPlan, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Refuse callbacks that set the learning rate, where a schedule sets it too."""
    for callback in callbacks:
        if plan.schedule != "constant" and isinstance(callback, _RATE_CALLBACKS):
            raise ValueError(
                f"{type(callback).__name__} sets the learning rate, and so does "
                f"schedule={plan.schedule!r}. Set schedule='constant', or leave out the callback."
            )


def check_same_kind(
    kind: str, X_dtype: np.dtype[Any], y: NDArray[Any], seen: Mapping[str, Any]
) -> None:
    """Refuse to go on from a fit with data of another kind: pixels as floats after whole numbers.

    Parameters
    ----------
    kind : str
        The classifier's class.
    X_dtype : dtype
        The type of the new rows, as the user passed them.
    y : ndarray
        The new labels.
    seen : mapping of str to object
        ``X_dtype_``, ``y_dtype_``, ``y_ndim_`` and ``y_shape_`` of the last fit.
    """
    for what, new, old in (
        ("X", X_dtype, seen["X_dtype_"]),
        ("y", y.dtype, seen["y_dtype_"]),
    ):
        if new.kind == "f" and old.kind in "iu":
            raise ValueError(
                f"Got {what} with dtype {new}, but this {kind} expected {old} as in its last fit: "
                "they may not mean the same."
            )
    if y.ndim != seen["y_ndim_"]:
        raise ValueError(
            f"y has {y.ndim} dimensions, but this {kind} is expecting {seen['y_ndim_']} "
            "dimensions in y."
        )
    if y.ndim > 1 and y.shape[1:] != seen["y_shape_"][1:]:
        raise ValueError(
            f"y has {y.shape[1]} features, but this {kind} is expecting "
            f"{seen['y_shape_'][1]} features in y."
        )
