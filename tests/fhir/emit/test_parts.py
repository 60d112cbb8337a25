"""The small parts: text, figures, ids, issues."""

from __future__ import annotations

import uuid
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from kneecds.core.assessment import Software
from kneecds.errors import error, warning
from kneecds.fhir import emit
from kneecds.fhir.emit import ids, narrative
from kneecds.fhir.emit.frame import reference_to
from kneecds.fhir.emit.procedures import AT_THE_KNEE, PROCEDURES, STATEMENTS
from kneecds.fhir.emit.words import most_urgent, percent
from kneecds.fhir.structure import check
from kneecds.knowledge import shipped


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "0"),
        (0.000001, "0.0001"),
        (0.0000001234, "0.00001"),
        (0.004237, "0.4"),
        (0.0999, "10.0"),
        (0.04237, "4.2"),
        (0.4237, "42"),
        (0.9949, "99"),
        (0.996, "99.6"),
        (0.99999, "99.9"),
        (1.0, "99.9"),
    ],
)
def test_percentages_have_few_digits_and_never_reach_certainty(probability: float, text: str) -> None:
    assert percent(probability) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("two\nlines\t", "two\nlines"),
        ("nul\x00 bell\x07", "nul\ufffd bell\ufffd"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("turned \u202eexe.gpj", "turned exe.gpj"),
        ("\u202e", ""),
        ("é 膝 🦵", "é 膝 🦵"),
    ],
)
def test_text_becomes_a_legal_string(text: str, clean: str) -> None:
    assert narrative.clean(text) == clean


def test_hostile_text_stays_text(hostile_text: str) -> None:
    clean = narrative.clean(hostile_text)
    div = ET.fromstring(str(narrative.narrative(clean, narrative.listed([clean, ""]))["div"]))
    assert [element.tag.rpartition("}")[2] for element in div.iter()] == ["div", "p", "ul", "li"]
    assert div[0].text == clean


@pytest.mark.parametrize(
    "name",
    ["Observation/o1", "http://host/fhir/Observation/1/_history/2", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"],
)
def test_real_references_are_kept(name: str) -> None:
    assert bytes(reference_to(name) or b"") == b'{"reference":"' + name.encode() + b'"}'


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a laboratory",
        "Observation/",
        "Observation/a b",
        'Observation/"',
        "javascript:alert(1)",
        "#x",
        "Patient/p1\n",
    ],
)
def test_other_names_are_no_references(name: str) -> None:
    assert reference_to(name) is None


def test_the_most_urgent_tier_wins() -> None:
    assert most_urgent(["routine", "emergency", "soon_within_days"]) == "emergency"
    assert most_urgent([]) == ""


def test_the_device_has_one_id_for_each_knowledge() -> None:
    one, again, other = (ids.of_software(Software("1", version, "h")) for version in ("a", "a", "b"))
    assert one == again != other
    assert uuid.UUID(one).version == 8
    assert uuid.UUID(one).variant == uuid.RFC_4122


def test_issues_become_an_operation_outcome() -> None:
    said = emit.outcome([error("value", "rule-1", "Patient.birthDate", "not a date <b>"), warning("value", "", "", "")])
    assert check.issues(said, "R4") == []
    assert said["issue"] == [
        {
            "severity": "error",
            "code": "value",
            "details": {"text": "not a date <b>"},
            "diagnostics": "rule rule-1",
            "expression": ["Patient.birthDate"],
        },
        {"severity": "warning", "code": "value", "details": {"text": "No message"}},
    ]
    assert "not a date &lt;b&gt;" in str(said["text"])


def test_many_issues_are_all_written_and_a_few_shown() -> None:
    said: dict[str, Any] = emit.outcome([warning("value", "r", "", f"number {number}") for number in range(30)])
    assert len(said["issue"]) == 30
    assert "and 20 more" in str(said["text"])


def test_no_issue_is_said_too() -> None:
    said: dict[str, Any] = emit.outcome(())
    assert check.issues(said, "R4") == []
    assert said["issue"][0]["severity"] == "information"


def test_what_is_requested_for_an_urgent_knee_has_published_codes_for_its_side() -> None:
    known = {action.id: action for action in shipped().files.actions}
    for action in ("knee_film_today", "mri_acute_injury", "leg_vein_ultrasound"):
        assert known[action].kind == "imaging"
        assert {"left", "right", ""} <= PROCEDURES[action].keys()
    assert known.keys() >= PROCEDURES.keys()
    assert known.keys() >= AT_THE_KNEE | STATEMENTS
    assert not [one for one in STATEMENTS if known[one].urgency]
