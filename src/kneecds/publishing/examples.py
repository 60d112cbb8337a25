"""An example of everything that has a profile: a made-up patient, what is known of her knee, and the answer to it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from kneecds import pipeline
from kneecds.fhir.concepts import CHOICE_SYSTEM, FINDING_SYSTEM, LOINC, SNOMED
from kneecds.publishing.head import Edition, Json, url

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_OF: Final = date(2026, 1, 15)
_SUBJECT: Final = {"reference": "Patient/kneecds-example"}
_RIGHT_KNEE: Final = {"coding": [{"system": SNOMED, "code": "6757004", "display": "Right knee region structure"}]}
_PATIENT: Final[Json] = {
    "resourceType": "Patient", "id": "kneecds-example", "gender": "female", "birthDate": "1998-04-02",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">A made-up patient</div>'},
}  # fmt: skip

_PROFILE_OF: Final = {
    "GuidanceResponse": "guidance-response", "RiskAssessment": "risk-assessment", "DetectedIssue": "detected-issue",
    "ServiceRequest": "service-request", "CarePlan": "care-plan", "CommunicationRequest": "communication-request",
    "RequestGroup": "request-group", "RequestOrchestration": "request-orchestration", "Device": "device",
    "Provenance": "provenance", "OperationOutcome": "operation-outcome",
}  # fmt: skip


def examples(edition: Edition, questionnaire: Json) -> list[Json]:
    """Return the inputs, each resource of the answer once, and the whole answer."""
    inputs = [_PATIENT, *_observations(), _response(questionnaire)]
    body = {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"fullUrl": f"https://example.org/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in inputs],
    }  # fmt: skip
    evaluation = pipeline.evaluate(body, knowledge=edition.knowledge, as_of=AS_OF, release="R4")
    guidance = evaluation.to_fhir(edition.release)
    guidance["id"] = "kneecds-example-guidance"
    guidance = {"resourceType": "Bundle", "id": guidance["id"], "meta": _claims("guidance"), **_rest(guidance)}
    parts: dict[str, Json] = {}
    for entry in guidance["entry"]:
        resource = entry["resource"]
        kind = resource["resourceType"]
        profile = _PROFILE_OF.get(kind)
        if profile is not None and kind not in parts:
            parts[kind] = {"resourceType": kind, "id": resource["id"], "meta": _claims(profile), **_rest(resource)}
            parts[kind]["id"] = f"kneecds-example-{profile}"
    return [*inputs, *parts.values(), guidance]


def _rest(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key not in ("resourceType", "id", "meta")}


def _claims(profile: str) -> Json:
    return {"profile": [url("StructureDefinition", f"kneecds-{profile}")]}


def _observations() -> Iterator[Json]:
    def finding(code: str, display: str, **more: Any) -> Json:  # noqa: ANN401 - members of a resource
        return {
            "resourceType": "Observation", "id": f"kneecds-example-{code.replace('_', '-')}", "meta": _claims("knee-finding"),
            "status": "final", "code": {"coding": [{"system": FINDING_SYSTEM, "code": code, "display": display}]},
            "subject": _SUBJECT, "effectiveDateTime": "2026-01-14", **more,
        }  # fmt: skip

    yield finding("knee_pain", "Knee pain", valueBoolean=True, bodySite=_RIGHT_KNEE)
    yield finding("giving_way", "Giving way", valueBoolean=True, bodySite=_RIGHT_KNEE)
    yield finding("knee_swelling", "Knee swelling", valueBoolean=True, bodySite=_RIGHT_KNEE)
    yield {
        "resourceType": "Observation", "id": "kneecds-example-pain-score", "meta": _claims("pain-score"), "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "72514-3"}]}, "subject": _SUBJECT, "effectiveDateTime": "2026-01-14",
        "valueInteger": 6, "bodySite": _RIGHT_KNEE,
    }  # fmt: skip


def _response(questionnaire: Json) -> Json:
    return {
        "resourceType": "QuestionnaireResponse", "id": "kneecds-example-response", "meta": _claims("intake-response"),
        "questionnaire": f"{questionnaire['url']}|{questionnaire['version']}", "status": "in-progress",
        "subject": _SUBJECT, "authored": "2026-01-14T09:00:00+01:00",
        "item": _answered(questionnaire["item"], {
            "fever": {"valueBoolean": False}, "gate.which_knee": {"valueCoding": {"system": CHOICE_SYSTEM, "code": "which_knee.right"}},
        }),
    }  # fmt: skip


def _answered(items: list[Json], answers: dict[str, Json]) -> list[Json]:
    """Return the items of a form that are answered, in their groups."""
    found: list[Json] = []
    for item in items:
        link_id = item["linkId"]
        if link_id in answers:
            found.append({"linkId": link_id, "text": item["text"], "answer": [answers[link_id]]})
        elif inner := _answered(item.get("item", []), answers):
            found.append({"linkId": link_id, "text": item["text"], "item": inner})
    return found
