from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hook_calls import AWAY, CAPTURES, PATIENT, SERVER, Json, found, observation, sent, view

from kneecds import pipeline
from kneecds.cdshooks.prefetch import supplies
from kneecds.cdshooks.record import Lacking, Record, record
from kneecds.cdshooks.services import find
from kneecds.cdshooks.wire import read_request
from kneecds.errors import InputError
from kneecds.knowledge import shipped

if TYPE_CHECKING:
    from kneecds.cdshooks.model import HookRequest

VIEW = "kneecds-assessment"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


def made(*, server: Any = SERVER, **prefetch: Any) -> Record:
    whole = {"patient": PATIENT, "observations": found(observation()), **prefetch}
    kept = {name: value for name, value in whole.items() if value is not AWAY}
    call = view(prefetch=kept, fhirServer=server, fhirAuthorization=AWAY)
    return of(read_request(sent(call), VIEW))


def of(request: HookRequest) -> Record:
    service = find(VIEW, "patient-view")
    assert service is not None
    return record(supplies(service, request), request)


def resources(made: Record) -> list[str]:
    entries = json.loads(made.body).get("entry", [])
    return [f"{entry['resource']['resourceType']}/{entry['resource'].get('id', '')}" for entry in entries]


def refused(**prefetch: Any) -> set[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        made(**prefetch)
    assert "p2" not in str(caught.value)
    return {(issue.rule, issue.expression) for issue in caught.value.issues}


def about(reference: str, **changes: Any) -> Json:
    return observation(subject={"reference": reference}, **changes)


def rules(made: Record) -> set[tuple[str, str]]:
    return {(issue.rule, issue.expression) for issue in made.issues if issue.rule != "query-not-supplied"}


def test_all_that_was_supplied_is_one_bundle() -> None:
    result = made(conditions=found({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}}))
    whole = json.loads(result.body)
    assert (whole["resourceType"], whole["type"]) == ("Bundle", "collection")
    assert resources(result) == ["Patient/p1", "Observation/o1", "Condition/c"]
    assert whole["entry"][1]["fullUrl"] == f"{SERVER}/Observation/o1"
    assert not rules(result)


def test_bytes_are_spliced_as_they_came() -> None:
    call = view()
    body = sent(call).replace(b'"1964-03-01"', b'"1964-03-01","x":1.50,"x":2')
    result = of(read_request(body, VIEW))
    assert b'"x":1.50,"x":2' in result.body
    answer = pipeline.evaluate(result.body, knowledge=shipped(), as_of=date(2026, 1, 1))
    (issue,) = [one for one in answer.issues if one.rule == "json-duplicate-key"]
    assert result.place(issue.expression) == "Request.prefetch.patient.x"


def test_a_place_in_the_record_is_one_in_the_request() -> None:
    result = made(conditions=found({"resourceType": "Condition", "id": "c"}))
    assert result.place("Bundle.entry[0].resource.name") == "Request.prefetch.patient.name"
    assert result.place("Bundle.entry[1].resource.code") == "Request.prefetch.observations.entry[0].resource.code"
    assert result.place("Bundle.entry[2]") == "Request.prefetch.conditions.entry[0].resource"
    assert result.place("Bundle.entry[9].resource") == "Bundle.entry[9].resource"
    assert result.place("Bundle.type") == "Bundle.type"


# what is known, and what is not


def test_what_was_not_supplied_is_missing_and_said() -> None:
    result = made(medicines=OUTCOME, conditions=None, allergies=found())
    assert [query.key for query in result.missing] == ["responses", "medicines", "procedures"]
    said = {issue.expression: (issue.severity, issue.rule, issue.message) for issue in result.issues}
    assert said["Request.prefetch.medicines"] == (
        "error",
        "query-failed",
        "unknown: medicines (the query failed (timeout))",
    )
    assert said["Request.prefetch.procedures"][:2] == ("warning", "query-not-supplied")
    assert set(said) == {f"Request.prefetch.{key}" for key in ("responses", "medicines", "procedures")}


