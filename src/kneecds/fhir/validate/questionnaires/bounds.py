"""The least and the greatest answer that a form allows: numbers, dates, times, quantities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.validate.questionnaires import amounts, conditions
from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires.run import Run, Trail, shown

if TYPE_CHECKING:
    from kneecds.fhir.validate.questionnaires.values import Check


def bound_checks(kind: str, extensions: dict[str, list[dict[str, Any]]]) -> list[Check]:
    """Return the checks of minValue, maxValue, minQuantity and maxQuantity that fit an answer's type."""
    found: list[Check] = []
    for url, beyond, words in (
        (ext.MIN_VALUE, -1, "less than the least"),
        (ext.MIN_QUANTITY, -1, "less than the least"),
        (ext.MAX_VALUE, 1, "more than the greatest"),
        (ext.MAX_QUANTITY, 1, "more than the greatest"),
    ):
        for extension in extensions.get(url, ())[:1]:
            bound = ext.value(extension)
            if bound[1] is None:
                continue  # worked out by an expression
            if kind == bound[0] == "Quantity" and isinstance(bound[1], dict):
                found.append(_quantity(bound[1], beyond, words))
            elif kind != "Quantity" and conditions.compare(bound, bound) == 0 and _comparable(kind, bound[0]):
                found.append(_plain(kind, bound, beyond, words))
    return found


def _comparable(kind: str, other: str) -> bool:
    return kind == other or {kind, other} <= {"Integer", "Decimal"} or {kind, other} <= {"Date", "DateTime", "Instant"}


def _rule(beyond: int) -> str:
    return "questionnaire-min-value" if beyond < 0 else "questionnaire-max-value"


def _plain(kind: str, bound: conditions.Given, beyond: int, words: str) -> Check:
    def within(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        if conditions.compare((kind, value), bound) == beyond:
            message = f"{shown(str(value))} is {words} that the form allows, {shown(str(bound[1]))}"
            run.error("value", _rule(beyond), at, message)

    return within


def _quantity(bound: dict[str, Any], beyond: int, words: str) -> Check:
    def within(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        if amounts.number(value.get("value")) is None or value.get("comparator"):
            return
        order = amounts.compare_quantities(value, bound)
        if order == beyond:
            message = f"{_spelled(value)} is {words} that the form allows, {_spelled(bound)}"
            run.error("value", _rule(beyond), at, message)
        elif order is None or not (amounts.has_formal_unit(value) and amounts.has_formal_unit(bound)):
            message = (
                f"{_spelled(value)} cannot be compared with the bound {_spelled(bound)}: no system and code of a unit"
            )
            if order is not None:
                run.warn("value", "questionnaire-bound-unit-text", at, message, "give the unit's system and code")
            elif _unknowable(value, bound):
                message = f"{_spelled(value)} cannot be compared with the bound {_spelled(bound)}"
                run.remark("not-supported", "questionnaire-bound-unknown", at, message)
            else:
                message = f"{_spelled(value)} cannot be compared with the bound {_spelled(bound)}"
                run.error("value", "questionnaire-bound-unit", at, message, "answer in a unit of the same kind")

    return within


def _unknowable(value: dict[str, Any], bound: dict[str, Any]) -> bool:
    """Whether both units are formal and yet nothing shows that they measure different things."""
    if not (amounts.has_formal_unit(value) and amounts.has_formal_unit(bound)):
        return False
    return value["system"] == bound["system"] == amounts.UCUM and not amounts.differ_in_kind(value, bound)


def _spelled(quantity: dict[str, Any]) -> str:
    return shown(f"{quantity.get('value')} {quantity.get('code') or quantity.get('unit') or '(no unit)'}")
