"""A bounded, thread-safe store of programs: the expensive thing is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

__all__ = ["Cache"]

T = TypeVar("T")


class Cache(Generic[T]):
    """Values made on demand, the least recently used dropped first.

    Parameters
    ----------
    max_size : int
        How many values are kept.
    lock : context manager, default=None
        Held while a value is looked for or made; by default one of its own.
    """

    def __init__(self, max_size: int, lock: AbstractContextManager[object] | None = None) -> None:
        self.max_size = max_size
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = lock or threading.RLock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, made now if it is not there.

        Parameters
        ----------
        key : hashable
            Key of the value.
        make : callable
            Makes the value; two threads never make the same one twice.

        Returns
        -------
        object
            The value.
        """
        with self._lock:
            if key not in self._values:
                self._values[key] = make()
            self._values.move_to_end(key)
            while len(self._values) > self.max_size:
                self._values.popitem(last=False)
            return self._values[key]

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._values.clear()
