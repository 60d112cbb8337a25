"""Extensions: their url, place and content."""

from __future__ import annotations

from typing import Any, Final

from kneecds.fhir.validate.catalogue.examples import EXTENSION, Json, patient
from kneecds.fhir.validate.rule import Rule

_PAGE: Final = "http://hl7.org/fhir/R4/extensibility.html"
_HL7: Final = "http://hl7.org/fhir/StructureDefinition"
_BORN: Final[Json] = {"url": f"{_HL7}/patient-birthPlace", "valueAddress": {"city": "A"}}
_CODE: Final[Json] = {"url": "code", "valueCodeableConcept": {"text": "a"}}
_UNIT: Final[Json] = {
    "url": f"{_HL7}/questionnaire-unit", "valueCoding": {"system": "http://unitsofmeasure.org", "code": "cm"},
}  # fmt: skip
_NATION: Final = f"{_HL7}/patient-nationality"


def _having(*extensions: Json) -> Json:
    return patient(extension=list(extensions))


def _nation(*parts: Json) -> Json:
    return _having({"url": _NATION, "extension": list(parts)})


def _form(**more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return {"resourceType": "Questionnaire", "status": "draft", "item": [{"linkId": "a", "type": "text", **more}]}


def _rule(id: str, says: str, fix: str, accepted: Json, refused: Json, at: str, **more: Any) -> Rule:  # noqa: A002, ANN401
    return Rule(
        id=id, says=says, fix=fix, accepted=accepted, refused=refused, at=at, layer="structure", source=_PAGE,
        **{"severity": "error", **more},
    )  # fmt: skip


RULES: Final[tuple[Rule, ...]] = (
    _rule(
        "ext-1", "An extension has either a value or extensions inside it.", "Keep the one that applies.",
        _having({"url": EXTENSION, "valueString": "a"}), _having({"url": EXTENSION}), "Patient.extension[0]",
    ),
    _rule(
        "extension-url", "An extension is named by an absolute URL.", "Give the whole URL of its definition.",
        _having({"url": EXTENSION, "valueString": "a"}), _having({"url": "example", "valueString": "a"}), "Patient.extension[0].url",
    ),
    _rule(
        "extension-version", "An extension is named without version.", "Leave | and the version out.", _having(_BORN),
        _having(_BORN | {"url": f"{_BORN['url']}|4.0.1"}), "Patient.extension[0].url",
    ),
    _rule(
        "extension-none", "The url of an extension is that of an extension.", "Look for the extension that is meant.",
        _having(_BORN), _having({"url": f"{_HL7}/Patient", "valueString": "a"}), "Patient.extension[0].url",
    ),
    _rule(
        "extension-unknown", "An extension under the url of HL7 is one that HL7 publishes.", "Look at the spelling of the url.",
        _having(_BORN), _having({"url": f"{_HL7}/patient-birthPlaces", "valueString": "a"}), "Patient.extension[0].url", severity="warning",
    ),
    _rule(
        "modifier-extension-unknown", "A modifier extension is known to who reads it.",
        "Leave it out, or give its definition: a reader that does not know it must not use the resource.",
        _having({"url": EXTENSION, "valueString": "a"}),
        patient(modifierExtension=[{"url": EXTENSION, "valueString": "a"}]), "Patient.modifierExtension[0].url", severity="warning",
    ),
    _rule(
        "extension-modifier", "An extension that modifies stands in modifierExtension, and no other does.", "Move it.",
        _having(_BORN), patient(modifierExtension=[_BORN]), "Patient.modifierExtension[0]",
    ),
    _rule(
        "extension-context", "An extension stands where its definition allows it.", "Move it to the element that it is for.",
        _form(extension=[{"url": f"{_HL7}/questionnaire-hidden", "valueBoolean": True}]),
        _having({"url": f"{_HL7}/questionnaire-hidden", "valueBoolean": True}), "Patient.extension[0]",
    ),
    _rule(
        "extension-condition", "An extension stands at an element that is as the definition of the extension wants it.",
        "Leave it out, or change the element: a unit is for a number, an orientation for a choice.",
        _form(type="decimal", extension=[_UNIT]), _form(extension=[_UNIT]), "Questionnaire.item[0].extension[0]",
    ),
    _rule(
        "extension-type", "The value of an extension has a type that its definition allows.", "Give a value of that type.",
        _having(_BORN), _having({"url": _BORN["url"], "valueString": "A"}), "Patient.extension[0]",
    ),
    _rule(
        "extension-value", "A simple extension has a value.", "Give the value.",
        _having(_BORN), _having({"url": _BORN["url"], "extension": [{"url": EXTENSION, "valueString": "a"}]}), "Patient.extension[0]",
    ),
    _rule(
        "extension-code", "The code in an extension is one that its definition allows.", "Take a code of its value set.",
        patient(_birthDate={"extension": [{"url": f"{_HL7}/data-absent-reason", "valueCode": "unknown"}]}),
        patient(_birthDate={"extension": [{"url": f"{_HL7}/data-absent-reason", "valueCode": "forgotten"}]}), "Patient.birthDate.extension[0]",
    ),
    _rule(
        "extension-part", "What stands in an extension is what its definition names.", "Look at the spelling of the part.",
        _nation(_CODE), _nation(_CODE, {"url": "cod", "valueString": "a"}), "Patient.extension[0].extension[1].url",
    ),
    _rule(
        "extension-parts", "A part of an extension is there as often as its definition says.", "Add it, or take the surplus out.",
        _nation(_CODE), _nation(_CODE, _CODE), "Patient.extension[0]",
    ),
)  # fmt: skip
