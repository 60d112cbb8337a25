"""Results kept by what they were worked out from: never by a patient, only by the few facts that a rule looks at."""

from __future__ import annotations

from typing import TypeVar

V = TypeVar("V")

MOST = 256
"""How many results one rule keeps: most patients are alike in its few facts, and there are a hundred rules."""


class Memo(dict[tuple[object, ...], V]):
    """A dictionary of results that forgets everything when it is full, so that it never grows without bound.

    Threads may share it: whoever keeps a result must not read it back, for another may have made it forget.
    """

    __slots__ = ("_most",)

    def __init__(self, most: int = MOST) -> None:
        """Begin empty."""
        super().__init__()
        self._most = most

    def __setitem__(self, key: tuple[object, ...], value: V) -> None:
        """Keep a result."""
        if len(self) >= self._most:
            self.clear()
        super().__setitem__(key, value)
