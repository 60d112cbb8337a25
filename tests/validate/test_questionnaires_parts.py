"""The parts of layer 7 on their own: conditions, times, expressions; and that nothing hostile troubles them."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecds.fhir.validate import questionnaires
from kneecds.fhir.validate.catalogue import form_examples as of
from kneecds.fhir.validate.catalogue.form_examples import ask, form, say
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.questionnaires import moments, patterns
from kneecds.fhir.validate.questionnaires.conditions import Condition
from kneecds.fhir.validate.supplied import Supplied


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [
        ("2026-01-15", "2026-01-15", 0),
        ("2026-01-14", "2026-01-15", -1),
        ("2026", "2025-12-31", 1),
        ("2026", "2026-01-15", None),
        ("2026-01", "2026-02-01", -1),
        ("2026-01-15T10:00:00Z", "2026-01-15T11:00:00+01:00", 0),
        ("2026-01-15T10:00:00Z", "2026-01-15T10:00:00.500Z", -1),
        ("2026-01-15T10:00:00Z", "2026-01-15", None),
        ("2026-01-15T10:00:00Z", "2026-01-16", -1),
        ("2026-01-15T25:00:00Z", "2026-01-15T10:00:00Z", None),
    ],
)
def test_moments_of_any_precision(one: str, other: str, order: int | None) -> None:
    assert moments.compare(one, other) == order
    assert moments.compare(other, one) == (None if order is None else -order)


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [
        ("10:00:00", "10:00:00.0", 0),
        ("10:00:00", "10:00:01", -1),
        ("10:00", "10:00:30", None),
        ("09:59:59.9", "10:00:00", -1),
    ],
)
def test_times_of_day(one: str, other: str, order: int | None) -> None:
    assert moments.compare_times(one, other) == order


KG = {"system": of.UCUM, "code": "kg"}


@pytest.mark.parametrize(
    ("operator", "kind", "expected", "given_answers", "holds"),
    [
        ("exists", "Boolean", True, [("String", "x")], True),
        ("exists", "Boolean", False, [], True),
        ("=", "Boolean", True, [], False),
        ("!=", "Boolean", True, [], None),
        ("=", "Integer", 3, [("Decimal", Decimal("3.0"))], True),
        (">", "Integer", 3, [("Integer", 1), ("Integer", 4)], True),
        ("!=", "Integer", 3, [("Integer", 3), ("Integer", 4)], None),
        ("=", "String", "x", [("Integer", 3)], None),
        ("=", "Coding", {"code": "a"}, [("Coding", {"system": "s", "code": "a"})], True),
        ("=", "Coding", {"system": "s", "code": "a"}, [("Coding", {"code": "a"})], False),
        ("=", "Coding", {"system": "s", "code": "a"}, [("Coding", {"display": "A"})], None),
        (">", "Coding", {"code": "a"}, [("Coding", {"code": "a"})], None),
        ("<", "Date", "2026-06-01", [("DateTime", "2026-05-31T10:00:00Z")], True),
        (">", "Quantity", {"value": 3, **KG}, [("Quantity", {"value": 4000, "system": of.UCUM, "code": "g"})], True),
        ("=", "Quantity", {"value": 3, **KG}, [("Quantity", {"value": 3, "system": of.UCUM, "code": "m"})], False),
        (">", "Quantity", {"value": 3, **KG}, [("Quantity", {"value": 3, "system": of.UCUM, "code": "m"})], None),
        ("=", "Reference", {"reference": "Patient/1"}, [("Reference", {"reference": "Patient/1"})], True),
    ],
)
def test_a_condition(
    operator: str, kind: str, expected: Any, given_answers: list[tuple[str, Any]], holds: bool | None
) -> None:
    assert Condition(operator, kind, expected, 0, ("1",)).holds(given_answers) is holds


@pytest.mark.parametrize(
    ("behaviour", "first", "second", "severities"),
    [
        ("all", of.YES, of.YES, set()),
        ("all", of.YES, of.NO, {"error"}),
        ("any", of.YES, of.NO, set()),
        ("any", of.NO, of.NO, {"error"}),
        (None, of.YES, of.YES, set()),
        (None, of.NO, of.NO, {"error"}),
        (None, of.YES, of.NO, set()),
    ],
)
def test_conditions_together(behaviour: str | None, first: Any, second: Any, severities: set[str]) -> None:
    when = [{"question": one, "operator": "=", "answerBoolean": True} for one in ("1", "2")]
    third = ask("3", "string", enableWhen=when, **({"enableBehavior": behaviour} if behaviour else {}))
    whole = form(ask("1", "boolean"), ask("2", "boolean"), third)
    context = Context(of.response(say("1", first), say("2", second), say("3", of.TEXT)), "R4", Supplied([whole]))
    questionnaires.look(context)
    assert {issue.severity for issue in context.found} == severities


@pytest.mark.parametrize(
    ("expression", "text", "verdict"),
    [
        (r"\d{3}-\d{2}", "123-45", True),
        (r"\d{3}-\d{2}", "123-456", False),
        (r"[^@\s]+@[^@\s]+\.[^@\s]+", "kari@example.org", True),
        ("(a+)+", "aaa", True),
        ("(a+)+b", "a" * 50, None),
        ("(a|aa)+b", "a" * 50, None),
        (".*.*.*.*.*x", "a" * 500, None),
        (r"(a*)\1b", "a" * 50, None),
    ],
)
def test_an_expression_is_run_where_its_time_is_bounded(expression: str, text: str, verdict: bool | None) -> None:
    pattern = patterns.compile_pattern(expression)
    assert pattern is not None
    assert patterns.matches(pattern, text) is verdict


@pytest.mark.parametrize("expression", ["([a-z", r"\p{L}+", "[[a-z]&&[b]]", "a" * 5000])
def test_an_expression_that_cannot_be_read_is_none(expression: str) -> None:
    assert patterns.compile_pattern(expression) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "item", "linkId", "type", "answer", "answerOption", "enableWhen", "question", "operator", "extension", "url",
            "valueCoding", "valueQuantity", "valueInteger", "answerBoolean", "initial", "required", "maxLength", "text",
        ]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(asked=JSON, answers=JSON)
def test_nothing_hostile_is_ever_raised(asked: Any, answers: Any) -> None:
    """ "A room never raises": whatever stands where items should stand."""
    whole = {"resourceType": "Questionnaire", "url": of.FORM, "item": asked}
    for document in (whole, {**of.response(), "item": answers}):
        questionnaires.look(Context(document, "R4", Supplied([whole])))


def _calls(count: int) -> int:
    """Return how many functions are called for a response of so many answers."""
    items = [ask(str(number), "boolean") for number in range(count)]
    asked = [
        ask(f"x{number}", "string", enableWhen=[{"question": str(number), "operator": "=", "answerBoolean": True}])
        for number in range(count)
    ]
    supplied = Supplied([form(*items, *asked)])
    answers = of.response(
        *(say(str(number), of.YES) for number in range(count)), *(say(f"x{number}", of.TEXT) for number in range(count))
    )
    context = Context(answers, "R4", supplied)
    assert context.holders
    called = 0

    def count_call(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal called
        called += event == "call"

    sys.setprofile(count_call)
    try:
        questionnaires.look(context)
    finally:
        sys.setprofile(None)
    assert context.found == []
    return called


def test_cost_is_linear_in_size() -> None:
    assert _calls(2000) < 11 * _calls(200)
