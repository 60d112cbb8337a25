"""What to ask next: the fewest answers that would meet a rule, and whether they do."""

from __future__ import annotations

from datetime import date

import pytest
from core.small import SOFTWARE, amount, answer, condition, knowledge, ratio, rule, yes_no

from kneecds.core import assess as thinking
from kneecds.core.asking import opposite
from kneecds.core.facts import SIDES, Fact
from kneecds.core.masks import NO, UNKNOWN, YES, evaluate

AS_OF = date(2026, 1, 1)
FINDINGS = [
    *(yes_no(name) for name in "abcdef"),
    amount("days", "d"),
    yes_no("both", asked_of="computed", derived_from="a and b"),
    yes_no("long", asked_of="computed", derived_from="days >= 14"),
]

WAYS = [
    pytest.param("a", {}, {("a", "present")}, id="one finding"),
    pytest.param("a and b", {}, {("a", "present"), ("b", "present")}, id="and: all of them"),
    pytest.param("a and b", {"present": "a"}, {("b", "present")}, id="and: what is left"),
    pytest.param("a and b or c", {}, {("c", "present")}, id="or: the shorter way"),
    pytest.param("a and b or c", {"absent": "c"}, {("a", "present"), ("b", "present")}, id="or: the way that is open"),
    pytest.param("(a or b) and c", {"present": "b"}, {("c", "present")}, id="or: already settled"),
    pytest.param("at_least(2, a, b, c)", {"present": "a", "absent": "b"}, {("c", "present")}, id="at least: what is missing"),
    pytest.param("at_least(2, a, b and c, d)", {"present": "a"}, {("d", "present")}, id="at least: the shortest part"),
    pytest.param("both and c", {"present": "c"}, {("a", "present"), ("b", "present")}, id="nobody is asked what is computed"),
    pytest.param("a and days >= 14", {"present": "a"}, {("days", ">= 14")}, id="an amount"),
    pytest.param("a and long", {"present": "a"}, {("days", ">= 14")}, id="an amount behind a computed finding"),
    pytest.param("points(2: a, 1: b, 1: c) >= 3", {"present": "b"}, {("a", "present")}, id="points: the heaviest first"),
]  # fmt: skip


def undecided(when: str, **said: str) -> dict[str, set[tuple[str, str]]]:
    model = knowledge(
        [*FINDINGS, yes_no("z")], [condition("x", ratio("z", "2"))], [rule("rf", when, "emergency", raises=("x",))]
    )
    (knee,) = answer(model, AS_OF, present=(*said.get("present", ""), "z"), absent=tuple(said.get("absent", ""))).knees
    return {one.rule: {(part.finding, part.answer) for part in one.decided_by} for one in knee.undecided}


@pytest.mark.parametrize(("when", "said", "expected"), WAYS)
def test_fewest_answers(when: str, said: dict[str, str], expected: set[tuple[str, str]]) -> None:
    assert undecided(when, **said) == {"rf": expected}


@pytest.mark.parametrize(("when", "said"), [("a and b", {"absent": "a"}), ("at_least(2, a, b, c)", {"absent": "ab"})])
def test_what_cannot_be_met_is_not_asked_about(when: str, said: dict[str, str]) -> None:
    assert undecided(when, **said) == {}


def test_the_most_urgent_is_asked_first() -> None:
    rules = [
        rule("rf_mild", "a", "soon_within_days"),
        rule("rf_grave", "b", "emergency"),
        rule("rf_far", "c and d and e", "emergency"),
    ]
    model = knowledge([*FINDINGS, yes_no("z")], [condition("x", ratio("z", "2"))], rules)
    found = answer(model, AS_OF, present=("z",)).questions
    asked = [question.finding for question in found if question.kind == "escalation"]
    assert asked[:2] == ["b", "a"]
    assert all(question.why and question.tier for question in found if question.kind == "escalation")


def test_what_cannot_raise_the_tier_is_not_asked_for_it() -> None:
    model = knowledge(
        FINDINGS,
        [condition("x", ratio("f", "2"))],
        [rule("rf_now", "a", "emergency"), rule("rf_soon", "b", "soon_within_days")],
    )
    found = answer(model, AS_OF, present=("a",))
    assert [question for question in found.questions if question.kind == "escalation"] == []
    assert found.status == "success"


def test_what_tells_the_list_apart_is_asked() -> None:
    first, second = (
        condition("x", ratio("a", "10"), ratio("c", "1.1"), prior=0.3),
        condition("y", ratio("b", "1.2"), prior=0.3),
    )
    model = knowledge([*FINDINGS, yes_no("z")], [first, second, condition("w", ratio("z", "2"), prior=0.01)])
    asked = [
        question.finding for question in answer(model, AS_OF, present=("z",)).questions if question.kind == "hypotheses"
    ]
    assert asked[0] == "a"


def test_what_concerns_the_person_is_asked_of_the_person() -> None:
    """And once, though both knees would need the answer."""
    ill = yes_no("ill", scope="person")
    model = knowledge(
        [ill, *FINDINGS, yes_no("z")],
        [condition("x", ratio("z", "2"), ratio("ill", "9"))],
        [rule("rf", "ill and a", "emergency")],
    )
    facts = [Fact(name, side, value=True) for name in "za" for side in SIDES]
    found = thinking.assess(facts, model=model, software=SOFTWARE, as_of=AS_OF)
    assert [(one.finding, one.scope) for one in found.questions if one.finding == "ill"] == [("ill", "person")]


def test_why_says_what_an_answer_speaks_for_and_against() -> None:
    rows = condition("x", ratio("a", "10"), prior=0.3), condition("y", ratio("a", "0.2"), prior=0.3)
    model = knowledge([*FINDINGS, yes_no("z")], [*rows, condition("w", ratio("z", "2"), prior=0.01)])
    why = {one.finding: one.why for one in answer(model, AS_OF, present=("z",)).questions if one.kind == "hypotheses"}
    assert why["a"] == "if present it speaks for x and against y"


OPPOSITES = ("a", "a and b", "a or not b", "at_least(2, a, b, c)", "not (a and (b or c))", "points(2: a, 1: b) >= 2")


@pytest.mark.parametrize("when", OPPOSITES)
def test_opposite(when: str) -> None:
    """Whatever is known, the opposite is met exactly when the rule is not."""
    model = knowledge(FINDINGS, [], [rule("rf", when, "emergency")])
    node, bits = model.rules[0].node, [1 << model.vocabulary.bit_of[name] for name in "abc"]
    turned = {YES: NO, UNKNOWN: UNKNOWN, NO: YES}
    for number in range(27):
        truths = [number // 3**place % 3 for place in range(3)]
        yes = sum(bit for bit, truth in zip(bits, truths, strict=True) if truth == YES)
        no = sum(bit for bit, truth in zip(bits, truths, strict=True) if truth == NO)
        assert evaluate(opposite(node), yes, no) == turned[evaluate(node, yes, no)]
