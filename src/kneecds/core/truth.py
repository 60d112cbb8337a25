"""Three truth values. "Not asked" is one of them, and is never "no"."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable


class Truth(IntEnum):
    """NO < UNKNOWN < YES, so "or" is the greatest and "and" the least (Kleene's strong logic)."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    def __bool__(self) -> NoReturn:
        """Refuse to be read as true or false."""
        msg = "compare with `is Truth.YES`: unknown is not false"
        raise TypeError(msg)


def negate(truth: Truth) -> Truth:
    """Turn YES and NO round; what is unknown stays unknown."""
    return Truth(2 - truth)


def at_least(count: int, truths: Iterable[Truth]) -> Truth:
    """Are `count` or more of these true? The count-th greatest truth is the answer."""
    ranked = sorted(truths, reverse=True)
    if count <= 0:
        return Truth.YES
    return ranked[count - 1] if count <= len(ranked) else Truth.NO
