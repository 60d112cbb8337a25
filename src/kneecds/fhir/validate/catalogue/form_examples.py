"""The forms and answers that the examples of layer 7 are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity

Json = dict[str, Any]

FORM: Final = "https://example.org/fhir/Questionnaire/form"
SYSTEM: Final = "https://example.org/fhir/CodeSystem/answers"
UCUM: Final = "http://unitsofmeasure.org"
CORE: Final = "http://hl7.org/fhir/StructureDefinition"
SDC: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition"

# where the rules come from
ANSWERS: Final = "http://hl7.org/fhir/R4/questionnaireresponse.html"
FORMS: Final = "http://hl7.org/fhir/R4/questionnaire.html"
FORM_ITEMS: Final = "http://hl7.org/fhir/R4/questionnaire-definitions.html"
EXTENSIONS: Final = "https://hl7.org/fhir/extensions"
CAPTURE: Final = "https://hl7.org/fhir/uv/sdc"


def ext(name: str, **value: Any) -> Json:  # noqa: ANN401 - a value of any type
    """Return an extension of the specification, or of SDC where it is named so."""
    return {"url": f"{SDC if name.startswith('sdc-') else CORE}/{name}", **value}


def ask(link_id: str, kind: str, *extensions: Json, **more: Any) -> Json:  # noqa: ANN401 - parts of an item
    """Return an item of a form."""
    item: Json = {"extension": list(extensions)} if extensions else {}
    return {**item, "linkId": link_id, "text": f"Question {link_id}", "type": kind, **more}


def say(link_id: str, *values: Json, **more: Any) -> Json:  # noqa: ANN401 - parts of an item
    """Return an item of a response with an answer for each value."""
    return {"linkId": link_id, **({"answer": list(values)} if values else {}), **more}


def form(*items: Json, **more: Any) -> Json:  # noqa: ANN401 - parts of a form
    """Return a form."""
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">A form</div>'}
    return {
        "resourceType": "Questionnaire",
        "text": narrative,
        "url": FORM,
        "status": "draft",
        **more,
        "item": list(items),
    }


def response(*items: Json, **more: Any) -> Json:  # noqa: ANN401 - parts of a response
    """Return a response to the form."""
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Answers</div>'}
    head = {"resourceType": "QuestionnaireResponse", "text": narrative, "questionnaire": FORM, "status": "completed"}
    return {**head, **more, **({"item": list(items)} if items else {})}


def coding(code: str, **more: Any) -> Json:  # noqa: ANN401 - parts of a Coding
    """Return an answer or option that is a Coding."""
    return {"valueCoding": {"system": SYSTEM, "code": code, **more}}


def amount(value: float, code: str = "", unit: str = "") -> Json:
    """Return an answer that is a quantity, with a unit of UCUM or one that is only words."""
    return {
        "valueQuantity": {
            "value": value,
            **({"unit": unit} if unit else {}),
            **({"system": UCUM, "code": code} if code else {}),
        }
    }


TEXT: Final[Json] = {"valueString": "some"}
YES: Final[Json] = {"valueBoolean": True}
NO: Final[Json] = {"valueBoolean": False}
TOP: Final = "QuestionnaireResponse.item[0]"
FIRST_ANSWER: Final = f"{TOP}.answer[0]"
OPTIONS: Final[list[Json]] = [coding("a", display="First"), coding("b", display="Second")]


def said(
    identifier: str,
    severity: Severity,
    says: str,
    source: str,
    fix: str,
    *,
    asked: Json | tuple[Json, ...],
    accepted: Json | tuple[Json, ...],
    refused: Json | tuple[Json, ...],
    at: str,
    beside: tuple[Json, ...] = (),
    **more: Any,  # noqa: ANN401 - parts of both responses
) -> Rule:
    """Return a rule about answers: the form is beside them."""
    return Rule(
        id=identifier,
        layer="questionnaire",
        severity=severity,
        says=says,
        source=source,
        fix=fix,
        accepted=response(*_each(accepted), **more),
        refused=response(*_each(refused), **more),
        at=at,
        beside=(form(*_each(asked)), *beside),
    )


def _each(items: Json | tuple[Json, ...]) -> tuple[Json, ...]:
    return items if isinstance(items, tuple) else (items,)


def made(
    identifier: str, severity: Severity, says: str, source: str, fix: str, *, accepted: Json, refused: Json, at: str
) -> Rule:
    """Return a rule about forms."""
    return Rule(
        id=identifier,
        layer="questionnaire",
        severity=severity,
        says=says,
        source=source,
        fix=fix,
        accepted=accepted,
        refused=refused,
        at=at,
    )
