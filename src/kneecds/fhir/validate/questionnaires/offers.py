"""What a form offers and asks for: options, value sets, initial answers and bounds that fit their question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.questionnaires import conditions as when
from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires.extensions import objects
from kneecds.fhir.validate.questionnaires.options import CHOICES, ONLY, Options, key_of
from kneecds.fhir.validate.questionnaires.run import shown
from kneecds.fhir.validate.questionnaires.values import KIND_OF

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kneecds.fhir.validate.questionnaires.consistency import Part, Whole

_WORKED_OUT: Final = (ext.INITIAL_EXPRESSION, ext.CALCULATED_EXPRESSION)


def options(form: Whole, part: Part) -> None:
    """Look at the answers that an item lists."""
    seen: set[Hashable] = set()
    chosen = 0
    for number, option in objects(part.source, "answerOption"):
        kind, value = ext.value(option)
        at = f"{part.path}.answerOption[{number}]"
        chosen += option.get("initialSelected") is True
        if not kind:
            continue
        wanted = KIND_OF.get(part.type)
        if wanted is not None and part.type not in CHOICES and kind != wanted:
            message = f"an option of a {part.type} question is a {wanted}, not a {kind}"
            form.context.warn("value", "questionnaire-option-type", at, message)
        if kind == "Coding" and isinstance(value, dict) and value.get("code") and not value.get("system"):
            message = f"the option {shown(str(value['code']))} has a code and no system"
            form.context.warn("value", "questionnaire-option-system", at, message, "name the code system")
        key = key_of(kind, value)
        if key in seen:
            form.context.warn("duplicate", "questionnaire-option-twice", at, "the option is listed twice")
        seen.add(key)
    if chosen > 1 and part.source.get("repeats") is not True:
        message = f"{chosen} options are selected at first, and the question takes one answer"
        form.context.warn("business-rule", "questionnaire-initial-selected", part.path, message)


def value_set(form: Whole, part: Part) -> None:
    """Look for the value set of an item."""
    named = part.source.get("answerValueSet")
    if not isinstance(named, str) or not named.startswith("#"):
        return
    if not any(one.get("id") == named[1:] and one.get("resourceType") == "ValueSet" for one in form.contained):
        message = f"no ValueSet {shown(named)} is contained in the form"
        form.context.warn("not-found", "questionnaire-value-set-missing", f"{part.path}.answerValueSet", message)


def initial(form: Whole, part: Part) -> None:
    """Look at the answers that an item starts with."""
    wanted = KIND_OF.get(part.type)
    if wanted is None:
        return
    offered = Options(part.source, part.extensions, form.context.release)
    free = {"String"} if offered.constraint == "optionsOrString" else set()
    for number, one in objects(part.source, "initial"):
        kind, value = ext.value(one)
        at = f"{part.path}.initial[{number}]"
        if not kind:
            continue
        if kind != wanted and kind not in offered.kinds | free:
            message = f"the initial answer of a {part.type} question is a {wanted}, not a {kind}"
            form.context.warn("value", "questionnaire-initial-type", at, message)
        elif offered.keys and offered.constraint == ONLY and key_of(kind, value) not in offered.keys:
            message = "the initial answer is not among the options"
            form.context.warn("value", "questionnaire-initial-option", at, message)


_PAIRS: Final = (
    (ext.MIN_VALUE, ext.MAX_VALUE, "the least and the greatest answer"),
    (ext.MIN_QUANTITY, ext.MAX_QUANTITY, "the least and the greatest answer"),
    (ext.MIN_OCCURS, ext.MAX_OCCURS, "minOccurs and maxOccurs"),
)


def bounds(form: Whole, part: Part) -> None:
    """Look at bounds that cross: no answer lies between them."""
    for least_url, most_url, words in _PAIRS:
        least, most = _said(part, least_url), _said(part, most_url)
        if least is not None and most is not None and when.compare(least, most) == 1:
            message = f"{words} cross: {shown(_spelled(least[1]))} is more than {shown(_spelled(most[1]))}"
            form.context.warn("business-rule", "questionnaire-bounds", part.path, message)
    shortest, longest = ext.integer(part.extensions, ext.MIN_LENGTH), part.source.get("maxLength")
    if shortest is not None and isinstance(longest, int) and shortest > longest:
        message = f"minLength {shortest} is more than maxLength {longest}"
        form.context.warn("business-rule", "questionnaire-bounds", part.path, message)
    many = ext.integer(part.extensions, ext.MAX_OCCURS)
    if many is not None and many > 1 and part.source.get("repeats") is not True:
        message = f"maxOccurs is {many}, and the item does not repeat"
        form.context.warn("business-rule", "questionnaire-occurs-repeats", part.path, message, "set repeats to true")


def _said(part: Part, url: str) -> tuple[str, Any] | None:
    listed = part.extensions.get(url)
    found = ext.value(listed[0]) if listed else ("", None)
    return found if found[1] is not None else None


def _spelled(value: object) -> str:
    return (
        f"{value.get('value')} {value.get('code') or value.get('unit') or ''}"
        if isinstance(value, dict)
        else str(value)
    )


def read_only(form: Whole, part: Part) -> None:
    """Look at questions that must be answered and cannot be."""
    source = part.source
    if source.get("readOnly") is not True or source.get("required") is not True or part.type in ("group", "display"):
        return
    given = source.get("initial") or any(one.get("initialSelected") for _, one in objects(source, "answerOption"))
    if not given and not any(url in part.extensions for url in _WORKED_OUT):
        message = f"{shown(part.link_id)} is required and read-only, and nothing answers it"
        form.context.warn("business-rule", "questionnaire-read-only-required", part.path, message)


def definition(form: Whole, part: Part) -> None:
    """Look at the element that an item stands for."""
    said = part.source.get("definition")
    if isinstance(said, str) and "#" not in said:
        message = "the definition names no element: url of a StructureDefinition, # and the element's id"
        form.context.warn("value", "questionnaire-definition", f"{part.path}.definition", message)
