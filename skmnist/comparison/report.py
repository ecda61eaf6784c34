"""The report: one HTML page with tables and pictures that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import ConfusionMatrixDisplay

from skmnist._files import atomic_write
from skmnist._versions import versions
from skmnist.comparison.wording import HEADINGS, capitalized, display_name, format_row, join_names
from skmnist.displays import ComparisonDisplay, ErrorsDisplay, as_png, new_axes

__all__ = ["write_report"]

_PACKAGES: Final = ("skmnist", "scikit-learn", "scikeras", "keras", "numpy")
_MATRICES: Final = 4  # models whose confusion is shown


class Compared(Protocol):
    """The parts of a `Comparison` that a report needs."""

    scoring: str
    models: dict[str, BaseEstimator]
    folds_: pd.DataFrame

    def frame(self) -> pd.DataFrame: ...
    def pairwise(self) -> pd.DataFrame: ...
    def verdicts(self) -> list[str]: ...
    def plot(self, kind: Literal["scores", "cost", "pairs"]) -> ComparisonDisplay: ...
    def errors(self, model: str) -> ErrorsDisplay: ...
    def predictions(self, model: str) -> tuple[NDArray[Any], NDArray[Any]]: ...


class _Table(NamedTuple):
    head: list[str]
    lines: list[list[str]]
    kind: str = ""
    n_words: int = 1  # columns of words, the rest are of figures


class _Picture(NamedTuple):
    data: str  # PNG in base64
    caption: str


def write_report(found: Compared, path: Path, *, title: str, made_by: str) -> None:
    """Write the report of a comparison; the file appears whole or not at all."""
    environment = Environment(
        loader=PackageLoader("skmnist.comparison", "."),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    page = environment.get_template("report.html.jinja").render(
        _content(found, title or "Comparison of models", made_by)
    )
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


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
            _picture(found.plot("scores").figure_, "Scores of each model, with their spread"),
            _picture(found.plot("cost").figure_, "Score over the time of a fit"),
        ],
        "verdicts": verdicts,
        "confusions": [_confusion(found, str(name)) for name in frame.index[:_MATRICES]],
        "mistakes": _worst_mistakes(found),
        "made_by": made_by or _code(found),
        "run_by": f"{versions(_PACKAGES)}; {os.cpu_count()} cores, {platform.machine()}.",
    }
    if verdicts:
        figure = found.plot("pairs").figure_
        content["pairs_picture"] = _picture(figure, "Differences of all pairs of models")
        content["pairs"] = _pairs(found)
    return content


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


def _scores(found: Compared) -> _Table:
    frame = found.frame()
    keys = [key for key in HEADINGS if key in frame]
    lines = []
    for name, row in frame.iterrows():
        cells = format_row(row, found.scoring)
        mark = " *" if row["pareto"] else ""
        lines.append([f"{display_name(str(name))}{mark}", *(cells[key] for key in keys)])
    return _Table(["model", *(HEADINGS[key] for key in keys)], lines)


def _pairs(found: Compared) -> _Table:
    pairs = found.pairwise()
    factor = 100 if "accuracy" in found.scoring else 1
    has_test = "test_pvalue_holm" in pairs
    head = ["first", "second", "difference", "95 % interval", "effect", "p on folds"]
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
    return _Table([*head, "better", "alike", "verdict"], lines, kind="plain", n_words=2)


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples()


def _confusion(found: Compared, name: str) -> _Picture:
    truth, predicted = found.predictions(name)
    (ax,) = new_axes(size=(4.8, 4.6))
    ConfusionMatrixDisplay.from_predictions(
        truth, predicted, ax=ax, cmap="Blues", colorbar=False, text_kw={"fontsize": 8}
    )
    ax.set_title(capitalized(display_name(name)))
    return _picture(ax.figure, f"True and predicted labels of {display_name(name)}")


def _picture(figure: Any, caption: str) -> _Picture:
    """Draw a figure, which is done with afterwards."""
    return _Picture(base64.b64encode(as_png(figure)).decode(), caption)


def _worst_mistakes(found: Compared) -> _Picture | None:
    """Draw those of the best model that estimates probabilities and errs at all."""
    for name in map(str, found.frame().index):
        with suppress(ValueError):
            display = found.errors(name)
            if len(display.frame()):
                caption = f"Mistakes that {display_name(name)} was most sure of"
                return _picture(display.plot().figure_, caption)
    return None


def _code(found: Compared) -> str:
    models = ",\n    ".join(f"{name!r}: {model!r}" for name, model in found.models.items())
    return f"compare({{\n    {models}\n}}, X, y, scoring={found.scoring!r})"


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
