"""Images and labels as scikit-learn's fetchers give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skmnist.datasets.sources import Part

__all__ = ["Subset", "make_bunch", "parts_of"]

Subset = Literal["train", "test", "all"]


def parts_of(subset: str) -> list[Part]:
    """List the parts of a data set that a subset takes in."""
    parts: dict[str, list[Part]] = {"train": ["train"], "test": ["test"], "all": ["train", "test"]}
    if subset not in parts:
        raise ValueError(f"subset must be 'train', 'test' or 'all'; got {subset!r}.")
    return parts[subset]


def make_bunch(
    images: NDArray[np.uint8],
    target: NDArray[Any],
    description: str,
    target_names: Sequence[Any],
    *,
    return_X_y: bool,
    as_frame: bool,
) -> Any:
    """Give images and labels in the form that the user asks for.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width)
        The images.
    target : ndarray of shape (n_images,)
        Their labels.
    description : str
        Of the data set.
    target_names : sequence
        What the labels stand for.
    return_X_y, as_frame : bool
        As the fetchers take them.

    Returns
    -------
    Bunch or tuple
        As `skmnist.fetch_mnist` describes it.
    """
    data: Any = images.reshape(len(images), -1)
    labels: Any = target
    frame = None
    feature_names = [f"pixel_{r}_{c}" for r, c in np.ndindex(images.shape[1:])]
    if as_frame:
        import pandas as pd

        data = pd.DataFrame(data, columns=feature_names, copy=False)
        labels = pd.Series(target, name="target")
        frame = pd.concat([data, labels], axis=1)
    if return_X_y:
        return data, labels
    return Bunch(
        data=data,
        images=images,
        target=labels,
        frame=frame,
        feature_names=feature_names,
        target_names=np.array(target_names),
        DESCR=description,
    )
