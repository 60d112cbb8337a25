"""What was denied, and follows from something else that was stated: it is said, and reassures nobody."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from core.small import SOFTWARE, answer, condition, knowledge, ratio, rule, yes_no

from kneecds.core import assess as thinking
from kneecds.core.facts import Fact

if TYPE_CHECKING:
    from kneecds.core.facts import Side

AS_OF = date(2026, 1, 1)
FINDINGS = [
    yes_no("a"),
    yes_no("tear", implies=("injury",)),
    yes_no("injury"),
    yes_no("operated", implies=("surgery",)),
    yes_no("surgery", scope="person"),
    yes_no("z"),
]
RULES = [rule("rf_injury", "a and injury", "emergency"), rule("rf_none", "a and not injury", "routine")]
MODEL = knowledge(FINDINGS, [condition("x", ratio("z", "2"), ratio("injury", "9", "0.1"))], RULES)


def test_it_counts_as_present_for_red_flags() -> None:
    found = answer(MODEL, AS_OF, present=("a", "tear"), absent=("injury",))
    assert found.tier == "emergency"
    assert [one.rule for one in found.knees[0].rules] == ["rf_injury"]


def test_it_is_said_once_with_its_side() -> None:
    found = answer(MODEL, AS_OF, present=("a", "tear"), absent=("injury",))
    (issue,) = [issue for issue in found.issues if issue.rule == "denied-but-follows"]
    assert issue.severity == "warning"
    assert issue.message.startswith("injury (left) was denied")


@pytest.mark.parametrize("sides", [("left",), ("left", "right")])
def test_of_the_person_it_is_said_once_whatever_the_knee(sides: tuple[Side, ...]) -> None:
    facts = [*(Fact("operated", side, value=True) for side in sides), Fact("surgery", "person", value=False)]
    found = thinking.assess(facts, model=MODEL, software=SOFTWARE, as_of=AS_OF)
    messages = [issue.message for issue in found.issues if issue.rule == "denied-but-follows"]
    assert [message.split(" was")[0] for message in messages] == ["surgery"]


def test_it_rules_nothing_out() -> None:
    """The denial alone lowers a condition; the denial of what follows does not."""
    denied = answer(MODEL, AS_OF, present=("a", "z"), absent=("injury",)).knees[0].hypotheses
    both = answer(MODEL, AS_OF, present=("a", "z", "tear"), absent=("injury",)).knees[0].hypotheses
    assert not any(part.finding == "injury" for line in both for part in line.opposing)
    assert any(part.finding == "injury" for line in denied for part in line.opposing)


def test_what_agrees_is_not_complained_about() -> None:
    for said in (
        {"present": ("a", "tear", "injury")},
        {"present": ("a",), "absent": ("injury", "tear")},
        {"present": ("injury",), "absent": ("tear",)},
    ):
        assert [issue for issue in answer(MODEL, AS_OF, **said).issues if issue.rule == "denied-but-follows"] == []
