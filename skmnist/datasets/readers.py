"""Reading images and labels of other people's files: IDX, NumPy's archives, tables."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist._idx import parse_idx
from skmnist.datasets.checking import as_labels, as_pixels
from skmnist.datasets.sources import MNIST, VARIANTS, Part, Source

__all__ = ["TABLES", "Parts", "read_idx", "read_npz", "read_table", "source_named_in"]

Parts = dict[Part, tuple[NDArray[np.uint8], NDArray[Any]]]
"""Rows of pixels, and labels: of the training images and, if there are any, the test images."""

TABLES: Final = (".csv", ".parquet")
"""What the names of tables end with."""
_N_PIXELS: Final = 784
_LABEL: Final = ("label", "class", "target")  # names of the column with the labels
_GZIP: Final = b"\x1f\x8b"  # what a compressed file begins with
_DAMAGE: Final = (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile)


def source_named_in(folder: Path) -> Source | None:
    """Find the first source one of whose four names a file has, compressed or not.

    Names tell how images are stored, not whose they are: many data sets have MNIST's.
    """
    for source in VARIANTS.values():
        if any(_found(folder, name) for name in source.files):
            return source
    return None


def read_idx(folder: Path, source: Source = MNIST) -> Parts:
    """Read the four files of a data set in MNIST's format, whatever is in them.

    Parameters
    ----------
    folder : Path
        Where they are, with ``.gz`` or without. Those of the test images may be missing.
    source : Source, default=MNIST
        How they are named, and images stored.

    Returns
    -------
    Parts
        Training and test images.

    Raises
    ------
    OSError
        If there are no training images, or images without labels.
    ValueError
        If a file is not of the format, or they don't fit one another.
    """
    found: Parts = {}
    with_test = any(_found(folder, name(source, "test")) for name in _KINDS)
    parts: tuple[Part, ...] = ("train", "test") if with_test else ("train",)
    for part in parts:
        images, labels = (_read_idx(folder, name(source, part)) for name in _KINDS)
        found[part] = _checked(images, labels, f"{folder / source.images(part)}", source)
    return _of_one_size(found, str(folder))


def read_npz(path: Path) -> Parts:
    """Read an archive of NumPy's with the names of Keras's ``mnist.npz``.

    Parameters
    ----------
    path : Path
        A file with the arrays ``x_train`` and ``y_train``, and ``x_test`` and ``y_test`` if it has
        test images.

    Returns
    -------
    Parts
        Training and test images.

    Raises
    ------
    ValueError
        If it is no such file. Nothing is unpickled.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not an .npz file, which numpy.savez writes.")
    try:
        with np.load(path, allow_pickle=False) as file:
            with_test = "x_test" in file.files or "y_test" in file.files
            parts: tuple[Part, ...] = ("train", "test") if with_test else ("train",)
            needed = [f"{letter}_{part}" for part in parts for letter in "xy"]
            if not set(needed) <= set(file.files):
                raise ValueError(
                    f"it holds {', '.join(file.files)}, where {', '.join(needed)} are needed."
                )
            arrays = {name: file[name] for name in needed}
    except _DAMAGE as error:
        raise ValueError(f"{path} can't be used: {error}") from error
    found = {
        part: _checked(arrays[f"x_{part}"], arrays[f"y_{part}"], f"{path}, x_{part}")
        for part in parts
    }
    return _of_one_size(found, str(path))


def read_table(path: Path) -> tuple[NDArray[np.uint8], NDArray[Any] | None]:
    """Read a table of 784 pixels a row, with or without labels.

    Parameters
    ----------
    path : Path
        A CSV file, with or without a line of names; or a Parquet file. Labels are in the column
        ``label``, else ``class``, else ``target``, else in the first of 785.

    Returns
    -------
    X : ndarray of shape (n_images, 784)
        The pixels, in the order of the columns.
    y : ndarray of shape (n_images,) or None
        The labels, if there are any.

    Raises
    ------
    ValueError
        If it is no such file.
    ImportError
        If it is a Parquet file, and pyarrow is not installed.
    """
    frame = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    named = [name for name in _LABEL if name in frame.columns]
    n_pixels = frame.shape[1] - 1 if named else frame.shape[1]
    if not named and n_pixels == _N_PIXELS + 1:
        named, n_pixels = [frame.columns[0]], _N_PIXELS
    if n_pixels != _N_PIXELS:
        raise ValueError(
            f"{path} has {frame.shape[1]} columns; it needs {_N_PIXELS} of pixels, and at most one "
            "more, of labels."
        )
    if frame.empty:
        raise ValueError(f"{path} has no rows.")
    if not named:
        return as_pixels(frame.to_numpy(), str(path)), None
    pixels = as_pixels(frame.drop(columns=named[0]).to_numpy(), str(path))
    return pixels, as_labels(frame[named[0]].to_numpy(), str(path))


_KINDS: Final = (Source.images, Source.labels)


def _found(folder: Path, name: str) -> Path | None:
    """Find a file, compressed or not."""
    paths = (folder / name, folder / name.removesuffix(".gz"))
    return next((path for path in paths if path.is_file()), None)


def _read_idx(folder: Path, name: str) -> NDArray[np.generic]:
    path = _found(folder, name)
    if path is None:
        raise FileNotFoundError(f"{folder / name} is missing.")
    content = path.read_bytes()
    try:
        return parse_idx(gzip.decompress(content) if content[:2] == _GZIP else content)
    except _DAMAGE as error:
        raise ValueError(f"{path} is not an IDX file, or is damaged: {error}") from error


def _checked(
    images: NDArray[Any], labels: NDArray[Any], where: str, source: Source = MNIST
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Make rows of images, if they and their labels fit."""
    if images.ndim != 3 or not images.size:
        raise ValueError(
            f"{where}: images have the shape (n_images, height, width); got {images.shape}."
        )
    if labels.shape != images.shape[:1]:
        raise ValueError(
            f"{where}: {len(images)} images need as many labels; got an array of shape "
            f"{labels.shape}."
        )
    pixels = source.upright(as_pixels(images, where))
    return pixels.reshape(len(images), -1), as_labels(labels, where)


def _of_one_size(found: Parts, where: str) -> Parts:
    widths = {X.shape[1] for X, _ in found.values()}
    if len(widths) > 1:
        raise ValueError(f"{where}: test images have another size than training images.")
    return found


def _read_csv(path: Path) -> Any:
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline().split(",")
        # pixels, and not names: those of pixels, if they are numbers, go on beyond 255
        is_row = all(cell.strip().isdecimal() and int(cell) <= 255 for cell in first)
        return pd.read_csv(
            path, header=None if is_row else 0, encoding="utf-8-sig", low_memory=False
        )
    except ValueError as error:
        raise ValueError(f"{path} is not a CSV file: {error}") from error


def _read_parquet(path: Path) -> Any:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError as error:
        raise ImportError(f"Reading {path} takes pyarrow: pip install pyarrow.") from error
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} is not a Parquet file, or is damaged: {error}") from error
