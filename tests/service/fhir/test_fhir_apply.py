"""`PlanDefinition/$apply`: a proposal for one patient that contains the whole guidance; never for somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir_calls import TODAY, Client, example, parameters, problems

import kneecds

PATH = "/PlanDefinition/kneecds-assessment/$apply"
CASES = ["runner_pfps", "hot_swollen_knee_with_fever", "both_knees", "input_with_errors", "ottawa_positive_fall"]
PLAN = {
    "resourceType": "PlanDefinition",
    "url": "https://kneecds.org/fhir/PlanDefinition/kneecds-assessment",
    "status": "draft",
}
BUNDLE: dict[str, Any] = json.loads(example("runner_pfps"))


def subject(case: str) -> str:
    reference = kneecds.assess(example(case), as_of=TODAY).subject.reference
    assert reference.startswith("Patient/")
    return reference


SUBJECT = subject("runner_pfps")


@pytest.mark.parametrize("case", CASES)
def test_the_plan_contains_what_the_guidance_says(client: Client, case: str) -> None:
    response = client.post(f"{PATH}?subject={subject(case)}", example(case))
    plan = response.json()
    assert response.status_code == 200
    assert (plan["resourceType"], plan["intent"], plan["subject"]) == (
        "CarePlan",
        "proposal",
        {"reference": subject(case)},
    )
    assert not [issue for issue in kneecds.validate(response.content) if issue.severity != "information"]
    guidance = kneecds.assess(example(case), as_of=TODAY).to_fhir()
    inside = {one["id"]: one for one in plan["contained"]}
    assert {entry["resource"]["id"] for entry in guidance["entry"]} | {"output"} == set(inside)
    (activity,) = plan["activity"]
    assert inside[activity["reference"]["reference"][1:]]["resourceType"] == "RequestGroup"
    assert "urn:uuid:" not in response.text


def test_in_parameters_with_all_that_r4_knows(client: Client) -> None:
    body = parameters(
        subject=("valueString", SUBJECT), encounter=("valueString", "Encounter/e"), practitioner=("valueString", "Practitioner/x"),
        userType=("valueCodeableConcept", {"text": "doctor"}), setting=("valueCodeableConcept", {"coding": [{"code": "emergency"}]}),
        data=BUNDLE, asOf=("valueDate", "2026-02-01"),
    )  # fmt: skip
    plan = client.post(PATH, body).json()
    assert plan["encounter"] == {"reference": "Encounter/e"}
    assert [note["text"].split()[0] for note in plan["note"]] == ["practitioner", "userType"]
    assert plan["created"] == "2026-02-01"
    assert not any(issue.is_error for issue in kneecds.validate(plan))


def test_at_the_type_level(client: Client) -> None:
    body = parameters(planDefinition=PLAN, subject=("valueString", SUBJECT), data=BUNDLE)
    assert (
        client.post("/PlanDefinition/$apply", body).content == client.post(f"{PATH}?subject={SUBJECT}", BUNDLE).content
    )


def test_in_r5_it_is_the_guidance(client: Client) -> None:
    response = client.post(f"{PATH}?subject={SUBJECT}", BUNDLE, accept="application/fhir+json; fhirVersion=5.0")
    assert response.content == kneecds.assess(BUNDLE, as_of=TODAY).to_fhir_bytes("R5")


def test_the_same_call_gives_the_same_bytes(client: Client) -> None:
    first, second = (client.post(f"{PATH}?subject={SUBJECT}", BUNDLE).content for _ in range(2))
    assert first == second


NOBODY = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}}],
}


@pytest.mark.parametrize(
    ("path", "body", "status", "rules"),
    [
        pytest.param(f"{PATH}?subject=Patient/other", BUNDLE, 422, ["patient-mismatch"], id="data of somebody else"),
        pytest.param(f"{PATH}?subject=Patient/other", NOBODY, 422, ["patient-mismatch"], id="data of nobody"),
        pytest.param(f"{PATH}?subject=Group/g", BUNDLE, 422, ["subject-not-patient"], id="a group"),
        pytest.param(f"{PATH}?subject=p", BUNDLE, 400, ["parameter-value"], id="no reference"),
        pytest.param(f"{PATH}?subject={SUBJECT}&subject=Patient/b", BUNDLE, 400, ["parameter-repeated"], id="two subjects"),
        pytest.param(PATH, BUNDLE, 400, ["parameter-missing"], id="no subject"),
        pytest.param(f"{PATH}?subject={SUBJECT}", b"", 422, ["parameter-missing"], id="no data"),
        pytest.param(f"{PATH}?subject={SUBJECT}", {"resourceType": "Patient"}, 400, ["body-type"], id="no Bundle"),
        pytest.param(PATH, parameters(planDefinition=PLAN, subject=("valueString", SUBJECT), data=BUNDLE), 400, ["parameter-unknown"], id="named twice"),
        pytest.param(f"/PlanDefinition/nobody/$apply?subject={SUBJECT}", BUNDLE, 404, ["not-found"], id="no such plan"),
        pytest.param(f"/PlanDefinition/kneecds-intake/$apply?subject={SUBJECT}", BUNDLE, 422, ["plan-not-applicable"], id="a plan of a hook"),
        pytest.param(f"/PlanDefinition/$apply?subject={SUBJECT}", BUNDLE, 400, ["parameter-missing"], id="no plan"),
        pytest.param("/PlanDefinition/$apply", parameters(planDefinition={**PLAN, "url": "http://x"}, subject=("valueString", SUBJECT), data=BUNDLE), 422, ["plan-not-applicable"], id="a plan of others"),
        pytest.param(PATH, parameters(subject=("valueString", SUBJECT), data=BUNDLE, setting=("valueCodeableConcept", {"text": "ward"})), 400, ["parameter-value"], id="a setting that is not known"),
    ],
)  # fmt: skip
def test_refused(client: Client, path: str, body: Any, status: int, rules: list[str]) -> None:
    response = client.post(path, body)
    assert response.status_code == status, response.text
    assert problems(response) == rules


def test_by_get_it_says_that_there_are_no_records(client: Client) -> None:
    response = client.get(f"{PATH}?subject={SUBJECT}")
    assert (response.status_code, problems(response)) == (422, ["parameter-missing"])
