"""Allowed values of the classifiers' parameters, in scikit-learn's own words."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Final

from skmnist._compat.sklearn import Interval, Options, StrOptions
from skmnist.augmentation import KINDS
from skmnist.classifiers.optimizers import OPTIMIZERS
from skmnist.engine import SCHEDULES

__all__ = ["ANY_NETWORK", "NAMED_NETWORK"]

_FIT: Final[dict[str, list[Any]]] = {
    "validation_split": [Interval(Real, 0, 1, closed="left")],
    "random_state": ["random_state"],
    "warm_start": ["boolean"],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "verbose": ["verbose"],
    "image_shape": ["array-like", None],
}

ANY_NETWORK: Final[dict[str, list[Any]]] = {
    **_FIT,
    "epochs": [Interval(Integral, 1, None, closed="left")],
    "augment": [StrOptions(set(KINDS)), None],
    "batch_size": [Interval(Integral, 1, None, closed="left"), Options(Integral, {-1}), None],
    "shuffle": ["boolean"],
}
"""Constraints of a classifier whose network the user brings."""

NAMED_NETWORK: Final[dict[str, list[Any]]] = {
    **_FIT,
    "hidden_layer_sizes": ["array-like", Integral],
    "activation": [str],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "batch_norm": ["boolean"],
    "optimizer": [StrOptions(set(OPTIMIZERS))],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "schedule": [StrOptions(set(SCHEDULES))],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    "augment": [StrOptions({"auto", *KINDS}), None],
    "epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    "early_stopping": ["boolean"],
    "patience": [Interval(Integral, 1, None, closed="left")],
    "callbacks": [list, None],
    "metrics": [list, None],
}
"""Constraints of a classifier that builds its network from its own parameters."""
