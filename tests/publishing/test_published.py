"""What we publish is known to the validator without any option, and read only when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kneecds
from kneecds import pipeline
from kneecds.fhir.validate.published import Published

FINDING = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
FORM = "https://kneecds.org/fhir/Questionnaire/kneecds-intake"


def ours() -> Any:
    return pipeline.prepare(kneecds.shipped_knowledge()).published


@pytest.mark.parametrize(
    ("kind", "canonical"),
    [
        ("CodeSystem", FINDING),
        ("ValueSet", "https://kneecds.org/fhir/ValueSet/kneecds-finding"),
        ("StructureDefinition", "https://kneecds.org/fhir/StructureDefinition/kneecds-guidance"),
        ("Questionnaire", FORM),
    ],
)
@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
def test_found_by_canonical(kind: str, canonical: str, release: Any) -> None:
    found = ours().of(release).find(kind, canonical)
    assert found is not None
    assert found["url"] == canonical
    assert ours().of(release).find(kind, f"{canonical}|{found['version']}") is found
    if kind == "StructureDefinition":
        assert found["fhirVersion"] == ("5.0.0" if release == "R5" else "4.0.1")


@pytest.mark.parametrize(
    "canonical",
    [
        "https://kneecds.org/fhir/CodeSystem/no-such",
        "https://kneecds.org/fhir/CodeSystem/../../../pyproject",
        "https://kneecds.org/fhir/CodeSystem/",
        "https://kneecds.org/fhir/ValueSet/kneecds-finding",
        "https://kneecds.org/fhir/CodeSystem/" + "a" * 1000,
        "https://kneecds.org/fhir/CodeSystem/kneecds-finding|1999.1.0",
        "http://loinc.org",
        "",
    ],
)
def test_not_found(canonical: str) -> None:
    assert ours().find("CodeSystem", canonical) is None


def test_the_form_is_that_of_the_knowledge_in_use() -> None:
    own = {"resourceType": "Questionnaire", "url": FORM, "version": "1"}
    published = Published(lambda _: own)
    found = published.find("Questionnaire", FORM)
    assert found == own


def test_nothing_is_read_until_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: (read.append(self.name), real(self))[1])
    published = Published(lambda _: {"url": FORM, "resourceType": "Questionnaire"})
    assert published.find("CodeSystem", "http://loinc.org") is None
    assert list(published.all("CodeSystem")) == []
    assert read == []
    published.find("CodeSystem", FINDING)
    published.find("CodeSystem", FINDING)
    assert read == ["CodeSystem-kneecds-finding.json"]


def test_our_codes_are_checked() -> None:
    observation = {
        "resourceType": "Observation", "status": "final", "valueBoolean": True,
        "code": {"coding": [{"system": FINDING, "code": "knee_pian"}]},
    }  # fmt: skip
    for release in ("R4", "R5"):
        assert any("knee_pian" in issue.message for issue in kneecds.validate(observation, release=release))
    observation["code"]["coding"][0]["code"] = "knee_pain"  # type: ignore[index]
    assert not any(issue.is_error for issue in kneecds.validate(observation))


def test_what_a_user_gives_wins_in_each_release() -> None:
    mine = {"resourceType": "CodeSystem", "url": FINDING, "version": "9", "status": "draft", "content": "complete"}
    supplied = kneecds.Conformance(others=[mine]).supplied
    for release in ("R4", "R5"):
        found = supplied.of(release).find("CodeSystem", FINDING)  # type: ignore[arg-type]
        assert found is not None
        assert found["version"] == "9"
        assert supplied.of(release).find("ValueSet", "https://kneecds.org/fhir/ValueSet/kneecds-tier")  # type: ignore[arg-type]
