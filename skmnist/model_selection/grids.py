"""Small grids of hyper-parameters to start a search from."""

from __future__ import annotations

from typing import Any

from skmnist.pipelines import MODELS

__all__ = ["param_grid"]


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
    {'kneighborsclassifier__n_neighbors': [1, 4, 7]}
    """
    grids = {known: model for known, model in MODELS.items() if model.grid}
    if name not in grids:
        raise ValueError(f"There is no grid for {name!r}; there are {', '.join(grids)}.")
    model = grids[name]
    return {f"{model.step}__{parameter}": list(values) for parameter, values in model.grid.items()}
