"""Cases go through FHIR; what the knowledge does not have is named and left out."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace

import pytest

from kneecds.core.assessment import SCHEMA_VERSION, Assessment, Hypothesis, Knee, Software
from kneecds.core.facts import Subject
from kneecds.core.knowledge import Condition, Finding
from kneecds.errors import InputError, fatal
from kneecds.evaluation import cases, run

FILES = SimpleNamespace(
    findings=(
        Finding("knee_pain", "Knee pain", "", "symptom", "boolean", "knee", "patient"),
        Finding("temperature_c", "Temperature", "", "vital", "quantity", "person", "clinician", unit="Cel"),
    ),
    conditions=(
        Condition("gout", "Gout", "g", "p", can_coexist=True, default_tier="routine", managed_by_probability="yes"),
    ),
)
CASE = {
    "id": "c1",
    "side": "left",
    "findings": {"present": ["knee_pain", "no_such"], "absent": ["nor_this"]},
    "measurements": {"temperature_c": 38.40, "knee_pain": 3},
    "gold_diagnosis": "gout",
    "acceptable_diagnoses": ["gout", "nonsense"],
    "gold_triage": "routine",
}


def report(assess: object) -> object:
    lines = cases.read(json.dumps(CASE).encode(), labelled=True)
    return run.run(lines, assess=assess, files=FILES, as_of=date(2026, 1, 1), setting="primary_care")  # type: ignore[arg-type]


def test_the_case_is_assessed_as_fhir_without_what_is_unknown() -> None:
    bodies: list[bytes] = []

    def assess(body: bytes) -> Assessment:
        bodies.append(body)
        gout = Hypothesis("gout", "Gout", 1, 0.5, 0.2, 0.8, 1.0, "routine")
        knee = Knee("left", "routine", enough_known=True, hypotheses=(gout,))
        software = Software("1", "1", "h")
        return Assessment(
            SCHEMA_VERSION, software, "2026-01-01", "primary_care", "success", Subject(), "routine", (knee,)
        )

    made = report(assess)
    bundle = json.loads(bodies[0])
    assert bundle["resourceType"] == "Bundle"
    assert b"no_such" not in bodies[0]
    assert b"38.4" in bodies[0]
    assert made.unknown_ids == ("knee_pain", "no_such", "nonsense", "nor_this")  # type: ignore[attr-defined]
    assert made.top1.count == 1  # type: ignore[attr-defined]


def test_a_refused_case_is_a_miss_and_says_why() -> None:
    def assess(_: bytes) -> Assessment:
        raise InputError((fatal("structure", "some-rule", "", "cannot be read"),))

    (one,) = report(assess).per_case  # type: ignore[attr-defined]
    assert (one.rank, one.named, one.triage, one.status) == (None, False, "under", "failure")
    assert one.errors == ("some-rule: cannot be read",)


def test_an_unexpected_failure_is_not_swallowed() -> None:
    def assess(_: bytes) -> Assessment:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        report(assess)
