"""Every bundle is legal R4, refers to nothing that is not there, and shows nothing from the input as markup."""

from __future__ import annotations

import json
import re
import time
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from kneecds.errors import UsageError
from kneecds.fhir import emit
from kneecds.fhir.emit.procedures import BODY_SITE, PROCEDURES
from kneecds.fhir.structure import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.core.assessment import Assessment

XHTML = "{http://www.w3.org/1999/xhtml}"
OURS = re.compile(r"https://kneecds\.org/fhir/CodeSystem/kneecds-(condition|finding|action|rule)")
HL7 = {
    "http://hl7.org/fhir/resource-types": {"Patient"},
    "http://terminology.hl7.org/CodeSystem/communication-category": {"instruction", "notification", "alert"},
    "http://terminology.hl7.org/CodeSystem/risk-probability": {"low", "moderate", "high"},
}
NO_NARRATIVE = {"Bundle", "Parameters"}


def nodes(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield every value below, with the name it is under."""
    yield name, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from nodes(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner, name)


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def written(assessment: Assessment, catalogue: emit.Catalogue) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(emit.guidance_bytes(assessment, catalogue))
    return bundle


@pytest.fixture
def bundle(assessment: Assessment, catalogue: emit.Catalogue) -> dict[str, Any]:
    return written(assessment, catalogue)


def test_structure_is_legal_by_our_own_check(assessment: Assessment, catalogue: emit.Catalogue) -> None:
    whole = emit.guidance(assessment, catalogue)
    assert check.issues(whole, "R4") == []
    assert check.issues(whole, "R4B") == []


def test_an_independent_reader_takes_every_resource(bundle: dict[str, Any]) -> None:
    reader = pytest.importorskip("fhir.resources.R4B")
    reader.get_fhir_model_class("Bundle").model_validate(bundle)
    for entry in bundle["entry"]:
        reader.get_fhir_model_class(entry["resource"]["resourceType"]).model_validate(entry["resource"])


def test_nothing_is_empty_or_null(bundle: dict[str, Any]) -> None:
    for name, value in nodes(bundle):
        assert value is not None, name
        assert value not in ({}, [], ""), name
        if isinstance(value, str):
            assert value.strip(), name


def test_no_text_holds_controls_or_turned_lines(bundle: dict[str, Any]) -> None:
    illegal = re.compile(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]"
    )
    for name, value in nodes(bundle):
        if isinstance(value, str):
            assert illegal.search(value) is None, name


def test_references_resolve(bundle: dict[str, Any]) -> None:
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    given = {"urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"}
    for entry in bundle["entry"]:
        assert entry["fullUrl"] == f"urn:uuid:{entry['resource']['id']}"
        assert str(uuid.UUID(entry["resource"]["id"])) == entry["resource"]["id"]
    for name, value in nodes(bundle):
        if isinstance(value, dict) and isinstance(value.get("reference"), str) and name not in {"entry", "resource"}:
            target = value["reference"]
            if target.startswith("urn:uuid:"):
                assert target in urls or target in given, name
            elif target.startswith("#"):
                contained = [inner["id"] for one in bundle["entry"] for inner in one["resource"].get("contained", ())]
                assert target[1:] in contained
            else:
                assert re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}", target), name


def test_every_narrative_is_xhtml_without_scripts(bundle: dict[str, Any]) -> None:
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert resource["text"]["status"] == "generated"
        div = ET.fromstring(resource["text"]["div"])
        assert div.tag == f"{XHTML}div"
        assert {element.tag.removeprefix(XHTML) for element in div.iter()} <= {"div", "p", "ul", "li"}
        assert all(not element.attrib for element in div.iter())
        assert "".join(div.itertext()).strip()


def test_every_action_has_either_parts_or_a_resource(bundle: dict[str, Any]) -> None:
    for group in resources(bundle, "RequestGroup"):
        actions = [
            value for name, value in nodes(group["action"], "action") if name == "action" and isinstance(value, dict)
        ]
        assert actions
        for action in actions:
            assert ("action" in action) != ("resource" in action)  # rqg-1
        assert group["intent"] == "proposal"


def test_nothing_is_an_order_or_a_diagnosis(bundle: dict[str, Any]) -> None:
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert not kinds & {"ClinicalImpression", "Condition", "MedicationRequest", "Task"}
    for entry in bundle["entry"]:
        if "intent" in entry["resource"]:
            assert entry["resource"]["intent"] == "proposal"


def test_codes_are_verified_or_ours(bundle: dict[str, Any]) -> None:
    verified = {
        ("http://snomed.info/sct", "239873007"),
        ("http://snomed.info/sct", "386661006"),
        ("http://loinc.org", "1988-5"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "M76.51"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "M76.52"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "M76.50"),
        *((system, code) for sides in PROCEDURES.values() for codes in sides.values() for system, code, _ in codes),
        *((system, code) for system, code, _ in BODY_SITE.values()),
    }
    for _, value in nodes(bundle):
        if isinstance(value, dict) and "system" in value and "code" in value:
            system, code = value["system"], value["code"]
            assert OURS.fullmatch(system) or code in HL7.get(system, ()) or (system, code) in verified


def test_same_assessment_same_bytes(assessment: Assessment, catalogue: emit.Catalogue) -> None:
    first = emit.guidance_bytes(assessment, catalogue)
    assert emit.guidance_bytes(assessment, catalogue) == first
    assert emit.to_bytes(emit.guidance(assessment, catalogue)) == first


def test_a_bundle_shares_nothing_with_the_next(shaped: Callable[[str], Assessment], catalogue: emit.Catalogue) -> None:
    first = emit.guidance_bytes(shaped("normal"), catalogue)
    for _, value in nodes(emit.guidance(shaped("normal"), catalogue)):
        if isinstance(value, dict):
            value.clear()
    assert emit.guidance_bytes(shaped("normal"), catalogue) == first


def test_ids_follow_what_was_known(changed: Callable[..., Assessment], catalogue: emit.Catalogue) -> None:
    def ids(assessment: Assessment) -> set[str]:
        return {entry["fullUrl"] for entry in written(assessment, catalogue)["entry"]}

    one, other_day, fewer = ids(changed()), ids(changed(as_of="2026-11-21")), ids(changed(findings=()))
    same_device = one & other_day
    assert len(same_device) == 1
    assert one & fewer == same_device


def test_normal_has_the_parts_that_a_host_looks_for(
    shaped: Callable[[str], Assessment], catalogue: emit.Catalogue
) -> None:
    bundle = written(shaped("normal"), catalogue)
    first = bundle["entry"][0]["resource"]
    assert first["resourceType"] == "GuidanceResponse"
    assert first["moduleCanonical"] == "https://kneecds.org/fhir/PlanDefinition/kneecds-assessment|2026.11"
    assert first["status"] == "data-requested"
    assert first["subject"] == {"reference": "Patient/p1"}
    assert first["occurrenceDateTime"] == "2026-11-20T10:30:00+01:00"
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    by_reference = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert by_reference[first["result"]["reference"]] == "RequestGroup"
    assert [by_reference[one["reference"]] for one in first["evaluationMessage"]] == ["OperationOutcome"]
    assert by_reference[first["performer"]["reference"]] == "Device"
    assert kinds.count("DetectedIssue") == 4  # three rules and a contradiction
    assert kinds.count("ServiceRequest") == 3
    assert kinds.count("CarePlan") == 1
    hot, fever, crp = first["dataRequirement"]
    assert hot["codeFilter"][1] == {
        "path": "bodySite",
        "code": [{"system": "http://snomed.info/sct", "code": "6757004", "display": "Structure of right knee region"}],
    }
    assert [code["code"] for code in fever["codeFilter"][0]["code"]] == ["386661006", "fever"]
    assert [code["code"] for code in crp["codeFilter"][0]["code"]] == ["1988-5", "crp_mg_l"]


def test_hypotheses_carry_percentages_and_sources(
    shaped: Callable[[str], Assessment], catalogue: emit.Catalogue
) -> None:
    risk = resources(emit.guidance(shaped("normal"), catalogue), "RiskAssessment")[0]
    oa, acl, tendon, septic, gout, clot = risk["prediction"]
    assert [one["probabilityDecimal"] for one in (oa, acl, tendon, septic)] == [
        42,
        Decimal("8.1"),
        Decimal("0.4"),
        Decimal("99.9"),
    ]
    assert "qualitativeRisk" in oa
    assert "qualitativeRisk" not in septic  # the figure of what is dangerous and rare only orders the list
    for dangerous in (gout, clot):
        assert "probabilityDecimal" not in dangerous
        assert "No probability is given" in dangerous["rationale"]
    for words in (
        "between 21% and 71%",
        "consensus, Not a web page",
        "ratio 3.2, Author et al. 2001",
        "judged weak against",
        "CRP",
        "Aspiration",
    ):
        assert words in oa["rationale"]
    assert {one["reference"] for one in risk["basis"]} >= {
        "Observation/o1",
        "Observation/o2",
        "QuestionnaireResponse/q1",
    }
    assert risk["status"] == "preliminary"


def test_sides_have_their_own_codes(shaped: Callable[[str], Assessment], catalogue: emit.Catalogue) -> None:
    bundle = written(shaped("both knees"), catalogue)
    codes = []
    for risk in resources(bundle, "RiskAssessment"):
        of_each = [{code["code"] for code in one["outcome"]["coding"]} for one in risk["prediction"]]
        codes.append(of_each)
        assert of_each[0] == {"239873007", "knee_osteoarthritis"}  # several classes fit: none is chosen
        assert of_each[1] == {"acl_tear"}  # the published code is broader
        assert of_each[4] == {"gout"}  # accepted on input only
    assert [of_each[2] - {"patellar_tendinopathy"} for of_each in codes] == [{"M76.52"}, {"M76.51"}, {"M76.50"}]
    films = [
        (
            request["code"]["coding"][0]["code"],
            request["bodySite"][0]["coding"][0]["code"] if "bodySite" in request else "",
        )
        for request in resources(bundle, "ServiceRequest")
        if "xray" in request["code"]["text"]
    ]
    assert films == [("36636-9", "82169009"), ("37758-0", "6757004"), ("28565-0", "72696002"), ("28565-0", "")]


def test_red_flags_say_what_they_rest_on(shaped: Callable[[str], Assessment], catalogue: emit.Catalogue) -> None:
    issues = resources(written(shaped("normal"), catalogue), "DetectedIssue")
    hot, _, locked, conflict = issues
    assert (hot["status"], hot["severity"]) == ("final", "high")
    assert [one["reference"] for one in hot["evidence"][0]["detail"]] == ["Observation/o2"]
    assert "Temperature 38.6 C" in hot["detail"]
    assert "Sources: Author et al. 2001" in hot["detail"]
    assert hot["reference"] == "https://doi.org/10.1000/1"
    assert (locked["status"], locked["severity"]) == ("preliminary", "moderate")
    assert "Old loss of extension: present" in locked["detail"]
    assert [one["reference"] for one in conflict["implicated"]] == ["Observation/o3", "Observation/o4"]


@pytest.mark.parametrize("shape", ["failure", "failure that still carries conclusions"])
def test_a_failure_looks_like_a_failure(
    shape: str, shaped: Callable[[str], Assessment], catalogue: emit.Catalogue
) -> None:
    bundle = written(shaped(shape), catalogue)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds == ["GuidanceResponse", "OperationOutcome", "Device", "Provenance"]
    response = bundle["entry"][0]["resource"]
    assert response["status"] == "failure"
    assert "evaluationMessage" in response
    assert not {"result", "outputParameters", "dataRequirement"} & set(response)
    assert resources(bundle, "OperationOutcome")[0]["issue"][0]["severity"] == "fatal"
    assert "safe" in response["text"]["div"]


def test_no_time_of_day_is_made_up(shaped: Callable[[str], Assessment], catalogue: emit.Catalogue) -> None:
    bundle = written(shaped("date only"), catalogue)
    made = resources(bundle, "Provenance")[0]
    assert made["occurredDateTime"] == "2026-11-20"
    assert "recorded" not in made
    assert made["_recorded"]["extension"][0]["valueCode"] == "unknown"
    assert "timestamp" not in bundle


def test_provenance_names_every_input_and_every_output(
    shaped: Callable[[str], Assessment], catalogue: emit.Catalogue
) -> None:
    bundle = written(shaped("normal"), catalogue)
    made = resources(bundle, "Provenance")[0]
    others = {
        entry["fullUrl"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] not in {"Device", "Provenance"}
    }
    assert {target["reference"] for target in made["target"]} == others
    inputs = [entity["what"].get("reference", entity["what"].get("display")) for entity in made["entity"]]
    assert {"Observation/o1", "QuestionnaireResponse/q1", "the host's laboratory"} <= set(inputs)
    assert len(inputs) == len(set(inputs))


def test_what_is_left_out_keeps_unknown_apart_from_present(
    shaped: Callable[[str], Assessment], catalogue: emit.Catalogue
) -> None:
    said = [
        payload["contentString"]
        for request in resources(written(shaped("normal"), catalogue), "CommunicationRequest")
        for payload in request["payload"]
    ]
    left_out = next(text for text in said if "left out" in text)
    assert "Against it stands: Open wound." in left_out
    assert "Not known, and would stand against it if present: Pregnancy." in left_out


def test_a_release_that_is_not_written_is_refused(
    shaped: Callable[[str], Assessment], catalogue: emit.Catalogue
) -> None:
    with pytest.raises(UsageError, match="not as STU3"):
        emit.guidance(shaped("normal"), catalogue, "STU3")  # type: ignore[arg-type]
    normal = shaped("normal")
    assert emit.guidance(normal, catalogue, "R4B") == emit.guidance(normal, catalogue, "R4")


def test_writing_is_fast(shaped: Callable[[str], Assessment], catalogue: emit.Catalogue) -> None:
    """A guard against a slip of an order of magnitude, not a benchmark."""
    normal = shaped("normal")
    emit.guidance_bytes(normal, catalogue)
    started = time.perf_counter()
    for _ in range(50):
        emit.guidance_bytes(normal, catalogue)
    assert (time.perf_counter() - started) / 50 < 0.005
