"""The classifiers: Keras networks behind scikit-learn's contract, trained by the engine."""

from __future__ import annotations

from skmnist.classifiers.base import KerasClassifier
from skmnist.classifiers.conv import ConvClassifier
from skmnist.classifiers.dense import DenseClassifier
from skmnist.classifiers.monitor import ValidationMonitor
from skmnist.classifiers.scikeras import fit_setting

__all__ = [
    "ConvClassifier",
    "DenseClassifier",
    "KerasClassifier",
    "ValidationMonitor",
    "fit_setting",
]
