"""Documents: which entries are data, whose they are, and what is ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from readings import facts, rules

from kneecds.fhir.concept_map import concept_mapping
from kneecds.fhir.version import detect

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.concepts import Concepts
    from kneecds.fhir.read import Reading

OURS = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
FEVER = {("fever", "person", True)}


def fever(reference: str = "", **more: Any) -> dict[str, Any]:
    subject = {"subject": {"reference": reference}} if reference else {}
    code = {"coding": [{"system": OURS, "code": "fever"}]}
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": code,
        "valueBoolean": True,
        **subject,
        **more,
    }


def pat(id_: str = "p1") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "birthDate": "1980-01-01"}


def entry(resource: dict[str, Any], url: str = "", **more: Any) -> dict[str, Any]:
    return {**({"fullUrl": url} if url else {}), "resource": resource, **more}


def bundle(*entries: dict[str, Any], kind: str = "collection", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
HINT = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}


@pytest.mark.parametrize("kind", ["collection", "searchset", "batch", "transaction", "document"])
def test_bundle_types_read(take: Callable[..., Reading], kind: str) -> None:
    assert facts(take(bundle(entry(fever()), kind=kind))) == FEVER


@pytest.mark.parametrize("kind", ["history", "transaction-response", "batch-response", "message", None])
def test_bundle_types_refused(take: Callable[..., Reading], kind: str) -> None:
    reading = take(bundle(entry(fever()), kind=kind))
    assert (reading.facts, rules(reading), reading.unusable) == ((), {"bundle-type"}, True)


@pytest.mark.parametrize(
    ("document", "expected", "said", "unusable"),
    [
        pytest.param(fever(), FEVER, set(), False, id="one resource"),
        pytest.param([fever(), None], FEVER, set(), False, id="a list with nothing in it"),
        pytest.param([bundle(entry(fever(), search={"mode": "match"}), kind="searchset")], FEVER, set(), False, id="a list of bundles"),
        pytest.param(bundle(entry(bundle(entry(fever())))), FEVER, set(), False, id="a bundle in a bundle"),
        pytest.param(bundle(entry(HINT, search={"mode": "outcome"}), kind="searchset"), set(), set(), False, id="an outcome is no data"),
        pytest.param(bundle(entry(OUTCOME, search={"mode": "outcome"}), kind="searchset"), set(), {"query-failed"}, True, id="a failed search"),
        pytest.param([OUTCOME], set(), {"query-failed"}, True, id="a failed query"),
        pytest.param(bundle(entry(fever()), kind="searchset", link=[{"relation": "next", "url": "x"}]), FEVER, {"bundle-page"}, False, id="one page of several"),
        pytest.param(bundle(entry(fever(), request={"method": "DELETE", "url": "x"}), kind="transaction"), set(), set(), False, id="deleted"),
        pytest.param(bundle({"request": {"method": "GET", "url": "x"}}, kind="batch"), set(), set(), False, id="no resource"),
        pytest.param(bundle(entry(fever(), modifierExtension=[{"url": "x"}])), set(), {"modifier-extension"}, True, id="modified entry"),
        pytest.param(bundle(entry({"resourceType": "Encounter"}), entry(fever())), FEVER, {"resource-ignored"}, False, id="another type"),
        pytest.param([], set(), set(), False, id="nothing"),
    ],
)  # fmt: skip
def test_documents(
    take: Callable[..., Reading], document: Any, expected: set[Any], said: set[str], unusable: bool
) -> None:
    reading = take(document)
    assert facts(reading) == expected
    assert rules(reading) == said
    assert reading.unusable is unusable


BASE = "https://ehr.example/fhir"
UUID = "urn:uuid:7a0b1c9e-0000-4000-8000-000000000001"

ONE: list[Any] = [
    pytest.param([entry(pat()), entry(fever("Patient/p1"))], id="relative"),
    pytest.param([entry(pat(), f"{BASE}/Patient/p1"), entry(fever(f"{BASE}/Patient/p1"))], id="absolute"),
    pytest.param([entry(pat(), f"{BASE}/Patient/p1"), entry(fever("Patient/p1"))], id="relative to an absolute URL"),
    pytest.param([entry(pat(), f"{BASE}/Patient/p1"), entry(fever("Patient/p1/_history/3"))], id="with a version"),
    pytest.param([entry(pat("x"), UUID), entry(fever(UUID))], id="urn:uuid"),
    pytest.param([entry(pat()), entry(fever(f"{BASE}/Patient/p1"))], id="absolute to a Patient without URL"),
    pytest.param([entry(pat()), entry(fever())], id="no subject"),
    pytest.param([entry(pat()), entry(pat()), entry(fever("Patient/p1"))], id="the same Patient twice"),
    pytest.param([entry(fever("Patient/p1")), entry(fever(f"{BASE}/Patient/p1"))], id="no Patient, one reference"),
    pytest.param([entry({**pat(), "id": ""}), entry(fever("Patient/p1"))], id="a Patient without id"),
]

TWO: list[Any] = [
    pytest.param([entry(pat()), entry(pat("p2"))], id="two Patients"),
    pytest.param([entry(pat()), entry(fever("Patient/p2"))], id="a stranger's data"),
    pytest.param([entry(pat(), f"{BASE}/Patient/p1"), entry(fever("https://other.example/Patient/p1"))], id="another server"),
    pytest.param([entry(pat(), UUID), entry(fever(UUID[:-1] + "2"))], id="another urn:uuid"),
    pytest.param([entry(fever("Patient/p1")), entry(fever("Patient/p2"))], id="no Patient, two references"),
    pytest.param([entry(fever(f"{BASE}/Patient/p1")), entry(fever("https://other.example/Patient/p1"))], id="no Patient, two servers"),
]  # fmt: skip


@pytest.mark.parametrize("entries", ONE)
def test_one_patient(take: Callable[..., Reading], entries: list[dict[str, Any]]) -> None:
    assert facts(take(bundle(*entries))) >= FEVER


@pytest.mark.parametrize("entries", TWO)
def test_two_patients(take: Callable[..., Reading], entries: list[dict[str, Any]]) -> None:
    reading = take(bundle(*entries))
    assert [issue.severity for issue in reading.issues if issue.rule == "two-patients"] == ["fatal"]
    assert (reading.facts, reading.unusable) == ((), True)


def unread(kind: str, number: int = 0, **more: Any) -> dict[str, Any]:
    code = "medicationCodeableConcept" if kind.startswith("Medication") else "code"
    head = {"resourceType": kind, "id": f"{kind}{number}", "status": "active" if code != "code" else "final"}
    return {**head, code: {"coding": [{"system": "http://host", "code": f"X{number}"}]}, **more}


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        ("Observation", "information"),
        ("Condition", "information"),
        ("MedicationStatement", "warning"),
        ("MedicationRequest", "warning"),
        ("AllergyIntolerance", "warning"),
    ],
)
def test_what_gave_no_finding_is_said_once_a_kind(take: Callable[..., Reading], kind: str, severity: str) -> None:
    """The message counts the resources and names a few of their codes; what may forbid an option is a warning."""
    more = {"clinicalStatus": {"coding": [{"code": "active"}]}} if kind == "Condition" else {}
    reading = take([fever(), *(unread(kind, number % 7, **more) for number in range(9))])
    (issue,) = [issue for issue in reading.issues if issue.rule == "resource-without-finding"]
    assert (issue.severity, issue.expression) == (severity, "$this[1]")
    assert issue.message.startswith(f"9 {kind} ")
    assert "http://host|X4; and 2 more" in issue.message
    assert (facts(reading), reading.unusable) == (FEVER, False)


def test_what_was_used_or_refused_is_not_said_again(take: Callable[..., Reading]) -> None:
    assert rules(take(fever())) == set()
    assert rules(take({**fever(), "status": "entered-in-error"})) == {"status-no-result"}


def test_a_code_of_ours_that_is_none_is_a_mistake_of_the_sender(take: Callable[..., Reading]) -> None:
    code = {"coding": [{"system": OURS, "code": "feverr"}]}
    reading = take(bundle(entry(pat()), entry({**fever(), "code": code})))
    said = [(issue.rule, issue.severity, issue.expression) for issue in reading.issues]
    assert said == [
        ("finding-unknown", "warning", "Bundle.entry[1].resource.code"),
        ("resource-without-finding", "information", "Bundle.entry[1].resource"),
    ]


def test_subject(take: Callable[..., Reading]) -> None:
    subject = take(bundle(entry({**pat(), "gender": "female"}))).subject
    assert (subject.reference, subject.birth_date, subject.sex) == ("Patient/p1", "1980-01-01", "female")
    assert take(fever("Patient/p9")).subject.reference == "Patient/p9"


def test_expression_names_the_place_in_the_input(take: Callable[..., Reading]) -> None:
    reading = take(bundle(entry(pat()), entry({**fever(), "valueBoolean": None, "valueString": "yes"})))
    assert [issue.expression for issue in reading.issues] == ["Bundle.entry[1].resource.value"]


def test_host_codes_on_observations(take: Callable[..., Reading], concepts: Concepts) -> None:
    element = {"code": "HOT", "target": [{"code": "fever", "equivalence": "equal"}]}
    answer = {"code": "ASK#HOT", "target": [{"code": "fever", "equivalence": "equal"}]}
    group = {"source": "http://host", "target": OURS, "element": [element, answer]}
    ready, _ = concept_mapping({"resourceType": "ConceptMap", "group": [group]}, concepts)
    by_code = {**fever(), "code": {"coding": [{"system": "http://host", "code": "HOT"}]}}
    by_answer: dict[str, Any] = {**by_code, "code": {"coding": [{"system": "http://host", "code": "ASK"}]}}
    del by_answer["valueBoolean"]
    by_answer["valueCodeableConcept"] = {"coding": [{"system": "http://host", "code": "HOT"}]}
    assert facts(take(by_code, maps=(ready,))) == FEVER
    assert facts(take(by_answer, maps=(ready,))) == FEVER
    assert facts(take([by_code, by_answer])) == set()


@pytest.mark.parametrize(
    ("document", "release"),
    [
        ({}, "R4"),
        ([fever()], "R4"),
        ({"resourceType": "Observation", "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Observation|4.3.0"]}}, "R4B"),
        ({"resourceType": "Observation", "meta": {"profile": ["http://hl7.org/fhir/5.0/StructureDefinition/Observation"]}}, "R5"),
        ({"resourceType": "Observation", "meta": {"profile": ["http://example.org/x|5.0.0"]}}, "R4"),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}, "R5"),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "4.3.0"}, "R4B"),
        (bundle(entry({"resourceType": "Observation", "bodyStructure": {}})), "R5"),
        ({"resourceType": "MedicationRequest", "medication": {}}, "R5"),
        ({"resourceType": "Procedure", "occurrenceDateTime": "2020"}, "R5"),
        ({"resourceType": "QuestionnaireResponse", "identifier": []}, "R5"),
        ({"resourceType": "QuestionnaireResponse", "identifier": {}}, "R4"),
        ({"resourceType": "AllergyIntolerance", "type": {"coding": []}}, "R5"),
        ("text", "R4"),
    ],
)  # fmt: skip
def test_release(document: object, release: str) -> None:
    assert detect(document) == release
