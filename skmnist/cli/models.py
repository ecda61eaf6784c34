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
    Json,
    Seed,
    app,
    check_can_write,
    epoch_progress,
    load_data,
    out,
    print_json,
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
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Labelled pictures of your own to learn from beside the data: a subfolder a "
            "label, or labels.csv.",
            metavar="FOLDER",
        ),
    ] = None,
    weight: Annotated[
        float | None,
        typer.Option(
            help="How many images each picture weighs. By default so many that all pictures "
            "together weigh a tenth of the data, from 1 to 100.",
            metavar="IMAGES",
        ),
    ] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a network's pipeline and save it."""
    check_can_write(file, "--out")
    if weight is not None and pictures is None:
        raise ValueError("--weight is that of --pictures: give a folder of them, or leave it out.")
    from skmnist import load_pictures, make_model, save
    from skmnist.datasets.beside import put_beside

    chosen = recipes.BY_NAME[recipe.upper()] if recipe else recipes.Recipe("dense")
    params = chosen | ({} if epochs is None else {"epochs": epochs})
    own = None if pictures is None else load_pictures(pictures, return_X_y=True)
    X, y = load_data(data, "train")
    pipeline = make_model(chosen.model, **params, random_state=seed)
    said, fit_params = f"{len(y):,} images", {}
    if own is not None:
        X, y, sample_weight, weight = put_beside((X, y), own, weight)
        said += f" and {len(own[1]):,} pictures, each of the weight of {weight:.3g} images,"
        fit_params = {f"{pipeline.steps[-1][0]}__sample_weight": sample_weight}
    total = pipeline[-1].epochs
    with epoch_progress(pipeline[-1], None if total == "auto" else total):
        start = time.perf_counter()
        pipeline.fit(X, y, **fit_params)
        seconds = time.perf_counter() - start
    save(pipeline, file)
    logs = {name: column[-1] for name, column in pipeline[-1].history_.items()}
    if as_json:
        print_json(
            {
                "data": data,
                "recipe": recipe,
                "pictures": None if pictures is None else str(pictures),
                "weight": weight,
                "epochs": pipeline[-1].n_iter_,
                "seed": seed,
                "seconds": seconds,
                "last_epoch": logs,
                "out": str(file),
            }
        )
    else:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
        out.print(f"Trained on {said} in {seconds:.1f} s: {figures}.")
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
    _check_labels(pipeline, y, model, data)
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
            f"(95% interval {right.interval}), in {seconds:.2f} s.",
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
    _check_labels(pipeline, y, model, data)
    text = model_card(pipeline, X, y, data=f"the test images of {data}", title=model.stem)
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")
        out.print(f"Wrote {file}.", highlight=False)


def _classifier(model: Path) -> Any:
    """Load a classifier."""
    from skmnist import load

    pipeline = load(model)
    if not hasattr(pipeline, "classes_"):
        raise ValueError(f"{model} holds a {type(pipeline).__name__}, which is no classifier.")
    return pipeline


def _check_labels(pipeline: Any, y: Any, model: Path, data: str) -> None:
    """Refuse data of another kind than those that a pipeline was trained on."""
    known, found = (sorted(set(labels.tolist()), key=str) for labels in (pipeline.classes_, y))
    if not set(known) & set(found):
        raise ValueError(
            f"{data} has the labels {', '.join(map(repr, found))}, of which {model} knows none: it "
            f"was trained on {', '.join(map(repr, known))}."
        )
