"""Prefetch templates are filled and answered as a FHIR server would."""

from __future__ import annotations

from datetime import date

import pytest

from kneecds import api
from kneecds.conformance import changes, requests, templates

WHO = requests.Who.of({}, date(2026, 1, 15))
CONTEXT = requests.context("patient-view", WHO)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("Patient/{{context.patientId}}", "Patient/conformance-1"),
        ("Condition?patient={{ context.patientId }}", "Condition?patient=conformance-1"),
        ("Practitioner/{{userPractitionerId}}", "Practitioner/conformance-user"),
        ("PractitionerRole/{{userPractitionerRoleId}}", "PractitionerRole/"),
        ("Flag?patient={{context.nothing}}", "Flag?patient="),
    ],
)
def test_tokens_are_filled(template, path):
    assert templates.filled(template, CONTEXT) == path


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("Patient/conformance-1", "conformance-1"),
        ("Patient/other", None),
        ("Observation?patient=x&code=http://loinc.org|8310-5,http://loinc.org|1988-5", ["temperature", "crp"]),
        ("Observation?patient=x&code=8310-5", ["temperature"]),
        ("Observation?category=laboratory&_count=1", ["crp", "haemoglobin"]),
        ("Observation?code:in=http://example.org/vs&category=exam", ["swollen", "painful", "fever"]),
        ("Condition?clinical-status=resolved", None),
        ("MedicationRequest?status=active&intent=order", ["lisinopril"]),
        ("Unknown?patient=x", None),
    ],
)
def test_queries_are_answered(path, ids):
    found = templates.answer(path, WHO.record())
    if found is not None and found["resourceType"] == "Bundle":
        assert found["total"] == len(found["entry"])
        found = {"id": [one["resource"]["id"] for one in found["entry"]]}
    assert (found or {}).get("id") == ids


def test_the_record_is_sound():
    for resource in WHO.record():
        assert [one for one in api.validate(resource) if one.is_error] == [], resource["id"]


@pytest.mark.parametrize("hook", requests.CONTEXTS)
def test_every_request_keeps_the_rules(hook):
    made = requests.request(hook, "6f0bdeb5-8e36-4e29-a2f8-0e2b2b3a1a57", requests.context(hook, WHO), None)
    assert [*requests.missing(made), *requests.wrong_context(made), *requests.wrong_options(made)] == []


def test_another_patient_takes_the_place_of_one():
    made = {"a": "conformance-1", "b": ["urn:x/Patient/conformance-1", "Patient/conformance-12"], "c": 1}
    assert changes.of_patient(made, "conformance-1", "z") == {
        "a": "z", "b": ["urn:x/Patient/z", "Patient/conformance-12"], "c": 1
    }  # fmt: skip
