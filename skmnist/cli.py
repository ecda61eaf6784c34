"""The command line: each command is a call of the public API."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from skmnist.comparison import Comparison, FoldResult

app = typer.Typer(
    name="skmnist",
    help="Handwritten-digit networks as first-class scikit-learn citizens.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Get MNIST's four files, find them, check them.", no_args_is_help=True)
app.add_typer(data_app, name="data")

_out = Console(soft_wrap=False)
_err = Console(stderr=True, soft_wrap=True)

Data = Annotated[
    str,
    typer.Option(
        help="[b]digits[/] (scikit-learn's, offline), [b]mnist[/], or a folder with MNIST's files.",
        metavar="digits|mnist|FOLDER",
    ),
]
Seed = Annotated[int, typer.Option(help="What all randomness follows from.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


_SLOW = frozenset({"hist_gradient_boosting"})  # a histogram a pixel, and slow on shared cores


class Recipe(StrEnum):
    """The recipes of `skmnist.recipes`, by their names on the command line."""

    default = "default"
    fast = "fast"
    lesson = "lesson"


@app.command()
def compare(
    data: Data = "digits",
    models: Annotated[
        str,
        typer.Option(
            help="[b]quick[/] (all but hist_gradient_boosting), [b]all[/], or names with commas.",
            metavar="quick|all|NAME,...",
        ),
    ] = "quick",
    cv: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    n_jobs: Annotated[int, typer.Option(help="Models fitted at once; spoils the times.")] = 1,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Compare the dense network with classical models under cross-validation."""
    from skmnist import compare, list_baselines

    known = ["dense", *list_baselines()]
    groups = {"all": known, "quick": [name for name in known if name not in _SLOW]}
    names = groups.get(models) or [name.strip() for name in models.split(",")]
    for name in names:
        if name not in known:
            raise ValueError(f"There is no model {name!r}; there are {', '.join(known)}.")
    X, y = _load(data, "train")
    with _progress(len(names) * cv) as advance:
        found = compare(
            names, X, y, cv=cv, n_jobs=n_jobs, random_state=seed, callback=_show(advance, cv)
        )
    if as_json:
        _print_json({"data": data, "cv": cv, "seed": seed, "models": _records(found)})
    else:
        _out.print(f"{len(y):,} images of {data}, {cv}-fold cross-validation", highlight=False)
        _out.print(_table(found))


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="The file to write, customarily *.skops.")],
    data: Data = "digits",
    recipe: Annotated[
        Recipe | None,
        typer.Option(help="Hyper-parameters for all of MNIST; by default the class's own."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the images.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train the dense pipeline and save it."""
    if out.is_dir():
        raise ValueError(f"{out} is a folder; --out names a file.")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent} to write {out.name} to.")
    from skmnist import make_dense_pipeline, recipes, save

    params: dict[str, Any] = dict(getattr(recipes, recipe.upper())) if recipe else {}
    if epochs is not None:
        params["epochs"] = epochs
    X, y = _load(data, "train")
    pipeline = make_dense_pipeline(**params, random_state=seed)
    with _progress(pipeline[-1].epochs) as advance:
        pipeline[-1].set_callbacks(_EpochProgress(advance))
        start = time.perf_counter()
        pipeline.fit(X, y)
        seconds = time.perf_counter() - start
    pipeline[-1].set_callbacks()
    save(pipeline, out)
    logs = {name: column[-1] for name, column in pipeline[-1].history_.items()}
    if as_json:
        _print_json(
            {
                "data": data,
                "recipe": recipe,
                "epochs": pipeline[-1].n_iter_,
                "seed": seed,
                "seconds": seconds,
                "last_epoch": logs,
                "out": str(out),
            }
        )
    else:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
        _out.print(f"Trained on {len(y):,} images in {seconds:.1f} s: {figures}.")
        _out.print(f"Saved to {out}. Now: skmnist evaluate {out} --data {data}", highlight=False)


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="A file that `skmnist train` wrote.")],
    data: Data = "digits",
    as_json: Json = False,
) -> None:
    """Score a saved pipeline on the test images."""
    from scipy.stats import binomtest

    from skmnist import load

    pipeline = load(model)
    if not hasattr(pipeline, "predict"):
        raise ValueError(f"{model} holds a {type(pipeline).__name__}, which predicts nothing.")
    X, y = _load(data, "test")
    start = time.perf_counter()
    hits = int((pipeline.predict(X) == y).sum())
    seconds = time.perf_counter() - start
    low, high = binomtest(hits, len(y)).proportion_ci(method="wilson")
    if as_json:
        _print_json(
            {
                "data": data,
                "n_images": len(y),
                "accuracy": hits / len(y),
                "low": float(low),
                "high": float(high),
                "seconds": seconds,
            }
        )
    else:
        _out.print(
            f"{hits / len(y):.2%} of {len(y):,} test images right "
            f"(95 % interval {low:.2%} to {high:.2%}), in {seconds:.2f} s.",
            highlight=False,
        )


@data_app.command()
def fetch() -> None:
    """Download MNIST's files where they are missing, and check them."""
    from skmnist import fetch_mnist
    from skmnist.datasets import mnist_home

    with _err.status("Fetching MNIST"):
        fetch_mnist(subset="all")
    _out.print(f"MNIST is complete in {mnist_home()}", highlight=False, soft_wrap=True)


@data_app.command()
def path() -> None:
    """Print the folder in which MNIST's files are looked for."""
    from skmnist.datasets import mnist_home

    _out.print(str(mnist_home()), highlight=False, soft_wrap=True)


@data_app.command()
def verify() -> None:
    """Compare MNIST's files with their checksums."""
    from skmnist.datasets import verify_mnist

    found = verify_mnist()
    for file in found:
        _out.print(f"{file.status:8}{file.path}", highlight=False, soft_wrap=True)
    if any(file.status != "ok" for file in found):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; a user's mistake is one line and exit code 2."""
    try:
        app(standalone_mode=True)
    except (ValueError, TypeError, OSError, ImportError) as error:
        _err.print(f"[bold]skmnist:[/] {' '.join(str(error).split())}", highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        _err.print("skmnist: interrupted; nothing was written.", highlight=False)
        sys.exit(130)


def _load(data: str, subset: str) -> tuple[Any, Any]:
    from skmnist import fetch_mnist, load_digits28

    if data == "digits":
        # The comparison and the training see the same images; the test images stay unseen.
        return load_digits28(subset=subset, return_X_y=True)
    if data == "mnist":
        with _err.status("Reading MNIST"):
            return fetch_mnist(subset=subset, return_X_y=True)
    if not Path(data).is_dir():
        raise ValueError(f"--data is 'digits', 'mnist' or a folder; there is no folder {data!r}.")
    return fetch_mnist(subset=subset, data_home=data, download_if_missing=False, return_X_y=True)


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """Show a bar on standard error while it works; gives a function that moves it on."""
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda text: progress.update(task, advance=1, description=text)


def _show(advance: Any, cv: int) -> Any:
    def show(result: FoldResult) -> None:
        advance(f"{result.model}, fold {result.fold + 1} of {cv}")

    return show


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


def _records(found: Comparison) -> list[dict[str, Any]]:
    rows = found.frame().reset_index().to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _table(found: Comparison) -> Table:
    table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False)
    table.add_column("model")
    for heading in ("accuracy", "± std of folds", "fit", "predict an image"):
        table.add_column(heading, justify="right")
    for name, row in found.frame().iterrows():
        table.add_row(
            str(name),
            f"{row['mean']:.2%}",
            f"{row['std']:.2%}",
            f"{row['fit_seconds']:.2f} s",
            f"{row['predict_us']:.0f} µs",
        )
    return table


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
