"""Fetching the files of a `Source`: mirrors, checksums, retries."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
import warnings
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from skmnist._files import atomic_write
from skmnist._idx import parse_idx
from skmnist.datasets.archives import download_member
from skmnist.datasets.bunches import Subset, make_bunch, parts_of
from skmnist.datasets.sources import Source

with warnings.catch_warnings():  # tqdm's, which pooch loads, in notebooks without ipywidgets
    warnings.simplefilter("ignore")
    import pooch
    from requests import RequestException

__all__ = ["FileStatus", "data_folder", "fetch", "require", "verify"]


class FileStatus(NamedTuple):
    """Presence and state of a file.

    Parameters
    ----------
    path : Path
        Where it was looked for.
    status : {"ok", "missing", "corrupt"}
        What was found.
    """

    path: Path
    status: Literal["ok", "missing", "corrupt"]


def data_folder(data_home: str | os.PathLike[str] | None = None) -> Path:
    """Tell in which folder files are looked for.

    Parameters
    ----------
    data_home : path-like, default=None
        A folder; by default ``$SKMNIST_DATA_HOME``, else the per-user cache.

    Returns
    -------
    Path
        The folder, which need not exist.
    """
    home = data_home or os.environ.get("SKMNIST_DATA_HOME") or pooch.os_cache("skmnist")
    return Path(home).expanduser()


def verify(source: Source, data_home: str | os.PathLike[str] | None = None) -> list[FileStatus]:
    """Compare files with their checksums; change nothing.

    Parameters
    ----------
    source : Source
        Whose files.
    data_home : path-like, default=None
        A folder; by default ``$SKMNIST_DATA_HOME``, else the per-user cache.

    Returns
    -------
    list of FileStatus
        One a file.
    """
    home = data_folder(data_home) / source.folder
    return [_status(source, home / name) for name in source.files]


def fetch(
    source: Source,
    *,
    subset: Subset = "train",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load a data set from its four files, downloading them at first use.

    Parameters
    ----------
    source : Source
        The data set.
    subset, data_home, download_if_missing, return_X_y, as_frame, n_retries, delay : object
        As `skmnist.fetch_mnist` takes them.

    Returns
    -------
    Bunch or tuple
        As `skmnist.fetch_mnist` gives it.
    """
    parts = parts_of(subset)
    home = data_folder(data_home) / source.folder
    names = [kind(part) for kind in (source.images, source.labels) for part in parts]
    paths = [home / name for name in names]
    contents = [_intact(source, path) for path in paths]
    if None in contents:
        require(source, home, names, download_if_missing, n_retries, delay)
        contents = [_intact(source, path) for path in paths]
    arrays = [
        parse_idx(gzip.decompress(_there(*each))) for each in zip(paths, contents, strict=True)
    ]
    images, labels = arrays[: len(parts)], arrays[len(parts) :]
    return make_bunch(
        source.upright(np.concatenate(images).astype(np.uint8, copy=False)),
        np.concatenate(labels).astype(np.int64),
        source.description,
        source.target_names,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _status(source: Source, path: Path) -> FileStatus:
    if not path.is_file():
        return FileStatus(path, "missing")
    return FileStatus(path, "ok" if _intact(source, path) else "corrupt")


def _intact(source: Source, path: Path) -> bytes | None:
    """Read a file whole; None if it is not there, or is another one."""
    content = path.read_bytes() if path.is_file() else b""
    return content if hashlib.sha256(content).hexdigest() == source.files[path.name] else None


def _there(path: Path, content: bytes | None) -> bytes:
    """Give what was verified as it was read: a file may change at any time after."""
    if content is None:
        raise OSError(f"{path} changed while it was read; try again.")
    return content


def require(
    source: Source, home: Path, names: list[str], download: bool, n_retries: int, delay: float
) -> None:
    """See to it that all these files are in the folder and intact, or raise."""
    found_all = [_status(source, home / name) for name in names]
    bad = [found for found in found_all if found.status != "ok"]
    if not bad:
        return
    if not download:
        raise FileNotFoundError(_advice(source, home, bad, ["download_if_missing=False."]))
    errors: list[str] = []
    home.mkdir(parents=True, exist_ok=True)
    for found in bad:
        if found.status == "corrupt":
            _set_aside(found.path)
        if not _download(source, found.path, n_retries, delay, errors):
            raise OSError(_advice(source, home, bad, errors))


def _download(source: Source, path: Path, n_retries: int, delay: float, errors: list[str]) -> bool:
    """Try the mirrors in turn until one gives the file with the right checksum."""
    fetch = pooch.HTTPDownloader(timeout=source.timeout)
    for attempt in range(n_retries + 1):
        if attempt:
            time.sleep(delay * 2 ** (attempt - 1))
        for mirror in source.mirrors:
            try:
                _download_from(source, mirror, path, fetch)
            except RequestException as error:  # and not other OSErrors: the disk may be full
                errors.append(f"{mirror}: {type(error).__name__}.")
            except ValueError as error:
                errors.append(str(error))
            else:
                return True
    return False


def _download_from(source: Source, mirror: str, path: Path, fetch: pooch.HTTPDownloader) -> None:
    archive, in_archive, folder = mirror.partition(".zip/")
    with atomic_write(path) as temporary:
        if in_archive:
            download_member(f"{archive}.zip", folder + path.name, temporary, source.timeout)
        else:
            fetch(mirror + path.name, str(temporary), None)
        if pooch.file_hash(str(temporary)) != source.files[path.name]:
            raise ValueError(f"{mirror} gave another file: its SHA-256 does not fit.")


def _set_aside(path: Path) -> None:
    """Take its name from a file that does not verify, without losing it."""
    path.replace(path.with_name(f"{path.name}.corrupt"))


def _advice(source: Source, home: Path, bad: list[FileStatus], reasons: list[str]) -> str:
    found = ", ".join(f"{file.path.name} is {file.status}" for file in bad)
    why = " ".join(dict.fromkeys(reasons)) or "there is no mirror."
    elsewhere = ", or into another folder that data_home or $SKMNIST_DATA_HOME names"
    if source.folder:
        elsewhere = f", or into {source.folder} in a folder that data_home names"
    return (
        f"{source.name} is not available in {home}: {found}. It was not downloaded: {why} "
        f"Put the four original files ({', '.join(source.files)}) there{elsewhere}; or use the "
        "digits that need no download, load_digits28() (--data digits)."
    )
