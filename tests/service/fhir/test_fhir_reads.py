"""Artefacts: all that are published are served, in each release, and a client can keep them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from fhir_calls import ROOT, Client, problems

import kneecds
from kneecds.service.fhir.artefacts import KINDS

R5 = "application/fhir+json; fhirVersion=5.0"
RELEASES = {"R4": "application/fhir+json", "R5": R5}
ARTEFACTS = [
    (release, *path.stem.split("-", 1)) for release in RELEASES for path in sorted((ROOT / "profiles" / release).glob("*.json"))
]  # fmt: skip
FORM = "/Questionnaire/kneecds-intake"


@cache
def published(release: str, kind: str, name: str) -> Any:
    return json.loads((ROOT / "profiles" / release / f"{kind}-{name}.json").read_bytes())


def test_every_artefact_is_served_as_published(client: Client) -> None:
    assert {kind for _, kind, _ in ARTEFACTS} == set(KINDS)
    for release, kind, name in ARTEFACTS:
        response = client.get(f"/{kind}/{name}", accept=RELEASES[release])
        assert response.status_code == 200
        assert response.json() == published(release, kind, name)
        assert not any(issue.is_error for issue in kneecds.validate(response.content, release=release)), name


def test_what_a_client_keeps(client: Client) -> None:
    first = client.get(FORM)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, max-age=3600"
    assert first.headers["vary"] == "Accept"
    assert first.headers["last-modified"].endswith(" GMT")
    for told in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        again = client.get(FORM, if_none_match=told)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(FORM, if_none_match='W/"x"').status_code == 200
    other = client.get(FORM, accept=R5, if_none_match=tag)
    assert (other.status_code, other.headers["etag"] != tag) == (200, True)


def test_head_says_the_same_without_a_body(client: Client) -> None:
    got, head = client.get(FORM), client("HEAD", FORM)
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(got.headers)


def test_metadata_may_be_kept_and_asked_about(client: Client) -> None:
    first = client.get("/metadata")
    assert first.headers["cache-control"] == "no-cache"
    assert client.get("/metadata", if_none_match=first.headers["etag"]).status_code == 304


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("GET", "/PlanDefinition/nobody", {}, 404, id="no such id"),
        pytest.param("GET", "/PlanDefinition/..%2F..%2Fetc", {}, 404, id="a path in an id"),
        pytest.param("GET", "/Patient/1", {}, 404, id="a type that is not served"),
        pytest.param("GET", "/", {}, 404, id="nothing"),
        pytest.param("GET", f"{FORM}/_history/1", {}, 404, id="no history"),
        pytest.param("PUT", FORM, {}, 405, id="nothing can be put"),
        pytest.param("DELETE", FORM, {}, 405, id="nothing can be deleted"),
        pytest.param("POST", "/metadata", {}, 405, id="only read"),
        pytest.param("GET", "/$kneecds-evaluate", {}, 405, id="only posted"),
        pytest.param("GET", FORM, {"accept": "application/fhir+xml"}, 406, id="XML"),
        pytest.param("GET", FORM, {"accept": "application/fhir+json;q=0"}, 406, id="anything but"),
        pytest.param("GET", FORM, {"accept": "application/fhir+json; fhirVersion=3.0"}, 406, id="STU3"),
        pytest.param("GET", f"{FORM}?_format=xml", {}, 406, id="XML by parameter"),
        pytest.param("GET", f"{FORM}?_format=ttl", {"accept": "application/json"}, 406, id="the parameter overrides"),
        pytest.param("GET", f"{FORM}?_pretty=perhaps", {}, 400, id="neither yes nor no"),
        pytest.param("GET", FORM + "?" + "&".join("a=b" for _ in range(100)), {}, 400, id="too many parameters"),
    ],
)
def test_refused(client: Client, method: str, path: str, headers: dict[str, str], status: int) -> None:
    response = client(method, path, **headers)
    assert response.status_code == status, response.text
    assert problems(response)
    if status == 405:
        assert set(response.headers["allow"].split(", ")) & {"GET", "POST"}


@pytest.mark.parametrize(
    ("accept", "release"),
    [
        ("*/*", "R4"),
        ("application/json", "R4"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "R4"),
        ("application/fhir+xml, application/fhir+json;q=0.2", "R4"),
        ('application/fhir+json; fhirVersion="5.0"', "R5"),
        ("application/fhir+json;fhirVersion=5.0.0", "R5"),
        ("application/fhir+json;fhirVersion=4.0;q=0.5, application/fhir+json;fhirVersion=5.0", "R5"),
        ("application/fhir+json;fhirVersion=3.0, application/fhir+json;fhirVersion=4.0;q=0.1", "R4"),
    ],
)
def test_the_release_that_is_asked_for(client: Client, accept: str, release: str) -> None:
    response = client.get("/StructureDefinition/kneecds-device", accept=accept)
    assert response.json()["fhirVersion"] == {"R4": "4.0.1", "R5": "5.0.0"}[release]


@pytest.mark.parametrize("form", ["json", "application/json", "application/fhir%2Bjson", "application/fhir+json"])
def test_format_overrides_accept(client: Client, form: str) -> None:
    assert client.get(f"{FORM}?_format={form}", accept="application/fhir+xml").status_code == 200
