"""Resources against profiles: each row is a case of our own whose verdict the HL7 engine shares, or that says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecds.fhir.validate import profiles
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.profiles.values import fits, same
from kneecds.fhir.validate.supplied import Supplied

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/StructureDefinition/"
OURS = "http://example.org/fhir/StructureDefinition/"
S = "http://example.org/fhir/CodeSystem/s"

CASES = [
    pytest.param(row, id=row["name"])
    for file in sorted((Path(__file__).parents[1] / "interop" / "cases" / "profiles").glob("*.jsonl"))
    for row in map(json.loads, file.read_text("utf-8").splitlines())
]


def said(resource: Json | list[Any], *beside: Json, release: Any = "R4", **more: Any) -> list[tuple[str, str]]:
    """Return rule and place of every error and warning."""
    applied = more.pop("applied", ())
    context = Context(resource, release, Supplied(beside, applied=applied), **more)
    profiles.look(context)
    return [(issue.rule, issue.expression) for issue in context.found]


def errors(resource: Json, beside: list[Json], release: Any) -> list[str]:
    context = Context(resource, release, Supplied(beside))
    profiles.look(context)
    return [f"{issue.rule} {issue.expression}: {issue.message}" for issue in context.found if issue.severity == "error"]


@pytest.mark.parametrize("row", CASES)
def test_case(row: Json) -> None:
    found = errors(row["resource"], row["beside"], row["release"])
    assert (found == []) is row["valid"], found


def profile(*elements: Json, of: str = "Observation", name: str = "p", base: str = "", **more: Any) -> Json:
    return {
        "resourceType": "StructureDefinition", "url": OURS + name, "name": name, "status": "draft", "kind": "resource",
        "abstract": False, "type": of, "baseDefinition": base or CORE + of, "derivation": "constraint", **more,
        "differential": {"element": [{"id": of, "path": of}, *elements]},
    }  # fmt: skip


def at(identifier: str, **more: Any) -> Json:
    steps = [step.partition(":") for step in identifier.split(".")]
    made: Json = {"id": identifier, "path": ".".join(step[0] for step in steps)}
    if steps[-1][2]:
        made["sliceName"] = steps[-1][2]
    return made | more


def observation(*claims: str, **more: Any) -> Json:
    made: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    if claims:
        made["meta"] = {"profile": [one if ":" in one else OURS + one for one in claims]}
    return made | more


def concept(code: str) -> Json:
    return {"coding": [{"system": S, "code": code}]}


COMPONENTS = (
    at("Observation.component", slicing={"discriminator": [{"type": "value", "path": "code"}], "rules": "open"}),
    at("Observation.component:a", min=1, max="1"),
    at("Observation.component:a.code", patternCodeableConcept=concept("a")),
    at("Observation.component:a.value[x]", min=1, type=[{"code": "Quantity"}]),
    at("Observation.component:a.value[x].unit", min=1),
)


@pytest.mark.parametrize(
    ("elements", "change", "expected"),
    [
        pytest.param([at("Observation.method", min=1)], {}, ("profile-min", "Observation.method"), id="a missing element is named below its parent"),
        pytest.param([at("Observation.value[x]", min=1)], {}, ("profile-min", "Observation.value"), id="a missing choice by its stem"),
        pytest.param([at("Observation.note", max="0")], {"note": [{"text": "x"}]}, ("profile-max", "Observation.note[0]"), id="one too many is the first beyond"),
        pytest.param([at("Observation.category", max="1")], {"category": [concept("a"), concept("b"), concept("c")]}, ("profile-max", "Observation.category[1]"), id="the second where one is allowed"),
        pytest.param([at("Observation.value[x]", type=[{"code": "Quantity"}])], {"valueString": "x"}, ("profile-type", "Observation.value.ofType(string)"), id="a wrong type"),
        pytest.param([at("Observation.code.coding", min=1), at("Observation.code.coding.display", min=1)], {"code": concept("a")}, ("profile-min", "Observation.code.coding[0].display"), id="below a data type"),
        pytest.param(COMPONENTS, {}, ("profile-slice-min", "Observation.component"), id="a missing slice"),
        pytest.param(COMPONENTS, {"component": [{"code": concept("a"), "valueQuantity": {"value": 1}}]}, ("profile-min", "Observation.component[0].value.ofType(Quantity).unit"), id="inside a slice"),
        pytest.param(COMPONENTS, {"component": [{"code": concept("a"), "valueQuantity": {"value": 1, "unit": "u"}}] * 2}, ("profile-slice-max", "Observation.component[1]"), id="a slice too often"),
    ],
)  # fmt: skip
def test_an_issue_points_at_the_element(elements: Any, change: Json, expected: tuple[str, str]) -> None:
    assert expected in said(observation("p", **change), profile(*elements))


def test_an_unknown_profile_is_a_warning_at_the_claim() -> None:
    assert said(observation("nowhere")) == [("profile-unknown", "Observation.meta.profile[0]")]


def test_a_type_of_the_specification_is_no_unknown_profile() -> None:
    assert said(observation(f"{CORE}Observation", f"{CORE}observation-genetics")) == []
    for wrong in ("Patient", "Quantity", "patient-birthPlace"):
        assert said(observation(f"{CORE}{wrong}")) == [("profile-wrong-type", "Observation")]


def test_a_profile_on_itself_is_said_and_not_followed() -> None:
    one, other = profile(name="a", base=f"{OURS}b"), profile(name="b", base=f"{OURS}a")
    assert said(observation("a"), one, other) == [("profile-unusable", "Observation.meta.profile[0]")]


def test_a_profile_of_a_part_that_holds_itself_ends() -> None:
    whole = profile(
        at("Bundle.entry.resource", type=[{"code": "Bundle", "profile": [f"{OURS}whole"]}]), of="Bundle", name="whole"
    )
    document: Json = {"resourceType": "Bundle", "type": "collection"}
    for _ in range(60):
        document = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": document}]}
    document["meta"] = {"profile": [f"{OURS}whole"]}
    assert said(document, whole) == []


def test_profiles_that_were_asked_for_bind_the_outermost_resource_only() -> None:
    one = profile(at("Patient.name", min=1), of="Patient", name="named")
    inner = {"resourceType": "Patient", "id": "p", "gender": "male"}
    assert said(inner, one, claimed=(f"{OURS}named",)) == [("profile-min", "Patient.name")]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}]}
    assert said(bundle, one, claimed=(f"{OURS}named",)) == [("profile-wrong-type", "Bundle")]


def test_applied_profiles_bind_every_resource_of_their_type() -> None:
    one = profile(at("Patient.name", min=1), of="Patient", name="named")
    inner = {"resourceType": "Patient", "id": "p", "gender": "male"}
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": inner}, {"resource": observation()}],
    }
    assert said(bundle, one, applied=[f"{OURS}named"]) == [("profile-min", "Bundle.entry[0].resource.name")]


def test_must_support_is_said_when_asked_for() -> None:
    one = profile(at("Observation.method", mustSupport=True))
    assert said(observation("p"), one) == []
    assert said(observation("p"), one, best_practice=True) == [("profile-must-support", "Observation.method")]


HEART_RATE = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}


@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
def test_a_vital_sign_must_fit_its_profile_unasked(release: str) -> None:
    found = said(observation(code=HEART_RATE), release=release)
    assert ("profile-min", "Observation.subject") in found
    assert ("profile-min", "Observation.category") in found
    assert said(observation(code=concept("8867-4")), release=release) == []


def test_what_cannot_be_resolved_is_not_held_against_the_resource() -> None:
    rule = {"key": "x-1", "severity": "error", "human": "x", "expression": "subject.resolve().birthDate.exists()"}
    one = profile(name="p")
    one["differential"]["element"][0]["constraint"] = [rule]
    assert said(observation("p", subject={"reference": "Patient/1"}), one) == []
    held = observation(
        "p", subject={"reference": "#p"}, contained=[{"resourceType": "Patient", "id": "p", "gender": "male"}]
    )
    assert said(held, one) == [("profile-constraint", "Observation")]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(values)
def test_everything_is_the_same_as_itself_and_fits_itself(value: Any) -> None:
    assert same(value, value)
    assert fits(value, value)


@given(values, values)
def test_what_is_the_same_fits(one: Any, other: Any) -> None:
    if same(one, other) and "id" not in str(one):
        assert fits(one, other)


@given(values, st.sampled_from(["differential", "snapshot", "url", "type", "context", "kind"]))
def test_no_profile_is_so_broken_that_it_raises(value: Any, key: str) -> None:
    one = profile(*COMPONENTS, at("Observation.value[x]", min=1)) | {key: value}
    said(observation("p", component=[{"code": concept("a")}]), one)


@given(values, st.sampled_from(["type", "min", "max", "slicing", "constraint", "binding", "patternCodeableConcept", "path", "id", "sliceName", "fixedString", "maxLength", "minValueInteger", "contentReference"]))  # fmt: skip
def test_no_element_is_so_broken_that_it_raises(value: Any, key: str) -> None:
    elements = [dict(one) for one in COMPONENTS]
    for one in elements:
        one[key] = value
    said(observation("p", component=[{"code": concept("a"), "valueString": "x"}]), profile(*elements))
