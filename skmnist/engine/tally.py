"""Counts of what a process has made, by which caches are watched and emptied."""

from __future__ import annotations

from typing import Final

__all__ = ["TRACES", "Tally"]


class Tally:
    """A count that grows, of which the part since the last reset can be told apart.

    Attributes
    ----------
    total : int
        All that was counted.
    recent : int
        What was counted since the last reset.
    """

    def __init__(self) -> None:
        self.total = self.recent = 0

    def add(self, n: int = 1) -> None:
        """Count some more."""
        self.total += n
        self.recent += n

    def reset(self) -> None:
        """Begin the recent part anew."""
        self.recent = 0


TRACES: Final = Tally()
"""Training programs traced in this process."""
