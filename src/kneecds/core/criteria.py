"""The language of rules: what must hold of a patient, as text, as a tree, and whether it holds.

Grammar (words are lower case; `not` binds tightest, then `and`, then `or`)::

    expression = term { "or" term }
    term       = factor { "and" factor }
    factor     = "not" factor | "(" expression ")" | count | comparison | finding
    count      = "at_least" "(" integer "," expression { "," expression } ")"
    comparison = amount (">=" | "<=" | ">" | "<" | "==") number  |  finding "==" choice
    amount     = finding | points
    points     = "points" "(" number ":" expression { "," number ":" expression } ")"
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec

from kneecds.core.truth import Truth, at_least, negate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class CriteriaError(ValueError):
    """The text is not in the criteria language."""


class Is(msgspec.Struct, frozen=True):
    """The finding is present."""

    finding: str


class Chosen(msgspec.Struct, frozen=True):
    """The finding has this choice."""

    finding: str
    choice: str


class Amount(msgspec.Struct, frozen=True):
    """The measured value of a quantity finding."""

    finding: str


class Points(msgspec.Struct, frozen=True):
    """A sum of weights, one for each part that holds."""

    parts: tuple[tuple[float, Criteria], ...]


class Compare(msgspec.Struct, frozen=True):
    """An amount or a sum of points stands in this relation to a number."""

    amount: Amount | Points
    sign: str
    number: float


class Not(msgspec.Struct, frozen=True):
    """The part does not hold."""

    part: Criteria


class AllOf(msgspec.Struct, frozen=True):
    """Every part holds."""

    parts: tuple[Criteria, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """One part holds."""

    parts: tuple[Criteria, ...]


class AtLeast(msgspec.Struct, frozen=True):
    """`count` of the parts hold."""

    count: int
    parts: tuple[Criteria, ...]


Criteria: TypeAlias = "Is | Chosen | Compare | Not | AllOf | AnyOf | AtLeast | Points"

SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}


# --- text to tree -----------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[a-z][a-z0-9_]*)|(?P<sign>>=|<=|==|[><(),:]))",
)
_KEYWORDS = frozenset({"and", "or", "not", "at_least", "points"})
_MAX_DEPTH = 50


def parse(text: str) -> Criteria:
    """Return the tree of a criteria text, or raise CriteriaError with what is wrong."""
    reader = _Reader(_tokens(text))
    tree = reader.expression()
    if reader.tokens:
        msg = f"left over: {reader.tokens[-1][1]!r} in {text!r}"
        raise CriteriaError(msg)
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() != at or match.lastgroup is None:
            break
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    if text[at:].strip():
        msg = f"cannot read {text[at:]!r}"
        raise CriteriaError(msg)
    return found


class _Reader:
    """Recursive descent; takes tokens from the front."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens[::-1]  # the next one is the last, which is cheap to take
        self.depth = 0

    def expression(self) -> Criteria:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            msg = "nested too deeply"
            raise CriteriaError(msg)
        parts = [self.term()]
        while self._take_if("or"):
            parts.append(self.term())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def term(self) -> Criteria:
        parts = [self.factor()]
        while self._take_if("and"):
            parts.append(self.factor())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def factor(self) -> Criteria:
        if self._take_if("not"):
            return Not(self.factor())
        if self._take_if("("):
            inside = self.expression()
            self._take("sign", ")")
            return inside
        if self._take_if("at_least"):
            return self._count()
        if self._take_if("points"):
            return self._compared(self._points())
        return self._compared(self._name())

    def _count(self) -> AtLeast:
        self._take("sign", "(")
        count = int(self._take("number"))
        parts = []
        while self._take_if(","):
            parts.append(self.expression())
        self._take("sign", ")")
        if not 1 <= count <= len(parts):
            msg = f"at_least({count}) of {len(parts)}"
            raise CriteriaError(msg)
        return AtLeast(count, tuple(parts))

    def _points(self) -> Points:
        self._take("sign", "(")
        parts = []
        while True:
            weight = float(self._take("number"))
            self._take("sign", ":")
            parts.append((weight, self.expression()))
            if not self._take_if(","):
                break
        self._take("sign", ")")
        return Points(tuple(parts))

    def _name(self) -> str:
        word = self._take("word")
        if word in _KEYWORDS:
            msg = f"{word!r} cannot stand here"
            raise CriteriaError(msg)
        return word

    def _compared(self, side: str | Points) -> Criteria:
        if not (self.tokens and self.tokens[-1][1] in SIGNS):
            return Is(side) if isinstance(side, str) else side
        sign = self._take("sign")
        amount = Amount(side) if isinstance(side, str) else side
        if self.tokens and self.tokens[-1][0] == "number":
            return Compare(amount, sign, float(self._take("number")))
        if isinstance(side, Points) or sign != "==":
            msg = f"a number must follow {sign!r}"
            raise CriteriaError(msg)
        return Chosen(side, self._name())

    def _take(self, kind: str, value: str | None = None) -> str:
        if not self.tokens:
            msg = "ends too early"
            raise CriteriaError(msg)
        got_kind, got = self.tokens.pop()
        if got_kind != kind or (value is not None and got != value):
            msg = f"expected {value or kind}, found {got!r}"
            raise CriteriaError(msg)
        return got

    def _take_if(self, value: str) -> bool:
        if self.tokens and self.tokens[-1][1] == value:  # no number is written as a word or sign is
            self.tokens.pop()
            return True
        return False


