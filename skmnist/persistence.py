"""Saving and loading without pickle: skops files of this package's and scikit-learn's types."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import skops.io

from skmnist._files import whole_file

__all__ = ["load", "save"]

_TRUSTED = ("skmnist.", "sklearn.", "scikeras.")
_TRUSTED_TYPES = frozenset({"numpy.dtype"})


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Save a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        A classifier, a Pipeline, a search.
    path : path-like
        The file to write, customarily ``*.skops``. It is replaced only once all is written.
    """
    with whole_file(Path(path)) as temporary, temporary.open("wb") as file:
        skops.io.dump(estimator, file)


def load(path: str | os.PathLike[str]) -> Any:
    """Load what `save` wrote.

    Parameters
    ----------
    path : path-like
        A file.

    Returns
    -------
    estimator
        The estimator.

    Raises
    ------
    ValueError
        If the file is not such a file, or holds a type of another package; nothing of it is run.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no model file {path}.")
    try:
        types = skops.io.get_untrusted_types(file=path)
    except Exception as error:
        raise ValueError(f"{path} is not a model file, or is damaged: {error}") from error
    foreign = [t for t in types if not t.startswith(_TRUSTED) and t not in _TRUSTED_TYPES]
    if foreign:
        raise ValueError(
            f"{path} holds types that are not trusted: {', '.join(foreign)}. Only this package's, "
            "scikit-learn's and scikeras's are; keep functions and classes of your own by pickle."
        )
    return skops.io.load(path, trusted=types)
