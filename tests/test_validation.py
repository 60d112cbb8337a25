"""Validation as a whole: what is looked at when, how severe it is, and where it is shown."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import kneecds

OURS = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
LOINC = "http://loinc.org"
AS_OF = "2026-01-15"


def patient(identifier: str = "p1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": identifier, "gender": "female", "birthDate": "1991-06-17", **more}


def observation(system: str = OURS, code: str = "fever", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": "o1", "status": "final", "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-01-15", **more,
    }  # fmt: skip


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"https://example.org/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def rules(body: Any, **how: Any) -> dict[str, str]:
    return {issue.rule: issue.severity for issue in kneecds.validate(body, **how)}


def test_without_a_day_a_document_is_checked_as_fhir_only() -> None:
    old = bundle(patient(), observation(valueBoolean=True, effectiveDateTime="2020-01-01"))
    assert rules(old) == {}
    assert rules(old, as_of=AS_OF) == {"statement-stale": "information"}


@pytest.mark.parametrize(
    ("resources", "severity"),
    [
        pytest.param((observation(valueBoolean=True),), "fatal", id="with a finding of ours"),
        pytest.param((observation("http://snomed.info/sct", "202381003", valueBoolean=True),), "fatal", id="with a knee by its code"),
        pytest.param((observation(LOINC, "718-7", valueString="x"),), "warning", id="about anything else"),
    ],
)  # fmt: skip
def test_two_patients_are_an_error_where_a_knee_is_in_play(resources: tuple[Any, ...], severity: str) -> None:
    """A Bundle about two people is valid FHIR; to an assessment it is an error."""
    body = bundle(patient(), patient("p2"), *resources)
    assert rules(body, as_of=AS_OF)["two-patients"] == severity
    assert "two-patients" not in rules(body)


def test_text_has_places_and_objects_have_none() -> None:
    body = {**patient(), "gender": "woman"}
    (of_text,) = kneecds.validate(json.dumps(body, indent=1))
    (of_object,) = kneecds.validate(body)
    assert (of_text.line, of_text.column) == (4, 2)
    assert (of_object.line, of_object.column) == (0, 0)
    assert of_text.expression == of_object.expression == "Patient.gender"


def test_faults_of_all_layers_are_found_at_once() -> None:
    body = bundle(
        patient(gender="woman"),
        observation(
            valueQuantity={"value": 3, "code": "mg"}, dataAbsentReason={"text": "x"}, extension=[{"url": "http://x/y"}],
            bodySite={"coding": [{"system": OURS, "code": "no_such_finding"}]}, subject={"reference": "#nobody"},
        ),
        {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "item": [{"linkId": "elbow"}],
         "questionnaire": "https://kneecds.org/fhir/Questionnaire/kneecds-intake"},
    )  # fmt: skip
    found = set(rules(body, as_of=AS_OF))
    assert {"structure-code", "qty-3", "obs-6", "ext-1", "questionnaire-unknown-item"} <= found


def test_one_rule_is_said_once_of_one_place() -> None:
    issues = kneecds.validate(bundle(patient(), observation(valueString="x", valueBoolean=True)), as_of=AS_OF)
    keys = [(issue.rule, issue.expression, issue.message) for issue in issues]
    assert len(set(keys)) == len(keys)


def test_the_release_is_found_or_told() -> None:
    request = {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/p1"},
        "medication": {"concept": {"text": "ibuprofen"}},
    }  # fmt: skip
    assert rules(request) == {}
    assert "structure-unknown-element" in rules(request, release="R4")
    assert rules(request, release="R5") == {}


PROFILE = {
    "resourceType": "StructureDefinition", "url": "http://example.org/named", "name": "Named", "status": "active",
    "fhirVersion": "4.0.1", "kind": "resource", "abstract": False, "type": "Patient", "derivation": "constraint",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
}  # fmt: skip
FORM = {
    "resourceType": "Questionnaire", "url": "http://example.org/form", "status": "active",
    "item": [{"linkId": "a", "type": "boolean", "text": "?", "required": True}],
}  # fmt: skip
RESPONSE = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "http://example.org/form"}


def test_profiles_given_are_asked_of_their_type_and_others_only_of_who_claims_them() -> None:
    claiming = patient(meta={"profile": [PROFILE["url"]]})
    assert "profile-min" in rules(patient(), profiles=[PROFILE])
    there = kneecds.Conformance(others=[PROFILE])
    assert rules(patient(), conformance=there) == {}
    assert "profile-min" in rules(claiming, conformance=there)


def test_questionnaires_given_are_answered_to() -> None:
    assert "questionnaire-not-found" in rules(RESPONSE)
    assert "questionnaire-required" in rules(RESPONSE, questionnaires=[FORM])


def test_best_practice_is_said_when_asked_for() -> None:
    assert "dom-6" not in rules(patient())
    assert "dom-6" in rules(patient(), best_practice=True)


def test_threads_give_the_same() -> None:
    bodies = [json.dumps(bundle(patient(), observation(valueBoolean=number % 2 == 0))).encode() for number in range(16)]
    alone = [kneecds.validate(body, as_of=AS_OF) for body in bodies]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda body: kneecds.validate(body, as_of=AS_OF), bodies)) == alone


def test_the_first_and_the_later_documents_are_judged_alike() -> None:
    """The short way is only taken once the code is warm; what it says is the same."""
    body = json.dumps(bundle(patient(), observation(valueBoolean=True))).encode()
    assert [kneecds.validate(body, as_of=AS_OF) for _ in range(3)] == [()] * 3
