"""Pages of tables and pictures that need nothing from elsewhere."""

from __future__ import annotations

import base64
import os
import platform
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from skmnist._files import atomic_write
from skmnist._versions import versions
from skmnist.displays import as_png

__all__ = ["Picture", "Table", "draw", "write_page"]

_PACKAGES: Final = ("skmnist", "scikit-learn", "scikeras", "keras", "numpy")


class Table(NamedTuple):
    """A table of texts.

    Parameters
    ----------
    head : list of str
        Headings.
    lines : list of list of str
        A cell a heading.
    kind : str, default=""
        ``"plain"`` where the first line is not the best one.
    n_words : int, default=1
        Number of columns of words, the rest are of figures.
    """

    head: list[str]
    lines: list[list[str]]
    kind: str = ""
    n_words: int = 1


class Picture(NamedTuple):
    """A picture.

    Parameters
    ----------
    data : str
        PNG in base64.
    caption : str
        What it shows.
    """

    data: str
    caption: str


def draw(figure: Any, caption: str) -> Picture:
    """Draw a figure, which is done with afterwards."""
    return Picture(base64.b64encode(as_png(figure)).decode(), caption)


def write_page(path: Path, template: str, content: dict[str, Any]) -> None:
    """Write a page; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    template : str
        Name of the template, which escapes all of the content.
    content : dict
        What it shows; versions and the machine are added.
    """
    environment = Environment(
        loader=PackageLoader("skmnist.comparison", "templates"),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    run_by = f"{versions(_PACKAGES)}; {os.cpu_count()} cores, {platform.machine()}."
    page = environment.get_template(template).render(content, run_by=run_by)
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
