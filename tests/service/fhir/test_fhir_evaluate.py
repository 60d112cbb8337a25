"""`$kneecds-evaluate`: the bytes of the library, or a status and every reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from fhir_calls import ROOT, TODAY, Client, example, expected, parameters, problems

import kneecds
from kneecds.cli import kneecds as command

CASES = sorted(folder.name for folder in (ROOT / "examples").iterdir() if (folder / "input.json").is_file())
PATIENT = {"resourceType": "Patient", "id": "p"}
BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}]}
PATH = "/$kneecds-evaluate"


@pytest.mark.parametrize("case", CASES)
def test_the_answer_is_that_of_the_library_and_of_the_command(client: Client, case: str) -> None:
    body, told = example(case), expected(case)
    setting = told.get("setting", "primary_care")
    response = client.post(f"{PATH}?asOf={told['as_of']}&setting={setting}", body)
    answer = kneecds.assess(body, as_of=told["as_of"], setting=setting)
    assert response.status_code == 200
    assert response.content == answer.to_fhir_bytes()
    source = ROOT / "examples" / case / "input.json"
    shown = CliRunner().invoke(
        command, ["assess", str(source), "--format", "fhir", "--as-of", told["as_of"], "--setting", setting]
    )
    assert shown.stdout_bytes == response.content + b"\n"


@pytest.mark.parametrize("case", CASES[:4])
def test_input_in_parameters_is_the_same(client: Client, case: str) -> None:
    body = parameters(
        input=json.loads(example(case)), asOf=("valueDate", "2026-02-01"), setting=("valueCode", "emergency")
    )
    response = client.post(PATH, body)
    wanted = kneecds.assess(json.loads(example(case)), as_of="2026-02-01", setting="emergency")
    assert response.content == wanted.to_fhir_bytes()


def test_without_a_day_it_is_today(client: Client) -> None:
    body = example("runner_pfps")
    assert client.post(PATH, body).content == kneecds.assess(body, as_of=TODAY).to_fhir_bytes()


def test_the_release_is_that_of_accept_or_of_the_body(client: Client) -> None:
    body = example("runner_pfps")
    wanted = kneecds.assess(body, as_of=TODAY).to_fhir_bytes("R5")
    response = client.post(PATH, body, accept="application/fhir+json; fhirVersion=5.0")
    assert (response.content, response.headers["content-type"]) == (
        wanted,
        "application/fhir+json; charset=utf-8; fhirVersion=5.0",
    )
    assert not any(issue.is_error for issue in kneecds.validate(response.content, release="R5"))
    other = client.post(PATH, body, content_type="application/fhir+json; fhirVersion=5.0")
    assert other.content == kneecds.assess(body, as_of=TODAY, release="R5").to_fhir_bytes("R5")


def test_pretty_is_the_same_with_space(client: Client) -> None:
    plain, pretty = (client.post(f"{PATH}{query}", example("runner_pfps")) for query in ("", "?_pretty=true"))
    assert pretty.text.startswith('{\n  "resourceType"')
    assert pretty.json() == plain.json()


def test_a_concept_map_is_used(client: Client) -> None:
    local = {"coding": [{"system": "http://local", "code": "swollen"}]}
    seen = {
        "resourceType": "Observation",
        "status": "final",
        "code": local,
        "valueBoolean": True,
        "subject": {"reference": "Patient/p"},
    }
    body = {**BUNDLE, "entry": [*BUNDLE["entry"], {"resource": seen}]}
    mapped: dict[str, Any] = {
        "resourceType": "ConceptMap", "status": "active",
        "group": [{
            "source": "http://local", "target": "https://kneecds.org/fhir/CodeSystem/kneecds-finding",
            "element": [{"code": "swollen", "target": [{"code": "knee_swelling", "equivalence": "equivalent"}]}],
        }],
    }  # fmt: skip
    response = client.post(PATH, parameters(input=body, map=mapped))
    assert response.content == kneecds.assess(body, as_of=TODAY, maps=[mapped]).to_fhir_bytes()
    assert response.content != client.post(PATH, body).content


def test_a_map_that_is_none_is_not_used_and_that_is_said(client: Client) -> None:
    response = client.post(PATH, parameters(input=BUNDLE, map={"resourceType": "ConceptMap", "group": 3}))
    assert response.status_code == 200
    assert "map-unusable" in response.text


def test_errors_in_a_part_are_in_the_answer(client: Client) -> None:
    response = client.post(PATH, example("input_with_errors"))
    first = response.json()["entry"][0]["resource"]
    assert (response.status_code, first["status"]) == (200, "data-required")
    assert first["evaluationMessage"]


TWO = {**BUNDLE, "entry": [{"resource": PATIENT}, {"resource": {**PATIENT, "id": "other"}}]}


@pytest.mark.parametrize(
    ("path", "body", "status", "rules"),
    [
        pytest.param("", TWO, 422, ["two-patients"], id="two patients"),
        pytest.param("", parameters(input=TWO), 422, ["two-patients"], id="two patients in Parameters"),
        pytest.param("", {"resourceType": "Bundle", "entry": 3}, 422, None, id="nothing of it can be read"),
        pytest.param("", b"", 400, ["parameter-missing"], id="nothing"),
        pytest.param("", b"{", 400, ["json-syntax"], id="not JSON"),
        pytest.param("", b"[]", 400, ["not-fhir"], id="a list"),
        pytest.param("", b"{}", 400, ["not-fhir"], id="no type"),
        pytest.param("", b"[" * 5000, 400, None, id="too deep"),
        pytest.param("", PATIENT, 400, ["body-type", "parameter-missing"], id="another type"),
        pytest.param("", {"resourceType": "Parameters"}, 400, ["parameter-missing"], id="no input"),
        pytest.param("", {"resourceType": "Parameters", "parameter": [3]}, 400, ["not-fhir"], id="no parameters"),
        pytest.param("", parameters(input=PATIENT), 400, ["parameter-type", "parameter-missing"], id="no Bundle"),
        pytest.param(
            "", parameters(input=("valueString", "x")), 400, ["parameter-type", "parameter-missing"], id="a text"
        ),
        pytest.param(
            "", parameters(input=BUNDLE, asof=("valueDate", TODAY)), 400, ["parameter-unknown"], id="misspelt"
        ),
        pytest.param(
            "", parameters(input=BUNDLE, asOf=("valueDate", "2026-01")), 400, ["parameter-value"], id="a month"
        ),
        pytest.param("", parameters(input=BUNDLE, asOf=("valueInteger", 3)), 400, ["parameter-type"], id="a number"),
        pytest.param(
            "", parameters(input=BUNDLE, setting=("valueCode", "home")), 400, ["parameter-value"], id="setting"
        ),
        pytest.param("?asOf=2026-02-30", BUNDLE, 400, ["parameter-value"], id="no such day"),
        pytest.param("?asOf=2026-02-01&asOf=2026-02-02", BUNDLE, 400, ["parameter-repeated"], id="two days"),
        pytest.param("?day=2026-02-01", BUNDLE, 400, ["parameter-unknown"], id="unknown in the query"),
    ],
)
def test_refused(client: Client, path: str, body: Any, status: int, rules: list[str] | None) -> None:
    response = client.post(f"{PATH}{path}", body)
    assert response.status_code == status, response.text
    found = problems(response)
    assert found == rules if rules is not None else found


def test_all_problems_are_said_at_once(client: Client) -> None:
    body = parameters(input=PATIENT, day=("valueDate", TODAY), asOf=("valueBoolean", True))
    assert problems(client.post(PATH, body)) == [
        "parameter-type",
        "parameter-unknown",
        "parameter-type",
        "parameter-missing",
    ]
