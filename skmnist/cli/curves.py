"""Learning curves on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skmnist.cli.shared import new_table, out, print_json

if TYPE_CHECKING:
    from skmnist.comparison import LearningCurves

__all__ = ["read_sizes", "show_curves"]


def read_sizes(text: str) -> list[int]:
    """Read ``--sizes``: whole numbers with commas, each once."""
    numbers = [part.strip() for part in text.split(",")]
    if not all(number.isdigit() for number in numbers):
        raise ValueError(f"--sizes is whole numbers with commas, 100,300,1000; got {text!r}.")
    return sorted({int(number) for number in numbers})


def show_curves(
    found: LearningCurves,
    data: str,
    report: Path | None,
    plot: Path | None,
    *,
    made_by: str,
    as_json: bool,
) -> None:
    """Print what models reach with how many images, and write the files asked for."""
    from skmnist.comparison import display_name, number_of_draws

    n_draws = found.draws_["draw"].nunique()
    title = f"Accuracy by the number of images of {data}, {number_of_draws(n_draws)}"
    if report is not None:
        found.to_html(report, title=title, made_by=made_by)
    if plot is not None:
        found.plot().figure_.savefig(plot, dpi=150)
    frame = found.frame()
    if as_json:
        record = {"data": data, "draws": n_draws, "crossings": found.crossings()}
        print_json(record | {"curves": frame.to_dict(orient="records")})
        return
    out.print(title, highlight=False)
    wide = frame.pivot_table(index="model", columns="rows", values="mean")
    table = new_table()
    table.add_column("model")
    for size in wide:
        table.add_column(f"{size:,}", justify="right")
    for name, row in wide.sort_values(wide.columns[-1], ascending=False).iterrows():
        table.add_row(display_name(str(name)), *(f"{value:.2%}" for value in row))
    out.print(table)
    for line in found.crossings():
        out.print(f"- {line}", highlight=False)
    for path in (report, plot):
        if path is not None:
            out.print(f"Written: {path}", highlight=False, soft_wrap=True)
