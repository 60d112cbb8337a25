"""Our R4 Questionnaire as R5 says it."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from kneecds.fhir.sdc.extensions import VERSION_ALGORITHM

Json: TypeAlias = dict[str, Any]

_FOR_R4_TYPES: Final = "http://hl7.org/fhir/StructureDefinition/questionnaire-choiceOrientation"
"""Its definition allows it only on items of types that R5 no longer has."""

# https://hl7.org/fhir/R5/questionnaire-definitions.html#Questionnaire.item.type: choices are `coding`, and what else may
# be answered says answerConstraint
_CHOICES: Final = {"choice": "optionsOnly", "open-choice": "optionsOrString"}


def r5(form: Json) -> Json:
    """Return the form for R5: an element where R4 needed an extension, and the new types of items."""
    head: Json = {}
    for key, value in form.items():
        if key == "extension":
            kept = [one for one in value if one["url"] != VERSION_ALGORITHM]
            if kept:
                head[key] = kept
        elif key == "item":
            head[key] = [_item(one) for one in value]
        else:
            head[key] = value
            if key == "version":
                for one in form.get("extension", ()):
                    if one["url"] == VERSION_ALGORITHM:
                        head["versionAlgorithmCoding"] = one["valueCoding"]
    return head


def _item(item: Json) -> Json:
    found: Json = {}
    for key, value in item.items():
        if key == "type" and value in _CHOICES:
            found["type"] = "coding"
        elif key == "item":
            found[key] = [_item(one) for one in value]
        elif key == "extension":
            if kept := [one for one in value if one["url"] != _FOR_R4_TYPES]:
                found[key] = kept
        elif key == "answerOption" and item["type"] in _CHOICES:
            found["answerConstraint"] = _CHOICES[item["type"]]
            found[key] = value
        else:
            found[key] = value
    return found
