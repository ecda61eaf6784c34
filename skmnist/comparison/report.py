"""The report: one HTML page with tables and pictures that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import html
import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay

from skmnist._files import atomic_write
from skmnist._versions import versions
from skmnist.comparison.wording import HEADINGS, display_name, format_row, join_names
from skmnist.displays import as_png, new_axes

if TYPE_CHECKING:
    from skmnist.comparison.result import Comparison

__all__ = ["write_report"]

_PACKAGES: Final = ("skmnist", "scikit-learn", "scikeras", "keras", "numpy")
_MATRICES: Final = 4  # models whose confusion is shown

_METHODS: Final = (
    "p on folds: corrected resampled t-test (Nadeau and Bengio, 2003); p on the test set: "
    "McNemar's exact test; both adjusted for the number of pairs after Holm. The last column is "
    "the probability that the two are within half a point of each other (Benavoli et al., 2017)."
)
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d1f23; --soft: #5d636d; --paper: #ffffff;
  --line: #d9dce1; --tint: #f4f6f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a5abb5; --paper: #17191c;
  --line: #363a41; --tint: #202327; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .7rem; }
p.lead { font-size: 1.1rem; margin: .8rem 0 0; }
.soft, figcaption { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums;
  width: 100%; }
th, td { padding: .4rem .7rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child, td.word, th.word { text-align: left; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
tbody tr:first-child td { font-weight: 600; }
table.plain tbody tr:first-child td { font-weight: 400; }
ul { padding-left: 1.2rem; margin: .8rem 0 0; }
figure { margin: 1rem 0 0; }
figure img { max-width: 100%; height: auto; display: block; background: #fff; border-radius: 6px;
  padding: .5rem; border: 1px solid var(--line); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
  gap: 1rem; }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: 6px;
  padding: .8rem 1rem;  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; }
  h2, figure, tr { break-inside: avoid; } h2 { break-after: avoid; }
  .wide { overflow: visible; } table { font-size: 7.5pt; }
  th, td { padding: .15rem .3rem; white-space: normal; }
  figure img { max-height: 15cm; margin: 0 auto; }
  .pair { grid-template-columns: 1fr 1fr; } }
"""


def write_report(found: Comparison, path: Path, *, title: str, made_by: str) -> None:
    """Write the report of a comparison; the file appears whole or not at all."""
    page = _page(found, title or "Comparison of models", made_by)
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _page(found: Comparison, title: str, made_by: str) -> str:
    frame = found.frame()
    said = found.verdicts()
    n_folds = found.folds_["fold"].nunique()
    first = found.folds_.iloc[0]
    rows = f"{first['n_train'] + first['n_scored']:,} rows"
    what = f"{len(frame)} models, {n_folds} folds of {rows}"
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f'<p class="soft">{what}, by {html.escape(found.scoring.replace("_", " "))}</p>',
        f'<p class="lead">{html.escape(_summary(found))}</p>',
        "<h2>Scores and costs</h2>",
        _scores(found),
        _picture(found.plot("scores").figure_, "Scores of each model, with their spread"),
        _picture(found.plot("cost").figure_, "Score over the time of a fit"),
    ]
    if said:
        items = "".join(f"<li>{html.escape(line)}</li>" for line in said)
        parts += [
            "<h2>Which differ by more than chance</h2>",
            f"<ul>{items}</ul>",
            _picture(found.plot("pairs").figure_, "Differences of all pairs of models"),
            _pairs(found),
            f'<p class="soft">{_METHODS}</p>',
        ]
    parts += ["<h2>Confusions</h2>", '<div class="pair">']
    parts += [_confusion(found, str(name)) for name in frame.index[:_MATRICES]]
    parts += ["</div>"]
    parts += _worst_mistakes(found)
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    run_by = f"{versions(_PACKAGES)}; {machine}."
    parts += [
        "<h2>How this was made</h2>",
        f"<pre>{html.escape(made_by or _code(found))}</pre>",
        f'<p class="soft">{html.escape(run_by)}</p>',
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _summary(found: Comparison) -> str:
    frame = found.frame()
    best, row = str(frame.index[0]), frame.iloc[0]
    cells = format_row(row, found.scoring)
    text = f"Ahead is {display_name(best)}, with {cells['mean']} over the folds"
    if "test" in cells:
        text += f", and {cells['test']} on the test set"
    pairs = found.pairwise()
    if len(pairs):
        of_best = pairs[pairs["first"] == best]
        level = [display_name(n) for n in of_best.loc[~of_best["differs"], "second"]]
        if level:
            text += f". It can't be told apart from {join_names(level)}"
    return text + "."


def _scores(found: Comparison) -> str:
    frame = found.frame()
    keys = [key for key in HEADINGS if key in frame]
    lines = []
    for name, row in frame.iterrows():
        cells = format_row(row, found.scoring)
        mark = " *" if row["pareto"] else ""
        lines.append([f"{display_name(str(name))}{mark}", *(cells[key] for key in keys)])
    note = '<p class="soft">* nothing is both better and faster to fit.</p>'
    return _table(["model", *(HEADINGS[key] for key in keys)], lines) + note


def _pairs(found: Comparison) -> str:
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
        lines.append([*cells, f"{pair.alike:.0%}"])
    return _table([*head, "alike"], lines, kind="plain", n_words=2)


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples()


def _table(head: list[str], lines: list[list[str]], *, kind: str = "", n_words: int = 1) -> str:
    def row(cells: list[str], tag: str) -> str:
        texts = (
            f"<{tag}{' class=word' if i < n_words else ''}>{html.escape(cell)}</{tag}>"
            for i, cell in enumerate(cells)
        )
        return f"<tr>{''.join(texts)}</tr>"

    body = "".join(row(cells, "td") for cells in lines)
    return (
        f'<div class="wide"><table class="{kind}"><thead>{row(head, "th")}</thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _confusion(found: Comparison, name: str) -> str:
    truth, predicted = found.predictions(name)
    (ax,) = new_axes(size=(4.8, 4.6))
    ConfusionMatrixDisplay.from_predictions(
        truth, predicted, ax=ax, cmap="Blues", colorbar=False, text_kw={"fontsize": 8}
    )
    ax.set_title(display_name(name).capitalize())
    return _picture(ax.figure, f"True and predicted labels of {display_name(name)}")


def _picture(figure: Any, caption: str) -> str:
    """Draw into the page; the figure is done with afterwards."""
    data = base64.b64encode(as_png(figure)).decode()
    text = html.escape(caption)
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{text}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _worst_mistakes(found: Comparison) -> list[str]:
    """Draw those of the best model that estimates probabilities and errs at all."""
    for name in map(str, found.frame().index):
        with suppress(ValueError):
            display = found.errors(name)
            if len(display.frame()):
                caption = f"Mistakes that {display_name(name)} was most sure of"
                return ["<h2>Worst mistakes</h2>", _picture(display.plot().figure_, caption)]
    return []


def _code(found: Comparison) -> str:
    models = ",\n    ".join(f"{name!r}: {model!r}" for name, model in found.models.items())
    return f"compare({{\n    {models}\n}}, X, y, scoring={found.scoring!r})"


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
