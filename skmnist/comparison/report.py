"""The report of a comparison, and of learning curves."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import ConfusionMatrixDisplay

from skmnist.comparison.pages import Picture, Table, draw, write_page
from skmnist.comparison.tuning import choices_in_words
from skmnist.comparison.wording import (
    HEADINGS,
    capitalized,
    display_name,
    format_row,
    format_score,
    join_names,
    number_of_draws,
)
from skmnist.displays import ComparisonDisplay, ErrorsDisplay, LearningCurvesDisplay, new_axes

__all__ = ["write_curves", "write_report"]

_MATRICES: Final = 4  # models whose confusion is shown


class Curves(Protocol):
    """The parts of `LearningCurves` that a report needs."""

    scoring: str
    draws_: pd.DataFrame

    def frame(self) -> pd.DataFrame: ...
    def crossings(self) -> list[str]: ...
    def plot(self) -> LearningCurvesDisplay: ...


class Compared(Protocol):
    """The parts of a `Comparison` that a report needs."""

    scoring: str
    models: dict[str, BaseEstimator]
    folds_: pd.DataFrame

    def frame(self) -> pd.DataFrame: ...
    def pairwise(self) -> pd.DataFrame: ...
    def verdicts(self) -> list[str]: ...
    def choices(self) -> pd.DataFrame: ...
    def plot(self, kind: Literal["scores", "cost", "pairs"]) -> ComparisonDisplay: ...
    def errors(self, model: str) -> ErrorsDisplay: ...
    def predictions(self, model: str) -> tuple[NDArray[Any], NDArray[Any]]: ...


def write_report(
    found: Compared, path: Path, *, title: str, made_by: str, curves: Curves | None
) -> None:
    """Write the report of a comparison, with learning curves if there are any."""
    content = _content(found, title or "Comparison of models", made_by)
    content["curves"] = None if curves is None else _curves(curves)
    write_page(path, "report.html.jinja", content)


def write_curves(found: Curves, path: Path, *, title: str, made_by: str) -> None:
    """Write the report of learning curves alone."""
    frame = found.frame()
    last = frame[frame["rows"] == frame["rows"].max()]
    best = last.loc[last["mean"].idxmax()]
    score = format_score(best["mean"], found.scoring)
    n_models = frame["model"].nunique()
    content = {
        "title": title or "Learning curves of models",
        "what": f"{n_models} models, by {display_name(found.scoring)}",
        "summary": f"Ahead with {best['rows']:,} rows is {display_name(best['model'])}, with "
        f"{score} on rows that it has not seen.",
        "curves": _curves(found),
        "made_by": made_by or f"learning_curves(models, X, y, sizes={sorted(set(frame['rows']))})",
    }
    write_page(path, "curves.html.jinja", content)


def _curves(found: Curves) -> dict[str, Any]:
    frame = found.frame()
    half = (frame["high"] - frame["low"]) / 2
    frame["cell"] = [
        f"{format_score(mean, found.scoring)} ± {format_score(reach, found.scoring)}"
        for mean, reach in zip(frame["mean"], half, strict=True)
    ]
    means = frame.pivot_table(index="model", columns="rows", values="mean")
    cells = frame.pivot_table(index="model", columns="rows", values="cell", aggfunc="first")
    order = means.sort_values(means.columns[-1], ascending=False).index
    lines = [[display_name(str(name)), *cells.loc[name]] for name in order]
    return {
        "picture": draw(found.plot().figure_, "Score over the number of rows, with its band"),
        "means": Table(["model", *(f"{size:,} rows" for size in cells)], lines),
        "crossings": found.crossings(),
        "draws": number_of_draws(found.draws_["draw"].nunique()),
    }


def _content(found: Compared, title: str, made_by: str) -> dict[str, Any]:
    """Collect what the template shows; it escapes all of it."""
    frame, verdicts = found.frame(), found.verdicts()
    n_folds = found.folds_["fold"].nunique()
    first = found.folds_.iloc[0]
    rows = f"{first['n_train'] + first['n_scored']:,} rows"
    what = f"{len(frame)} models, {n_folds} folds of {rows}, by {display_name(found.scoring)}"
    content = {
        "title": title,
        "what": what,
        "summary": _summary(found),
        "scores": _scores(found),
        "score_pictures": [
            draw(found.plot("scores").figure_, "Scores of each model, with their spread"),
            draw(found.plot("cost").figure_, "Score over the time of a fit"),
        ],
        "verdicts": verdicts,
        "confusions": [_confusion(found, str(name)) for name in frame.index[:_MATRICES]],
        "mistakes": _worst_mistakes(found),
        "made_by": made_by or _code(found),
        "choices": None,
    }
    if len(found.choices()):
        content["choices"] = _choices(found)
        content["tuned"] = _tuned(found)
    if verdicts:
        figure = found.plot("pairs").figure_
        content["pairs_picture"] = draw(figure, "Differences of all pairs of models")
        content["pairs"] = _pairs(found)
    return content


def _choices(found: Compared) -> Table:
    head = ["model", "chosen, in how many folds", "search in a fold"]
    return Table(head, choices_in_words(found.choices()), kind="plain", n_words=2)


def _tuned(found: Compared) -> str:
    counts = sorted(set(found.choices()["n_candidates"]))
    numbers = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return (
        f"In each fold a model took the best of {numbers} candidates, by cross-validation within "
        "the fold's training rows. The time of a fit holds the search."
    )


def _summary(found: Compared) -> str:
    frame = found.frame()
    best, row = str(frame.index[0]), frame.iloc[0]
    cells = format_row(row, found.scoring)
    text = f"Ahead is {display_name(best)}, with {cells['mean']} over the folds"
    if "test" in cells:
        text += f", and {cells['test']} on the test set"
    pairs = found.pairwise()
    if len(pairs):
        of_best = pairs[pairs["first"] == best]
        close = of_best.loc[of_best["verdict"] != "better", "second"]
        if len(close):
            text += f". No verdict puts it before {join_names(list(map(display_name, close)))}"
    return text + "."


def _scores(found: Compared) -> Table:
    frame = found.frame()
    keys = [key for key in HEADINGS if key in frame]
    lines = []
    for name, row in frame.iterrows():
        cells = format_row(row, found.scoring)
        mark = " *" if row["pareto"] else ""
        lines.append([f"{display_name(str(name))}{mark}", *(cells[key] for key in keys)])
    return Table(["model", *(HEADINGS[key] for key in keys)], lines)


def _pairs(found: Compared) -> Table:
    pairs = found.pairwise()
    factor = 100 if "accuracy" in found.scoring else 1
    has_test = "test_pvalue_holm" in pairs
    head = ["first", "second", "difference", "95% interval", "effect", "p on folds"]
    head += ["p on test set"] if has_test else []
    lines = []
    for pair in _rows(pairs):
        cells = [
            display_name(pair.first),
            display_name(pair.second),
            f"{factor * pair.difference:+.2f}",
            f"{factor * pair.low:+.2f} to {factor * pair.high:+.2f}",
            f"{pair.effect_size:.1f}",
            _p(pair.pvalue_holm),
        ]
        cells += [_p(pair.test_pvalue_holm)] if has_test else []
        lines.append([*cells, f"{pair.better:.0%}", f"{pair.alike:.0%}", pair.verdict])
    return Table([*head, "better", "alike", "verdict"], lines, kind="plain", n_words=2)


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples()


def _confusion(found: Compared, name: str) -> Picture:
    truth, predicted = found.predictions(name)
    (ax,) = new_axes(size=(4.8, 4.6))
    ConfusionMatrixDisplay.from_predictions(
        truth, predicted, ax=ax, cmap="Blues", colorbar=False, text_kw={"fontsize": 8}
    )
    ax.set_title(capitalized(display_name(name)))
    return draw(ax.figure, f"True and predicted labels of {display_name(name)}")


def _worst_mistakes(found: Compared) -> Picture | None:
    """Draw those of the best model that estimates probabilities and errs at all."""
    for name in map(str, found.frame().index):
        with suppress(ValueError):
            display = found.errors(name)
            if len(display.frame()):
                caption = f"Mistakes that {display_name(name)} was most sure of"
                return draw(display.plot().figure_, caption)
    return None


def _code(found: Compared) -> str:
    models = ",\n    ".join(f"{name!r}: {model!r}" for name, model in found.models.items())
    return f"compare({{\n    {models}\n}}, X, y, scoring={found.scoring!r})"


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
