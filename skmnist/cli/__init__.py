"""The command line: each command is a call of the public API."""

from __future__ import annotations

import sys

import typer

from skmnist.cli import data
from skmnist.cli.compare import compare
from skmnist.cli.lesson import lesson
from skmnist.cli.models import card, evaluate, train
from skmnist.cli.predict import predict
from skmnist.cli.search import search
from skmnist.cli.shared import err, out

__all__ = ["app", "main"]

app = typer.Typer(
    name="skmnist",
    help="Handwritten-digit networks as first-class scikit-learn citizens.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (lesson, compare, search, train, evaluate, predict, card):
    app.command()(command)
app.add_typer(data.app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        import skmnist

        out.print(f"skmnist {skmnist.__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Handwritten-digit networks as first-class scikit-learn citizens."""


def main() -> None:
    """Run the command line; a user's mistake is one line and exit code 2."""
    try:
        app(standalone_mode=True)
    except (ValueError, TypeError, OSError, ImportError) as error:
        err.print(f"[bold]skmnist:[/] {' '.join(str(error).split())}", highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("skmnist: interrupted; nothing was written.", highlight=False)
        sys.exit(130)
