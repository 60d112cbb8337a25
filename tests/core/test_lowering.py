"""Which smallest change would lower the escalation; and that age and sex are no change."""

from __future__ import annotations

from datetime import date

import pytest
from core.small import answer, condition, knowledge, ratio, rule, yes_no

AS_OF = date(2026, 1, 1)
FINDINGS = [
    *(yes_no(name) for name in "abcd"),
    yes_no("z"),
    yes_no("both", asked_of="computed", derived_from="a and b"),
]

ROWS = [
    pytest.param(["a"], "a", "", {("a", "absent")}, id="one finding"),
    pytest.param(["a and b"], "ab", "", {("a", "absent")}, id="and: one of them"),
    pytest.param(["a or b"], "ab", "", {("a", "absent"), ("b", "absent")}, id="or: both of them"),
    pytest.param(["a or b"], "a", "b", {("a", "absent")}, id="or: the one that is there"),
    pytest.param(["a and not b"], "a", "b", {("a", "absent")}, id="and not: the shorter of two"),
    pytest.param(["a and not b"], "a", "", {("b", "present")}, id="met unless: what would cancel it"),
    pytest.param(["at_least(2, a, b, c)"], "abc", "", {("a", "absent"), ("b", "absent")}, id="at least two of three: two of them"),
    pytest.param(["at_least(2, a, b, c)"], "ab", "c", {("a", "absent")}, id="at least two of two: one"),
    pytest.param(["both"], "ab", "", {("a", "absent")}, id="what is computed: what it is made of"),
    pytest.param(["a", "b"], "ab", "", {("a", "absent"), ("b", "absent")}, id="two rules: what breaks both"),
    pytest.param(["age_years >= 55"], "", "", None, id="nobody gets younger"),
    pytest.param(["a and age_years >= 55"], "a", "", {("a", "absent")}, id="but what else it takes may change"),
]  # fmt: skip


@pytest.mark.parametrize(("whens", "present", "absent", "expected"), ROWS)
def test_lowering(whens: list[str], present: str, absent: str, expected: set[tuple[str, str]] | None) -> None:
    rules = [rule(f"rf_{number}", when, "urgent_same_day") for number, when in enumerate(whens)]
    model = knowledge(FINDINGS, [condition("x", ratio("z", "2"))], rules)
    found = answer(model, AS_OF, present=(*present, "z"), absent=tuple(absent), age_years=60)
    assert found.tier == "urgent_same_day"
    changes = [
        {(part.finding, part.answer) for part in one.changes}
        for one in found.counterfactuals
        if one.direction == "lower"
    ]
    assert changes == ([] if expected is None else [expected])


def test_it_becomes_the_next_tier_that_stands() -> None:
    rules = [rule("rf_high", "a", "emergency"), rule("rf_low", "b", "soon_within_days")]
    model = knowledge(FINDINGS, [condition("x", ratio("z", "2"))], rules)
    (change,) = [one for one in answer(model, AS_OF, present=("a", "b")).counterfactuals if one.direction == "lower"]
    assert (change.tier, change.rule) == ("soon_within_days", "rf_high")


def test_what_is_routine_is_not_lowered() -> None:
    model = knowledge(FINDINGS, [condition("x", ratio("z", "2"))], [rule("rf", "a", "routine")])
    assert [one for one in answer(model, AS_OF, present=("a", "z")).counterfactuals if one.direction == "lower"] == []


def test_a_probability_holds_the_tier_as_well() -> None:
    """Then no other answer about the rule alone would lower it, and none is named."""
    sure = condition("x", ratio("z", "20"), prior=0.5, default_tier="urgent_same_day")
    model = knowledge(FINDINGS, [sure], [rule("rf", "a", "urgent_same_day")])
    found = answer(model, AS_OF, present=("a", "z"))
    assert found.tier == answer(model, AS_OF, present=("z",), absent=("a",)).tier == "urgent_same_day"
    assert [one for one in found.counterfactuals if one.direction == "lower"] == []


def test_what_raises_another_rule_does_not_lower() -> None:
    """A change is tried out: an answer that ends one rule and begins another of its height is none."""
    rules = [rule("rf_yes", "a and b", "emergency"), rule("rf_no", "not a and c", "emergency")]
    model = knowledge(FINDINGS, [condition("x", ratio("z", "2"))], rules)
    found = answer(model, AS_OF, present=("a", "b", "c", "z"))
    assert answer(model, AS_OF, present=("b", "c", "z"), absent=("a",)).tier == "emergency"
    for one in found.counterfactuals:
        if one.direction == "lower":
            changed = {part.finding: part.answer == "present" for part in one.changes}
            said = {**dict.fromkeys("abcz", True), **changed}
            after = answer(model, AS_OF, present=[n for n in said if said[n]], absent=[n for n in said if not said[n]])
            assert after.tier == one.tier
