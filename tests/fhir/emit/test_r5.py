"""The same answer as R5: legal there by every check at hand, nothing lost unsaid, and R4 as it was."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fhir.resources.bundle import Bundle

import kneecds
from kneecds.fhir import emit
from kneecds.fhir.emit import losses, r5
from kneecds.fhir.structure import check
from kneecds.fhir.structure.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.core.assessment import Assessment

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
CASES = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())


def as_r5(assessment: Assessment, catalogue: emit.Catalogue) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(emit.guidance_bytes(assessment, catalogue, "R5"))
    return bundle


def test_structure_is_legal_by_our_own_check(assessment: Assessment, catalogue: emit.Catalogue) -> None:
    assert check.issues(emit.guidance(assessment, catalogue, "R5"), "R5") == []


def test_fhir_resources_accepts_it(assessment: Assessment, catalogue: emit.Catalogue) -> None:
    Bundle.model_validate_json(emit.guidance_bytes(assessment, catalogue, "R5"))


@pytest.mark.parametrize("case", CASES)
def test_every_example_is_legal_in_every_release(case: str) -> None:
    answer = kneecds.assess((EXAMPLES / case / "input.json").read_bytes(), as_of="2026-01-15")
    for release in ("R4", "R4B", "R5"):
        assert check.issues(answer.to_fhir(release), release) == [], release
    Bundle.model_validate_json(answer.to_fhir_bytes("R5"))


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            yield reference
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_where_it_led(assessment: Assessment, catalogue: emit.Catalogue) -> None:
    r4, bundle = emit.guidance(assessment, catalogue), as_r5(assessment, catalogue)
    inside = {f"#{one['id']}" for entry in bundle["entry"] for one in entry["resource"].get("contained", ())}
    assert inside - {"#output"} == set(references(bundle)) - set(references(r4))
    assert set(references(r4)) <= set(references(bundle))


def test_the_resources_and_their_ids_are_those_of_r4(assessment: Assessment, catalogue: emit.Catalogue) -> None:
    r4 = emit.guidance(assessment, catalogue)
    kinds = [(entry["fullUrl"], entry["resource"]["resourceType"]) for entry in r4["entry"]]
    assert [
        (entry["fullUrl"], entry["resource"]["resourceType"]) for entry in as_r5(assessment, catalogue)["entry"]
    ] == [(url, kind.replace("RequestGroup", "RequestOrchestration")) for url, kind in kinds]


def test_same_assessment_same_bytes(assessment: Assessment, catalogue: emit.Catalogue) -> None:
    before = emit.guidance_bytes(assessment, catalogue)
    assert emit.guidance_bytes(assessment, catalogue, "R5") == emit.guidance_bytes(assessment, catalogue, "R5")
    assert emit.guidance_bytes(assessment, catalogue) == before


def test_nothing_still_speaks_of_the_request_group(
    shaped: Callable[[str], Assessment], catalogue: emit.Catalogue
) -> None:
    assert "RequestGroup" not in emit.guidance_bytes(shaped("normal"), catalogue, "R5").decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            {"resourceType": "GuidanceResponse", "reasonCode": [{"text": "flag"}], "evaluationMessage": [{"reference": "#m"}], "result": {"reference": "#r"}},
            {"resourceType": "GuidanceResponse", "reason": [{"concept": {"text": "flag"}}], "evaluationMessage": {"reference": "#m"}, "result": [{"reference": "#r"}]},
            id="one message, several results",
        ),
        pytest.param(
            {"resourceType": "GuidanceResponse", "dataRequirement": [{"subjectCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/resource-types", "code": "Patient"}]}}]},
            {"resourceType": "GuidanceResponse", "dataRequirement": [{"subjectCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "Patient"}]}}]},
            id="the system of types",
        ),
        pytest.param(
            {"resourceType": "DetectedIssue", "patient": {"display": "x"}, "detail": "<=3 of *10* [a](http://b)"},
            {"resourceType": "DetectedIssue", "subject": {"display": "x"}, "detail": r"\<=3 of \*10\* \[a\](http://b)"},
            id="subject, and details that are no markup",
        ),
        pytest.param(
            {"resourceType": "RequestGroup", "reasonCode": [{"text": "a"}], "action": [{"title": "t", "action": [{"documentation": [{"type": "citation", "display": "d", "url": "http://x"}]}, {"title": "none"}]}]},
            {"resourceType": "RequestOrchestration", "reason": [{"concept": {"text": "a"}}], "action": [{"title": "t", "action": [{"documentation": [{"type": "citation", "display": "d", "document": {"url": "http://x"}}]}, {"title": "none"}]}]},
            id="request orchestration",
        ),
        pytest.param(
            {"resourceType": "ServiceRequest", "code": {"text": "c"}, "reasonCode": [{"text": "r"}], "supportingInfo": [{"reference": "urn:uuid:1"}]},
            {"resourceType": "ServiceRequest", "code": {"concept": {"text": "c"}}, "reason": [{"concept": {"text": "r"}}], "supportingInfo": [{"reference": {"reference": "urn:uuid:1"}}]},
            id="service request",
        ),
        pytest.param(
            {"resourceType": "CommunicationRequest", "status": "draft", "payload": [{"contentString": "s"}]},
            {"resourceType": "CommunicationRequest", "status": "draft", "intent": "proposal", "payload": [{"contentCodeableConcept": {"text": "s"}}]},
            id="communication request",
        ),
        pytest.param(
            {"resourceType": "CarePlan", "id": "p", "text": {}, "intent": "proposal", "subject": {"display": "x"}, "author": {"display": "us"},
             "activity": [{"detail": {"code": {"text": "c"}, "status": "not-started", "description": "so_much", "reasonCode": [{"text": "r"}]}}, {"detail": {"code": {"text": "d"}, "status": "not-started", "description": "more"}}]},
            {"resourceType": "CarePlan", "id": "p", "text": {}, "contained": [
                {"resourceType": "ServiceRequest", "id": "activity-1", "status": "draft", "intent": "proposal", "code": {"concept": {"text": "c"}}, "subject": {"display": "x"}, "requester": {"display": "us"}, "reason": [{"concept": {"text": "r"}}], "note": [{"text": r"so\_much"}]},
                {"resourceType": "ServiceRequest", "id": "activity-2", "status": "draft", "intent": "proposal", "code": {"concept": {"text": "d"}}, "subject": {"display": "x"}, "requester": {"display": "us"}, "note": [{"text": "more"}]},
             ], "intent": "proposal", "subject": {"display": "x"}, "contributor": [{"display": "us"}],
             "activity": [{"plannedActivityReference": {"reference": "#activity-1"}}, {"plannedActivityReference": {"reference": "#activity-2"}}]},
            id="care plan",
        ),
        pytest.param(
            {"resourceType": "Device", "deviceName": [{"name": "kneecds", "type": "user-friendly-name"}], "type": {"text": "software"}},
            {"resourceType": "Device", "name": [{"value": "kneecds", "type": "user-friendly-name"}], "type": [{"text": "software"}]},
            id="device",
        ),
        pytest.param({"resourceType": "Provenance", "_recorded": {}, "agent": []}, {"resourceType": "Provenance", "agent": []}, id="provenance"),
        pytest.param({"resourceType": "RiskAssessment", "mitigation": "in the RequestGroup"}, {"resourceType": "RiskAssessment", "mitigation": "in the RequestOrchestration"}, id="risk"),
        pytest.param({"resourceType": "OperationOutcome", "issue": []}, {"resourceType": "OperationOutcome", "issue": []}, id="outcome"),
    ],
)  # fmt: skip
def test_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    rewritten = r5.rewritten({"entry": [{"resource": copy.deepcopy(before)}]})["entry"][0]["resource"]
    assert rewritten == after
    assert list(rewritten) == list(after)


# ---- the loss report ------------------------------------------------------------------------------


def test_a_report_counts_what_happened(shaped: Callable[[str], Assessment], catalogue: emit.Catalogue) -> None:
    normal = shaped("normal")
    bundle = emit.guidance(normal, catalogue)
    plans = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "CarePlan"]
    lost = {loss.element: loss for loss in emit.lost(normal, catalogue, "R5")}
    assert lost["CarePlan.activity.detail"].times == sum(len(plan["activity"]) for plan in plans)
    assert "CarePlan.activity.detail" not in {loss.element for loss in emit.lost(normal, catalogue, "R4")}


def test_every_loss_can_happen() -> None:
    answers = [kneecds.assess((EXAMPLES / case / "input.json").read_bytes(), as_of="2026-01-15") for case in CASES]
    answers.append(kneecds.assess(b'{"resourceType":"Patient",\n"gender":"x"}', as_of="2026-01-15"))
    bundles = [answer.to_fhir() for answer in answers]
    for entry in bundles[-1]["entry"]:
        if entry["resource"]["resourceType"] == "OperationOutcome":  # positions come with validation
            entry["resource"]["issue"][0]["extension"] = [{"url": "x"}]
    for release, rows in emit.LOSSES.items():
        met = {loss.element for bundle in bundles for loss in losses.found(bundle, release)}
        assert met == {loss.element for loss in rows}, release


def test_what_r5_has_no_place_for_is_in_the_report(assessment: Assessment, catalogue: emit.Catalogue) -> None:
    """Every element of our R4 that R5 does not know is renamed by a change or told as a loss."""
    renamed = {
        "GuidanceResponse.reasonCode", "DetectedIssue.patient", "ServiceRequest.reasonCode", "ServiceRequest.code",
        "ServiceRequest.supportingInfo", "CommunicationRequest.reasonCode", "Device.deviceName", "Device.type",
        "GuidanceResponse.evaluationMessage", "GuidanceResponse.result", "RequestGroup",
    }  # fmt: skip
    told = {loss.element for loss in emit.LOSSES["R5"]}
    bundle = emit.guidance(assessment, catalogue)
    for issue in check.issues(bundle, "R5"):
        place = re.search(r"entry\[(\d+)\]\.resource(.*)", issue.expression)
        assert place is not None
        kind = bundle["entry"][int(place[1])]["resource"]["resourceType"]
        element = kind + re.sub(r"\[\d+\]", "", place[2])
        missing = issue.rule == "structure-required"
        known = any(element == one or element.startswith(f"{one}.") for one in renamed | told)
        assert known or (
            missing and element in {"CommunicationRequest.intent", "CommunicationRequest.payload.content"}
        ), element


def test_every_row_names_an_element_of_r4() -> None:
    for loss in {loss for rows in emit.LOSSES.values() for loss in rows}:
        kind, *path = loss.element.split(".")
        facts = facts_of("R4")
        for step in path:
            found = facts.type(kind).properties[step.removeprefix("_")]
            kind = found.type
        assert loss.what
        assert loss.why
        assert loss.instead
