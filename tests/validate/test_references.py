"""References: each row is a resource and what the room says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rooms import BASE, UUID, bundle, entry, observation, patient, said

from kneecds.fhir.structure.facts import RELEASES
from kneecds.fhir.validate.catalogue import narrative as narrative_page
from kneecds.fhir.validate.catalogue import references as page
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.references import look, spelling
from kneecds.fhir.validate.supplied import Supplied

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.rule import Rule


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Patient/1", []),
        ("Patient/1/_history/2", []),
        ("Patient?identifier=a|b", []),
        (f"{BASE}/Patient/1", []),
        ("http://example.org/anything", []),
        (f"{UUID}1", []),
        ("urn:oid:1.2.3.4", []),
        ("Patient/1#part", []),
        ("Patient/a b", ["reference-spelling"]),
        (" Patient/1", ["reference-spelling"]),
        ("Patient?", ["reference-spelling"]),
        ("1", ["(reference-relative)"]),
        ("Patient", ["(reference-relative)"]),
        ("/Patient/1", ["(reference-relative)"]),
        ("fhir/Patient/1", ["(reference-relative)"]),
        ("patient/1", ["(reference-type-unknown)"]),
        ("Chicken/1", ["(reference-type-unknown)"]),
        ("https://example.org/Chicken/1", []),
        ("Schedule/1", ["reference-target"]),
        (f"{BASE}/Schedule/1", ["reference-target"]),
        ("#", ["reference-container"]),
    ],
)
def test_a_reference_is_spelled_and_leads_as_it_must(reference: str, expected: list[str], release: Release) -> None:
    assert said(look, observation(reference), release) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "Patient/1", "type": "Patient"}, []),
        ({"reference": "Patient/1", "type": "Group"}, ["reference-type"]),
        ({"reference": "Patient/1", "type": "http://hl7.org/fhir/StructureDefinition/Patient"}, ["reference-type"]),
        ({"reference": f"{UUID}1", "type": "Schedule"}, ["reference-type"]),
        ({"type": "Patient", "identifier": {"value": "1"}}, []),
        ({"type": "Chicken", "identifier": {"value": "1"}}, ["reference-type"]),
        ({"type": "http://hl7.org/fhir/StructureDefinition/Patient", "display": "x"}, ["reference-type"]),
        ({"display": "Jane"}, []),
    ],
)
def test_the_type_of_a_reference(reference: dict[str, Any], expected: list[str]) -> None:
    assert said(look, observation(subject=None) | {"subject": reference}) == expected


CLINIC = {"resourceType": "Organization", "id": "c1", "name": "Clinic"}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (observation("#p1", contained=[patient()]), []),
        (observation("#c1", contained=[CLINIC]), ["reference-target"]),
        (observation("#p1", contained=[patient(None)]), ["reference-contained-id"]),
        (observation("#p1", contained=[patient(), patient()]), ["reference-contained-duplicate"]),
        (
            observation("#p1", contained=[patient(managingOrganization={"reference": "#c1"}), CLINIC]),
            [],
        ),
        (
            observation("#p1", contained=[patient(managingOrganization={"reference": "#"})]),
            ["reference-target"],
        ),
        (patient(name=[{"id": "a", "family": "x"}, {"id": "a", "family": "y"}]), ["reference-element-id"]),
        (patient(name=[{"id": "a", "family": "x"}], gender="male", _gender={"id": "a"}), ["reference-element-id"]),
        (patient("a", name=[{"id": "a", "family": "x"}]), []),
        (
            observation("#p1", contained=[patient(name=[{"id": "a", "family": "x"}])], note=[{"id": "a", "text": "x"}]),
            [],
        ),
    ],
)
def test_contained_resources_and_ids(resource: dict[str, Any], expected: list[str]) -> None:
    assert said(look, resource) == expected


def two(
    reference: str, *, patient_url: str | None = "", own_url: str | None = "", kind: str = "collection"
) -> dict[str, Any]:
    return bundle(kind, entry(patient(), patient_url), entry(observation(reference), own_url))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (two("Patient/p1"), []),
        (two("Patient/other"), []),
        (two(f"{BASE}/Patient/p1"), []),
        (two("Patient/p1", patient_url="https://other.example.org/Patient/p1"), ["(reference-other-base)"]),
        (two("Patient/p1", own_url=f"{UUID}2"), ["(reference-other-base)"]),
        (two("Patient/p1/_history/2"), ["(reference-other-base)"]),
        (two(f"{UUID}1", patient_url=f"{UUID}1", own_url=f"{UUID}2"), []),
        (two(f"{UUID}3", patient_url=f"{UUID}1", own_url=f"{UUID}2"), ["(reference-unresolved)"]),
        (two("Patient/p1", own_url=None), ["reference-without-base"]),
        (two("Patient/p1", own_url=None, kind="batch-response"), []),
        (two("p1"), ["reference-relative-form"]),
        (two("fhir/Patient/p1"), ["reference-relative-form"]),
        (two("Patient?identifier=x"), ["reference-relative-form"]),
        (two("Patient?identifier=x", kind="transaction"), []),
        (two("p1", kind="transaction"), ["reference-relative-form"]),
        (two("Schedule/s1"), ["reference-target"]),
    ],
)
def test_references_in_a_bundle(document: dict[str, Any], expected: list[str]) -> None:
    assert said(look, document) == expected


def test_two_versions_need_a_versioned_reference() -> None:
    versions = [entry(patient(meta={"versionId": one})) for one in ("1", "2")]
    assert said(look, bundle("collection", *versions, entry(observation("Patient/p1")))) == ["reference-several"]
    assert said(look, bundle("collection", *versions, entry(observation("Patient/p1/_history/2")))) == []


def test_what_is_contained_in_an_entry_is_relative_to_that_entry() -> None:
    inner = observation("Patient/p1", "x", hasMember=[{"reference": "Observation/none"}])
    outer = observation(None, hasMember=[{"reference": "#x"}], contained=[inner])
    assert said(look, bundle("collection", entry(patient()), entry(outer))) == []
    assert said(look, bundle("collection", entry(patient()), entry(outer, f"{UUID}1"))) == ["(reference-other-base)"]


def narrated(inside: str, **more: Any) -> dict[str, Any]:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">text {inside}</div>'
    return patient(text={"status": "generated", "div": div}, **more)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (narrated('<a href="#a">x</a><p id="a">y</p>'), []),
        (narrated('<a href="#a">x</a><a name="a">y</a>'), []),
        (narrated('<a href="#a">x</a>', name=[{"id": "a", "family": "x"}]), []),
        (narrated('<a href="#a">x</a>', gender="male", _gender={"id": "a"}), []),
        (narrated('<a href="#p1">x</a><a href="#">x</a>'), []),
        (narrated('<a href="#b">x</a>'), ["narrative-link"]),
        (narrated('<img src="#b" alt="x"/>'), ["narrative-link"]),
        (narrated('<a href="">x</a>'), ["narrative-url"]),
        (narrated('<a href="javascript:x()">x</a>'), ["narrative-url"]),
        (narrated('<a href=" JavaScript:x()">x</a>'), ["narrative-url"]),
        (narrated('<a href="vbscript:x">x</a>'), ["narrative-url"]),
        (narrated('<a href="urn:oid:1.2.3">x</a>'), ["narrative-url"]),
        (narrated('<a href="http://example.org/a b">x</a>'), ["narrative-url"]),
        (narrated('<a href="mailto:a@example.org">x</a><a href="other.html#x">y</a>'), []),
        (narrated('<img src="data:image/png;base64,AAAA" alt="x"/>'), []),
        (narrated('<img src="data:image/png;base64,A*A" alt="x"/>'), ["narrative-url"]),
    ],
)
def test_links_of_narratives(resource: dict[str, Any], expected: list[str]) -> None:
    assert said(look, resource) == expected


@pytest.mark.parametrize("value", ["https://example.org/x|1", "#x", "urn:oid:1.2.3.4", f"{UUID}1"])
def test_canonicals_are_absolute_or_fragments(value: str) -> None:
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": value}
    assert said(look, response) == []
    assert said(look, response | {"questionnaire": "Questionnaire/x"}) == ["reference-canonical"]


def test_a_definition_has_an_absolute_url_and_other_resources_may_have_what_they_like() -> None:
    assert said(look, {"resourceType": "Questionnaire", "status": "draft", "url": "q"}) == ["reference-canonical-url"]
    assert said(look, {"resourceType": "Device", "url": "manual.pdf"}) == []


@pytest.mark.parametrize("rule", [*page.RULES, *narrative_page.RULES], ids=lambda rule: rule.id)
def test_every_row_of_the_catalogue_by_this_room_alone(rule: Rule) -> None:
    for example, hits in ((rule.accepted, False), (rule.refused, True)):
        assert isinstance(example, dict)
        context = Context(example, rule.release, Supplied())
        look(context)
        found = [(issue.severity, issue.expression) for issue in context.found if issue.rule == rule.id]
        assert found == ([(rule.severity, rule.at)] if hits else [])


@pytest.mark.parametrize(
    ("full_url", "base"),
    [
        (f"{BASE}/Patient/1", f"{BASE}/"),
        (f"{UUID}1", "urn:uuid:"),
        ("urn:oid:1.2.3", "urn:oid:"),
        ("http://example.org", "http:/"),
        ("cid:x", ""),
    ],
)
def test_the_base_of_a_full_url(full_url: str, base: str) -> None:
    assert spelling.base_of(full_url) == base
