"""The command line: each command is a call of the public API.

A module of this package adds its commands to `shared.app`, under a heading of the help; nothing
else needs to know of it.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import typer
from rich.markup import escape

from skmnist.cli.shared import app, err, out

__all__ = ["app", "main"]

for module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{module}")  # which adds its commands


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
        err.print("[bold]skmnist:[/]", escape(" ".join(str(error).split())), highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("skmnist: interrupted; nothing was written.", highlight=False)
        sys.exit(130)
