"""Invariants of quantities and of what is made of them.

https://hl7.org/fhir/R4/datatypes.html#quantity
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.terminology import ucum
from kneecds.fhir.validate.invariants.row import ALL, FIFTH, FIRST, FOURTH, MIDDLE, Invariant, Kept, has
from kneecds.fhir.validate.invariants.shapes import exactly_one, needs

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node

UCUM: Final = "http://unitsofmeasure.org"


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    return Decimal(str(value))


def _not_ucum(value: dict[str, Any]) -> bool:
    return has(value, "system") and value.get("system") != UCUM


def _age(node: Node, _kept: Kept) -> str | None:
    value = node.value
    number = _number(value.get("value"))
    if (has(value, "value") and not has(value, "code")) or _not_ucum(value):
        return ""
    return ".value" if number is not None and number <= 0 else None


def _count(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if (has(value, "value") and not has(value, "code")) or _not_ucum(value):
        return ""
    if has(value, "code") and value.get("code") != "1":
        return ".code"
    number = value.get("value")
    whole = not isinstance(number, (Decimal, float)) or "." not in str(number)
    return None if whole else ".value"


def _distance(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return "" if (has(value, "value") and not has(value, "code")) or _not_ucum(value) else None


def _duration(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return "" if has(value, "code") and not (value.get("system") == UCUM and has(value, "value")) else None


def _duration_r4b(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return "" if has(value, "value") and not (value.get("system") == UCUM and has(value, "code")) else None


def surely_more(low: dict[str, Any], high: dict[str, Any], *, rounded: bool) -> bool:
    """Whether one quantity is more than another, units considered; `rounded`: and beyond what rounding explains.

    What cannot be compared is not more.
    """
    least, most = _number(low.get("value")), _number(high.get("value"))
    if least is None or most is None or not (least.is_finite() and most.is_finite()):
        return False
    if rounded:
        least, most = least - _half(least), most + _half(most)
    units = (low.get("system"), low.get("code")), (high.get("system"), high.get("code"))
    if units[0] == units[1]:
        same = low.get("code") is not None or low.get("unit") == high.get("unit")
        return same and least > most
    if units[0][0] != UCUM or units[1][0] != UCUM:
        return False
    one, other = ucum.parse(str(units[0][1])), ucum.parse(str(units[1][1]))
    converted = None if one is None or other is None else ucum.convert(least, one, other)
    return converted is not None and converted > most


def _half(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) else Decimal(0)


def _ends(value: dict[str, Any], low: str, high: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    one, other = value.get(low), value.get(high)
    return (one, other) if isinstance(one, dict) and isinstance(other, dict) else None


def _range(node: Node, _kept: Kept) -> str | None:
    ends = _ends(node.value, "low", "high")
    if ends is None:
        return None
    if not (has(ends[0], "value") and has(ends[1], "value")):
        return ""
    return "" if surely_more(*ends, rounded=False) else None


def _range_r5(node: Node, _kept: Kept) -> str | None:
    ends = _ends(node.value, "low", "high")
    if ends is None or "code" not in ends[0] or "code" not in ends[1]:
        return None
    return "" if surely_more(*ends, rounded=True) else None


def _ratio(node: Node, _kept: Kept) -> str | None:
    value = node.value
    both, one = has(value, "numerator"), has(value, "denominator")
    if both != one:
        return ""
    return None if both or "extension" in value else ""


def _ratio_range(node: Node, _kept: Kept) -> str | None:
    value = node.value
    over = has(value, "lowNumerator") or has(value, "highNumerator")
    under = has(value, "denominator")
    return None if (over and under) or (not over and not under and "extension" in value) else ""


def _ratio_range_order(node: Node, _kept: Kept) -> str | None:
    ends = _ends(node.value, "lowNumerator", "highNumerator")
    return "" if ends is not None and surely_more(*ends, rounded=False) else None


def _risk_low_high(node: Node, _kept: Kept) -> str | None:
    """Look at the percentages of a predicted risk."""
    spread = node.value.get("probabilityRange")
    if isinstance(spread, dict):
        for end in ("low", "high"):
            if has(spread, end):
                one = spread.get(end)
                if not (isinstance(one, dict) and one.get("code") == "%" and one.get("system") == UCUM):
                    return f".probability.ofType(Range).{end}"
    return None


def _risk_most(node: Node, _kept: Kept) -> str | None:
    number = _number(node.value.get("probabilityDecimal"))
    return ".probability.ofType(decimal)" if number is not None and number > 100 else None  # noqa: PLR2004 - percent


_UNIT = "a {} with a value needs the code of its UCUM unit, and no other system of units than http://unitsofmeasure.org"
_QUANTITIES = ("Quantity", "Age", "Count", "Distance", "Duration")

ROWS: Final[tuple[Invariant, ...]] = (
    *(
        Invariant(kind, "qty-3", ALL, needs("code", "system"), "the unit has a code and no system that says what it means")
        for kind in _QUANTITIES
    ),
    Invariant("Age", "age-1", ALL, _age, f"{_UNIT.format('age')}; it is more than 0"),
    Invariant("Count", "cnt-3", ALL, _count, "a count is a whole number, written without a point, with the UCUM code 1"),
    Invariant("Distance", "dis-1", ALL, _distance, _UNIT.format("distance")),
    Invariant(
        "Duration", "drt-1", (*FIRST, *FIFTH), _duration, "a duration with a code needs a value and the system of UCUM"
    ),
    Invariant("Duration", "drt-1", MIDDLE, _duration_r4b, _UNIT.format("duration")),
    Invariant("Range", "rng-2", FOURTH, _range, "the low end of the range is not known to be at most the high end"),
    Invariant("Range", "rng-2", FIFTH, _range_r5, "the low end of the range is more than the high end"),
    Invariant("Ratio", "rat-1", ALL, _ratio, "a ratio has both numerator and denominator, or neither and an extension"),
    Invariant(
        "RatioRange", "inv-1", MIDDLE, _ratio_range, "a range of ratios has a numerator and a denominator",
        rule="ratrng-1",
    ),
    Invariant(
        "RatioRange", "inv-2", MIDDLE, _ratio_range_order, "the low numerator is more than the high one",
        rule="ratrng-2",
    ),
    Invariant("RatioRange", "ratrng-1", FIFTH, _ratio_range, "a range of ratios has a numerator and a denominator"),
    Invariant(
        "SampledData", "sdd-1", FIFTH, exactly_one("interval", "offsets"),
        "sampled data has either an interval between points or the offset of each, not both and not neither",
    ),
    Invariant(
        "RiskAssessment.prediction", "ras-1", ALL, _risk_low_high,
        "the ends of a range of probabilities are percentages: code % of http://unitsofmeasure.org",
    ),
    Invariant("RiskAssessment.prediction", "ras-2", ALL, _risk_most, "a probability is at most 100"),
)  # fmt: skip
