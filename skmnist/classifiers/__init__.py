"""The classifiers: Keras networks behind scikit-learn's contract, trained by the engine."""

from __future__ import annotations

from skmnist.classifiers.base import KerasClassifier
from skmnist.classifiers.dense import DenseClassifier

__all__ = ["DenseClassifier", "KerasClassifier"]
