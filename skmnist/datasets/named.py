"""One name for data of any kind: a data set's, or that of a folder or a file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist.datasets.bunches import Subset, parts_of
from skmnist.datasets.digits import load_digits28
from skmnist.datasets.fetching import data_folder, fetch
from skmnist.datasets.own_pictures import LABELS_FILE, load_pictures
from skmnist.datasets.readers import TABLES, Parts, read_idx, read_npz, read_table, source_named_in
from skmnist.datasets.sources import MNIST, VARIANTS

__all__ = ["load_named"]

_TEST_SHARE: Final = 0.2


def load_named(name: str, subset: Subset = "train") -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Load images and labels of what a name stands for.

    Where there are no test images, a fifth of the images is set aside as such: stratified by their
    labels, and always the same.

    Parameters
    ----------
    name : str
        ``digits``, for the digits bundled with scikit-learn; ``mnist``, ``fashion``, ``kmnist`` or
        ``emnist-digits``, as `skmnist.fetch_mnist` takes them. Or the path of

        - a folder with four files in MNIST's format. Those of the folder in which MNIST or one of
          its variants is kept by default are compared with their checksums, others are not;
        - a folder of labelled pictures, as `skmnist.load_pictures` reads it;
        - an ``.npz`` file with the names of Keras's ``mnist.npz``;
        - a ``.csv`` or ``.parquet`` file, with a column of labels and 784 of pixels.
    subset : {"train", "test", "all"}, default="train"
        Which images.

    Returns
    -------
    X : ndarray of shape (n_images, n_pixels), dtype uint8
        The images, a row each.
    y : ndarray of shape (n_images,)
        Their labels.

    Raises
    ------
    ValueError
        If there is nothing of that name, or it can't be used.
    OSError
        If a file is missing, or can't be read.
    """
    parts = parts_of(subset)
    if name == "digits":
        # What is trained and chosen sees the same images; the test images stay unseen.
        return load_digits28(subset=subset, return_X_y=True)
    if name in VARIANTS:
        return fetch(VARIANTS[name], subset=subset, return_X_y=True)
    path = Path(name)
    for source in VARIANTS.values():
        if path.resolve() == (data_folder() / source.folder).resolve() and source_named_in(path):
            return fetch(source, subset=subset, download_if_missing=False, return_X_y=True)
    found = _read(path)
    if "test" not in found:
        if subset == "all":
            return found["train"]
        found = _divided(*found["train"], name)
    chosen = [found[part] for part in parts]
    return np.concatenate([X for X, _ in chosen]), np.concatenate([y for _, y in chosen])


def _read(path: Path) -> Parts:
    if path.is_dir():
        return _read_folder(path)
    if not path.is_file():
        *names, last = map(repr, ("digits", *VARIANTS))
        raise FileNotFoundError(
            f"Data are {', '.join(names)} or {last}, or a folder or file; there is no folder "
            f"{str(path)!r}, and no file."
        )
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_npz(path)
    if suffix not in TABLES:
        raise ValueError(f"{path} is no file of data: those end with .npz, {' or '.join(TABLES)}.")
    X, y = read_table(path)
    if y is None:
        raise ValueError(f"{path} has no labels: name the column of them label.")
    return {"train": (X, y)}


def _read_folder(folder: Path) -> Parts:
    if source := source_named_in(folder):
        return read_idx(folder, source)
    if (folder / LABELS_FILE).is_file() or any(path.is_dir() for path in folder.iterdir()):
        return {"train": load_pictures(folder, return_X_y=True)}
    raise FileNotFoundError(
        f"{folder} holds no data: {MNIST.images('train')} is missing, and so are labelled pictures "
        f"(a subfolder a label, or {LABELS_FILE})."
    )


def _divided(X: NDArray[np.uint8], y: NDArray[Any], name: str) -> Parts:
    """Set a fifth of the images aside to test on."""
    from sklearn.model_selection import train_test_split

    labels, counts = np.unique(y, return_counts=True)
    if counts.min() < 2 or math.ceil(_TEST_SHARE * len(y)) < len(labels):
        raise ValueError(
            f"{name} has {len(y)} images of {len(labels)} labels, at the least {counts.min()} of "
            f"one: too few to set a fifth aside to test on. Give it 5 of each label."
        )
    rows = train_test_split(np.arange(len(y)), test_size=_TEST_SHARE, stratify=y, random_state=0)
    return {"train": (X[rows[0]], y[rows[0]]), "test": (X[rows[1]], y[rows[1]])}
