"""Saving and loading without pickle: skops files of this package's and scikit-learn's types."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import skops.io

from skmnist._files import atomic_write

__all__ = ["load", "save"]

_TRUSTED: Final = ("skmnist.", "sklearn.", "scikeras.", "scipy.stats.")
_TRUSTED_TYPES: Final = frozenset({"numpy.dtype", "uuid.UUID"})
_RECORD: Final = "skmnist.json"
"""The entry beside skops's own that says what wrote the file."""
_FORMAT: Final = 1
_PACKAGES: Final = ("skmnist", "scikit-learn", "keras")
"""Packages whose versions a model depends on."""


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Save a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        A classifier, a Pipeline, a search.
    path : path-like
        The file to write, customarily ``*.skops``. It is replaced only once all is written, and has
        been read back.

    Raises
    ------
    ValueError
        If the estimator holds what `load` would refuse, such as a function of the user's own or a
        callback of Keras's. It is named.
    """
    record = {"format": _FORMAT, "versions": {name: version(name) for name in _PACKAGES}}
    with atomic_write(Path(path)) as temporary:
        try:
            with temporary.open("wb") as file:
                skops.io.dump(estimator, file)
            foreign = _foreign_types(skops.io.get_untrusted_types(file=temporary))
        except Exception as error:
            raise ValueError(_refusal(_unwritable(estimator))) from error
        if foreign:
            raise ValueError(_refusal(_named(estimator, foreign)))
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(_RECORD, json.dumps(record))
        load(temporary)


def _refusal(held: str) -> str:
    return (
        f"The estimator can't be saved, because it holds {held}. Give it by Keras's name, or set "
        "the parameter back to None after the fit; or keep the estimator by pickle, for readers "
        "who trust you."
    )


def _foreign_types(types: Iterable[str]) -> list[str]:
    return [t for t in types if not t.startswith(_TRUSTED) and t not in _TRUSTED_TYPES]


def _unwritable(estimator: Any) -> str:
    """Name the parameter that skops can't write."""
    for name, value in estimator.get_params().items():
        try:
            skops.io.dumps(value)
        except Exception:  # noqa: BLE001 - skops raises whatever the object does
            kinds = (type(each) for each in (value if isinstance(value, list) else [value]))
            listed = ", ".join(dict.fromkeys(f"{k.__module__}.{k.__qualname__}" for k in kinds))
            return f"{listed} (parameter {name})"
    return "objects that skops has no way to write"


def _named(estimator: Any, foreign: Sequence[str]) -> str:
    """Name foreign types by the parameters that hold them, or by themselves where none does."""
    found = []
    for name, value in estimator.get_params().items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            own = each if hasattr(each, "__qualname__") else type(each)
            if f"{own.__module__}.{own.__name__}" in foreign:
                found.append(f"{own.__module__}.{own.__qualname__} (parameter {name})")
    return ", ".join(found or foreign)


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
    foreign = _foreign_types(types)
    if foreign:
        raise ValueError(
            f"{path} holds types that are not trusted: {', '.join(foreign)}. Only this package's, "
            "scikit-learn's, scikeras's and SciPy's distributions are."
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
