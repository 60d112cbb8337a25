"""Whether a question is asked at all: `enableWhen` over the answers given.

https://hl7.org/fhir/R4/questionnaire.html
Three values: True, False, and None where the conditions, or the answers, leave it open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.fhir.validate.questionnaires import amounts, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OPERATORS: Final = frozenset({"exists", "=", "!=", ">", "<", ">=", "<="})
ORDERED: Final = frozenset({"integer", "decimal", "date", "dateTime", "time", "quantity", "string", "text"})
"""Question types whose answers have an order."""

Given = tuple[str, Any]
"""The type of an answer, as in the name of its property, and its value."""

_DATES: Final = frozenset({"Date", "DateTime", "Instant"})
_NUMBERS: Final = frozenset({"Integer", "Decimal"})
_TEXTS: Final = frozenset({"String", "Uri", "Url"})


class Condition(NamedTuple):
    """One enableWhen, with the way from its item to the answers that it asks about."""

    operator: str
    kind: str
    """The type of `answer[x]`."""
    expected: Any
    level: int
    """How deep the innermost part of the form lies that holds both items; 0 is the form."""
    way: tuple[str, ...]
    """The linkIds from there down to the question asked about."""

    def holds(self, given: list[Given]) -> bool | None:
        """Say whether it holds for the answers given."""
        if self.operator == "=" and self.kind == "Coding" and isinstance(self.expected, dict):
            code, system = self.expected.get("code"), self.expected.get("system")
            if code is not None and system is not None:
                for kind, value in given:
                    if kind != "Coding" or not isinstance(value, dict) or value.get("code") is None:
                        break
                    if value["code"] == code and value.get("system") == system:
                        return True
                else:
                    return False
        return self._holds(given)

    def _holds(self, given: list[Given]) -> bool | None:
        if self.operator == "exists":
            return bool(given) is self.expected if isinstance(self.expected, bool) else None
        if not given:
            return None if self.operator == "!=" else False
        found = [_holds(self.operator, one, (self.kind, self.expected)) for one in given]
        if self.operator == "!=" and len(set(found)) > 1:
            return None  # "no answer is that" and "some answer is not that" are both read out of the specification
        return either(found)


def either(found: Iterable[bool | None]) -> bool | None:
    """Return true if any is, else open if any is open."""
    left_open = False
    for one in found:
        if one:
            return True
        left_open = left_open or one is None
    return None if left_open else False


def _holds(operator: str, given: Given, expected: Given) -> bool | None:
    if operator in ("=", "!="):
        same = equal(given, expected)
        return same if same is None or operator == "=" else not same
    order = compare(given, expected)
    return None if order is None else _ORDERS[operator](order)


_ORDERS: Final[dict[str, Callable[[int], bool]]] = {
    ">": lambda order: order > 0,
    "<": lambda order: order < 0,
    ">=": lambda order: order >= 0,
    "<=": lambda order: order <= 0,
}


def equal(given: Given, expected: Given) -> bool | None:
    """Say whether an answer is the expected one."""
    (kind, value), (wanted, other) = given, expected
    if kind == wanted == "Coding":
        return _same_coding(value, other)
    if kind == wanted == "Reference":
        return _same_reference(value, other)
    if kind == wanted == "Boolean" or (kind in _TEXTS and wanted in _TEXTS):
        return bool(value == other)
    if kind == wanted == "Quantity":
        if isinstance(value, dict) and isinstance(other, dict) and amounts.differ_in_kind(value, other):
            return False
        order = compare(given, expected)
        return None if order is None else order == 0
    if kind == wanted or {kind, wanted} <= _NUMBERS or {kind, wanted} <= _DATES:
        order = compare(given, expected)
        return None if order is None else order == 0
    return None


def compare(given: Given, expected: Given) -> int | None:
    """Say whether an answer is below (-1), at (0) or above (1) what is expected."""
    (kind, value), (wanted, other) = given, expected
    if kind in _NUMBERS and wanted in _NUMBERS:
        return amounts.compare_numbers(value, other)
    if isinstance(value, str) and isinstance(other, str):
        if kind in _DATES and wanted in _DATES:
            return moments.compare(value, other)
        if kind == wanted == "Time":
            return moments.compare_times(value, other)
        if kind in _TEXTS and wanted in _TEXTS:
            return (value > other) - (value < other)
    if kind == wanted == "Quantity" and isinstance(value, dict) and isinstance(other, dict):
        return amounts.compare_quantities(value, other)
    return None


def _same_coding(value: object, other: object) -> bool | None:
    if not isinstance(value, dict) or not isinstance(other, dict):
        return None
    code, wanted = value.get("code"), other.get("code")
    if wanted is None or code is None:
        if wanted is None and code is None and isinstance(other.get("display"), str):
            return bool(value.get("display") == other.get("display"))
        return None
    if code != wanted:
        return False
    return other.get("system") is None or value.get("system") == other.get("system")


def _same_reference(value: object, other: object) -> bool | None:
    if not isinstance(value, dict) or not isinstance(other, dict):
        return None
    said, wanted = value.get("reference"), other.get("reference")
    return said == wanted if isinstance(said, str) and isinstance(wanted, str) else None
