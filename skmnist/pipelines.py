"""Models by name, as pipelines: the networks, and the classical models they must beat.

Another model is another entry of one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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

__all__ = [
    "MODELS",
    "Model",
    "list_baselines",
    "list_models",
    "make_baseline",
    "make_conv_pipeline",
    "make_dense_pipeline",
    "make_model",
    "param_grid",
]


@dataclass(frozen=True)
class Model:
    """A model that has a name here.

    Parameters
    ----------
    words : str
        Its name as people write it.
    kind : type or str
        Its class; of a network, the name of its class in `skmnist.classifiers`, which takes
        seconds to load.
    settings : mapping of str to object
        Where it differs from the class's own defaults.
    grid : mapping of str to list
        Values to search over, around the settings: six candidates or more, or none at all.
    is_quick : bool, default=True
        Whether it is compared where nobody asks for it by name.
    """

    words: str
    kind: type[ClassifierMixin] | str
    settings: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, list[Any]] = field(default_factory=dict)
    is_quick: bool = True

    @property
    def is_network(self) -> bool:
        """Tell whether it is one of the package's own classifiers."""
        return isinstance(self.kind, str)

    @property
    def step(self) -> str:
        """The name of its step in a pipeline."""
        return (self.kind if isinstance(self.kind, str) else self.kind.__name__).lower()

    def make(self, params: Mapping[str, Any]) -> ClassifierMixin:
        """Make it, with other parameters over its settings."""
        kind: Any = self.kind
        if self.is_network:
            from skmnist import classifiers

            kind = getattr(classifiers, kind)
        return kind(**{**self.settings, **params})


MODELS: Final[dict[str, Model]] = {
    "dense": Model(
        "dense network",
        "DenseClassifier",
        # one architecture, so that all of it trains in stacks of one program
        grid={
            "dropout": [0.1, 0.3],
            "learning_rate": [0.001, 0.003, 0.006],
            "weight_decay": [0.01, 0.1],
        },
    ),
    "conv": Model(
        "convolutional network",
        "ConvClassifier",
        {"augment": "auto", "epochs": "auto"},
        {"dropout": [0.2, 0.4], "learning_rate": [0.001, 0.003, 0.006]},
    ),
    "dummy": Model("dummy", DummyClassifier),
    "logistic_regression": Model(
        "logistic regression",
        LogisticRegression,
        {"C": 0.1, "max_iter": 300},
        {"C": [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]},
    ),
    "linear_svm": Model(
        "linear SVM", LinearSVC, {"C": 0.01}, {"C": [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1]}
    ),
    "rbf_svm": Model(
        "RBF SVM", SVC, {"C": 10.0, "gamma": 0.02}, {"C": [1.0, 10.0], "gamma": [0.01, 0.02, 0.04]}
    ),
    "knn": Model(
        "k nearest neighbours",
        KNeighborsClassifier,
        {"n_neighbors": 4, "weights": "distance"},
        {"n_neighbors": [1, 3, 4, 5, 7, 9]},
    ),
    "random_forest": Model(
        "random forest",
        RandomForestClassifier,
        {"n_estimators": 200},
        {"max_features": [0.02, "sqrt", 0.1], "min_samples_leaf": [1, 2]},
    ),
    "extra_trees": Model(
        "extra trees",
        ExtraTreesClassifier,
        {"n_estimators": 200},
        {"max_features": [0.02, "sqrt", 0.1], "min_samples_leaf": [1, 2]},
    ),
    "hist_gradient_boosting": Model(
        "gradient boosting",
        HistGradientBoostingClassifier,
        {"max_features": 0.1},
        {"max_leaf_nodes": [7, 15, 31], "learning_rate": [0.1, 0.2]},
        is_quick=False,  # a histogram a pixel; slow on shared cores
    ),
    "mlp": Model(
        "MLP",
        MLPClassifier,
        {"hidden_layer_sizes": (100, 100)},
        {"alpha": [1e-4, 1e-2, 1.0], "learning_rate_init": [0.001, 0.003]},
    ),
    "gaussian_nb": Model(
        "naive Bayes",
        GaussianNB,
        {"var_smoothing": 0.1},
        {"var_smoothing": [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]},
    ),
}
"""The networks, then the baselines. Settings are the best of the usual ones on images held out of
MNIST's training images (``benchmarks/defaults.py``): the comparison is with models as one would use
them."""


def list_models() -> list[str]:
    """List the names that `make_model` and `compare` know.

    Returns
    -------
    list of str
        The networks' names, then those of `list_baselines`.

    Examples
    --------
    >>> from skmnist import list_models
    >>> list_models()[:4]
    ['dense', 'conv', 'dummy', 'logistic_regression']
    """
    return list(MODELS)


def make_model(name: str, **params: Any) -> Pipeline:
    """Build a model by its name, behind the first step that all have.

    Parameters
    ----------
    name : str
        One of `list_models`.
    **params : dict
        Parameters of the model, over those chosen here for pixels in [0, 1].

    Returns
    -------
    sklearn.pipeline.Pipeline
        `FlattenScale`, then the model.

    Raises
    ------
    ValueError
        If there is no model of this name.

    Examples
    --------
    >>> from skmnist import make_model
    >>> make_model("linear_svm", C=0.1)
    Pipeline(steps=[('flattenscale', FlattenScale()),
                    ('linearsvc', LinearSVC(C=0.1))])
    """
    if name not in MODELS:
        raise ValueError(f"There is no model {name!r}; there are {', '.join(MODELS)}.")
    return make_pipeline(FlattenScale(), MODELS[name].make(params))


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
    return make_model("dense", **params)


def make_conv_pipeline(**params: Any) -> Pipeline:
    """Build the pipeline of `FlattenScale` and `ConvClassifier`, for images of digits.

    Its images are bent anew in each epoch, for as many epochs as their number allows:
    ``augment="auto"`` and ``epochs="auto"``, unless ``params`` say otherwise.

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
                    ('convclassifier', ConvClassifier(augment='auto', epochs=5))])
    """
    return make_model("conv", **params)


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
    return [name for name, model in MODELS.items() if not model.is_network]


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
    >>> make_baseline("linear_svm", C=0.1)
    Pipeline(steps=[('flattenscale', FlattenScale()),
                    ('linearsvc', LinearSVC(C=0.1))])
    """
    baselines = list_baselines()
    if name not in baselines:
        raise ValueError(f"There is no baseline {name!r}; there are {', '.join(baselines)}.")
    return make_model(name, **params)


def param_grid(name: str) -> dict[str, list[Any]]:
    """Give a small grid for a pipeline, by the names of its steps.

    Parameters
    ----------
    name : str
        One of `list_models` but ``"dummy"``.

    Returns
    -------
    dict of str to list
        To pass to a search, or to change first.

    Raises
    ------
    ValueError
        If there is no grid of this name.

    Examples
    --------
    >>> from skmnist import param_grid
    >>> param_grid("knn")
    {'kneighborsclassifier__n_neighbors': [1, 3, 4, 5, 7, 9]}
    """
    grids = {known: model for known, model in MODELS.items() if model.grid}
    if name not in grids:
        raise ValueError(f"There is no grid for {name!r}; there are {', '.join(grids)}.")
    model = grids[name]
    return {f"{model.step}__{parameter}": list(values) for parameter, values in model.grid.items()}
