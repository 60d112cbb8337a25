"""Plans and the Library: what starts them, what they rest on, and that they say what is really read and offered."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

import kneecds
from kneecds.cdshooks.services import SERVICES
from kneecds.fhir.read import EXTRACTORS
from kneecds.publishing import RELEASES, artefacts
from kneecds.publishing.library import READ
from kneecds.publishing.plans import HOOKS

KNOWN = kneecds.shipped_knowledge()


@cache
def made(release: Any) -> dict[str, dict[str, Any]]:
    return artefacts(release, KNOWN)


def test_each_hook_service_has_a_plan_with_its_hooks() -> None:
    offered: dict[str, list[str]] = {}
    for service in SERVICES:
        offered.setdefault(service.id, []).append(service.hook)
    assert offered == {name: list(hooks) for name, hooks in HOOKS.items()}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", HOOKS)
def test_a_plan_is_started_by_named_events_and_rests_on_the_library(release: Any, name: str) -> None:
    plan = made(release)[f"PlanDefinition-{name}.json"]
    (first,) = plan["action"]
    assert plan["url"].rpartition("/")[2] == name
    assert first["trigger"] == [{"type": "named-event", "name": hook} for hook in HOOKS[name]]
    assert plan["library"] == [f"{made(release)['Library-kneecds.json']['url']}|{KNOWN.version}"]


@pytest.mark.parametrize("release", RELEASES)
def test_every_rule_and_statement_is_an_action_with_its_sources(release: Any) -> None:
    def said(name: str) -> dict[str, Any]:
        return {one["id"]: one for one in made(release)[f"PlanDefinition-{name}.json"]["action"][0]["action"]}

    rules, statements = said("kneecds-assessment"), said("kneecds-order-appropriateness")
    assert set(rules) == {rule.id.replace("_", "-") for rule in KNOWN.files.red_flags}
    assert set(statements) == {one.id.replace("_", "-") for one in KNOWN.appropriateness}
    assert all(one["documentation"] for one in (*rules.values(), *statements.values()))


@pytest.mark.parametrize("release", RELEASES)
def test_the_library_cites_every_source_and_says_what_is_read(release: Any) -> None:
    library = made(release)["Library-kneecds.json"]
    cited = [one for one in library["relatedArtifact"] if one["type"] == "citation"]
    assert len(cited) == len(KNOWN.sources)
    assert set(READ) == {"Patient", *EXTRACTORS}
    assert [one["type"] for one in library["dataRequirement"]] == list(READ)
