"""Drawings kept as pictures, in one folder a label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skmnist._files import atomic_write
from skmnist.pictures import write_picture

__all__ = ["check_folder", "check_labels", "keep_drawing"]


def check_folder(folder: Path) -> None:
    """Refuse, before any work, a folder that could not be written to."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; drawings are kept in a folder.")
    if not folder.parent.is_dir():
        raise ValueError(f"There is no folder {folder.parent} to make {folder.name} in.")


def check_labels(labels: Sequence[str]) -> None:
    """Refuse labels that can't name a folder each."""
    for label in labels:
        plain = label.isprintable() and not set(label) & set('<>:"/\\|?*')
        if not (label and plain and label == label.strip(" .")):
            raise ValueError(
                f"The model's label {label!r} can't name a folder of drawings. Train it with "
                "labels of letters and digits."
            )


def keep_drawing(drawing: NDArray[np.uint8], folder: Path, label: str) -> Path:
    """Write a drawing as PNG.

    Parameters
    ----------
    drawing : ndarray of shape (height, width), dtype uint8
        Grey values.
    folder : Path
        The folder of all drawings, which is made where it is not there.
    label : str
        What is drawn, one of those that `check_labels` has passed.

    Returns
    -------
    Path
        The file, named after the time: sorted by name, drawings are in the order of drawing.
    """
    own = folder / label
    own.mkdir(parents=True, exist_ok=True)
    path = own / f"{datetime.now():%Y%m%d-%H%M%S-%f}.png"
    with atomic_write(path) as temporary:
        write_picture(drawing, temporary)
    return path