def test_a_page_of_several_is_said() -> None:
    link = [{"relation": "next", "url": f"{SERVER}?page=2"}]
    result = made(observations=found(observation(), link=link))
    assert rules(result) == {("bundle-page", "Request.prefetch.observations")}
    assert "observations" not in [query.key for query in result.missing]


def test_less_than_was_found_is_said() -> None:
    assert rules(made(conditions=found({"resourceType": "Condition", "id": "c"}, total=5))) == {
        ("query-in-part", "Request.prefetch.conditions")
    }


@pytest.mark.parametrize(
    ("prefetch", "keys"),
    [
        ({"patient": AWAY}, ["patient"]),
        ({"patient": None}, ["patient"]),
        ({"patient": OUTCOME}, ["patient"]),
        ({"observations": AWAY}, ["observations"]),
        ({"observations": OUTCOME}, ["observations"]),
        ({"patient": AWAY, "observations": AWAY, "conditions": found()}, ["patient", "observations"]),
    ],
)  # fmt: skip
def test_without_what_is_required_there_is_no_record(prefetch: Json, keys: list[str]) -> None:
    with pytest.raises(Lacking) as caught:
        made(**prefetch)
    assert [one.query.key for one in caught.value.queries] == keys
    assert all(one.query.about in str(caught.value) for one in caught.value.queries)


@pytest.mark.parametrize("nothing", [None, found()])
def test_no_observations_are_an_answer(nothing: Any) -> None:
    assert resources(made(observations=nothing)) == ["Patient/p1"]


# one patient


@pytest.mark.parametrize(
    "one",
    [
        about("Patient/p1"),
        about("Patient/p1/_history/3"),
        about(f"{SERVER}/Patient/p1"),
        about(f"{SERVER}/Patient/p1/_history/3"),
        about("urn:uuid:p1"),
        about("#p"),
        about("Group/g"),
        observation(subject=AWAY),
        observation(subject={"identifier": {"value": "x"}}),
        observation(subject=AWAY, patient={"reference": "Patient/p1"}),
    ],
)  # fmt: skip
def test_whose_a_resource_may_be(one: Json) -> None:
    assert len(resources(made(observations=found(one)))) == 2


@pytest.mark.parametrize(
    ("one", "element"),
    [
        (about("Patient/p2"), "subject"),
        (about("Patient/p2/_history/3"), "subject"),
        (about(f"{SERVER}/Patient/p2"), "subject"),
        (about("https://other.example/fhir/Patient/p1"), "subject"),
        (about("urn:uuid:p2"), "subject"),
        (about("urn:oid:1.2.3"), "subject"),
        (observation(subject={"reference": "Patient/p2", "type": 5}), "subject"),
        (observation(id=5, subject={"reference": "Patient/p2"}), "subject"),
        (observation(patient={"reference": "Patient/p2"}), "patient"),
    ],
)  # fmt: skip
def test_whose_a_resource_may_not_be(one: Json, element: str) -> None:
    place = f"Request.prefetch.observations.entry[1].resource.{element}"
    assert refused(observations=found(observation("o9"), one)) == {("patient-mismatch", place)}


@pytest.mark.parametrize(
    "patient", [PATIENT | {"id": "p2"}, {"resourceType": "Patient", "birthDate": "1964-03-01"}, PATIENT | {"id": 1}]
)
def test_another_patient_than_that_of_the_context(patient: Json) -> None:
    assert refused(patient=patient) == {("patient-mismatch", "Request.prefetch.patient.id")}


def test_a_strange_patient_among_the_observations() -> None:
    bundle = found(observation(), PATIENT | {"id": "p2"})
    assert refused(observations=bundle) == {("patient-mismatch", "Request.prefetch.observations.entry[1].resource.id")}


def test_all_that_is_of_others_is_said_and_nothing_else() -> None:
    places = refused(observations=found(about("Patient/p2"), observation("o2"), about("Patient/p3", id="o3")))
    assert places == {
        ("patient-mismatch", f"Request.prefetch.observations.entry[{index}].resource.subject") for index in (0, 2)
    }


