"""`QuestionnaireResponse/$extract`: the Observations of the command, and nothing that looks like success when it is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from fhir_calls import Client, example, parameters, problems

import kneecds
from kneecds.cli import kneecds as command
from kneecds.fhir.sdc.extensions import EXTRACT

PATH = "/QuestionnaireResponse/$extract"
FORM: dict[str, Any] = {
    "resourceType": "Questionnaire", "url": "http://host/form", "status": "active",
    "extension": [{"url": EXTRACT, "valueBoolean": True}],
    "item": [{"linkId": "a", "type": "boolean", "text": "A?", "code": [{"system": "http://s", "code": "a"}]}],
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse", "id": "r", "questionnaire": "http://host/form|1", "status": "completed",
    "authored": "2026-01-01", "item": [{"linkId": "a", "answer": [{"valueBoolean": False}]}],
}  # fmt: skip
OURS = next(
    one["resource"] for one in json.loads(example("runner_pfps"))["entry"] if one["resource"]["resourceType"] == "QuestionnaireResponse"
)  # fmt: skip


def test_our_form_is_known_and_the_answer_is_that_of_the_command(client: Client) -> None:
    response = client.post(f"{PATH}?_pretty=true", OURS)
    assert response.status_code == 200
    shown = CliRunner().invoke(command, ["extract", "-"], input=json.dumps(OURS))
    assert response.content + b"\n" == shown.stdout_bytes
    assert not any(issue.is_error for issue in kneecds.validate(response.content))


def test_a_form_that_comes_along(client: Client) -> None:
    body = client.post(PATH, parameters(questionnaire__response=RESPONSE, questionnaire=FORM)).json()
    assert body["resourceType"] == "Bundle"
    (entry,) = body["entry"]
    assert (entry["request"]["method"], entry["resource"]["valueBoolean"]) == ("PUT", False)


def test_what_is_to_be_said_comes_with_it(client: Client) -> None:
    body = client.post(
        PATH,
        parameters(
            questionnaire__response={**RESPONSE, "authored": None} | {"authored": "2026"},
            questionnaire={**FORM, "url": "http://b"},
        ),
    ).json()
    assert [one["name"] for one in body["parameter"]] == ["return", "issues"]
    assert body["parameter"][1]["resource"]["issue"][0]["diagnostics"] == "rule form-differs"
    assert not any(issue.is_error for issue in kneecds.validate(body))


def test_nothing_to_extract_is_said(client: Client) -> None:
    empty = {name: value for name, value in RESPONSE.items() if name != "item"}
    body = client.post(PATH, parameters(questionnaire__response=empty, questionnaire=FORM)).json()
    assert [one["name"] for one in body["parameter"]] == ["issues"]


@pytest.mark.parametrize(
    ("body", "status", "rules"),
    [
        pytest.param(RESPONSE, 422, ["form-unknown"], id="a form that is not known"),
        pytest.param({**RESPONSE, "questionnaire": "#f"}, 422, ["form-unknown"], id="a form that is not contained"),
        pytest.param({**OURS, "status": 3}, 422, None, id="of a structure that cannot be read"),
        pytest.param({"resourceType": "Patient"}, 400, ["body-type", "parameter-missing"], id="another type"),
        pytest.param(parameters(questionnaire=FORM), 400, ["parameter-missing"], id="only the form"),
        pytest.param(parameters(questionnaire__response=FORM), 400, ["parameter-type", "parameter-missing"], id="a form as response"),
        pytest.param(b"", 400, ["parameter-missing"], id="nothing"),
    ],
)  # fmt: skip
def test_refused(client: Client, body: Any, status: int, rules: list[str] | None) -> None:
    response = client.post(PATH, body)
    assert response.status_code == status, response.text
    found = problems(response)
    assert found == rules if rules is not None else found
