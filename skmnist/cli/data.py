"""The commands ``skmnist data ...``: the four files of MNIST, or of a data set like it."""

from __future__ import annotations

from typing import Annotated

import typer

from skmnist.cli.shared import app, err, out

__all__ = ["files"]

files = typer.Typer(
    help="Get the four files of MNIST and its like, find them, check them.", no_args_is_help=True
)
app.add_typer(files, name="data", rich_help_panel="Data")

Variant = Annotated[
    str,
    typer.Option(
        help="Digits, clothes (Fashion-MNIST), cursive Japanese (Kuzushiji-MNIST) or four times "
        "as many digits (EMNIST).",
        metavar="mnist|fashion|kmnist|emnist-digits",
    ),
]


@files.command()
def fetch(variant: Variant = "mnist") -> None:
    """Download the files where they are missing, and check them."""
    from skmnist.datasets import fetching
    from skmnist.datasets.sources import source_of

    source = source_of(variant)
    with err.status(f"Fetching {source.name}"):
        fetching.fetch(source, subset="all")
    home = fetching.data_folder() / source.folder
    out.print(f"{source.name} is complete in {home}", highlight=False, soft_wrap=True)


@files.command()
def path(variant: Variant = "mnist") -> None:
    """Print the folder in which the files are looked for."""
    from skmnist.datasets.fetching import data_folder
    from skmnist.datasets.sources import source_of

    out.print(str(data_folder() / source_of(variant).folder), highlight=False, soft_wrap=True)


@files.command()
def verify(variant: Variant = "mnist") -> None:
    """Compare the files with their checksums."""
    from skmnist.datasets import fetching
    from skmnist.datasets.sources import source_of

    found = fetching.verify(source_of(variant))
    for file in found:
        out.print(f"{file.status:8}{file.path}", highlight=False, soft_wrap=True)
    if any(file.status != "ok" for file in found):
        raise typer.Exit(1)