def test_wrong_comes_before_missing() -> None:
    assert refused(patient=AWAY, observations=found(about("Patient/p2")))


def test_without_a_known_server_an_absolute_reference_counts_by_its_id() -> None:
    bundle = found(about("https://other.example/fhir/Patient/p1"))
    for entry in bundle["entry"]:
        del entry["fullUrl"]
    assert len(resources(made(server=AWAY, observations=bundle))) == 2


@pytest.mark.parametrize(
    "references",
    [
        ["urn:uuid:p1"],
        ["urn:uuid:p1", "Patient/p1"],
        ["urn:uuid:p1", f"{SERVER}/Patient/p1"],
        [f"{SERVER}/Patient/p1", "Patient/p1"],
    ],
)  # fmt: skip
def test_what_is_one_patient_here_is_one_for_the_reader(references: list[str]) -> None:
    bundle = found(*[about(reference, id=f"o{n}") for n, reference in enumerate(references)])
    result = made(observations=bundle)
    answer = pipeline.evaluate(result.body, knowledge=shipped(), as_of=date(2026, 1, 1))
    assert "two-patients" not in {issue.rule for issue in answer.issues}
    assert answer.assessment.subject.reference == "Patient/p1"


def test_a_patient_known_by_a_uuid_of_the_bundle() -> None:
    bundle = found(PATIENT, about("urn:uuid:7f36a583-4487-4a72-8e91-ffba9680b1a8"))
    bundle["entry"][0]["fullUrl"] = "urn:uuid:7f36a583-4487-4a72-8e91-ffba9680b1a8"
    result = made(observations=bundle)
    answer = pipeline.evaluate(result.body, knowledge=shipped(), as_of=date(2026, 1, 1))
    assert resources(result) == ["Patient/p1", "Observation/o1"]
    assert "two-patients" not in {issue.rule for issue in answer.issues}


# several versions of one resource


def stamped(when: str, **changes: Any) -> Json:
    return observation(meta={"lastUpdated": when}, **changes)


OLD, NEW = "2026-01-01T10:00:00Z", "2026-01-01T12:30:00+02:00"


@pytest.mark.parametrize(
    ("first", "second", "kept", "said"),
    [
        (observation(), observation(), ["final"], False),
        (observation(), dict(reversed(observation().items())), ["final"], False),
        (stamped(OLD), stamped(NEW, status="amended"), ["amended"], True),
        (stamped(NEW, status="amended"), stamped(OLD), ["amended"], True),
        (stamped(OLD), stamped(OLD, status="amended"), ["final", "amended"], True),
        (observation(), observation(status="amended"), ["final", "amended"], True),
        (stamped("yesterday"), stamped(NEW, status="amended"), ["final", "amended"], True),
        (observation(id=AWAY), observation(id=AWAY), ["final", "final"], False),
    ],
)  # fmt: skip
def test_one_resource_twice(first: Json, second: Json, kept: list[str], said: bool) -> None:
    result = made(observations=found(first), conditions=found({"resourceType": "Condition", "id": "c"}, second))
    statuses = [entry["resource"].get("status") for entry in json.loads(result.body)["entry"]]
    assert [status for status in statuses if status] == kept
    assert [issue.rule for issue in result.issues if issue.rule == "versions-differ"] == ["versions-differ"] * said
    assert len(result.places) == len(statuses)


@pytest.mark.skipif(not CAPTURES.exists(), reason="the captures lie outside the repository")
def test_what_the_sandbox_sends_is_about_one_patient() -> None:
    call = json.loads((CAPTURES / "sandbox-patient-view-request.json").read_bytes())
    call["prefetch"] |= {"patient": PATIENT | {"id": call["context"]["patientId"]}, "observations": None}
    result = of(read_request(sent(call), VIEW))
    assert resources(result)[0].startswith("Patient/")
    assert len(resources(result)) == 5
    answer = pipeline.evaluate(result.body, knowledge=shipped(), as_of=date(2026, 1, 1))
    assert answer.assessment.status != "failure"
    assert not [issue for issue in answer.issues if issue.rule == "two-patients"]
