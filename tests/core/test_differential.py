"""Which conditions are listed, how probable, and what is counted once."""

from __future__ import annotations

from datetime import date

import pytest
from core.small import answer, condition, judged, knowledge, ratio, rule, yes_no

from kneecds.core.knowledge import Gate, Share
from kneecds.core.odds import expit, logit

AS_OF = date(2026, 1, 1)
SIGNS = [
    yes_no("pop"),
    yes_no("effusion", implies=("swelling",)),
    yes_no("swelling"),
    yes_no("click"),
    yes_no("locking"),
]


def odds(probability: float) -> float:
    return probability / (1 - probability)


def probability(odds_: float) -> float:
    return odds_ / (1 + odds_)


def listed(
    conditions: list, *present: str, absent: tuple[str, ...] = (), rules: tuple = (), **reasoning: object
) -> dict[str, float]:
    """Return the list: condition and probability, in order."""
    (knee,) = answer(knowledge(SIGNS, conditions, rules, **reasoning), AS_OF, present=present, absent=absent).knees
    return {line.condition: line.probability for line in knee.hypotheses}


ACL = condition("acl_tear", ratio("pop", "4", "0.5"), prior=0.1)

SUMS = [
    pytest.param((), ("pop",), 0.1 / 0.9 * 4, id="prior odds times the ratio"),
    pytest.param(("pop",), ("click",), 0.1 / 0.9 * 0.5, id="absent: the negative ratio"),
    pytest.param((), ("click",), 0.1 / 0.9, id="unknown: the prior"),
]


@pytest.mark.parametrize(("absent", "present", "expected"), SUMS)
def test_sum(absent: tuple[str, ...], present: tuple[str, ...], expected: float) -> None:
    other = condition("meniscal_tear", ratio("click", "1.5"), prior=0.1)
    found = listed([ACL, other], *present, absent=absent, list_coverage=1.0)
    assert found["acl_tear"] == pytest.approx(probability(expected), rel=0.06)  # two digits are shown


def test_conditions_coexist() -> None:
    """Each has its own probability; together they may be more than one."""
    conditions = [condition(name, ratio("pop", "20"), prior=0.5) for name in ("acl_tear", "meniscal_tear")]
    assert sum(listed(conditions, "pop").values()) > 1


ONCE = [
    pytest.param({}, ("effusion",), 4, id="a finding and what it implies: the stronger"),
    pytest.param({}, ("effusion", "swelling"), 4, id="also if both were said"),
    pytest.param({}, ("effusion", "click"), 4 * 3, id="two different things: both"),
    pytest.param({"counts_once": {"noise": ("effusion", "swelling", "click")}}, ("effusion", "click"), 4, id="of one structure: the stronger"),
]  # fmt: skip


@pytest.mark.parametrize(("reasoning", "present", "expected"), ONCE)
def test_counted_once(reasoning: dict, present: tuple[str, ...], expected: float) -> None:
    disease = condition("acl_tear", ratio("effusion", "4"), ratio("swelling", "2"), ratio("click", "3"), prior=0.1)
    assert listed([disease], *present, **reasoning)["acl_tear"] == pytest.approx(
        probability(odds(0.1) * expected), rel=0.06
    )


def test_a_cluster_replaces_its_parts() -> None:
    signs = [*SIGNS, yes_no("two_of_three", asked_of="computed", derived_from="at_least(2, pop, click, locking)")]
    disease = condition(
        "acl_tear",
        ratio("two_of_three", "9"),
        ratio("pop", "4"),
        ratio("click", "4"),
        ratio("swelling", "2"),
        prior=0.05,
    )
    model = knowledge(signs, [disease], clusters=("two_of_three",))
    (knee,) = answer(model, AS_OF, present=("pop", "click", "swelling")).knees
    assert {part.finding for part in knee.hypotheses[0].supporting} == {"two_of_three", "swelling"}
    assert knee.hypotheses[0].probability == pytest.approx(probability(odds(0.05) * 9 * 2), rel=0.06)


def test_at_most_five_and_as_few_as_cover() -> None:
    many = [condition(f"disease_{number}", ratio("pop", "2"), prior=0.1) for number in range(9)]
    assert len(listed(many, "pop")) == 5
    sure = condition("acl_tear", ratio("pop", "20", cap=20.0), prior=0.6)
    rare = [condition(f"rare_{number}", prior=0.001) for number in range(9)]
    assert list(listed([*rare, sure], "pop", rank_prior_weight=1.0)) == ["acl_tear"]


