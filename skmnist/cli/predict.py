"""The command ``skmnist predict``: the digits on pictures, named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from skmnist.cli.readings import Reading, as_records, as_rows, read_all, show_readings
from skmnist.cli.shared import (
    Json,
    app,
    check_can_write,
    err,
    load_with_probabilities,
    out,
    print_json,
)
from skmnist.cli.tables import check_out, is_table, predict_table, write_csv

__all__ = ["predict"]


@app.command(rich_help_panel="Networks")
def predict(
    model: Annotated[
        Path, typer.Argument(help="A file that `skmnist train` or `save` wrote.", metavar="MODEL")
    ],
    pictures: Annotated[
        list[str],
        typer.Argument(
            help="Pictures of a digit, a number or a sheet of them; folders of pictures; - for "
            "names on stdin; or one .csv or .parquet file of 784 pixels a row.",
            metavar="PICTURE...",
        ),
    ],
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw one picture with what is read, *.png or *.svg.", metavar="FILE"),
    ] = None,
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
    check_can_write(plot, "--plot")
    if is_table(pictures):
        table = Path(pictures[0])
        predict_table(model, table, as_csv=as_csv, as_json=as_json, file=csv_file)
        return
    files = _files(pictures)
    if plot is not None and len(files) > 1:
        raise ValueError(f"--plot draws one picture; {len(files)} are named.")
    readings, problems = read_all(load_with_probabilities(model), files)
    if not readings:
        raise ValueError(" ".join(problems))
    if plot is not None:
        _plot(readings[0], plot)
    if as_json:
        print_json({"pictures": as_records(readings), "problems": problems})
    elif as_csv:
        write_csv(as_rows(readings), csv_file)
    else:
        show_readings(readings)
        if plot is not None:
            out.print(f"Written: {plot}", highlight=False, soft_wrap=True)
    for problem in problems:
        err.print("[bold]skmnist:[/]", escape(problem), highlight=False)
    if problems:
        raise typer.Exit(1)


def _files(names: list[str]) -> list[Path]:
    """List the pictures that are meant; those of folders, and of folders in them, by name."""
    from skmnist.pictures import SUFFIXES

    listed = [
        line for name in names for line in (sys.stdin.read().split("\n") if name == "-" else [name])
    ]
    files: list[Path] = []
    for path in (Path(name) for name in listed if name.strip()):
        if path.is_dir():
            inside = [file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES]
            if not inside:
                raise ValueError(f"There are no pictures in the folder {path}.")
            files += sorted(inside)
        else:
            files.append(path)
    if not files:
        raise ValueError("No pictures are named.")
    return files


def _plot(reading: Reading, file: Path) -> None:
    from skmnist import ReadingDisplay, read_picture

    labels = [reading.marked([i]) for i in range(len(reading))]
    display = ReadingDisplay(read_picture(reading.file), reading.digits.boxes, labels)
    display.plot().figure_.savefig(file, dpi=150)
