"""The command ``skmnist draw``: a page to draw on, read by a network as one draws."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from skmnist.cli.shared import app, err, load_with_probabilities, out

__all__ = ["draw"]


@app.command(rich_help_panel="Networks")
def draw(
    model: Annotated[
        Path, typer.Argument(help="A file that `skmnist train` or `save` wrote.", metavar="MODEL")
    ],
    keep: Annotated[
        Path,
        typer.Option(help="Where drawings are kept, in one folder a label.", metavar="FOLDER"),
    ] = Path("drawings"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 for any free one.")
    ] = 8000,
    open_page: Annotated[
        bool,
        typer.Option("--open/--no-open", help="Open the page, where there is a screen."),
    ] = True,
) -> None:
    """Draw digits in the browser, and see what the network reads.

    The page is for this machine alone. Ctrl-C ends it.
    """
    try:
        from skmnist.drawing import address_of, check_folder, listen, make_app, serve
    except ModuleNotFoundError as error:
        if error.name not in {"starlette", "uvicorn"}:
            raise
        raise ImportError(
            'skmnist draw needs Starlette and uvicorn: pip install "skmnist[draw]"'
        ) from error
    check_folder(keep)
    with listen(port) as listener:
        with err.status("Loading the network"):
            application = make_app(load_with_probabilities(model), keep)
        address = address_of(listener)
        out.print(f"Draw at {address} (Ctrl-C ends it).", highlight=False)
        if open_page and _has_screen():
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
        serve(application, listener)


def _has_screen() -> bool:
    """Tell whether a browser has where to open, other than this terminal."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in screens)