def test_what_the_gate_shuts_out_is_not_listed() -> None:
    gated = condition("acl_tear", ratio("pop", "20"), prior=0.5, gate=Gate("locking", "impossible without"))
    other = condition("meniscal_tear", prior=0.1)
    assert "acl_tear" in listed([gated, other], "pop")
    assert "acl_tear" not in listed([gated, other], "pop", absent=("locking",))


def test_a_family_is_one_line() -> None:
    """What cannot be told apart yet is named by the class above, with what it stands for."""
    members = [
        condition(name, ratio("click", "4"), prior=0.1, parent="meniscal_tear")
        for name in ("medial_tear", "lateral_tear")
    ]
    family = condition("meniscal_tear", prior=0, managed_by_probability="no")
    model = knowledge(SIGNS, [family, *members], families=("meniscal_tear",))
    (knee,) = answer(model, AS_OF, present=("click",)).knees
    assert [(line.condition, set(line.includes)) for line in knee.hypotheses] == [
        ("meniscal_tear", {"medial_tear", "lateral_tear"})
    ]


def test_a_family_with_one_likely_member_is_that_member() -> None:
    members = [
        condition("medial_tear", ratio("click", "20"), prior=0.2, parent="meniscal_tear"),
        condition("lateral_tear", prior=0.01, parent="meniscal_tear"),
    ]
    model = knowledge(
        SIGNS, [condition("meniscal_tear", prior=0, managed_by_probability="no"), *members], families=("meniscal_tear",)
    )
    (knee,) = answer(model, AS_OF, present=("click",)).knees
    assert knee.hypotheses[0].condition == "medial_tear"


# --- what a met rule raises -------------------------------------------------------------------------------------

SEPSIS = condition(
    "septic_arthritis",
    judged("locking", "strong for"),
    judged("pop", "moderate against"),
    prior=0.001,
    default_tier="emergency",
    managed_by_probability="rank_only",
)


def raised(*present: str, shares: tuple[Share, ...] = ()) -> float:
    common = condition("osteoarthritis", prior=0.3)
    flag = rule("rf_hot", "locking and swelling", "urgent_same_day", raises=("septic_arthritis",), shares=shares)
    return listed([SEPSIS, common], *present, rules=(flag,), list_coverage=1.0)["septic_arthritis"]


RAISED = [
    pytest.param(("locking", "swelling"), (), 0.45, id="the share of the tier; what the rule looks at does not count again"),
    pytest.param(("locking", "swelling", "pop"), (), expit(logit(0.45) - logit(0.75)), id="what speaks against still counts"),
    pytest.param(("locking", "swelling"), (Share("septic_arthritis", 0.2, "study", "published"),), 0.2, id="a share of its own"),
    pytest.param(("locking",), (), expit(logit(0.001) + logit(8 / 9)), id="not met: the prior and the findings"),
]  # fmt: skip


@pytest.mark.parametrize(("present", "shares", "expected"), RAISED)
def test_raised(present: tuple[str, ...], shares: tuple[Share, ...], expected: float) -> None:
    assert raised(*present, shares=shares) == pytest.approx(expected, rel=0.06)


def test_raised_but_below_the_list_is_named_with_its_rule() -> None:
    many = [condition(f"disease_{number}", ratio("pop", "20"), prior=0.5) for number in range(6)]
    rare = condition("tumour", prior=0, managed_by_probability="no")
    flag = rule(
        "rf_lump",
        "pop",
        "soon_within_days",
        raises=("tumour",),
        shares=(Share("tumour", 0.0001, "study", "published"),),
    )
    (knee,) = answer(knowledge(SIGNS, [*many, rare], [flag]), AS_OF, present=("pop",)).knees
    assert [(line.condition, line.rank, line.raised_by) for line in knee.named] == [("tumour", 0, ("rf_lump",))]


def test_a_contradicted_finding_counts_for_nothing() -> None:
    from core.small import SOFTWARE  # noqa: PLC0415

    from kneecds.core import assess as thinking  # noqa: PLC0415
    from kneecds.core.facts import Fact  # noqa: PLC0415

    model = knowledge(SIGNS, [ACL, condition("meniscal_tear", ratio("click", "2"), prior=0.2)], list_coverage=1.0)
    facts = [Fact("pop", "left", value=True), Fact("pop", "left", value=False), Fact("click", "left", value=True)]
    (knee,) = thinking.assess(facts, model=model, software=SOFTWARE, as_of=AS_OF).knees
    assert next(line.probability for line in knee.hypotheses if line.condition == "acl_tear") == pytest.approx(
        0.1, rel=0.06
    )
