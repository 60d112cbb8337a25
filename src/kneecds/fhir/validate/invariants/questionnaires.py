"""Invariants of Questionnaire and QuestionnaireResponse.

https://hl7.org/fhir/R4/questionnaire.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.invariants.row import (
    ALL,
    FIFTH,
    FIRST,
    FOURTH,
    LATER,
    Invariant,
    Kept,
    chosen,
    code,
    has,
    objects,
)  # fmt: skip
from kneecds.fhir.validate.invariants.shapes import needs, never_with, not_both, only_with, when_not

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node

_LONG: Final = frozenset({"boolean", "decimal", "integer", "string", "text", "url"})
_LISTED: Final = ("decimal", "integer", "date", "dateTime", "time", "string", "quantity")
_MOST: Final = 255


def _empty_group(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return "" if value.get("type") == "group" and not has(value, "item") else None


def _group_or_display(node: Node, kept: Kept) -> str | None:
    value = node.value
    if value.get("type") == "display" and has(value, "item"):
        return ".item"
    return _empty_group(node, kept)


def _link_ids(node: Node, _kept: Kept) -> str | None:
    """Look at every item of the form, however deep, in the order of the document."""
    seen: set[str] = set()
    waiting: list[tuple[dict[str, Any], str]] = [
        (item, f".item[{number}]") for number, item in reversed(list(enumerate(objects(node.value, "item"))))
    ]
    while waiting:
        item, place = waiting.pop()
        link_id = item.get("linkId")
        if isinstance(link_id, str):
            if link_id in seen:
                return f"{place}.linkId"
            seen.add(link_id)
        below = list(enumerate(objects(item, "item")))
        waiting += [(inner, f"{place}.item[{number}]") for number, inner in reversed(below)]
    return None


def _length(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".maxLength" if has(value, "maxLength") and value.get("type") not in (*_LONG, "open-choice") else None


def _length_r5(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if not has(value, "maxLength") or value.get("answerConstraint") == "optionOrString":
        return None
    return None if code(value, "type") in _LONG else ".maxLength"


def _behaviour(node: Node, _kept: Kept) -> str | None:
    value = node.value
    conditions = value.get("enableWhen")
    several = isinstance(conditions, list) and len(conditions) > 1
    return "" if several and not has(value, "enableBehavior") else None


def _initials(node: Node, _kept: Kept) -> str | None:
    value = node.value
    initial = value.get("initial")
    several = isinstance(initial, list) and len(initial) > 1
    return ".initial[1]" if several and value.get("repeats") is not True else None


def _optional(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("type") != "display":
        return None
    for name in ("required", "repeats"):
        if has(value, name):
            return f".{name}"
    return None


def _exists(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("operator") != "exists":
        return None
    return None if chosen(value, "answer") == "answerBoolean" else ""


def _long_link_id(node: Node, _kept: Kept) -> str | None:
    link_id = node.value.get("linkId")
    return ".linkId" if isinstance(link_id, str) and len(link_id) > _MOST else None


def _answer_and_item(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".item" if has(value, "answer") and has(value, "item") else None


def _answered_twice(node: Node, _kept: Kept) -> str | None:
    """Items below an answer, or below an item that is itself below another, are answered under different linkIds."""
    value = node.value
    if "item" not in value or (node.parent is not None and node.parent.type == "QuestionnaireResponse"):
        return None
    seen: set[str] = set()
    for number, item in enumerate(objects(value, "item")):
        link_id = item.get("linkId")
        if isinstance(link_id, str) and any(has(answer, "value[x]") for answer in objects(item, "answer")):
            if link_id in seen:
                return f".item[{number}].linkId"
            seen.add(link_id)
    return None


_LIST = "only types whose answers can be listed have answerOption or answerValueSet"
_LENGTH = "only an answer that is text, a number, a url or true/false has a maxLength"

ROWS: Final[tuple[Invariant, ...]] = (
    Invariant("Questionnaire.item", "que-1", FIRST, _group_or_display, "a group has items, and a display has none"),
    Invariant("Questionnaire.item", "que-1b", LATER, _empty_group, "a group should have items", "warning"),
    Invariant("Questionnaire.item", "que-1c", LATER, when_not("type", "display", "item"), "a display has no items"),
    Invariant("Questionnaire", "que-2", ALL, _link_ids, "the linkId stands on another item of this form too"),
    Invariant("Questionnaire.item", "que-3", ALL, when_not("type", "display", "code"), "a display has no code"),
    Invariant(
        "Questionnaire.item", "que-4", ALL, not_both("answerOption", "answerValueSet"),
        "answerOption and answerValueSet exclude each other",
    ),
    Invariant(
        "Questionnaire.item", "que-5", FOURTH,
        only_with("type", ("choice", "open-choice", *_LISTED), "answerValueSet", "answerOption"), _LIST,
    ),
    Invariant(
        "Questionnaire.item", "que-5", FIFTH,
        only_with("type", ("coding", *_LISTED), "answerValueSet", "answerOption"), _LIST,
    ),
    Invariant("Questionnaire.item", "que-6", ALL, _optional, "a display is neither required nor repeated"),
    Invariant(
        "Questionnaire.item.enableWhen", "que-7", ALL, _exists,
        "the operator exists compares with answerBoolean: true for answered, false for not",
    ),
    Invariant(
        "Questionnaire.item", "que-8", ALL, never_with("type", ("group", "display"), "initial"),
        "a group or display has no initial answer",
    ),
    Invariant("Questionnaire.item", "que-9", ALL, when_not("type", "display", "readOnly"), "a display has no readOnly"),
    Invariant("Questionnaire.item", "que-10", FOURTH, _length, _LENGTH),
    Invariant("Questionnaire.item", "que-10", FIFTH, _length_r5, _LENGTH),
    Invariant(
        "Questionnaire.item", "que-11", ALL, not_both("answerOption", "initial"),
        "with answerOption, mark the option as initialSelected instead of giving initial",
    ),
    Invariant(
        "Questionnaire.item", "que-12", ALL, _behaviour,
        "with more than one enableWhen, enableBehavior says whether all or any must hold",
    ),
    Invariant("Questionnaire.item", "que-13", ALL, _initials, "only an item that repeats has more than one initial answer"),
    Invariant(
        "Questionnaire.item", "que-14", FIFTH, needs("answerConstraint", "answerOption", "answerValueSet"),
        "answerConstraint should have answers to constrain", "warning",
    ),
    Invariant("Questionnaire.item", "que-15", FIFTH, _long_link_id, "a linkId should have at most 255 characters", "warning"),
    Invariant(
        "QuestionnaireResponse.item", "qrs-1", ALL, _answer_and_item,
        "an item has answers or, as a group, items; items below an answer stand in answer.item",
    ),
    *(
        Invariant(
            kind, "qrs-2", FIFTH, _answered_twice,
            "another item of the same group has the same linkId; put several answers into one item",
        )
        for kind in ("QuestionnaireResponse.item", "QuestionnaireResponse.item.answer")
    ),
)  # fmt: skip
