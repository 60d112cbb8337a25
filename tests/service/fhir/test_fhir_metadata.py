"""The CapabilityStatement: what it says is what is served, and what is required of a server with kneecds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir_calls import BASE, ROOT, Client

import kneecds
from kneecds.publishing.server import READS
from kneecds.service.fhir.artefacts import KINDS
from kneecds.service.fhir.endpoints import ENDPOINTS, METADATA

RELEASES = {"R4": "application/fhir+json", "R5": "application/fhir+json; fhirVersion=5.0"}


@pytest.mark.parametrize("release", RELEASES)
def test_it_is_valid(client: Client, release: Any) -> None:
    response = client.get("/metadata", accept=RELEASES[release])
    assert kneecds.validate(response.content, release=release) == ()
    said = response.json()
    assert (said["kind"], said["implementation"]["url"]) == ("instance", BASE)


@pytest.mark.parametrize("release", RELEASES)
def test_it_keeps_what_is_required(client: Client, release: str) -> None:
    said = client.get("/metadata", accept=RELEASES[release]).json()
    wanted = json.loads((ROOT / "profiles" / release / "CapabilityStatement-kneecds-server.json").read_bytes())
    assert said["instantiates"] == [f"{wanted['url']}|{wanted['version']}"]
    (mine,), (theirs,) = said["rest"], wanted["rest"]
    assert [one["name"] for one in mine["operation"]] == [one["name"] for one in theirs["operation"]]
    offered = {one["type"]: one for one in mine["resource"]}
    for one in theirs["resource"]:
        for part in ("interaction", "searchParam", "operation"):
            missing = [each for each in one.get(part, ()) if each not in offered[one["type"]].get(part, ())]
            assert missing == []
    assert set(KINDS) == set(READS)


def test_each_interaction_that_it_says_works(client: Client) -> None:
    (rest,) = client.get("/metadata").json()["rest"]
    for one in rest["resource"]:
        if "interaction" in one:
            found = client.get(f"/{one['type']}?_count=1").json()
            assert found["total"] >= 1
            assert client.get(f"/{one['type']}/{found['entry'][0]['resource']['id']}").status_code == 200


def test_only_metadata_is_open(client: Client, asked: list[tuple[str, ...]]) -> None:
    assert [one.path for one in ENDPOINTS if not one.scopes] == [METADATA.path]
    before = len(asked)
    client.get("/metadata")
    assert len(asked) == before


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("POST", "/$kneecds-evaluate", ("system/Observation.r",)),
        ("POST", "/$validate", ("system/*.r",)),
        ("POST", "/Condition/$validate", ("system/Condition.r",)),
        ("POST", "/QuestionnaireResponse/$extract", ("system/QuestionnaireResponse.r",)),
        ("GET", "/PlanDefinition/x/$apply", ("system/PlanDefinition.r", "system/Observation.r")),
        ("GET", "/ValueSet/x", ("system/ValueSet.r",)),
        ("HEAD", "/ValueSet/x", ("system/ValueSet.r",)),
        ("GET", "/ValueSet", ("system/ValueSet.s",)),
        ("POST", "/ValueSet/_search", ("system/ValueSet.s",)),
    ],
)
def test_the_scopes_that_are_asked_for(
    client: Client, asked: list[tuple[str, ...]], method: str, path: str, scopes: tuple[str, ...]
) -> None:
    client(method, path)
    assert asked[-1] == scopes
