"""The command ``skmnist search``: hyper-parameters of the dense pipeline, networks in stacks."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from skmnist.cli.shared import (
    Data,
    Json,
    Seed,
    app,
    check_can_write,
    epoch_progress,
    load_data,
    new_table,
    out,
    print_json,
)

__all__ = ["search"]

_STEP: Final = "denseclassifier__"
_SHOWN: Final = 12  # candidates in the table


@app.command(rich_help_panel="Networks")
def search(
    data: Data = "digits",
    param: Annotated[
        list[str] | None,
        typer.Option(
            help="Values to try, as learning_rate=0.001,0.003; may be given several times. By "
            "default a small grid over rates, [b]param_grid('dense')[/].",
            metavar="NAME=VALUE,...",
        ),
    ] = None,
    halving: Annotated[
        bool, typer.Option("--halving", help="Give up bad candidates after few epochs.")
    ] = False,
    cv: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the images.")] = 10,
    seed: Seed = 0,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw scores over each parameter, *.png or *.svg.", metavar="FILE"),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", help="Save the best pipeline, customarily *.skops.", metavar="FILE"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Search over hyper-parameters of the dense network by cross-validation."""
    check_can_write(plot, "--plot")
    check_can_write(file, "--out")
    grid = _grid(param or [])
    from sklearn.model_selection import ParameterGrid

    from skmnist import (
        EpochHalvingSearchCV,
        SearchDisplay,
        StackedGridSearchCV,
        make_dense_pipeline,
        param_grid,
        save,
    )

    grid = grid or param_grid("dense")
    pipeline = make_dense_pipeline(epochs=epochs, random_state=seed)
    known = pipeline.get_params()
    for name in grid:
        if name not in known:
            names = sorted(n.removeprefix(_STEP) for n in known if n.startswith(_STEP))
            raise ValueError(
                f"The dense network has no parameter {name.removeprefix(_STEP)!r}; there are "
                f"{', '.join(names)}."
            )
    X, y = load_data(data, "train")
    n_candidates = len(ParameterGrid(grid))
    with epoch_progress(pipeline[-1], None if halving else n_candidates * cv * epochs):
        kind = EpochHalvingSearchCV if halving else StackedGridSearchCV
        start = time.perf_counter()
        found = kind(pipeline, grid, cv=cv, error_score="raise", refit=file is not None).fit(X, y)
        seconds = time.perf_counter() - start
    display = SearchDisplay.from_search(found)
    if plot is not None:
        display.plot().figure_.savefig(plot, dpi=150)
    if file is not None:
        found.best_estimator_[-1].set_callbacks()
        save(found.best_estimator_, file)
    table = display.frame()
    table.columns = [str(name).removeprefix(_STEP) for name in table.columns]
    if as_json:
        print_json(
            {
                "data": data,
                "cv": cv,
                "epochs": epochs,
                "seed": seed,
                "seconds": seconds,
                "best": {k.removeprefix(_STEP): v for k, v in found.best_params_.items()},
                "candidates": table.to_dict(orient="records"),
            }
        )
        return
    out.print(
        f"{n_candidates} candidates, {cv} folds of {len(y):,} images of {data}, {epochs} epochs: "
        f"{seconds:.1f} s",
        highlight=False,
    )
    out.print(_table(table))
    if len(table) > _SHOWN:
        out.print(f"and {len(table) - _SHOWN} more behind these", highlight=False)
    for path in (plot, file):
        if path is not None:
            out.print(f"Written: {path}", highlight=False, soft_wrap=True)


def _grid(texts: list[str]) -> dict[str, list[Any]]:
    """Read values as Python has them: ``(512, 256)`` is a tuple, ``relu`` a text."""
    grid = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not (name and equals and values):
            raise ValueError(f"--param is NAME=VALUE,...; got {text!r}.")
        try:
            read = ast.literal_eval(f"[{values}]")
        except (SyntaxError, ValueError):
            read = [value.strip() for value in values.split(",")]
        grid[_STEP + name.strip()] = read
    return grid


def _table(frame: Any) -> Any:
    table = new_table()
    names = [name for name in frame if name not in ("mean", "std", "n_resources")]
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    if "n_resources" in frame:
        table.add_column("epochs", justify="right")
    table.add_column("accuracy", justify="right")
    table.add_column("± std of folds", justify="right")
    for _, row in frame.head(_SHOWN).iterrows():
        cells = [f"{row[name]}" for name in names]
        if "n_resources" in frame:
            cells.append(f"{row['n_resources']:.0f}")
        table.add_row(*cells, f"{row['mean']:.2%}", f"{row['std']:.2%}")
    return table
