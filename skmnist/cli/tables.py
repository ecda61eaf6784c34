"""Tables of pixels on the command line: ``skmnist predict`` for a .csv or .parquet file."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skmnist.cli.shared import check_can_write, new_table, out, print_json

__all__ = ["check_out", "is_table", "predict_table", "write_csv"]


def is_table(names: Sequence[str]) -> bool:
    """Tell whether what is to be predicted is a table; one goes alone."""
    from skmnist.datasets.readers import TABLES

    found = [name for name in names if Path(name).suffix.lower() in TABLES]
    if found and len(names) > 1:
        raise ValueError(f"A table is predicted alone: give {found[0]}, and nothing else.")
    return bool(found)


def check_out(file: Path | None, *, as_csv: bool) -> None:
    """Refuse, before any work, a file for CSV that is not asked for or can't be written."""
    if file is not None and not as_csv:
        raise ValueError("--out is the file for --csv: give both.")
    check_can_write(file, "--out")


def write_csv(rows: Iterable[Sequence[Any]], file: Path | None) -> None:
    """Write rows to a file, whole or not at all; or to standard output."""
    if file is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        return
    from skmnist._files import atomic_write

    with atomic_write(file) as temporary, temporary.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows(rows)
    out.print(f"Wrote {file}.", highlight=False, markup=False, soft_wrap=True)


def predict_table(
    model: Path, table: Path, *, as_csv: bool, as_json: bool, file: Path | None
) -> None:
    """Name the digits in a table of 784 pixels a row, in the form that Kaggle takes.

    Parameters
    ----------
    model : Path
        A file that `skmnist.save` wrote.
    table : Path
        The table; a column of labels is not looked at.
    as_csv : bool
        Whether to write the number of each row, from 1, and its label: ``ImageId,Label``.
    as_json : bool
        Whether to print the labels as JSON.
    file : Path or None
        Where the CSV goes; by default to standard output.
    """
    from skmnist import load
    from skmnist.datasets.readers import read_table
    from skmnist.preprocessing import as_fitted_on

    estimator = load(model)
    if not hasattr(estimator, "predict"):
        raise ValueError(f"{model} holds a {type(estimator).__name__}, which predicts nothing.")
    X, _ = read_table(table)
    labels = estimator.predict(as_fitted_on(estimator, X))
    if as_json:
        print_json({"file": str(table), "labels": labels.tolist()})
    elif as_csv:
        write_csv([("ImageId", "Label"), *enumerate(labels.tolist(), start=1)], file)
    else:
        _print_counts(labels)


def _print_counts(labels: Any) -> None:
    table = new_table()
    for title in ("digit", "images"):
        table.add_column(title, justify="right")
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        table.add_row(str(label), f"{count:,}")
    out.print(table, highlight=False)
    out.print("--csv --out FILE writes the label of each image.", highlight=False)
