"""The command ``skmnist predict``: the digits on pictures, named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.columns import Columns
from rich.text import Text

from skmnist.cli.shared import (
    Json,
    app,
    load_with_probabilities,
    new_table,
    out,
    print_json,
    text_image,
)
from skmnist.cli.tables import check_out, is_table, predict_table, write_csv

__all__ = ["predict"]

_SUFFIXES: Final = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".tif", ".tiff", ".webp"}
_DRAWN: Final = 4  # pictures up to which each is drawn
_TOP: Final = 3  # digits named of each picture


@app.command(rich_help_panel="Networks")
def predict(
    model: Annotated[
        Path, typer.Argument(help="A file that `skmnist train` or `save` wrote.", metavar="MODEL")
    ],
    pictures: Annotated[
        list[str],
        typer.Argument(
            help="Pictures of one digit each, folders of them, or - for names on stdin; or one "
            ".csv or .parquet file of 784 pixels a row.",
            metavar="PICTURE...",
        ),
    ],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead.")] = False,
    csv_file: Annotated[
        Path | None, typer.Option("--out", help="Write the CSV to a file.", metavar="FILE")
    ] = None,
    as_json: Json = False,
) -> None:
    """Name the digits on pictures, drawn, scanned or photographed.

    Dark on light or light on dark; cut, scaled and centred the way MNIST's were.
    """
    check_out(csv_file, as_csv=as_csv)
    if is_table(pictures):
        table = Path(pictures[0])
        predict_table(model, table, as_csv=as_csv, as_json=as_json, file=csv_file)
        return
    from skmnist import center_digit, read_picture
    from skmnist.preprocessing import as_fitted_on

    estimator = load_with_probabilities(model)
    files = _files(pictures)
    images = np.array([_named(file, lambda f: center_digit(read_picture(f))) for file in files])
    probabilities = estimator.predict_proba(as_fitted_on(estimator, images))
    found = [_ranked(estimator.classes_, row) for row in probabilities]
    if as_json:
        print_json(
            {
                "pictures": [
                    {"file": str(file), "label": best[0][0], "probabilities": dict(best)}
                    for file, best in zip(files, found, strict=True)
                ]
            }
        )
    elif as_csv:
        header = ["file", "label", *(f"probability_{c}" for c in estimator.classes_)]
        rows = [
            [file, best[0][0], *(f"{p:.6f}" for p in row)]
            for file, best, row in zip(files, found, probabilities, strict=True)
        ]
        write_csv([header, *rows], csv_file)
    elif len(files) <= _DRAWN:
        for file, image, best in zip(files, images, found, strict=True):
            _draw(file, image, best)
    else:
        _print_table(files, found)


def _files(names: list[str]) -> list[Path]:
    """List the pictures that are meant, those of folders by name."""
    listed = [
        line for name in names for line in (sys.stdin.read().split("\n") if name == "-" else [name])
    ]
    files: list[Path] = []
    for path in (Path(name) for name in listed if name.strip()):
        if path.is_dir():
            inside = [file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES]
            if not inside:
                raise ValueError(f"There are no pictures in the folder {path}.")
            files += sorted(inside)
        else:
            files.append(path)
    if not files:
        raise ValueError("No pictures are named.")
    return files


def _named(file: Path, read: Any) -> Any:
    try:
        return read(file)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if str(file) in text else f"{file}: {text}") from error


def _ranked(classes: Any, row: Any) -> list[tuple[str, float]]:
    order = np.argsort(row)[::-1]
    return [(str(classes[i]), float(row[i])) for i in order]


def _draw(file: Path, image: Any, best: list[tuple[str, float]]) -> None:
    """Print a picture as it is seen, and its likeliest digits beside it."""
    says = Text(f"\n{file}\n\n", overflow="fold")
    for i, (label, probability) in enumerate(best[:_TOP]):
        bar = "━" * round(20 * probability)
        says.append(f"{label}  {probability:7.2%}  {bar}\n", style="bold" if i == 0 else "")
    out.print(Columns([Text(text_image(image)), says], padding=(0, 3)), highlight=False)


def _print_table(files: list[Path], found: list[list[tuple[str, float]]]) -> None:
    table = new_table()
    table.add_column("picture", overflow="fold")
    table.add_column("digit", justify="right", style="bold")
    for title in ("probability", "next"):
        table.add_column(title, justify="right", no_wrap=True)
    for file, best in zip(files, found, strict=True):
        others = ", ".join(f"{label} {p:.1%}" for label, p in best[1:_TOP])
        table.add_row(str(file), best[0][0], f"{best[0][1]:.2%}", others)
    out.print(table, highlight=False)