# --- walking ----------------------------------------------------------------------------------------------


def parts_of(tree: Criteria) -> tuple[Criteria, ...]:
    """Return the direct parts of a tree, weights left out."""
    match tree:
        case AllOf(parts) | AnyOf(parts) | AtLeast(_, parts):
            return parts
        case Not(part):
            return (part,)
        case Points(weighted) | Compare(Points(weighted)):
            return tuple(part for _, part in weighted)
        case _:
            return ()


def finding_ids(tree: Criteria) -> Iterator[str]:
    """Yield every finding a tree mentions, repeats included."""
    match tree:
        case Is(finding) | Chosen(finding) | Compare(Amount(finding)):
            yield finding
        case _:
            for part in parts_of(tree):
                yield from finding_ids(part)


# --- whether it holds: the plain reading, used by tests as the judge of the fast one -----------------------


class Known(Protocol):
    """What is known of one patient and side."""

    def truth(self, finding: str) -> Truth:
        """Return whether a yes-or-no finding is present."""

    def amount(self, finding: str) -> float | None:
        """Return the value of a quantity, or None if it is not known."""

    def choice(self, finding: str) -> str | None:
        """Return the choice of a finding, or None if it is not known."""


def holds(tree: Criteria, known: Known) -> Truth:
    """Say whether the criteria hold, do not, or cannot be decided yet."""
    match tree:
        case Is(finding):
            return known.truth(finding)
        case Chosen(finding, choice):
            chosen = known.choice(finding)
            return Truth.UNKNOWN if chosen is None else _as_truth(value=chosen == choice)
        case Not(part):
            return negate(holds(part, known))
        case AllOf(parts):
            return min(holds(part, known) for part in parts)
        case AnyOf(parts):
            return max(holds(part, known) for part in parts)
        case AtLeast(count, parts):
            return at_least(count, [holds(part, known) for part in parts])
        case Compare(amount, sign, number):
            lowest, highest = _range(amount, known)
            if lowest is None or highest is None:
                return Truth.UNKNOWN
            return _compare_range(lowest, highest, sign, number)
        case _:
            msg = "points(...) is a number, not a truth"
            raise CriteriaError(msg)


def points_range(points: Points, known: Known) -> tuple[float, float]:
    """Return the least and the greatest sum that what is known allows."""
    lowest = highest = 0.0
    for weight, part in points.parts:
        truth = holds(part, known)
        certain = truth is Truth.YES
        possible = truth is not Truth.NO
        if certain or (possible and weight < 0):
            lowest += weight
        if certain or (possible and weight > 0):
            highest += weight
    return lowest, highest


def _range(amount: Amount | Points, known: Known) -> tuple[float | None, float | None]:
    if isinstance(amount, Points):
        return points_range(amount, known)
    value = known.amount(amount.finding)
    return value, value


def _compare_range(lowest: float, highest: float, sign: str, number: float) -> Truth:
    relation = SIGNS[sign]
    low, high = relation(lowest, number), relation(highest, number)
    if sign == "==" and lowest != highest:
        return Truth.UNKNOWN if lowest <= number <= highest else Truth.NO
    return _as_truth(value=low) if low == high else Truth.UNKNOWN


def _as_truth(*, value: bool) -> Truth:
    return Truth.YES if value else Truth.NO
