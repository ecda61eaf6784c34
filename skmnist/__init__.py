"""Handwritten-digit networks as first-class scikit-learn citizens.

This module names the public API and loads nothing: each name is imported at its first use.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Comparison": "comparison",
    "ComparisonDisplay": "displays",
    "ConvClassifier": "classifiers",
    "DenseClassifier": "classifiers",
    "DigitsDisplay": "displays",
    "EpochHalvingSearchCV": "model_selection",
    "ErrorsDisplay": "displays",
    "FlattenScale": "preprocessing",
    "History": "history",
    "HistoryDisplay": "displays",
    "KerasClassifier": "classifiers",
    "SearchDisplay": "displays",
    "StackedGridSearchCV": "model_selection",
    "StackedRandomizedSearchCV": "model_selection",
    "ValidationMonitor": "classifiers",
    "center_digit": "pictures",
    "compare": "comparison",
    "conv_network": "networks",
    "dask_backend": "clusters",
    "dense_network": "networks",
    "fetch_mnist": "datasets",
    "flatten_and_scale": "preprocessing",
    "list_baselines": "pipelines",
    "load": "persistence",
    "load_digits28": "datasets",
    "make_baseline": "pipelines",
    "make_conv_pipeline": "pipelines",
    "make_dense_pipeline": "pipelines",
    "model_card": "persistence",
    "param_grid": "model_selection",
    "read_picture": "pictures",
    "save": "persistence",
    "to_onnx": "persistence",
}

__all__ = [*sorted(_HOMES), "recipes"]  # noqa: PLE0604 - all are names


def __getattr__(name: str) -> Any:
    if name == "recipes":
        return importlib.import_module("skmnist.recipes")
    if name == "__version__":
        from importlib.metadata import version

        return version("skmnist")
    if name not in _HOMES:
        raise AttributeError(f"module 'skmnist' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"skmnist.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
