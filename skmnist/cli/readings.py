"""What a model reads in pictures, and how the command line shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.columns import Columns
from rich.text import Text

from skmnist.cli.shared import new_table, out, text_image

if TYPE_CHECKING:
    from skmnist.pictures import Digits

__all__ = ["Reading", "as_records", "as_rows", "read_all", "show_readings"]

_DRAWN: Final = 4  # pictures of one digit up to which each is drawn
_TOP: Final = 3  # digits named of each picture
_SURE: Final = 0.7  # probability from which an answer is not marked as unsure


@dataclass(frozen=True, eq=False)
class Reading:
    """What a model reads in a picture.

    Parameters
    ----------
    file : Path
        The picture.
    digits : Digits
        Cut out of it.
    classes : list of str
        What the model knows.
    probabilities : ndarray of shape (n_digits, n_classes)
        Of each digit.
    """

    file: Path
    digits: Digits
    classes: list[str]
    probabilities: Any

    def __len__(self) -> int:
        return len(self.probabilities)

    def best(self, i: int) -> list[tuple[str, float]]:
        """Give the classes of a digit and their probabilities, the likeliest first."""
        row = self.probabilities[i]
        return [(self.classes[k], float(row[k])) for k in np.argsort(row)[::-1]]

    def is_sure(self, i: int) -> bool:
        """Tell whether a digit is likely enough, and stands alone."""
        return bool(self.best(i)[0][1] >= _SURE) and not self.digits.touching[i]

    def lines(self) -> list[list[int]]:
        """Give the numbers of the digits in each line."""
        numbers = self.digits.lines
        return [np.flatnonzero(numbers == line).tolist() for line in np.unique(numbers)]

    @property
    def label(self) -> str:
        """The number that is read; lines are separated by spaces."""
        return " ".join("".join(self.best(i)[0][0] for i in line) for line in self.lines())

    def marked(self, line: Sequence[int]) -> str:
        """Write a line with a question mark behind what is unsure."""
        return "".join(self.best(i)[0][0] + ("" if self.is_sure(i) else "?") for i in line)


def read_all(estimator: Any, files: Iterable[Path]) -> tuple[list[Reading], list[str]]:
    """Read pictures; give what could not be read too, and why.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier that estimates probabilities.
    files : iterable of Path
        The pictures.

    Returns
    -------
    readings : list of Reading
        One a picture that holds digits.
    problems : list of str
        A sentence for each of the others.
    """
    from skmnist.pictures import find_digits, read_picture
    from skmnist.preprocessing import as_fitted_on

    cut: dict[Path, Digits] = {}
    problems = []
    for file in files:
        try:
            cut[file] = find_digits(read_picture(file))
        except (ValueError, OSError) as error:
            text = str(error)
            problems.append(text if str(file) in text else f"{file}: {text}")
    if not cut:
        return [], problems
    images = np.concatenate([digits.images for digits in cut.values()])
    probabilities = estimator.predict_proba(as_fitted_on(estimator, images))
    ends = np.cumsum([len(digits.images) for digits in cut.values()])
    parts = np.split(probabilities, ends[:-1])
    classes = [str(label) for label in estimator.classes_]
    return [
        Reading(file, digits, classes, part)
        for (file, digits), part in zip(cut.items(), parts, strict=True)
    ], problems


def as_records(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """Give readings as JSON has them."""
    return [
        {
            "file": str(reading.file),
            "label": reading.label,
            "digits": [
                {
                    "label": reading.best(i)[0][0],
                    "sure": reading.is_sure(i),
                    "line": int(reading.digits.lines[i]),
                    "box": reading.digits.boxes[i].tolist(),
                    "probabilities": dict(reading.best(i)),
                }
                for i in range(len(reading))
            ],
        }
        for reading in readings
    ]


def as_rows(readings: Sequence[Reading]) -> list[list[Any]]:
    """Give readings as CSV has them: a row a digit, below the names of the columns."""
    header = ["file", "digit", "label", "sure", *(f"probability_{c}" for c in readings[0].classes)]
    return [header] + [
        [
            reading.file,
            i + 1,
            reading.best(i)[0][0],
            reading.is_sure(i),
            *(f"{p:.6f}" for p in reading.probabilities[i]),
        ]
        for reading in readings
        for i in range(len(reading))
    ]


def show_readings(readings: Sequence[Reading]) -> None:
    """Print readings: a few single digits drawn, many in a table; numbers line by line."""
    single = [reading for reading in readings if len(reading) == 1]
    if len(single) <= _DRAWN:
        for reading in single:
            _draw(reading)
    else:
        _print_table(single)
    numbers = [reading for reading in readings if len(reading) > 1]
    for reading in numbers:
        _print_number(reading)
    if not all(reading.is_sure(i) for reading in readings for i in range(len(reading))):
        out.print(f"? is unsure: below {_SURE:.0%}, or touching another digit.", highlight=False)


def _draw(reading: Reading) -> None:
    """Print a digit as the model sees it, and the likeliest ones beside it."""
    says = Text(f"\n{reading.file}\n\n", overflow="fold")
    for rank, (label, probability) in enumerate(reading.best(0)[:_TOP]):
        mark = "?" if rank == 0 and not reading.is_sure(0) else " "
        bar = "━" * round(20 * probability)
        says.append(f"{label}{mark} {probability:7.2%}  {bar}\n", style="bold" if not rank else "")
    image = Text(text_image(reading.digits.images[0]))
    out.print(Columns([image, says], padding=(0, 3)), highlight=False)


def _print_table(readings: Sequence[Reading]) -> None:
    table = new_table()
    table.add_column("picture", overflow="fold")
    table.add_column("digit", style="bold")
    for title in ("probability", "next"):
        table.add_column(title, justify="right", no_wrap=True)
    for reading in readings:
        first, *others = reading.best(0)[:_TOP]
        also = ", ".join(f"{label} {p:.1%}" for label, p in others)
        table.add_row(str(reading.file), reading.marked([0]), f"{first[1]:.2%}", also)
    out.print(table, highlight=False)


def _print_number(reading: Reading) -> None:
    """Print the digits of a picture line by line, with the probability of each."""
    title = f"{reading.file}: {len(reading)} digits"
    out.print(title, highlight=False, markup=False, soft_wrap=True)
    table = new_table()
    table.add_column("number", style="bold", overflow="fold")
    table.add_column("probability of each digit, %", overflow="fold")
    for line in reading.lines():
        shares = " ".join(f"{100 * reading.best(i)[0][1]:.0f}" for i in line)
        table.add_row(reading.marked(line), shares)
    out.print(table, highlight=False)
