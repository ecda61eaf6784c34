"""MNIST and its like as their four original files, and the digits bundled with scikit-learn."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from skmnist.datasets.bunches import Subset
from skmnist.datasets.digits import load_digits28
from skmnist.datasets.fetching import FileStatus, data_folder, fetch, verify
from skmnist.datasets.own_pictures import load_pictures
from skmnist.datasets.sources import MNIST, Source, Variant, source_of

__all__ = [
    "MNIST",
    "FileStatus",
    "Source",
    "fetch",
    "fetch_mnist",
    "load_digits28",
    "load_pictures",
    "mnist_home",
    "verify",
    "verify_mnist",
]


def mnist_home(
    data_home: str | os.PathLike[str] | None = None, *, variant: Variant = "mnist"
) -> Path:
    """Tell in which folder MNIST's files are looked for.

    Parameters
    ----------
    data_home : path-like, default=None
        A folder; by default ``$SKMNIST_DATA_HOME``, else the per-user cache.
    variant : {"mnist", "fashion", "kmnist", "emnist-digits"}, default="mnist"
        The data set, as `fetch_mnist` takes it.

    Returns
    -------
    Path
        The folder, which need not exist.
    """
    return data_folder(data_home) / source_of(variant).folder


def verify_mnist(
    data_home: str | os.PathLike[str] | None = None, *, variant: Variant = "mnist"
) -> list[FileStatus]:
    """Compare MNIST's files with their checksums; change nothing.

    Parameters
    ----------
    data_home : path-like, default=None
        A folder; by default ``$SKMNIST_DATA_HOME``, else the per-user cache.
    variant : {"mnist", "fashion", "kmnist", "emnist-digits"}, default="mnist"
        The data set, as `fetch_mnist` takes it.

    Returns
    -------
    list of FileStatus
        One a file.
    """
    return verify(source_of(variant), data_home)


def fetch_mnist(
    *,
    variant: Variant = "mnist",
    subset: Subset = "train",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load MNIST, or a data set like it, from its four files, downloading them at first use.

    Each file is checked against its SHA-256 whenever it is read. A download goes to a temporary
    file and takes its final name only once verified, so several processes may fetch at once.

    Parameters
    ----------
    variant : {"mnist", "fashion", "kmnist", "emnist-digits"}, default="mnist"
        Handwritten digits; clothes (Fashion-MNIST), in the folder ``fashion-mnist`` of the home;
        cursive Japanese (Kuzushiji-MNIST), in its folder ``kmnist``; or four times as many
        handwritten digits (EMNIST Digits), in its folder ``emnist-digits``. Labels and the size of
        images are those of MNIST; ``target_names`` names the classes.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training images (of EMNIST Digits 240,000), the 10,000 test images (40,000), or
        both in this order.
    data_home : path-like, default=None
        The folder of the files; by default ``$SKMNIST_DATA_HOME``, else the per-user cache.
    download_if_missing : bool, default=True
        If False, a missing or altered file is an error.
    return_X_y : bool, default=False
        If True, return ``(data, target)``.
    as_frame : bool, default=False
        If True, ``data`` is a pandas DataFrame and ``target`` a Series.
    n_retries : int, default=3
        How often all mirrors are tried again after the first time.
    delay : float, default=1.0
        Seconds before the first retry; doubled for each further one.

    Returns
    -------
    Bunch or tuple
        ``data`` (n, 784) uint8, ``images`` (n, 28, 28) uint8 sharing its memory, ``target`` (n,)
        int64, ``frame``, ``feature_names``, ``target_names`` and ``DESCR``; or the first and third
        of them, if ``return_X_y``.

    Raises
    ------
    ValueError
        If there is no such variant or subset.
    OSError
        If a file is missing or altered and no mirror gives an intact one.
    """
    return fetch(
        source_of(variant),
        subset=subset,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
        n_retries=n_retries,
        delay=delay,
    )
