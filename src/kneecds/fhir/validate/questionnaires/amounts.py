"""Numbers and quantities against each other, units included."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

UCUM: Final = "http://unitsofmeasure.org"


def number(value: object) -> Decimal | None:
    """Return a JSON number exactly; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    return Decimal(repr(value)) if isinstance(value, float) else None


def places(value: object) -> int:
    """Count the digits behind the point, as written."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if not isinstance(value, Decimal) or not value.is_finite():
        return 0
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def compare_numbers(one: object, other: object) -> int | None:
    """Say which of two numbers is smaller."""
    left, right = number(one), number(other)
    if left is None or right is None or left.is_nan() or right.is_nan():
        return None
    return (left > right) - (left < right)


def has_formal_unit(quantity: dict[str, Any]) -> bool:
    """Whether a quantity says system and code of its unit."""
    return isinstance(quantity.get("system"), str) and isinstance(quantity.get("code"), str)


def compare_quantities(one: dict[str, Any], other: dict[str, Any]) -> int | None:
    """Say which of two quantities is smaller; None where their units leave that open."""
    left, right = number(one.get("value")), number(other.get("value"))
    if left is None or right is None or one.get("comparator") or other.get("comparator"):
        return None
    if has_formal_unit(one) and has_formal_unit(other):
        if (one["system"], one["code"]) == (other["system"], other["code"]):
            return (left > right) - (left < right)
        converted = _convert(left, one, other)
        return None if converted is None else (converted > right) - (converted < right)
    if _spoken_unit(one) == _spoken_unit(other):
        return (left > right) - (left < right)
    return None


def differ_in_kind(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two quantities measure different things, such as a length and a mass."""
    if not (one.get("system") == other.get("system") == UCUM and has_formal_unit(one) and has_formal_unit(other)):
        return False
    from kneecds.fhir.terminology import ucum  # noqa: PLC0415 - only forms with quantities pay for it

    left, right = ucum.parse(one["code"]), ucum.parse(other["code"])
    return left is not None and right is not None and not ucum.comparable(left, right)


def _convert(value: Decimal, source: dict[str, Any], target: dict[str, Any]) -> Decimal | None:
    if source["system"] != UCUM or target["system"] != UCUM:
        return None
    from kneecds.fhir.terminology import ucum  # noqa: PLC0415 - only forms with quantities pay for it

    left, right = ucum.parse(source["code"]), ucum.parse(target["code"])
    return None if left is None or right is None else ucum.convert(value, left, right)


def _spoken_unit(quantity: dict[str, Any]) -> str:
    said = quantity.get("code") or quantity.get("unit") or ""
    return said if isinstance(said, str) else ""
