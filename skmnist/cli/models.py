"""The commands ``skmnist train``, ``evaluate`` and ``card``: one pipeline, saved and scored."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from skmnist import recipes
from skmnist.cli.shared import (
    Data,
    EpochProgress,
    Json,
    Seed,
    app,
    check_can_write,
    load_data,
    out,
    print_json,
    progress,
)

__all__ = ["card", "evaluate", "train"]


_NAMES: Final = {name: name.lower() for name in recipes.BY_NAME}
RecipeName = StrEnum("RecipeName", _NAMES)  # type: ignore[misc]
"""The recipes of `skmnist.recipes`, by their names on the command line."""


@app.command(rich_help_panel="Networks")
def train(
    file: Annotated[Path, typer.Option("--out", help="The file to write, customarily *.skops.")],
    data: Data = "digits",
    recipe: Annotated[
        RecipeName | None,
        typer.Option(
            help=f"Hyper-parameters for all of MNIST: {', '.join(RecipeName)}. By default those of "
            "the dense network.",
            metavar="NAME",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the images.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a network's pipeline and save it."""
    check_can_write(file, "--out")
    from skmnist import make_model, save

    chosen = recipes.BY_NAME[recipe.upper()] if recipe else recipes.Recipe("dense")
    params = chosen | ({} if epochs is None else {"epochs": epochs})
    X, y = load_data(data, "train")
    pipeline = make_model(chosen.model, **params, random_state=seed)
    total = pipeline[-1].epochs
    with progress(None if total == "auto" else total) as advance:
        pipeline[-1].set_callbacks(EpochProgress(advance))
        start = time.perf_counter()
        pipeline.fit(X, y)
        seconds = time.perf_counter() - start
    pipeline[-1].set_callbacks()
    save(pipeline, file)
    logs = {name: column[-1] for name, column in pipeline[-1].history_.items()}
    if as_json:
        print_json(
            {
                "data": data,
                "recipe": recipe,
                "epochs": pipeline[-1].n_iter_,
                "seed": seed,
                "seconds": seconds,
                "last_epoch": logs,
                "out": str(file),
            }
        )
    else:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
        out.print(f"Trained on {len(y):,} images in {seconds:.1f} s: {figures}.")
        out.print(f"Saved to {file}. Now: skmnist evaluate {file} --data {data}", highlight=False)


@app.command(rich_help_panel="Networks")
def evaluate(
    model: Annotated[
        Path, typer.Argument(help="A file that `skmnist train` wrote.", metavar="MODEL")
    ],
    data: Data = "digits",
    as_json: Json = False,
) -> None:
    """Score a saved pipeline on the test images."""
    from skmnist.significance import accuracy

    pipeline = _classifier(model)
    X, y = load_data(data, "test")
    start = time.perf_counter()
    right = accuracy(int((pipeline.predict(X) == y).sum()), len(y))
    seconds = time.perf_counter() - start
    if as_json:
        print_json(
            {
                "data": data,
                "n_images": len(y),
                "accuracy": right.value,
                "low": right.low,
                "high": right.high,
                "seconds": seconds,
            }
        )
    else:
        out.print(
            f"{right.value:.2%} of {len(y):,} test images right "
            f"(95 % interval {right.interval}), in {seconds:.2f} s.",
            highlight=False,
        )


@app.command(rich_help_panel="Networks")
def card(
    model: Annotated[
        Path, typer.Argument(help="A file that `skmnist train` wrote.", metavar="MODEL")
    ],
    data: Data = "digits",
    file: Annotated[
        Path | None,
        typer.Option("--out", help="Write the card, customarily *.md.", metavar="FILE"),
    ] = None,
) -> None:
    """Describe a saved pipeline in Markdown, scored on the test images."""
    check_can_write(file, "--out")
    from skmnist import model_card

    pipeline = _classifier(model)
    X, y = load_data(data, "test")
    text = model_card(pipeline, X, y, data=f"the test images of {data}", title=model.stem)
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")
        out.print(f"Wrote {file}.", highlight=False)


def _classifier(model: Path) -> Any:
    """Load a pipeline that can be scored."""
    from skmnist import load

    pipeline = load(model)
    if not hasattr(pipeline, "predict"):
        raise ValueError(f"{model} holds a {type(pipeline).__name__}, which predicts nothing.")
    return pipeline
