"""Searching artefacts: what is found, in pages, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_calls import BASE, ROOT, Client, problems

import kneecds

INTAKE = "https://kneecds.org/fhir/Questionnaire/kneecds-intake"
VALUE_SETS = sorted(path.stem.split("-", 1)[1] for path in (ROOT / "profiles" / "R4").glob("ValueSet-*.json"))


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    assert not any(issue.is_error for issue in kneecds.validate(response.content))
    return [one["resource"]["id"] for one in response.json().get("entry", ())]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"/Questionnaire?url={INTAKE}", ["kneecds-intake"]),
        ("/Questionnaire?url=https://kneecds.org/fhir/Questionnaire/other", []),
        ("/PlanDefinition?_id=kneecds-intake,kneecds-assessment", ["kneecds-assessment", "kneecds-intake"]),
        ("/PlanDefinition?_id=kneecds-intake&name=KneecdsAss", []),
        ("/PlanDefinition?name=kneecdsass", ["kneecds-assessment"]),
        ("/PlanDefinition?name:exact=kneecdsass", []),
        ("/PlanDefinition?title:contains=ORDERS", ["kneecds-order-appropriateness"]),
        (f"/CodeSystem?version={kneecds.shipped_knowledge().version}&_id=kneecds-tier", ["kneecds-tier"]),
        ("/CodeSystem?version=1", []),
        ("/CodeSystem?url:below=https://kneecds.org/fhir/CodeSystem/kneecds-t", ["kneecds-tier"]),
        ("/Library?status=draft", ["kneecds"]),
        ("/Library?_id=", []),
        ("/Library?something=else", ["kneecds"]),
    ],
)
def test_found(client: Client, path: str, found: list[str]) -> None:
    assert ids(client.get(path)) == found


def test_pages_hold_everything_once(client: Client) -> None:
    seen: list[str] = []
    path: str | None = "/ValueSet?_count=7"
    while path is not None:
        response = client.get(path)
        page = response.json()
        assert page["total"] == len(VALUE_SETS)
        assert all(one["fullUrl"] == f"{BASE}/ValueSet/{one['resource']['id']}" for one in page["entry"])
        seen += ids(response)
        links = {one["relation"]: one["url"].removeprefix(BASE) for one in page["link"]}
        path = links.get("next")
    assert seen == VALUE_SETS
    assert "previous" in links


def test_a_page_is_bounded_and_may_be_empty(client: Client) -> None:
    assert "_count=100&" in client.get("/ValueSet?_count=5000").json()["link"][0]["url"]
    assert ids(client.get("/ValueSet?_offset=99999")) == []
    for only_total in ("_count=0", "_summary=count"):
        body = client.get(f"/ValueSet?{only_total}").json()
        assert (body["total"], "entry" in body) == (len(VALUE_SETS), False)


def test_by_post(client: Client) -> None:
    form = "application/x-www-form-urlencoded"
    response = client.post("/PlanDefinition/_search?_count=1", b"name=KneecdsOrder&_pretty=true", content_type=form)
    assert ids(response) == ["kneecds-order-appropriateness"]
    assert client.post("/PlanDefinition/_search", b"{}").status_code == 415


@pytest.mark.parametrize(
    ("path", "headers", "rule"),
    [
        ("/ValueSet?_count=-1", {}, "parameter-value"),
        ("/ValueSet?_count=x", {}, "parameter-value"),
        ("/ValueSet?_offset=1e3", {}, "parameter-value"),
        ("/ValueSet?_offset=99999999999999999999", {}, "parameter-value"),
        ("/ValueSet?_count=٣", {}, "parameter-value"),
        ("/ValueSet?url:in=x", {}, "search-modifier"),
        ("/ValueSet?_id:missing=true", {}, "search-modifier"),
        ("/ValueSet?something=else", {"prefer": "handling=strict"}, "search-parameter"),
    ],
)
def test_refused(client: Client, path: str, headers: dict[str, str], rule: str) -> None:
    response = client.get(path, **headers)
    assert response.status_code == 400
    assert problems(response) == [rule]


def test_nothing_of_a_query_is_a_link_of_ours(client: Client) -> None:
    body = client.get("/ValueSet?name=%22%3E%3Cscript%3E&evil=http://x").json()
    assert body["link"][0]["url"] == f"{BASE}/ValueSet?name=%22%3E%3Cscript%3E&_count=20&_offset=0"
