"""scikeras's classifier, imported without TensorFlow where another backend computes.

scikeras loads TensorFlow where it finds it, for a seed that is never set here.
"""

from __future__ import annotations

from typing import Any, Final

from sklearn.base import BaseEstimator

from skmnist._compat.keras import keras, without

# isort: split
with without("tensorflow", unless=keras.backend.backend() == "tensorflow"):
    from scikeras.wrappers import BaseWrapper
    from scikeras.wrappers import KerasClassifier as ScikerasClassifier

__all__ = ["ROUTING_PREFIXES", "BaseWrapper", "ScikerasClassifier", "build_model"]

ROUTING_PREFIXES: Final[frozenset[str]] = frozenset(ScikerasClassifier._routing_prefixes)
"""Beginnings of parameters, before two underscores, that are handed on."""

# scikit-learn's checks ask that a class with the old `_more_tags` also names `__sklearn_tags__`.
# This names what scikeras's class inherits anyway, and so changes nothing for it.
BaseWrapper.__sklearn_tags__ = BaseEstimator.__sklearn_tags__


def build_model(classifier: Any) -> keras.Model:
    """Call a classifier's network function with what scikeras routes to it."""
    return classifier._build_keras_model()
