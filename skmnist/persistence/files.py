"""Saving and loading without pickle: skops files of this package's and scikit-learn's types."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import skops.io

from skmnist._files import whole_file

__all__ = ["load", "save"]

_TRUSTED: Final = ("skmnist.", "sklearn.", "scikeras.")
_TRUSTED_TYPES: Final = frozenset({"numpy.dtype"})
_RECORD: Final = "skmnist.json"
"""The entry beside skops's own that says what wrote the file."""
_FORMAT: Final = 1
_PACKAGES: Final = ("skmnist", "scikit-learn", "keras")
"""Those whose versions a model follows from."""


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Save a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        A classifier, a Pipeline, a search.
    path : path-like
        The file to write, customarily ``*.skops``. It is replaced only once all is written.
    """
    record = {"format": _FORMAT, "versions": {name: version(name) for name in _PACKAGES}}
    with whole_file(Path(path)) as temporary:
        with temporary.open("wb") as file:
            skops.io.dump(estimator, file)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(_RECORD, json.dumps(record))


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
        If the file is not such a file, is damaged, was written by a later version of this package
        in another format, or holds a type of another package; nothing of it is run.

    Warns
    -----
    UserWarning
        If it was written under other versions of scikit-learn, Keras or this package.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no model file {path}.")
    try:
        written = _record(path)
        types = skops.io.get_untrusted_types(file=path)
    except Exception as error:
        raise ValueError(f"{path} is not a model file, or is damaged: {error}") from error
    if written["format"] != _FORMAT:
        raise ValueError(
            f"{path} was written by skmnist {written['versions']['skmnist']} in format "
            f"{written['format']}; skmnist {version('skmnist')} reads format {_FORMAT}. Install "
            "the version that wrote it."
        )
    foreign = [t for t in types if not t.startswith(_TRUSTED) and t not in _TRUSTED_TYPES]
    if foreign:
        raise ValueError(
            f"{path} holds types that are not trusted: {', '.join(foreign)}. Only this package's, "
            "scikit-learn's and scikeras's are; keep functions and classes of your own by pickle."
        )
    _warn_of_other_versions(path, written["versions"])
    return skops.io.load(path, trusted=types)


def _record(path: Path) -> dict[str, Any]:
    """Read what wrote a file whose entries are as they were written."""
    with zipfile.ZipFile(path) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise zipfile.BadZipFile("it is compressed, and so may be larger than memory")
        changed = archive.testzip()
        if changed:
            raise zipfile.BadZipFile(f"{changed} has changed since it was written")
        record: dict[str, Any] = json.loads(archive.read(_RECORD))
    return record


def _warn_of_other_versions(path: Path, written: dict[str, str]) -> None:
    other = [
        f"{name} {written[name]}, now {version(name)}"
        for name in _PACKAGES
        if written[name].split(".")[:2] != version(name).split(".")[:2]
    ]
    if other:
        warnings.warn(
            f"{path} was written under other versions: {'; '.join(other)}. It may predict "
            "otherwise or fail; install those versions, or train it again.",
            UserWarning,
            stacklevel=3,
        )
