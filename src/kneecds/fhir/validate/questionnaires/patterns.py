"""Regular expressions out of a form, run only where their time is bounded: a form may come from anywhere."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import Any, Final, NamedTuple

_MOST_STEPS: Final = 4_000_000
_MOST_NESTED: Final = 20  # characters: 2 to the 20th steps
_LONGEST: Final = 2000  # characters of an expression
_MANY: Final = 16  # repetitions from which on a bounded repeat counts as an unbounded one


class Pattern(NamedTuple):
    """A compiled expression and how its time may grow."""

    compiled: re.Pattern[str]
    repeats: int
    """How many parts repeat without bound; each may multiply the time by the length of the text."""
    nested: bool
    """Whether one of them stands in another, or is chosen between: then the time may double with each character."""


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern | None:
    """Return what can be run of an expression; None where it is not one that Python reads the same way."""
    if len(text) > _LONGEST:
        return None
    from re import _parser  # type: ignore[attr-defined]  # noqa: PLC0415 - only forms with an expression pay for it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as a set in a set, which Java takes for a union
            parsed = _parser.parse(text, re.ASCII)
            compiled = re.compile(text, re.ASCII)
    except (re.error, FutureWarning, DeprecationWarning, OverflowError, RecursionError, ValueError):
        return None
    repeats, nested = _growth(parsed.data)
    return Pattern(compiled, repeats, nested)


def _growth(parts: Any) -> tuple[int, bool]:  # noqa: ANN401 - the standard library's own parse tree
    """Count the parts that repeat without bound and say whether any holds another that varies."""
    repeats, nested = 0, False
    waiting: list[tuple[Any, bool]] = [(part, False) for part in parts]
    while waiting:
        (operation, argument), inside = waiting.pop()
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, body = argument
            varies = most != least
            nested = nested or (inside and varies)
            unbounded = varies and int(most) >= _MANY
            repeats += unbounded
            waiting += [(part, inside or unbounded or int(least) >= _MANY) for part in body]
        elif name == "SUBPATTERN":
            waiting += [(part, inside) for part in argument[-1]]
        elif name == "BRANCH":
            nested = nested or inside
            waiting += [(part, inside) for branch in argument[1] for part in branch]
        elif name in ("ASSERT", "ASSERT_NOT"):
            waiting += [(part, inside) for part in argument[1]]
        elif name == "ATOMIC_GROUP":
            waiting += [(part, inside) for part in argument]
        elif name in ("GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"):
            nested = True
    return repeats, nested


def matches(pattern: Pattern, text: str) -> bool | None:
    """Say whether the whole text has the form; None where finding out could take too long."""
    length = len(text) + 1
    if pattern.nested and length > _MOST_NESTED:
        return None
    if pattern.repeats and length ** min(pattern.repeats, 20) > _MOST_STEPS:
        return None
    return pattern.compiled.fullmatch(text) is not None
