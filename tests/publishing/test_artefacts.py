"""What is published: each artefact and example is valid, what kneecds emits fits, and the files are what the knowledge makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kneecds
from kneecds.publishing import RELEASES, artefacts
from kneecds.publishing.artefacts import written

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(folder for folder in (ROOT / "examples").iterdir() if (folder / "input.json").is_file())
DEFINES = {"StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "Questionnaire"}
INPUTS = {"Observation", "QuestionnaireResponse", "Extension"}

Made = dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def made(release: Any) -> Made:
    return artefacts(release, kneecds.shipped_knowledge())


def test_files_are_what_the_knowledge_makes(release: Any, made: Made) -> None:
    folder = ROOT / "profiles" / release
    assert {str(file.relative_to(folder)) for file in folder.rglob("*.json")} == set(made)
    stale = [name for name, one in made.items() if (folder / name).read_bytes() != written(one)]
    assert stale == [], "run `kneecds profiles build profiles`"


def test_nothing_is_wrong_with_any_artefact_or_example(release: Any, made: Made) -> None:
    found = {name: kneecds.validate(written(one), release=release) for name, one in made.items()}
    assert {name: issues for name, issues in found.items() if issues} == {}


def test_also_when_all_of_them_are_asked_for(release: Any, made: Made) -> None:
    others = [one for name, one in made.items() if one["resourceType"] in DEFINES and "/" not in name]
    beside = kneecds.Conformance(others=others)
    found = {name: kneecds.validate(written(one), release=release, conformance=beside) for name, one in made.items()}
    assert {name: [i for i in issues if i.is_error] for name, issues in found.items() if issues} == {}


def test_each_profile_has_a_snapshot_and_an_example_that_claims_it(made: Made) -> None:
    profiles = {one["url"]: one for one in made.values() if one["resourceType"] == "StructureDefinition"}
    claimed = {
        url
        for name, one in made.items()
        if name.startswith("examples/")
        for url in one.get("meta", {}).get("profile", ())
    }
    assert claimed <= set(profiles)
    assert {url for url, one in profiles.items() if one["type"] != "Extension"} == claimed
    assert all(len(one["snapshot"]["element"]) >= len(one["differential"]["element"]) for one in profiles.values())


def test_every_canonical_of_ours_that_is_named_is_published(made: Made) -> None:
    urls = {one["url"] for one in made.values() if "url" in one}

    def named(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set().union(*map(named, value.values()))
        if isinstance(value, list):
            return set().union(*map(named, value))
        start = "https://kneecds.org/fhir/"
        return {value.partition("|")[0]} if isinstance(value, str) and value.startswith(start) else set()

    wanted = set().union(*(named(one) for one in made.values()))
    assert {url for url in wanted - urls if " " not in url} == set()


def test_mapped_concepts_are_in_the_code_systems(made: Made) -> None:
    codes = {
        one["url"]: {concept["code"] for concept in one["concept"]}
        for one in made.values()
        if one["resourceType"] == "CodeSystem"
    }
    maps = [one for one in made.values() if one["resourceType"] == "ConceptMap"]
    assert maps
    for one in maps:
        for group in one["group"]:
            assert {element["code"] for element in group["element"]} <= codes[group["source"]], one["id"]


def test_a_map_says_it_as_its_release_does(release: Any, made: Made) -> None:
    for one in made.values():
        if one["resourceType"] == "ConceptMap":
            targets = [target for group in one["group"] for element in group["element"] for target in element["target"]]
            word, other = ("equivalence", "relationship") if release == "R4" else ("relationship", "equivalence")
            assert all(word in target and other not in target for target in targets)
            assert ("sourceScopeUri" in one) is (release == "R5")


def test_what_is_emitted_fits_the_profiles(release: Any, made: Made) -> None:
    profiles = [one for one in made.values() if one["resourceType"] == "StructureDefinition"]
    others = [one for name, one in made.items() if one["resourceType"] in DEFINES and "/" not in name]
    asked = [one for one in profiles if one["type"] not in INPUTS]
    beside = kneecds.Conformance(profiles=asked, others=others)
    assert EXAMPLES
    for folder in EXAMPLES:
        expected = json.loads((folder / "expected.json").read_bytes())
        answer = kneecds.assess(
            (folder / "input.json").read_bytes(),
            as_of=expected["as_of"],
            setting=expected.get("setting", "primary_care"),
        )
        issues = kneecds.validate(answer.to_fhir_bytes(release), release=release, conformance=beside)
        assert [issue for issue in issues if issue.severity != "information"] == [], folder.name


def test_the_answers_in_the_examples_fit_the_form() -> None:
    claims = 0
    for folder in (folder for folder in EXAMPLES if folder.name != "input_with_errors"):
        body = (folder / "input.json").read_bytes()
        claims += b"Questionnaire/kneecds-intake" in body
        assert not any(issue.is_error for issue in kneecds.validate(body)), folder.name
    assert claims


def test_a_status_that_is_never_emitted_does_not_fit(release: Any, made: Made) -> None:
    one = dict(made["examples/RiskAssessment-kneecds-example-risk-assessment.json"])
    issues = kneecds.validate({**one, "status": "amended"}, release=release)
    assert any("knee-5" in issue.message for issue in issues if issue.is_error), issues


def test_the_same_knowledge_gives_the_same_bytes(release: Any, made: Made) -> None:
    again = artefacts(release, kneecds.shipped_knowledge())
    assert {name: written(one) for name, one in again.items()} == {name: written(one) for name, one in made.items()}
