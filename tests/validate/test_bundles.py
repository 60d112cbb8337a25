"""Bundles: each row is a Bundle and what the room says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rooms import BASE, UUID, bundle, entry, observation, patient, said

from kneecds.fhir.structure.facts import RELEASES
from kneecds.fhir.validate.bundles import look
from kneecds.fhir.validate.catalogue import bundles as page
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.supplied import Supplied

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.rule import Rule

Json = dict[str, Any]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{BASE}/Patient/p1", []),
        (f"{UUID}1", []),
        ("https://example.org/anything", []),
        ("https://example.org/Chicken/p9", []),
        ("https://example.org/Other/Patient/p1", []),
        ("Patient/p1", ["bundle-fullurl-absolute"]),
        ("#p1", ["bundle-fullurl-absolute"]),
        (f"{BASE}/Patient/p2", ["bundle-fullurl-id"]),
        (f"{BASE}/Person/p1", ["bundle-fullurl-id"]),
        (f"{BASE}/Patient/p1/_history/1", ["bundle-fullurl-id"]),
    ],
)
def test_full_urls(url: str, expected: list[str], release: Release) -> None:
    assert said(look, bundle("collection", entry(patient(), url)), release) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("collection", ["bundle-fullurl-missing"]),
        ("history", ["bundle-fullurl-missing"]),
        ("transaction", []),
        ("batch", []),
        ("transaction-response", []),
        ("batch-response", []),
    ],
)
def test_entries_without_full_url(kind: str, expected: list[str]) -> None:
    assert said(look, bundle(kind, entry(patient(), None))) == expected
    assert said(look, bundle(kind, entry(patient(), None)), "R5") == []


def test_an_address_needs_an_id() -> None:
    assert said(look, bundle("collection", entry(patient(None, active=True), f"{BASE}/Patient/p1"))) == [
        "bundle-fullurl-id"
    ]
    assert said(look, bundle("collection", entry(patient(None, active=True), f"{UUID}1"))) == []


@pytest.mark.parametrize(
    ("kind", "relations", "expected"),
    [
        ("collection", ["self", "alternate", "alternate"], []),
        ("collection", ["self", "self"], ["bundle-link-twice"]),
        ("collection", ["next"], ["bundle-link-page"]),
        ("batch", ["first"], ["bundle-link-page"]),
        ("history", ["self", "next", "previous"], []),
        ("history", ["next", "next"], ["bundle-link-twice"]),
        ("history", ["prev", "prev"], []),
    ],
)
def test_links(kind: str, relations: list[str], expected: list[str]) -> None:
    links = [{"relation": one, "url": BASE} for one in relations]
    assert said(look, bundle(kind, entry(patient()), link=links)) == expected


def found(resource: Json, mode: str | None = "match", url: str | None = "") -> Json:
    return entry(resource, url, **({"search": {"mode": mode}} if mode else {}))


OUTCOME = {"resourceType": "OperationOutcome", "id": "w", "issue": [{"severity": "warning", "code": "processing"}]}


@pytest.mark.parametrize(
    ("query", "entries", "expected"),
    [
        ("Patient?name=x", [found(patient())], []),
        ("Patient", [found(patient())], []),
        ("Patient?name=x", [found(observation())], ["bundle-search-type"]),
        ("Patient?name=x", [found(patient()), found(observation(), "include")], []),
        ("Patient?name=x", [found(patient()), found(OUTCOME, "outcome")], []),
        ("Patient?name=x", [found(patient()), found(OUTCOME)], ["bundle-search-type"]),
        ("Patient?name=x", [found(patient()), found(observation(), "outcome")], ["bundle-search-outcome"]),
        ("Patient?name=x", [found(patient(None, active=True), url=f"{UUID}1")], ["bundle-search-id"]),
        ("Patient?name=x", [found(patient(), None)], ["(bundle-search-mode)"]),
        ("Patient?name=x", [found(observation(), None)], ["(bundle-search-mode)", "(bundle-search-unsure)"]),
        ("Patient?name=x", [found(patient()), found(observation(), None)], []),
        ("?_type=Patient,Observation", [found(patient()), found(observation())], []),
        ("?_type=Patient,Condition", [found(patient()), found(observation())], ["bundle-search-type"]),
        ("_search?_type=Patient", [found(observation())], ["bundle-search-type"]),
        ("Patient/_search?name=x", [found(observation())], []),
        ("Patient/1/Observation", [found(observation())], []),
        ("Patient/1/$everything", [found(observation())], []),
        ("Patient/1", [found(observation())], []),
        ("Chicken?x=y", [found(observation())], []),
        ("?_getpages=abc", [found(observation())], []),
        (f"?{'&'.join('a=b' for _ in range(500))}&_type=Patient", [found(observation())], []),
    ],
)
def test_searches(query: str, entries: list[Json], expected: list[str]) -> None:
    document = bundle("searchset", *entries, link=[{"relation": "self", "url": f"{BASE}/{query}"}])
    assert said(look, document) == expected


def asked(method: str, url: str, resource: Json | None = None) -> Json:
    held = {"resource": resource} if resource is not None else {}
    return {"fullUrl": f"{UUID}1", "request": {"method": method, "url": url}, **held}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([asked("PUT", "Patient/p1", patient())], []),
        ([asked("PUT", "Patient?identifier=x", patient())], []),
        ([asked("PUT", "Patient/p2", patient())], ["(bundle-request-put)"]),
        ([asked("PUT", "Person/p1", patient())], ["(bundle-request-put)"]),
        ([asked("POST", "Patient", patient())], []),
        ([asked("POST", "Person", patient())], ["(bundle-request-post)"]),
        ([asked("POST", "Patient/$match", {"resourceType": "Parameters"})], []),
        ([asked("DELETE", "Patient/p1"), asked("PUT", "Patient/p1", patient())], ["(bundle-request-twice)"]),
        ([asked("GET", "Patient/p1"), asked("GET", "Patient/p1")], []),
        ([{"request": {"method": 1, "url": []}}, {"request": "x"}, "x"], []),
    ],
)
def test_requests(entries: list[Any], expected: list[str]) -> None:
    assert said(look, bundle("transaction", *entries)) == expected


def document(*entries: Json, **more: Any) -> Json:
    composition = {
        "resourceType": "Composition", "id": "c1", "status": "final", "type": {"text": "letter"}, "date": "2026-01-15",
        "title": "Letter", "author": [{"display": "Dr Roe"}], "subject": {"reference": "Patient/p1"},
    } | more  # fmt: skip
    return bundle("document", entry(composition), *entries)


PHOTO: Json = {"resourceType": "Binary", "id": "b1", "contentType": "image/png", "data": "AAAA"}


def section(*references: str, **more: Any) -> list[Json]:
    return [{"title": "x", "entry": [{"reference": one} for one in references], **more}]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (document(entry(patient())), []),
        (document(entry(patient()), entry(observation()), section=section("Observation/o1")), []),
        (document(entry(patient()), section=section("Observation/o1")), ["bundle-head-reference"]),
        (document(entry(patient()), section=section("https://other.example.org/Observation/o1")), ["bundle-head-reference"]),
        (document(entry(patient()), section=section(f"{UUID}7")), ["bundle-head-reference"]),
        (document(entry(patient()), author=[{"reference": "Practitioner/x"}]), ["bundle-head-reference"]),
        (document(entry(patient()), relatesTo=[{"code": "replaces", "targetReference": {"reference": "Composition/x"}}]), []),
        (
            document(entry(patient()), section=[{"title": "a", "section": section("Observation/none")}]),
            ["bundle-head-reference"],
        ),
        (document(entry(patient()), entry(observation())), ["bundle-unreached"]),
        (document(entry(patient(photo=[{"url": "Binary/b1"}])), entry(PHOTO)), []),
        (document(entry(patient(photo=[{"url": f"{BASE}/Binary/b1"}])), entry(PHOTO)), []),
        (document(entry(patient(photo=[{"url": "Binary/b2"}])), entry(PHOTO)), ["bundle-unreached"]),
        (document(entry(patient()), entry(observation("Patient/p1"))), ["(bundle-only-backwards)"]),
        (
            document(entry(patient()), entry({"resourceType": "Provenance", "id": "v", "target": [{"reference": "Composition/c1"}]})),
            [],
        ),
        (
            document(
                entry(patient()), entry(observation("Patient/p1", performer=[{"reference": "Practitioner/d"}])),
                entry({"resourceType": "Practitioner", "id": "d"}), section=section("Observation/o1"),
            ),
            [],
        ),
        (
            document(
                entry(patient()), entry({"resourceType": "Binary", "id": "b", "contentType": "text/css", "data": "AAAA"}),
            ) | {"link": [{"relation": "stylesheet", "url": "Binary/b"}]},
            [],
        ),
        (document(entry(patient(meta={"versionId": "1"})), subject={"reference": "Patient/p1/_history/1"}), []),
        (
            document(entry(patient(meta={"versionId": "1"})), subject={"reference": "Patient/p1/_history/2"}),
            ["bundle-head-reference", "bundle-unreached"],
        ),
        (document(entry(patient()), subject={"reference": "#p"}), ["bundle-unreached"]),
        (bundle("document"), []),
    ],
)  # fmt: skip
def test_documents(content: Json, expected: list[str]) -> None:
    assert said(look, content) == expected


def test_messages() -> None:
    header = {"resourceType": "MessageHeader", "id": "m", "source": {"endpoint": BASE}, "eventUri": BASE}
    focused = header | {"focus": [{"reference": "Patient/p1"}]}
    assert said(look, bundle("message", entry(focused), entry(patient()))) == []
    assert said(look, bundle("message", entry(header), entry(patient()))) == ["(bundle-message-unreached)"]
    assert said(look, bundle("message", entry(focused))) == ["bundle-head-reference"]
    assert said(look, bundle("message", entry(header | {"sender": {"reference": "Organization/x"}}))) == []


def test_bundles_within_bundles_are_looked_at() -> None:
    inner = {"id": "b1", **bundle("collection", entry(patient(), "Patient/p1"))}
    assert said(look, bundle("collection", entry(inner))) == ["bundle-fullurl-absolute"]


@pytest.mark.parametrize("rule", page.RULES, ids=lambda rule: rule.id)
def test_every_row_of_the_catalogue_by_this_room_alone(rule: Rule) -> None:
    for release in rule.releases:
        for example, hits in ((rule.accepted, False), (rule.refused, True)):
            assert isinstance(example, dict)
            context = Context(example, release, Supplied())
            look(context)
            issues = [(issue.severity, issue.expression) for issue in context.found if issue.rule == rule.id]
            assert issues == ([(rule.severity, rule.at)] if hits else []) or release == "R5"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("OperationOutcome", []), ("Patient", ["bundle-issues"]), ("Chicken", []), (None, []), (["Patient"], [])],
)
def test_issues_of_a_bundle_are_an_outcome(kind: Any, expected: list[str]) -> None:
    document = bundle("collection", issues={"resourceType": kind})
    assert said(look, document, "R5") == expected
    assert said(look, document, "R4") == []
