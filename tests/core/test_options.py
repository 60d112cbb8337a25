"""What is offered, what is left out and why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from core.small import action, answer, condition, knowledge, ratio, rule, yes_no

AS_OF = date(2026, 1, 1)
FINDINGS = [yes_no("pain"), yes_no("hot"), yes_no("pregnant", scope="person", category="context"), yes_no("ulcer", scope="person", category="history")]
CONDITIONS = [
    condition("tendinopathy", ratio("pain", "20"), prior=0.5, parent="overuse"),
    condition("overuse", prior=0, managed_by_probability="no"),
    condition("infection", prior=0.0001, managed_by_probability="rank_only", default_tier="emergency"),
]
RULES = [rule("rf_hot", "hot", "urgent_same_day", raises=("infection",))]


def advice(*actions: Any, present: tuple[str, ...] = (), absent: tuple[str, ...] = ()) -> tuple[list[str], dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return what is offered, what is blocked by what, and what is advised against for whom."""
    found = answer(knowledge(FINDINGS, CONDITIONS, RULES, actions=actions), AS_OF, present=("pain", *present), absent=absent)
    return [one.action for one in found.options], {one.action: one.because for one in found.blocked}, {one.action: one.because for one in found.against}


EXERCISE = action("squats", "tendinopathy")
NSAID = action("nsaid", "tendinopathy", kind="medication", contraindicated_for=("ulcer",), screened_by="nsaid_screen")
SCREEN = action("nsaid_screen", kind="medication", contraindicated_for=("ulcer", "pregnant"))

OFFERED = [
    pytest.param((EXERCISE,), (), ["squats"], {}, id="for a listed condition"),
    pytest.param((action("rest", "overuse"),), (), ["rest"], {}, id="for the class above it"),
    pytest.param((action("surgery", "gout"),), (), [], {}, id="for another condition"),
    pytest.param((NSAID, SCREEN), (), ["nsaid"], {}, id="nothing known against it"),
    pytest.param((NSAID, SCREEN), ("ulcer",), [], {"nsaid": ("ulcer",)}, id="its own contraindication"),
    pytest.param((NSAID, SCREEN), ("pregnant",), [], {"nsaid": ("pregnant",)}, id="that of the screen"),
    pytest.param((action("run", "tendinopathy", contraindicated_for=("infection",)),), ("hot",), [], {}, id="urgent: exercise waits, nothing need be said"),
    pytest.param((action("film", "tendinopathy", kind="imaging"),), ("hot",), ["film"], {}, id="urgent: imaging does not wait"),
    pytest.param((action("film", "tendinopathy", kind="imaging", contraindicated_for=("infection",)),), ("hot",), [], {"film": ("infection",)}, id="a raised condition forbids"),
]  # fmt: skip


@pytest.mark.parametrize(("actions", "present", "offered", "blocked"), OFFERED)
def test_offered(actions: tuple, present: tuple[str, ...], offered: list[str], blocked: dict[str, tuple[str, ...]]) -> None:
    assert advice(*actions, present=present)[:2] == (offered, blocked)


@pytest.mark.parametrize(
    ("absent", "caution"),
    [((), {"not known: ulcer", "not known: pregnant"}), (("ulcer",), {"not known: pregnant"}), (("ulcer", "pregnant"), set())],
)
def test_what_is_not_known_to_be_absent_is_said(absent: tuple[str, ...], caution: set[str]) -> None:
    """Nobody asked is not no: an option says which answers it still needs."""
    found = answer(knowledge(FINDINGS, CONDITIONS, RULES, actions=(NSAID, SCREEN)), AS_OF, present=("pain",), absent=absent)
    assert {words for option in found.options for words in option.caution} == caution


def test_what_needs_review_is_a_caution() -> None:
    reviewed = action("nsaid", "tendinopathy", kind="medication", reviewed_by="nsaid_cautions")
    review = action("nsaid_cautions", kind="medication", contraindicated_for=("ulcer",))
    found = answer(knowledge(FINDINGS, CONDITIONS, RULES, actions=(reviewed, review)), AS_OF, present=("pain", "ulcer"))
    assert [(option.action, option.caution) for option in found.options] == [("nsaid", ("ulcer",))]


def test_what_guidelines_say_not_to_do() -> None:
    """For advice against something the list says whom it concerns."""
    against = action("no_injection", kind="injection", evidence_strength="recommend_against", contraindicated_for=("tendinopathy",))
    assert advice(against)[2] == {"no_injection": ("tendinopathy",)}
    assert advice(action("no_film", evidence_strength="recommend_against", contraindicated_for=("infection",)))[2] == {}


def test_better_supported_first() -> None:
    weak, strong = action("tape", "tendinopathy", evidence_strength="limited"), action("squats", "tendinopathy", evidence_strength="strong_guideline")
    assert advice(weak, strong)[0] == ["squats", "tape"]


def test_because_names_the_condition() -> None:
    found = answer(knowledge(FINDINGS, CONDITIONS, RULES, actions=(EXERCISE,)), AS_OF, present=("pain",))
    assert [(option.because, option.scope, option.sources) for option in found.options] == [(("tendinopathy",), "left", ("study",))]
