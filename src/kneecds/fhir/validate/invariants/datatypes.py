"""Invariants of the datatypes that are no quantities.

https://hl7.org/fhir/R4/datatypes.html
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from kneecds.fhir.validate.invariants.moments import may_be_not_after, not_after
from kneecds.fhir.validate.invariants.row import ALL, FIFTH, FOURTH, Invariant, Kept, has, texts
from kneecds.fhir.validate.invariants.shapes import exactly_one, needs, not_both, some

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.visit import Node

_MEALS: Final = frozenset({"C", "CM", "CD", "CV"})
_EXPRESSION_NAME: Final = re.compile(r"[A-Za-z]")  # as published: not bound to the whole name


def _period(node: Node, _kept: Kept) -> str | None:
    start, end = node.value.get("start"), node.value.get("end")
    if isinstance(start, str) and isinstance(end, str) and not_after(start, end) is not True:
        return ""
    return None


def _period_r5(node: Node, _kept: Kept) -> str | None:
    start, end = node.value.get("start"), node.value.get("end")
    return "" if isinstance(start, str) and isinstance(end, str) and not may_be_not_after(start, end) else None


def _reference(node: Node, kept: Kept) -> str | None:
    reference = node.value.get("reference")
    if not isinstance(reference, str) or reference[:1] != "#":
        return None
    if reference == "#" and (kept.release == "R4" or node.holder.is_contained):
        return None
    return None if reference[1:] in kept.contained_ids(node.holder) else ".reference"


def _points_somewhere(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if "reference" in value or "display" in value or "identifier" in value or "extension" in value:
        return None
    return None if "_reference" in value or "_display" in value else ""


def _not_negative(name: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        number = node.value.get(name)
        negative = isinstance(number, (int, float, Decimal)) and number < 0
        return f".{name}" if negative else None

    return broken


def _offset(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if not has(value, "offset"):
        return None
    occasions = texts(value, "when")
    return ".offset" if not has(value, "when") or not _MEALS.isdisjoint(occasions) else None


def _trigger(node: Node, _kept: Kept) -> str | None:
    value = node.value
    kind = value.get("type")
    if kind == "named-event":
        return None if has(value, "name") else ""
    if kind == "periodic":
        return None if has(value, "timing[x]") else ""
    return "" if isinstance(kind, str) and kind.startswith("data-") and not has(value, "data") else None


def _expression_name(node: Node, _kept: Kept) -> str | None:
    name = node.value.get("name")
    return ".name" if isinstance(name, str) and not _EXPRESSION_NAME.search(name) else None


def _as_needed(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".asNeeded" if has(value, "asNeededFor") and value.get("asNeeded") is False else None


def _all_day(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("allDay") is not True:
        return None
    return ".allDay" if has(value, "availableStartTime") or has(value, "availableEndTime") else None


ROWS: Final[tuple[Invariant, ...]] = (
    Invariant("Attachment", "att-1", ALL, needs("data", "contentType"), "an attachment with data needs its contentType"),
    Invariant(
        "ContactPoint", "cpt-2", ALL, needs("value", "system"),
        "a contact with a value needs its system: phone, fax, email, pager, url, sms or other",
    ),
    Invariant("Period", "per-1", FOURTH, _period, "the start is not known to be at or before the end"),
    Invariant("Period", "per-1", FIFTH, _period_r5, "the start is after the end"),
    Invariant("Reference", "ref-1", ALL, _reference, "the reference is to a contained resource that is not there"),
    Invariant(
        "Reference", "ref-2", FIFTH, _points_somewhere,
        "a reference needs a reference, an identifier, a display or an extension",
    ),
    Invariant("Timing.repeat", "tim-1", ALL, needs("duration", "durationUnit"), "a duration needs its durationUnit"),
    Invariant("Timing.repeat", "tim-2", ALL, needs("period", "periodUnit"), "a period needs its periodUnit"),
    Invariant("Timing.repeat", "tim-4", ALL, _not_negative("duration"), "a duration is not less than 0"),
    Invariant("Timing.repeat", "tim-5", ALL, _not_negative("period"), "a period is not less than 0"),
    Invariant("Timing.repeat", "tim-6", ALL, needs("periodMax", "period"), "a periodMax needs a period"),
    Invariant("Timing.repeat", "tim-7", ALL, needs("durationMax", "duration"), "a durationMax needs a duration"),
    Invariant("Timing.repeat", "tim-8", ALL, needs("countMax", "count"), "a countMax needs a count"),
    Invariant(
        "Timing.repeat", "tim-9", ALL, _offset,
        "an offset needs a when that is not a meal as such (C, CM, CD, CV)",
    ),
    Invariant("Timing.repeat", "tim-10", ALL, not_both("timeOfDay", "when"), "timeOfDay and when exclude each other"),
    Invariant("TriggerDefinition", "trd-1", ALL, not_both("data", "timing[x]"), "data and timing exclude each other"),
    Invariant("TriggerDefinition", "trd-2", ALL, needs("condition", "data"), "a condition of a trigger needs data"),
    Invariant(
        "TriggerDefinition", "trd-3", ALL, _trigger,
        "a named event needs a name, a periodic one a timing, and one of data needs data",
    ),
    Invariant("Expression", "exp-1", ALL, some("expression", "reference"), "an expression or a reference to one is needed"),
    Invariant("Expression", "exp-2", FIFTH, _expression_name, "a name has letters, digits and _, and starts with a letter"),
    Invariant(
        "DataRequirement.codeFilter", "drq-1", ALL, exactly_one("path", "searchParam"),
        "a filter of codes has either a path or a searchParam",
    ),
    Invariant(
        "DataRequirement.dateFilter", "drq-2", ALL, exactly_one("path", "searchParam"),
        "a filter of dates has either a path or a searchParam",
    ),
    Invariant("Dosage", "dos-1", FIFTH, _as_needed, "asNeededFor says it is as needed, and asNeeded says it is not"),
    Invariant("Availability.availableTime", "av-1", FIFTH, _all_day, "all day leaves no start or end of the day"),
    Invariant("Identifier", "ident-1", FIFTH, some("value"), "an identifier without a value identifies nothing", "warning"),
    Invariant(
        "Coding", "cod-1", FIFTH, needs("display", "code"), "a display without a code should be text instead", "warning"
    ),
)  # fmt: skip
