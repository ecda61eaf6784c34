"""The record of a fit: one number an epoch for every loss and metric. No drawing here."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import pandas as pd


class History(Mapping[str, list[float]]):
    """Loss and metrics at the end of each epoch of a fit.

    A mapping from the name of a measure (``"loss"``, ``"accuracy"``, ``"val_loss"``, ...) to one
    float an epoch, or to one list of floats for a measure of each class. A slice selects epochs; a
    key that was not recorded is an error that names the recorded ones.

    Parameters
    ----------
    values : mapping of str to list of float
        All lists of the same length, the number of epochs.

    Examples
    --------
    >>> from skmnist.history import History
    >>> history = History({"loss": [0.9, 0.4, 0.2], "accuracy": [0.7, 0.9, 0.95]})
    >>> history["loss"]
    [0.9, 0.4, 0.2]
    >>> history[-1:]["accuracy"]
    [0.95]
    >>> history.n_epochs
    3
    """

    def __init__(self, values: Mapping[str, list[float]] | None = None) -> None:
        self._values = {key: list(map(_number, column)) for key, column in (values or {}).items()}
        lengths = {key: len(column) for key, column in self._values.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"All columns of a history need one length; got {lengths}.")

    @overload
    def __getitem__(self, key: str) -> list[float]: ...
    @overload
    def __getitem__(self, key: slice) -> History: ...
    def __getitem__(self, key: str | slice) -> list[float] | History:
        if isinstance(key, slice):
            return History({name: column[key] for name, column in self._values.items()})
        if key not in self._values:
            near = difflib.get_close_matches(key, self._values, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise KeyError(f"{key!r} was not recorded; there are {sorted(self._values)}.{hint}")
        return list(self._values[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"History({self.n_epochs} epochs of {', '.join(self._values) or 'nothing'})"

    @property
    def n_epochs(self) -> int:
        """Number of epochs recorded."""
        return len(next(iter(self._values.values()), []))

    def then(self, later: Mapping[str, list[float]]) -> History:
        """Join the record of the epochs that came after this one.

        Parameters
        ----------
        later : mapping of str to list of float
            The later epochs. A measure that only one side has is filled with NaN on the other.

        Returns
        -------
        History
            A new record; neither side is changed.
        """
        after = later if isinstance(later, History) else History(later)
        if not self._values:
            return after
        first, second = [float("nan")] * self.n_epochs, [float("nan")] * after.n_epochs
        names = dict.fromkeys((*self._values, *after))
        return History({n: [*self._values.get(n, first), *after.get(n, second)] for n in names})

    def frame(self) -> pd.DataFrame:
        """Give the record as a table.

        Returns
        -------
        pandas.DataFrame
            One row an epoch, indexed from 1, one column a measure.
        """
        import pandas as pd

        index = pd.RangeIndex(1, self.n_epochs + 1, name="epoch")
        return pd.DataFrame(self._values, index=index)

    def to_json(self) -> str:
        """Give the record as JSON text, which `from_json` reads back.

        Returns
        -------
        str
            An object with one list a measure.
        """
        return json.dumps(self._values)

    @classmethod
    def from_json(cls, text: str) -> History:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            An object with one list a measure.

        Returns
        -------
        History
            The record.
        """
        return cls(json.loads(text))


def _number(value: Any) -> Any:
    """Give a measure as plain numbers: one, or one a class."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    return [float(part) for part in plain] if isinstance(plain, list) else float(plain)
