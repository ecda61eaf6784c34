"""The command ``skmnist lesson``: the introductory lesson, told in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.rule import Rule
from rich.text import Text

from skmnist.cli.shared import (
    Data,
    Seed,
    app,
    check_can_write,
    epoch_progress,
    load_data,
    new_table,
    out,
    text_image,
)

__all__ = ["lesson"]

_REPORTED: Final = 0.9794
"""The accuracy on MNIST's test images that the lesson ends with."""
_UNITS: Final = (0.1, 0.5, 1.0, 5.0)  # points of accuracy that a square may stand for
_LONGEST: Final = 40  # squares of a bar
_NUMBERS: Final = slice(7, 21)  # rows and columns whose pixels are printed


@app.command(rich_help_panel="Begin here")
def lesson(
    data: Data = "digits",
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw how it learned, *.png or *.svg.", metavar="FILE"),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Tell the lesson: look at a digit, train a dense network, see it overfit, test it once."""
    check_can_write(plot, "--plot")
    X, y = load_data(data, "train")
    X_test, y_test = load_data(data, "test")
    _title("An image is numbers")
    image = X[0].reshape(28, 28)
    out.print(Text(text_image(image)))
    out.print(f"The first of {len(y):,} images shows a {y[0]}. Its middle, from 0 to 255:\n")
    for row in image[_NUMBERS, _NUMBERS]:
        out.print("".join(f"{value:4}" for value in row), highlight=False)

    _title("A dense network learns")
    from skmnist import HistoryDisplay, recipes

    layers = [784, *recipes.LESSON["hidden_layer_sizes"], 10]
    out.print(f"Rows of 784 numbers in [0, 1]; layers of {' - '.join(map(str, layers))}.")
    taught = _fitted(recipes.LESSON, X, y, seed)
    table, unit = _epochs(taught[-1].history_)
    out.print(table)
    out.print(f"Each ▪ is {unit:g} points that training is ahead: what is learnt by heart.")
    if plot is not None:
        HistoryDisplay.from_estimator(taught).plot().figure_.savefig(plot, dpi=150)
        out.print(f"Written: {plot}", highlight=False, soft_wrap=True)

    _title(f"Tested once, on {len(y_test):,} images")
    table = new_table()
    for heading, how in (("", "left"), ("accuracy", "right"), ("95% interval", "right")):
        table.add_column(heading, justify=how)  # type: ignore[arg-type]
    table.add_row("the lesson's network", *_scored(taught, X_test, y_test))
    better = _fitted(recipes.DEFAULT, X, y, seed)
    table.add_row("recipes.DEFAULT", *_scored(better, X_test, y_test), style="bold")
    if data != "digits":
        table.add_row("what the lesson reports", f"{_REPORTED:.2%}", "")
    out.print(table)
    if data == "digits":
        out.print(f"The lesson reports {_REPORTED:.2%}, on MNIST: skmnist lesson --data mnist")


def _title(text: str) -> None:
    out.print()
    out.print(Rule(text, align="left", style="bold"))
    out.print()


def _fitted(recipe: dict[str, Any], X: Any, y: Any, seed: int) -> Any:
    from skmnist import make_dense_pipeline

    pipeline = make_dense_pipeline(**recipe, random_state=seed)
    with epoch_progress(pipeline[-1], recipe["epochs"]):
        pipeline.fit(X, y)
    return pipeline


def _epochs(history: Any) -> tuple[Any, float]:
    """Tabulate accuracies, with a bar for what is learnt by heart; gives the bar's unit too."""
    table = new_table()
    for heading in ("epoch", "training", "validation"):
        table.add_column(heading, justify="right")
    table.add_column("ahead")
    pairs = list(zip(history["accuracy"], history["val_accuracy"], strict=True))
    ahead = [100 * max(0.0, training - validation) for training, validation in pairs]
    unit = next(unit for unit in _UNITS if max(ahead) <= _LONGEST * unit)
    for epoch, (training, validation) in enumerate(pairs, 1):
        bar = "▪" * round(ahead[epoch - 1] / unit)
        table.add_row(f"{epoch}", f"{training:.2%}", f"{validation:.2%}", bar)
    return table, unit


def _scored(pipeline: Any, X: Any, y: Any) -> tuple[str, str]:
    from skmnist.significance import accuracy

    right = accuracy(int((pipeline.predict(X) == y).sum()), len(y))
    return f"{right.value:.2%}", right.interval
