"""The application, and what all commands share: consoles, options, data, progress, files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

__all__ = [
    "Data",
    "Json",
    "Seed",
    "app",
    "check_can_write",
    "epoch_progress",
    "err",
    "load_data",
    "load_with_probabilities",
    "new_table",
    "out",
    "print_json",
    "progress",
    "text_image",
]

_INK = 90  # grey value from which a pixel of a text image is drawn
_BLOCKS = " ▀▄█"  # nothing, the upper pixel, the lower one, both

app = typer.Typer(
    name="skmnist",
    help="Handwritten-digit networks as first-class scikit-learn citizens.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
"""The application; a module of this package adds its commands to it."""
out = Console(soft_wrap=False)
err = Console(stderr=True, soft_wrap=True)

Data = Annotated[
    str,
    typer.Option(
        help="[b]digits[/] (scikit-learn's, offline), [b]mnist[/], [b]fashion[/], [b]kmnist[/] or "
        "[b]emnist-digits[/]; a folder with four files in MNIST's format, or with a subfolder of "
        "pictures for each label, or with pictures and labels.csv (file,label); an .npz file like "
        "Keras's; or a .csv or .parquet file of labels and 784 pixels. Where there are no test "
        "images, the same fifth is always set aside for them, stratified.",
        metavar="NAME|FOLDER|FILE",
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of all randomness.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def load_data(data: str, subset: Literal["train", "test", "all"]) -> tuple[Any, Any]:
    """Load images and labels of what ``--data`` names."""
    from skmnist.datasets.named import load_named

    with err.status(f"Reading {escape(data)}"):
        return load_named(data, subset)


def load_with_probabilities(model: Path) -> Any:
    """Load a classifier that estimates probabilities."""
    from skmnist import load

    estimator = load(model)
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"{model} holds a {type(estimator).__name__}, which estimates no probabilities."
        )
    return estimator


def check_can_write(path: Path | None, option: str) -> None:
    """Refuse, before any work, a file that could not be written after it."""
    if path is None:
        return
    if path.is_dir():
        raise ValueError(f"{path} is a folder; {option} names a file.")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} to write {path.name} to.")


@contextmanager
def progress(total: int | None) -> Iterator[Any]:
    """Show a bar on a terminal's standard error; gives a function that moves it on."""
    if not err.is_terminal:
        yield lambda text: None
        return
    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda text: bar.update(task, advance=1, description=text)


@contextmanager
def epoch_progress(network: Any, total: int | None) -> Iterator[None]:
    """Show a bar that moves on at each epoch of a network, by scikit-learn's callbacks."""
    from skmnist._compat.callbacks import HAS_CALLBACKS

    with progress(total if HAS_CALLBACKS else None) as advance:
        if HAS_CALLBACKS:
            network.set_callbacks(_EpochProgress(advance))
        yield
    network.set_callbacks()


class _EpochProgress:
    """Scikit-learn callback that moves a bar on at each epoch."""

    def __init__(self, advance: Any) -> None:
        self._advance = advance

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing: the bar is already there."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing: the bar ends with its block."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing: an epoch counts once it ends."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Count an epoch."""
        if context.task_name == "epoch":
            self._advance(f"epoch {context.task_id + 1}")


def new_table() -> Table:
    """Make a table in the style of all commands."""
    return Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False)


def text_image(image: Any) -> str:
    """Draw an image of 28 x 28 pixels in 14 lines of 28 characters."""
    upper, lower = image[0::2] > _INK, image[1::2] > _INK
    return "\n".join(
        "".join(_BLOCKS[2 * low + high] for high, low in zip(*lines, strict=True))
        for lines in zip(upper, lower, strict=True)
    )


def print_json(value: dict[str, Any]) -> None:
    """Print for other programs to read."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
