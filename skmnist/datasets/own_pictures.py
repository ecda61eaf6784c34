"""Labelled pictures of one's own: a folder of them becomes a data set."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from skmnist.datasets.bunches import make_bunch
from skmnist.datasets.checking import as_labels
from skmnist.pictures import center_digit, read_picture

__all__ = ["LABELS_FILE", "load_pictures"]

LABELS_FILE: Final = "labels.csv"
_NAMED: Final = 3  # pictures that an error names
_NOT_MEANT: Final = {"desktop.ini", "Thumbs.db"}  # what Windows puts beside pictures
_UNFINISHED: Final = ".part"  # what the names of files end with while they are written


def load_pictures(
    folder: str | os.PathLike[str],
    *,
    errors: Literal["raise", "skip"] = "raise",
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load labelled pictures of one's own, each in the form of MNIST's images.

    The label of a picture is the name of its subfolder, as in ``mine/7/first.png``; or it stands in
    ``mine/labels.csv``, a table with the columns ``file`` (from the folder on) and ``label``, of
    which others are ignored. Each picture is read by `read_picture` and cut, scaled and centred by
    `center_digit`.

    Parameters
    ----------
    folder : path-like
        The folder. If it holds ``labels.csv``, its subfolders have no meaning. Else all files
        directly in its subfolders are pictures; files beside the subfolders are left out, and so
        is what is hidden or unfinished (``*.part``).
    errors : {"raise", "skip"}, default="raise"
        Whether pictures that cannot be read, or show nothing, are an error, or are left out with a
        warning.
    return_X_y : bool, default=False
        If True, return ``(data, target)``.
    as_frame : bool, default=False
        If True, ``data`` is a pandas DataFrame and ``target`` a Series.

    Returns
    -------
    Bunch or tuple
        As `fetch_mnist` returns it, ordered by the names of the files. ``target`` is of int64 if
        all labels are whole numbers, else of texts; ``target_names`` are the labels that there
        are, sorted; ``filenames`` tells where each image is from.

    Raises
    ------
    ValueError
        If there are no labelled pictures, or some can't be used.
    FileNotFoundError
        If there is no such folder.
    """
    if errors not in ("raise", "skip"):
        raise ValueError(f"errors must be 'raise' or 'skip'; got {errors!r}.")
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}.")
    labelled = _listed(folder) if (folder / LABELS_FILE).is_file() else _sorted_into(folder)
    names = sorted(labelled)
    labels = as_labels([labelled[name] for name in names], str(folder))
    images, reasons = {}, {}
    for name in names:
        try:
            images[name] = center_digit(read_picture(folder / name))
        except (ValueError, OSError) as error:
            reasons[name] = str(error)
    if reasons:
        found = f"{len(reasons)} of {len(names)} pictures in {folder} can't be used"
        if errors == "raise":
            raise ValueError(
                f"{found}: {_first_of(reasons)} Take them out, or pass errors='skip' to "
                "load_pictures."
            )
        if not images:
            raise ValueError(f"{found}: {_first_of(reasons)} None is left.")
        warnings.warn(f"{found}, and are left out: {', '.join(reasons)}.", stacklevel=2)
    target = labels[[name in images for name in names]]
    bunch = make_bunch(
        np.array(list(images.values())),
        target,
        f"{len(images)} pictures of {folder}, cut, scaled and centred as MNIST's digits are.\n",
        np.unique(target).tolist(),
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
    if not return_X_y:
        bunch["filenames"] = np.array([str(folder / name) for name in images])
    return bunch


def _sorted_into(folder: Path) -> dict[str, str]:
    """List the files in subfolders by their path from the folder on, with their labels."""
    found = {
        f"{label.name}/{file.name}": label.name
        for label in folder.iterdir()
        if label.is_dir() and not label.name.startswith(".")
        for file in label.iterdir()
        if file.is_file() and _is_meant(file)
    }
    if not found:
        raise ValueError(
            f"There are no labelled pictures in {folder}: put those of each label into a subfolder "
            f"named by it, or list them in {LABELS_FILE} with the columns file and label."
        )
    return found


def _is_meant(file: Path) -> bool:
    """Tell whether a file is to be a picture: a person put it there, whole."""
    hidden = file.name.startswith(".") or file.name in _NOT_MEANT
    return not hidden and file.suffix != _UNFINISHED


def _listed(folder: Path) -> dict[str, str]:
    """List the pictures that ``labels.csv`` names, with their labels."""
    import pandas as pd

    path = folder / LABELS_FILE
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except ValueError as error:
        raise ValueError(f"{path} is not a CSV file: {error}") from error
    if not {"file", "label"} <= set(table.columns):
        raise ValueError(
            f"{path} has the columns {', '.join(map(str, table.columns))}; it needs file and "
            "label, separated by commas."
        )
    if table.empty:
        raise ValueError(f"{path} lists no pictures.")
    twice = table["file"][table["file"].duplicated()]
    if len(twice):
        raise ValueError(f"{path} lists {twice.iloc[0]} more than once.")
    return dict(zip(table["file"], table["label"], strict=True))


def _first_of(reasons: dict[str, str]) -> str:
    """Name the first few pictures and what is wrong with each; count the others."""
    first = [
        reason if name in reason else f"{name}: {reason}"
        for name, reason in list(reasons.items())[:_NAMED]
    ]
    more = [f"And {len(reasons) - _NAMED} more."] if len(reasons) > _NAMED else []
    return " ".join(first + more)
