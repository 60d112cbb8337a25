"""The text answer: complete, quick to read, and safe to show."""

# ruff: noqa: RUF001 - characters as they are shown

from __future__ import annotations

import msgspec
import pytest
from rich.cells import cell_len

from kneecds.core.assessment import Assessment
from kneecds.errors import warning
from kneecds.render import explanation, text
from kneecds.render.page import Look, Names

HOSTILE = "[bold red]x[/] \x1b]0;owned\x07\x1b[2J <script>alert(1)</script>\r\n\u202eevil\ud800 [/nothing]"


def lines(page: str) -> list[str]:
    return page.splitlines()


def test_begins_with_the_tier_and_the_rule_that_set_it(assessment: Assessment, names: Names) -> None:
    first = lines(text.render(assessment, names, Look()))[:8]
    assert "SAME DAY" in first[0]
    assert any("Locked knee (right knee)" in line for line in first)
    assert any("unless" in line and "Old fixed loss of extension: present" in line for line in first)
    assert any("See orthopaedics today" in line for line in first)


@pytest.mark.parametrize(
    "said",
    [
        "Meniscal tear",
        "62 %",
        "(31–93 %)",
        "██████░░░░",
        "Sign 5 ×12.2",
        "2 more",
        "absent: Lachman positive ~×0.3",
        "Thessaly test (if present ×3.0, if absent ×0.5)",
        "Bucket handle meniscal tear",
        "raised by Locked knee",
        "not yet excluded",
        "Septic arthritis",
        "Ottawa knee rule: met",
        "Wells score: undecided, 1 to 3",
        "decided by: Calf swelling",
        "Load increased",
        "1 red flag undecided",
        "Decides the hot knee",
        "could become EMERGENCY",
        "Keep walking; daily",
        "review first: pain above 5",
        "Something new",
        "No MRI first",
        "Takes an anticoagulant",
        "peptic ulcer",
        "EMERGENCY (right knee) if Fever: present",
        "ROUTINE (right knee) if Age >= 55",
        "Swelling (right knee): stated both ways · Observation/o1",
        "CRP (whole patient): too old to count",
        "a unit was not understood",
        "nice_ng1  A guideline",
        "knowledge 2026.1 (abcdef012345), as of 2026-01-31",
        "For clinicians",
    ],
)
def test_says(assessment: Assessment, names: Names, said: str) -> None:
    assert said in text.render(assessment, names, Look(width=118))


def test_groups_stand_in_the_order_of_use(assessment: Assessment, names: Names) -> None:
    page = [line.strip() for line in lines(text.render(assessment, names, Look()))]
    places = [page.index(group) for group in ("Do", "Load", "Exercise", "Referral and procedures", "Imaging", "Other")]
    assert places == sorted(places)


def test_is_plain_without_colour_and_coloured_with(assessment: Assessment, names: Names) -> None:
    assert "\x1b" not in text.render(assessment, names, Look(color=False))
    assert "\x1b[" in text.render(assessment, names, Look(color=True))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_keeps_to_the_width(assessment: Assessment, names: Names, width: int) -> None:
    assert max(cell_len(line) for line in lines(text.render(assessment, names, Look(width=width)))) <= width


def test_is_ascii_where_that_is_all_there_is(assessment: Assessment, names: Names) -> None:
    assessment = msgspec.structs.replace(
        assessment, issues=(*assessment.issues, warning("value", "unit", "Bundle", "größer ≥ 3"))
    )
    page = text.render(assessment, names, Look(ascii_only=True))
    assert page.isascii()
    assert "(31-93 %)" in page
    assert ">= 3" in page


