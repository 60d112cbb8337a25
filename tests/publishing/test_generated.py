"""What is made out of our profiles is valid, and what is then damaged is not: profile and validator agree on both."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
from generated import Profile, resources
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kneecds
from kneecds.publishing import artefacts

NAMES = (
    "knee-finding", "pain-score", "intake-response", "guidance-response", "risk-assessment", "detected-issue",
    "service-request", "communication-request", "request-group", "device", "provenance", "operation-outcome",
)  # fmt: skip
CASES = [
    (release, name if release == "R4" else name.replace("request-group", "request-orchestration"))
    for release in ("R4", "R5")
    for name in NAMES
]
SETTINGS = settings(
    max_examples=15, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


@cache
def profile(release: Any, name: str) -> Profile:
    made = artefacts(release, kneecds.shipped_knowledge())
    value_sets = {
        one["url"]: {
            "system": one["compose"]["include"][0]["system"],
            "codes": [
                concept["code"]
                for system in made.values()
                if system.get("url") == one["compose"]["include"][0]["system"]
                for concept in system["concept"]
            ],
        }
        for one in made.values()
        if one["resourceType"] == "ValueSet" and "concept" not in one["compose"]["include"][0]
    }
    return Profile(made[f"StructureDefinition-kneecds-{name}.json"], value_sets)


def errors(resource: dict[str, Any], release: Any) -> list[Any]:
    return [issue for issue in kneecds.validate(resource, release=release) if issue.is_error]


@pytest.mark.parametrize(("release", "name"), CASES)
def test_what_is_made_of_a_profile_fits_it(release: Any, name: str) -> None:
    @SETTINGS
    @given(resources(profile(release, name)))
    def check(resource: dict[str, Any]) -> None:
        assert errors(resource, release) == []

    check()


@pytest.mark.parametrize(("release", "name"), CASES)
def test_what_lacks_a_required_element_does_not_fit(release: Any, name: str) -> None:
    one = profile(release, name)
    required = [child for child in one.children(one.type) if child["min"] and child["base"]["min"] == 0]

    @SETTINGS
    @given(resources(one), st.data())
    def check(resource: dict[str, Any], data: st.DataObject) -> None:
        damaged = copy.deepcopy(resource)
        gone = data.draw(st.sampled_from(required))["id"].rpartition(".")[2].removesuffix("[x]")
        for member in [key for key in damaged if key == gone or (key.startswith(gone) and key[len(gone)].isupper())]:
            del damaged[member]
        assert any(gone in issue.message or gone in issue.expression for issue in errors(damaged, release))

    if required:
        check()


@pytest.mark.parametrize(("release", "name"), CASES)
def test_what_has_another_than_the_fixed_value_does_not_fit(release: Any, name: str) -> None:
    one = profile(release, name)
    told = [child for child in one.children(one.type) if any(key.startswith(("fixed", "pattern")) for key in child)]

    @SETTINGS
    @given(resources(one), st.data())
    def check(resource: dict[str, Any], data: st.DataObject) -> None:
        element = data.draw(st.sampled_from(told))
        member = element["id"].rpartition(".")[2]
        simple = isinstance(resource[member], str)
        damaged = {**resource, member: "completed" if simple and resource[member] != "completed" else {"text": "other"}}
        assert errors(damaged, release)

    if told:
        check()
