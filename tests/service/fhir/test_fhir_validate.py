"""`$validate`: every issue, as from the library, with status 200; a call that cannot be looked at is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir_calls import TODAY, Client, example, parameters, problems

import kneecds
from kneecds.fhir.emit import outcome, to_bytes

FINDING = "https://kneecds.org/fhir/StructureDefinition/kneecds-knee-finding"
OBSERVATION = {
    "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "swelling"}, "subject": {"reference": "Patient/p"},
}  # fmt: skip
BROKEN = {"resourceType": "Observation", "status": "done", "valueBoolean": "no", "nonsense": 1}


@pytest.mark.parametrize("path", ["/$validate", "/Bundle/$validate"])
@pytest.mark.parametrize("case", ["runner_pfps", "input_with_errors", "contradictory_data"])
def test_the_issues_are_those_of_the_library(client: Client, path: str, case: str) -> None:
    body = example(case)
    response = client.post(path, body)
    assert response.status_code == 200
    assert response.content == to_bytes(outcome(kneecds.validate(body, as_of=TODAY)))


def test_also_of_a_resource_in_parameters(client: Client) -> None:
    response = client.post("/$validate", parameters(resource=BROKEN))
    plain = client.post("/Observation/$validate", BROKEN)
    assert response.status_code == plain.status_code == 200
    rules = problems(response)
    assert rules == problems(plain)
    assert len(rules) >= 3


def test_broken_json_in_the_middle_is_an_issue(client: Client) -> None:
    response = client.post("/$validate", b'{"resourceType":"Patient","id":"a","id":"b"}')
    assert response.status_code in (200, 400)
    assert problems(response)


def test_a_profile_is_asked_for(client: Client) -> None:
    query = f"?profile={FINDING}"
    without, with_it = (client.post(f"/Observation/$validate{more}", OBSERVATION) for more in ("", query))
    assert problems(without) == []
    assert problems(with_it)
    inside = client.post(
        "/$validate",
        parameters(resource=OBSERVATION, mode=("valueCode", "profile"), profile=("valueCanonical", FINDING)),
    )
    assert problems(inside) == problems(with_it)
    assert problems(client.post(f"/Patient/$validate{query}", {"resourceType": "Patient"})) == ["profile-wrong-type"]


def test_an_update_needs_an_id(client: Client) -> None:
    one = {"resourceType": "Patient"}
    assert problems(client.post("/Patient/$validate?mode=update", one)) == ["update-without-id"]
    assert problems(client.post("/Patient/$validate?mode=create", one)) == []


def test_each_release_is_validated_as_itself(client: Client) -> None:
    r5 = {**OBSERVATION, "triggeredBy": [{"observation": {"reference": "Observation/x"}, "type": "reflex"}]}
    assert problems(client.post("/$validate", r5, content_type="application/fhir+json; fhirVersion=5.0")) == []
    assert problems(client.post("/$validate", r5, content_type="application/fhir+json; fhirVersion=4.0"))


def test_issues_in_r5_are_r5(client: Client) -> None:
    response = client.post("/$validate", BROKEN, accept="application/fhir+json; fhirVersion=5.0")
    assert "operationoutcome-issue-line" in response.text
    assert not any(issue.is_error for issue in kneecds.validate(response.content, release="R5"))


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "rules"),
    [
        pytest.param("/$validate", b"", {}, 400, ["parameter-missing"], id="nothing"),
        pytest.param("/$validate", b"{", {}, 400, ["json-syntax"], id="not JSON"),
        pytest.param("/$validate", b"3", {}, 400, ["not-fhir"], id="a number"),
        pytest.param("/$validate", b"\xff", {}, 400, None, id="not UTF-8"),
        pytest.param("/Observation/$validate", {"resourceType": "Patient"}, {}, 400, ["type-mismatch"], id="another type"),
        pytest.param("/Nothing/$validate", {"resourceType": "Nothing"}, {}, 404, ["not-found"], id="no type of FHIR"),
        pytest.param("/$validate?mode=delete", OBSERVATION, {}, 400, ["parameter-value"], id="nothing to delete"),
        pytest.param("/$validate?mode=profile", OBSERVATION, {}, 400, ["parameter-missing"], id="no profile named"),
        pytest.param("/$validate?profile=http://x/unknown", OBSERVATION, {}, 422, ["profile-unknown"], id="profile not known"),
        pytest.param("/$validate", OBSERVATION, {"content_type": "application/fhir+xml"}, 415, ["media-type"], id="XML"),
        pytest.param("/$validate", OBSERVATION, {"content_type": "application/fhir+json; charset=latin-1"}, 415, ["media-type"], id="another encoding"),
        pytest.param("/$validate", OBSERVATION, {"content_type": "application/fhir+json; fhirVersion=3.0"}, 415, ["media-type"], id="STU3"),
        pytest.param("/$validate", OBSERVATION, {"content_encoding": "gzip"}, 415, ["http-415"], id="packed"),
        pytest.param("/$validate", b"[" * 100_000, {}, 400, None, id="too deep"),
        pytest.param("/$validate", b" " * 10_000_001, {}, 413, ["http-413"], id="too large"),
    ],
)  # fmt: skip
def test_refused(
    client: Client, path: str, body: Any, headers: dict[str, str], status: int, rules: list[str] | None
) -> None:
    response = client.post(path, body, **headers)
    assert response.status_code == status, response.text
    found = problems(response)
    assert found == rules if rules is not None else found


def test_nothing_that_was_sent_comes_back(client: Client) -> None:
    response = client.post(
        "/$validate", json.dumps({"resourceType": "Patient", "name": "<script>alert(1)</script>"}).encode()
    )
    assert b"<script>" not in response.content
