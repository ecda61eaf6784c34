"""The commands ``skmnist data ...``: MNIST's four files."""

from __future__ import annotations

import typer

from skmnist.cli.shared import app, err, out

__all__ = ["files"]

files = typer.Typer(help="Get MNIST's four files, find them, check them.", no_args_is_help=True)
app.add_typer(files, name="data", rich_help_panel="Data")


@files.command()
def fetch() -> None:
    """Download MNIST's files where they are missing, and check them."""
    from skmnist import fetch_mnist
    from skmnist.datasets import mnist_home

    with err.status("Fetching MNIST"):
        fetch_mnist(subset="all")
    out.print(f"MNIST is complete in {mnist_home()}", highlight=False, soft_wrap=True)


@files.command()
def path() -> None:
    """Print the folder in which MNIST's files are looked for."""
    from skmnist.datasets import mnist_home

    out.print(str(mnist_home()), highlight=False, soft_wrap=True)


@files.command()
def verify() -> None:
    """Compare MNIST's files with their checksums."""
    from skmnist.datasets import verify_mnist

    found = verify_mnist()
    for file in found:
        out.print(f"{file.status:8}{file.path}", highlight=False, soft_wrap=True)
    if any(file.status != "ok" for file in found):
        raise typer.Exit(1)
