"""The answers that each question of the intake form offers, as ValueSets that can be published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from kneecds.fhir.form import KNEES

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = dict[str, Any]

CANONICAL = "https://kneecds.org/fhir/ValueSet"
_HEAD = ("version", "status", "experimental", "date", "publisher", "jurisdiction", "copyright")


def value_sets(form: Mapping[str, Any]) -> list[Json]:
    """Return one ValueSet for each question with options; both knees share one. Works for R4 and R5.

    The form itself keeps its options as `answerOption`, because only an option can be marked as going with no other,
    and because renderers show contained value sets only when expanded.
    """
    found: dict[str, Json] = {}
    waiting: list[Json] = list(reversed(form.get("item", ())))
    while waiting:
        item = waiting.pop()
        waiting += reversed(item.get("item", ()))
        options = item.get("answerOption")
        if not options:
            continue
        name = str(item["linkId"])
        for knee in KNEES:
            name = name.removeprefix(f"{knee}.")
        name = name.removeprefix("gate.")
        if name not in found:
            found[name] = _value_set(form, name, str(item["text"]), [option["valueCoding"] for option in options])
    return list(found.values())


def _value_set(form: Mapping[str, Any], name: str, question: str, codings: list[Json]) -> Json:
    identifier = f"kneecds-intake-{name.replace('_', '-')}"
    systems: dict[str, list[Json]] = {}
    for coding in codings:
        concept = {"code": coding["code"]}
        systems.setdefault(coding["system"], []).append(concept)
    for knee in KNEES:
        question = question.replace(f"the {knee} ", "the ")
    return {
        "resourceType": "ValueSet",
        "id": identifier,
        "url": f"{CANONICAL}/{identifier}",
        "name": "".join(part[:1].upper() + part[1:] for part in identifier.split("-")),
        "title": f"Answers to: {question}",
        **{key: form[key] for key in _HEAD if key in form},
        "description": f"What may be answered to the question of the knee intake form: {question}",
        "compose": {"include": [{"system": system, "concept": listed} for system, listed in systems.items()]},
    }
