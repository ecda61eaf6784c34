"""Small grids of hyper-parameters to start a search from."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["param_grid"]

_GRIDS: Final[dict[str, dict[str, list[Any]]]] = {
    "dense": {
        "denseclassifier__dropout": [0.1, 0.3],
        "denseclassifier__learning_rate": [0.001, 0.003, 0.006],
        "denseclassifier__weight_decay": [0.01, 0.1],
    },
    "logistic_regression": {"logisticregression__C": [0.01, 0.1, 1.0]},
    "linear_svm": {"linearsvc__C": [0.001, 0.01, 0.1]},
    "rbf_svm": {"svc__C": [1.0, 10.0], "svc__gamma": [0.01, 0.02, 0.04]},
    "knn": {"kneighborsclassifier__n_neighbors": [1, 3, 5]},
    "random_forest": {"randomforestclassifier__max_features": [0.02, "sqrt", 0.1]},
    "extra_trees": {"extratreesclassifier__max_features": [0.02, "sqrt", 0.1]},
    "hist_gradient_boosting": {"histgradientboostingclassifier__max_leaf_nodes": [7, 15, 31]},
    "mlp": {
        "mlpclassifier__alpha": [1e-4, 1e-2],
        "mlpclassifier__learning_rate_init": [0.001, 0.003],
    },
    "gaussian_nb": {"gaussiannb__var_smoothing": [0.01, 0.1, 0.3]},
}
"""Around the settings that the pipelines come with. The dense grid has one architecture, so that
all of it trains in stacks of one program; add ``denseclassifier__hidden_layer_sizes`` for more."""


def param_grid(name: str) -> dict[str, list[Any]]:
    """Give a small grid for a pipeline, by the names of its steps.

    Parameters
    ----------
    name : str
        ``"dense"``, or one of `list_baselines` but ``"dummy"``.

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
    {'kneighborsclassifier__n_neighbors': [1, 3, 5]}
    """
    if name not in _GRIDS:
        raise ValueError(f"There is no grid for {name!r}; there are {', '.join(_GRIDS)}.")
    return {parameter: list(values) for parameter, values in _GRIDS[name].items()}
