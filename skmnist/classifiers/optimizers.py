"""The optimizers that the classifiers know by name."""

from __future__ import annotations

from typing import Any, Final, Literal

from skmnist._compat.keras import keras

__all__ = ["OPTIMIZERS", "OptimizerName", "make_optimizer"]

OptimizerName = Literal["adamw", "adam", "rmsprop", "sgd"]

OPTIMIZERS: Final[dict[OptimizerName, tuple[type, frozenset[str], dict[str, Any]]]] = {
    "adamw": (keras.optimizers.AdamW, frozenset({"weight_decay", "beta_2"}), {}),
    "adam": (keras.optimizers.Adam, frozenset({"beta_2"}), {}),
    "rmsprop": (keras.optimizers.RMSprop, frozenset(), {}),
    "sgd": (keras.optimizers.SGD, frozenset(), {"momentum": 0.9, "nesterov": True}),
}
"""Class of each optimizer, the parameters that it always takes, and its other settings. A weight
decay above 0 is passed to all of them."""


def make_optimizer(
    name: OptimizerName, learning_rate: float, weight_decay: float, beta_2: float
) -> keras.optimizers.Optimizer:
    """Make an optimizer.

    Parameters
    ----------
    name : {"adamw", "adam", "rmsprop", "sgd"}
        Which.
    learning_rate, weight_decay, beta_2 : float
        Its settings; of those that it does not know, 0 and any `beta_2` are left out.

    Returns
    -------
    keras.optimizers.Optimizer
        With Keras's own settings otherwise.
    """
    kind, takes, settings = OPTIMIZERS[name]
    given = {"weight_decay": weight_decay, "beta_2": beta_2}
    taken = {each: value for each, value in given.items() if each in takes}
    if weight_decay:
        taken["weight_decay"] = weight_decay
    return kind(learning_rate=learning_rate, **settings, **taken)
