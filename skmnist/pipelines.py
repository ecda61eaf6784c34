"""Ready pipelines: the networks, and the classical models they must beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC, LinearSVC

from skmnist.preprocessing import FlattenScale

__all__ = ["list_baselines", "make_baseline", "make_conv_pipeline", "make_dense_pipeline"]

_BASELINES: Final[dict[str, tuple[Callable[..., ClassifierMixin], dict[str, Any]]]] = {
    "dummy": (DummyClassifier, {}),
    "logistic_regression": (LogisticRegression, {"C": 0.1, "max_iter": 300}),
    "linear_svm": (LinearSVC, {"C": 0.01}),
    "rbf_svm": (SVC, {"C": 10.0, "gamma": 0.02}),
    "knn": (KNeighborsClassifier, {"n_neighbors": 3}),
    "random_forest": (RandomForestClassifier, {"n_estimators": 200}),
    "extra_trees": (ExtraTreesClassifier, {"n_estimators": 200}),
    "hist_gradient_boosting": (
        HistGradientBoostingClassifier,
        {"learning_rate": 0.3, "max_iter": 60, "max_features": 0.05, "max_leaf_nodes": 15},
    ),
    "mlp": (MLPClassifier, {"hidden_layer_sizes": (100, 100), "early_stopping": True}),
    "gaussian_nb": (GaussianNB, {"var_smoothing": 0.1}),
}
"""Each baseline's class, and the settings in which it differs from scikit-learn's defaults: those
usual for pixels in [0, 1], so that the comparison is with models as one would use them."""


def make_dense_pipeline(**params: Any) -> Pipeline:
    """Build the pipeline of `FlattenScale` and `DenseClassifier`.

    Parameters
    ----------
    **params : dict
        Parameters of `DenseClassifier`.

    Returns
    -------
    sklearn.pipeline.Pipeline
        With the steps ``flattenscale`` and ``denseclassifier``.

    Examples
    --------
    >>> from skmnist import make_dense_pipeline
    >>> make_dense_pipeline(epochs=5)
    Pipeline(steps=[('flattenscale', FlattenScale()),
                    ('denseclassifier', DenseClassifier(epochs=5))])
    """
    from skmnist.classifiers import DenseClassifier

    return make_pipeline(FlattenScale(), DenseClassifier(**params))


def make_conv_pipeline(**params: Any) -> Pipeline:
    """Build the pipeline of `FlattenScale` and `ConvClassifier`.

    Parameters
    ----------
    **params : dict
        Parameters of `ConvClassifier`.

    Returns
    -------
    sklearn.pipeline.Pipeline
        With the steps ``flattenscale`` and ``convclassifier``.

    Examples
    --------
    >>> from skmnist import make_conv_pipeline
    >>> make_conv_pipeline(epochs=5)
    Pipeline(steps=[('flattenscale', FlattenScale()),
                    ('convclassifier', ConvClassifier(epochs=5))])
    """
    from skmnist.classifiers import ConvClassifier

    return make_pipeline(FlattenScale(), ConvClassifier(**params))


def list_baselines() -> list[str]:
    """List the names that `make_baseline` knows.

    Returns
    -------
    list of str
        The names.

    Examples
    --------
    >>> from skmnist import list_baselines
    >>> list_baselines()[:3]
    ['dummy', 'logistic_regression', 'linear_svm']
    """
    return list(_BASELINES)


def make_baseline(name: str, **params: Any) -> Pipeline:
    """Build a classical model behind the same first step as the dense network's.

    Parameters
    ----------
    name : str
        One of `list_baselines`.
    **params : dict
        Parameters of the model, over those chosen here for pixels in [0, 1].

    Returns
    -------
    sklearn.pipeline.Pipeline
        `FlattenScale`, then the model.

    Raises
    ------
    ValueError
        If there is no baseline of this name.

    Examples
    --------
    >>> from skmnist import make_baseline
    >>> make_baseline("knn", n_neighbors=1)
    Pipeline(steps=[('flattenscale', FlattenScale()),
                    ('kneighborsclassifier', KNeighborsClassifier(n_neighbors=1))])
    """
    if name not in _BASELINES:
        raise ValueError(f"There is no baseline {name!r}; there are {', '.join(_BASELINES)}.")
    kind, settings = _BASELINES[name]
    return make_pipeline(FlattenScale(), kind(**(settings | params)))
