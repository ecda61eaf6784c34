"""The command ``skmnist compare``: models on the same folds, and a report."""

from __future__ import annotations

import shlex
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from skmnist.cli.curves import read_sizes, show_curves
from skmnist.cli.shared import (
    Data,
    Json,
    Seed,
    app,
    check_can_write,
    load_data,
    new_table,
    out,
    print_json,
    progress,
)

if TYPE_CHECKING:
    from rich.table import Table

    from skmnist.comparison import Comparison, FoldResult

__all__ = ["compare"]

_CANDIDATES: Final = 6
"""Of a search with ``--tune``: as many as every grid has."""


@app.command(rich_help_panel="Begin here")
def compare(
    data: Data = "digits",
    models: Annotated[
        str,
        typer.Option(
            help="[b]quick[/] (all but the slow ones), [b]all[/], or names with commas.",
            metavar="quick|all|NAME,...",
        ),
    ] = "quick",
    cv: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    repeats: Annotated[
        int, typer.Option(min=1, help="Times to repeat the folds, each time drawn anew.")
    ] = 1,
    n_rows: Annotated[
        int | None,
        typer.Option("--rows", min=100, help="Images to use, drawn evenly of all digits."),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option(
            help="Draw learning curves instead: fit to so many images, in as many draws as "
            "--repeats says.",
            metavar="N,N,...",
        ),
    ] = None,
    tune: Annotated[
        bool,
        typer.Option(
            "--tune",
            help="Tune each model inside each fold, among as many candidates as the others.",
        ),
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Score the test images too, once, at the end.")
    ] = False,
    n_jobs: Annotated[int, typer.Option(help="Models fitted at once; spoils the times.")] = 1,
    seed: Seed = 0,
    report: Annotated[
        Path | None, typer.Option(help="Write a report, *.html.", metavar="FILE")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the scores, *.png or *.svg.", metavar="FILE")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the networks with classical models under cross-validation."""
    check_can_write(report, "--report")
    check_can_write(plot, "--plot")
    from sklearn.model_selection import RepeatedStratifiedKFold

    from skmnist import compare, learning_curves

    names = _chosen(models)
    wanted = None if sizes is None else read_sizes(sizes)
    if wanted is not None and tune:
        raise ValueError("--tune is for a comparison on folds: leave out --sizes.")
    X, y = load_data(data, "train")
    if n_rows is not None:
        X, y = _sample(X, y, n_rows, seed)
    X_test, y_test = load_data(data, "test") if test else (None, None)
    if wanted is not None:
        settings: Any = {"X_test": X_test, "y_test": y_test, "n_jobs": n_jobs}
        with progress(len(names) * len(wanted) * repeats) as advance:
            curves = learning_curves(
                names,
                X,
                y,
                sizes=wanted,
                n_draws=repeats,
                random_state=seed,
                callback=lambda result: advance(f"{result.model}, {result.n_train:,} images"),
                **settings,
            )
        show_curves(curves, data, report, plot, made_by=_command(), as_json=as_json)
        return
    folds: Any = cv
    if repeats > 1:
        folds = RepeatedStratifiedKFold(n_splits=cv, n_repeats=repeats, random_state=seed)
    with progress(len(names) * (cv * repeats + test)) as advance:
        found = compare(
            names,
            X,
            y,
            cv=folds,
            tune=_CANDIDATES if tune else None,
            X_test=X_test,
            y_test=y_test,
            n_jobs=n_jobs,
            random_state=seed,
            callback=_show(advance, cv * repeats),
        )
    times = "" if repeats == 1 else f", {repeats} times"
    title = f"{len(y):,} images of {data}, {cv}-fold cross-validation{times}"
    if report is not None:
        found.to_html(report, title=title, made_by=_command())
    if plot is not None:
        found.plot("scores").figure_.savefig(plot, dpi=150)
    if as_json:
        print_json({"data": data, "cv": cv, "repeats": repeats, "seed": seed} | _records(found))
    else:
        _print(found, title, [path for path in (report, plot) if path is not None])


def _print(found: Comparison, title: str, written: list[Path]) -> None:
    out.print(title, highlight=False)
    out.print(_table(found))
    choices = found.choices()
    if len(choices):
        out.print(_choices_table(choices))
    for line in found.verdicts():
        text = textwrap.fill(line, out.width, initial_indent="- ", subsequent_indent="  ")
        out.print(text, highlight=False)
    for path in written:
        out.print(f"Written: {path}", highlight=False, soft_wrap=True)


def _chosen(models: str) -> list[str]:
    from skmnist.pipelines import MODELS

    groups = {"all": list(MODELS), "quick": [n for n, model in MODELS.items() if model.is_quick]}
    names = groups.get(models) or [name.strip() for name in models.split(",")]
    for name in names:
        if name not in MODELS:
            raise ValueError(f"There is no model {name!r}; there are {', '.join(MODELS)}.")
    return names


def _sample(X: Any, y: Any, n_rows: int, seed: int) -> tuple[Any, Any]:
    from sklearn.model_selection import train_test_split

    if n_rows >= len(y):
        raise ValueError(f"--rows is {n_rows}, but there are {len(y)} images; leave it out.")
    chosen, _, labels, _ = train_test_split(X, y, train_size=n_rows, stratify=y, random_state=seed)
    return chosen, labels


def _command() -> str:
    return shlex.join(["skmnist", *sys.argv[1:]])


def _show(advance: Any, n_folds: int) -> Any:
    def show(result: FoldResult) -> None:
        which = "test set" if result.fold < 0 else f"fold {result.fold + 1} of {n_folds}"
        advance(f"{result.model}, {which}")

    return show


def _records(found: Comparison) -> dict[str, Any]:
    def records(frame: Any) -> list[dict[str, Any]]:
        return [
            {str(name): None if value != value else value for name, value in row.items()}
            for row in frame.to_dict(orient="records")
        ]

    return {
        "models": records(found.frame().reset_index()),
        "pairs": records(found.pairwise()),
        "verdicts": found.verdicts(),
        "choices": records(found.choices()),
    }


def _table(found: Comparison) -> Table:
    from skmnist.comparison import display_name, format_row

    frame = found.frame()
    keys = {
        "mean": "accuracy ± std",
        "fit_seconds": "fit",
        "predict_us": "predict an image",
    }
    if "test" in frame:
        keys = {"mean": keys["mean"], "test": "test set (95%)", "fit_seconds": "fit"}
    table = new_table()
    table.add_column("model")
    for heading in keys.values():
        table.add_column(heading, justify="right")
    for name, row in frame.iterrows():
        cells = format_row(row, found.scoring)
        table.add_row(display_name(str(name)), *(cells[key] for key in keys))
    return table


def _choices_table(choices: Any) -> Table:
    from skmnist.comparison import choices_in_words

    table = new_table()
    table.add_column("tuned")
    table.add_column("chosen, in how many folds", overflow="fold")
    table.add_column("search", justify="right")
    for line in choices_in_words(choices):
        table.add_row(*line)
    return table
