"""Values that a profile fixes, patterns and bounds (https://hl7.org/fhir/R4/elementdefinition.html)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.terminology import ucum

if TYPE_CHECKING:
    from kneecds.fhir.profiles.branch import Definition
    from kneecds.fhir.validate.profiles.element import Check, Item
    from kneecds.fhir.validate.profiles.walk import Walk

_SHOWN: Final = 60


def valued(definition: Definition, prefix: str) -> tuple[str, Any] | None:
    """Return the type name with a capital, and the value, of `fixed[x]`, `pattern[x]` or another choice of a definition."""
    for key, value in definition.items():
        if key.startswith(prefix) and key[len(prefix) : len(prefix) + 1].isupper():
            return key[len(prefix) :], value
    return None


def same(value: object, wanted: object) -> bool:
    """Whether two values are exactly the same: nothing more, nothing less, in the same order; ids of elements aside."""
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and value.keys() - {"id"} == wanted.keys() - {"id"}
            and all(same(value[key], inner) for key, inner in wanted.items() if key != "id")
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(same(one, inner) for one, inner in zip(value, wanted, strict=True))
        )
    return _plain(value) == _plain(wanted)


def fits(value: object, pattern: object) -> bool:
    """Whether a value has at least what a pattern has; a list has, for each item of the pattern, one that fits it."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and fits(value[key], inner) for key, inner in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits(one, inner) for one in value) for inner in pattern)
    return _plain(value) == _plain(pattern)


def _plain(value: object) -> object:
    """Tell apart what Python takes for equal: true and 1, and 1.0 and 1.00, whose precision FHIR keeps."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, int | float | Decimal):
        return ("number", str(value))
    return value


def shown(value: object) -> str:
    """Write a value short enough for a message."""
    text = value if isinstance(value, str) else _written(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _written(value: object) -> str:
    if isinstance(value, dict):
        inner = value.get("coding")
        if isinstance(inner, list) and inner:
            return _written(inner[0])
        if isinstance(value.get("code"), str):
            return f"{value.get('system', '')}#{value['code']}"
        return ", ".join(f"{key} {shown(one)}" for key, one in list(value.items())[:4])
    if isinstance(value, list):
        return ", ".join(shown(one) for one in value[:3])
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def fixed(definition: Definition) -> Check | None:
    """Check `fixed[x]`."""
    found = valued(definition, "fixed")
    if found is None:
        return None
    wanted = found[1]

    def check(walk: Walk, item: Item) -> None:
        if not same(item.value, wanted):
            walk.error("value", "profile-fixed", item.path, f"must be exactly {shown(wanted)}")

    return check


def pattern(definition: Definition) -> Check | None:
    """Check `pattern[x]`."""
    found = valued(definition, "pattern")
    if found is None:
        return None
    wanted = found[1]

    def check(walk: Walk, item: Item) -> None:
        if not fits(item.value, wanted):
            walk.error("value", "profile-pattern", item.path, f"must have {shown(wanted)}")

    return check


def longest(definition: Definition) -> Check | None:
    """Check `maxLength`."""
    most = definition.get("maxLength")
    if not isinstance(most, int) or isinstance(most, bool):
        return None

    def check(walk: Walk, item: Item) -> None:
        if isinstance(item.value, str) and len(item.value) > most:
            message = f"has {len(item.value)} characters; at most {most} are allowed"
            walk.error("too-long", "profile-max-length", item.path, message)

    return check


def least(definition: Definition) -> Check | None:
    """Check `minValue[x]`."""
    found = valued(definition, "minValue")
    if found is None:
        return None
    of_type, bound = found

    def check(walk: Walk, item: Item) -> None:
        if _order(item.value, bound, of_type) == -1:
            message = f"{shown(_amount(item.value))} is less than {shown(_amount(bound))}, the least allowed"
            walk.error("value", "profile-min-value", item.path, message)

    return check


def most(definition: Definition) -> Check | None:
    """Check `maxValue[x]`."""
    found = valued(definition, "maxValue")
    if found is None:
        return None
    of_type, bound = found

    def check(walk: Walk, item: Item) -> None:
        if _order(item.value, bound, of_type) == 1:
            message = f"{shown(_amount(item.value))} is more than {shown(_amount(bound))}, the most allowed"
            walk.error("value", "profile-max-value", item.path, message)

    return check


def _amount(value: object) -> object:
    if isinstance(value, dict):
        return f"{value.get('value', '')} {value.get('unit') or value.get('code') or ''}".strip()
    return value


def _order(value: object, bound: object, of_type: str) -> int | None:
    """Return -1, 0 or 1 as a value is below, at or above a bound; None where they cannot be compared."""
    if isinstance(value, dict) and isinstance(bound, dict):
        one, other = _number(value.get("value")), _number(bound.get("value"))
        if one is None or other is None:
            return None
        if value.get("system") != bound.get("system") or value.get("code") != bound.get("code"):
            converted = _converted(value, bound, one)
            if converted is None:
                return None
            one = converted
        return (one > other) - (one < other)
    if isinstance(value, str) and isinstance(bound, str):
        if of_type not in ("Date", "DateTime", "Instant", "Time"):
            return None
        shared = min(len(value), len(bound), 10) if of_type != "Time" else min(len(value), len(bound))
        return (value[:shared] > bound[:shared]) - (value[:shared] < bound[:shared])
    one, other = _number(value), _number(bound)
    return None if one is None or other is None else (one > other) - (one < other)


def _converted(value: dict[str, Any], bound: dict[str, Any], number: Decimal) -> Decimal | None:
    codes = value.get("code"), bound.get("code")
    if value.get("system") != ucum.UCUM or bound.get("system") != ucum.UCUM:
        return None
    if not isinstance(codes[0], str) or not isinstance(codes[1], str):
        return None
    source, target = ucum.parse(codes[0]), ucum.parse(codes[1])
    return ucum.convert(number, source, target) if source is not None and target is not None else None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value if isinstance(value, Decimal) else Decimal(str(value))
