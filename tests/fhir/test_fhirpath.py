"""The face over the FHIRPath engine: what it says, what it cannot say, and that it never raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecds.fhir import fhirpath

OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "subject": {"reference": "#p"},
    "valueQuantity": {"value": 1},
    "component": [{"code": {"text": "x"}}],
    "contained": [{"resourceType": "Patient", "id": "p"}],
}


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        ("status = 'final'", True),
        ("value.empty()", False),
        ("status.trace('seen') = 'final'", True),
        ("contained.id contains 'p'", True),
        ("subject.reference.substring(1) in %resource.contained.id", True),
        ("%rootResource.status = 'final'", True),
        ("issued > @2020", None),
        ("code(", None),
        ("nosuch(1)", None),
        ("subject.resolve().exists()", None),
        ("status.memberOf('http://x.org/v')", None),
        ("a" * 30_000, None),
    ],
)
def test_a_constraint_holds_or_not_or_cannot_be_said(
    expression: str, truth: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fhirpath.holds(expression, OBSERVATION, "R4") is truth
    assert capsys.readouterr().out == ""


def test_an_element_is_looked_at_in_its_resource() -> None:
    component = OBSERVATION["component"][0]
    answer = fhirpath.evaluate(
        "code.text | %resource.status | %context.code.text",
        component,
        "R4",
        base="Observation.component",
        resource=OBSERVATION,
    )
    assert answer == ["x", "final"]


def test_what_is_asked_of_others_is_asked_of_them() -> None:
    resolved = fhirpath.holds(
        "subject.resolve() is Patient", OBSERVATION, "R4", resolve=lambda _reference: {"resourceType": "Patient"}
    )
    member = fhirpath.holds(
        "status.memberOf('http://x.org/v')", OBSERVATION, "R4", member_of=lambda code, _url: code == "final"
    )
    assert (resolved, member) == (True, True)


def test_html_is_checked() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'
    assert fhirpath.holds("htmlChecks()", div, "R4", base="xhtml") is True
    assert fhirpath.holds("htmlChecks()", "<script/>", "R4", base="xhtml") is False


def test_the_document_stays_as_it_was() -> None:
    before = repr(OBSERVATION)
    fhirpath.evaluate("descendants()", OBSERVATION, "R5")
    assert repr(OBSERVATION) == before


@given(st.text("ab.()'|= 1@%$", max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_expression_makes_it_raise(expression: str) -> None:
    assert fhirpath.holds(expression, OBSERVATION, "R4") in (True, False, None)


@pytest.mark.parametrize(
    ("expression", "readable"),
    [
        ("a.b", True),
        ("item.where(linkId = 'a').answer.value > 3", True),
        ("%resource.item.all(answer.exists() implies $this.linkId.exists())", True),
        ("today() - 1 year", True),
        ("a.(", False),
        ("a b", False),
        ("a and", False),
        ("'open", False),
        ("", False),
        ("(" * 300 + "a" + ")" * 300, None),
    ],
)
def test_an_expression_can_be_read_or_not(expression: str, readable: bool | None) -> None:
    """What is nested beyond reason is answered, whichever way."""
    answer = fhirpath.can_be_read(expression)
    assert answer in (True, False) if readable is None else answer is readable