def _with_hostile_text(value: object) -> object:
    """Put the hostile text wherever free text may stand, whatever the field."""
    if isinstance(value, msgspec.Struct):
        keep = {"tier", "status", "scope", "side", "state", "kind", "direction", "severity", "basis", "setting", "sex",
                "default_tier", "asked_of", "schema_version"}  # fmt: skip
        return msgspec.structs.replace(
            value,
            **{name: _with_hostile_text(getattr(value, name)) for name in value.__struct_fields__ if name not in keep},
        )
    if isinstance(value, tuple):
        return tuple(_with_hostile_text(each) for each in value)
    return HOSTILE if isinstance(value, str) and value else value


@pytest.mark.parametrize("ascii_only", [False, True])
def test_hostile_text_is_shown_and_does_nothing(assessment: Assessment, ascii_only: bool) -> None:
    hostile = _with_hostile_text(assessment)
    assert isinstance(hostile, Assessment)
    page = text.render(hostile, Names(titles={HOSTILE: HOSTILE}), Look(width=120, ascii_only=ascii_only), full=True)
    page.encode()  # no lone surrogate
    assert "[bold red]x[/]" in page
    assert "<script>" in page
    for forbidden in "\x1b\x07\r\u202e":
        assert forbidden not in page


def test_shortens_long_lists_and_says_so(assessment: Assessment, names: Names) -> None:
    many = msgspec.structs.replace(assessment, questions=assessment.questions * 9)
    assert "and 3 more (--full shows them)" in text.render(many, names, Look())
    assert "--full" not in text.render(many, names, Look(), full=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"status": "failure", "tier": None, "knees": ()}, "NOT ASSESSED", id="failure"),
        pytest.param({"tier": None, "knees": ()}, "NO ESCALATION WORKED OUT", id="no tier"),
        pytest.param({"status": "data-required"}, "Too little is known", id="data required"),
        pytest.param({"status": "success"}, "No unanswered question could raise this", id="success"),
        pytest.param({"tier": "routine"}, "No red flag is met.", id="no rule of that tier"),
        pytest.param({"tier": "self_care", "knees": ()}, "No red flag is met.", id="nothing"),
    ],
)
def test_headline(assessment: Assessment, names: Names, change: dict[str, object], said: str) -> None:
    page = text.render(msgspec.structs.replace(assessment, **change), names, Look())
    assert said in page
    assert "a unit was not understood" in page


def test_a_failure_says_that_it_is_no_all_clear(assessment: Assessment, names: Names) -> None:
    failed = msgspec.structs.replace(assessment, status="failure", tier=None, knees=())
    assert "not an all-clear" in text.render(failed, names, Look())


def test_not_enough_known_is_said(assessment: Assessment, names: Names) -> None:
    knee = msgspec.structs.replace(assessment.knees[0], enough_known=False, hypotheses=(), tier=None)
    page = text.render(msgspec.structs.replace(assessment, knees=(knee,)), names, Look())
    assert "Not enough is known to rank" in page


def test_same_assessment_same_text(assessment: Assessment, names: Names) -> None:
    assert text.render(assessment, names, Look()) == text.render(assessment, names, Look())


@pytest.mark.parametrize(
    "said",
    [
        "62 % (31–93 %), rank 1, usual tier ROUTINE",
        "Before any finding: 11 %, consensus",
        "Sign 1 ×1.6",
        "absent: Lachman positive ~×0.3 · qualitative, strong against",
        "Thessaly test: present ×3.0 → 83 %, absent ×0.5 → 45 %",
        "Hot swollen knee (right knee): undecided",
        "met if Fever: present",
        "Settled by: MRI",
    ],
)
def test_explanation_says(assessment: Assessment, names: Names, said: str) -> None:
    found = [("right", assessment.knees[0].hypotheses[0])]
    assert said in explanation.render(assessment, "meniscal_tear", found, names, Look())  # type: ignore[arg-type]


def test_explanation_of_what_is_not_there(assessment: Assessment, names: Names) -> None:
    page = explanation.render(assessment, "bucket_handle_meniscal_tear", [], names, Look())
    assert "is not among the hypotheses" in page
    assert "Locked knee (right knee): met unless" in page
