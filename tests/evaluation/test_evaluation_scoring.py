"""What counts as found, and as too low or too high."""

from __future__ import annotations

import pytest

from kneecds.core.assessment import SCHEMA_VERSION, Assessment, Hypothesis, Knee, RuleResult, Software
from kneecds.core.facts import Subject
from kneecds.core.knowledge import Condition
from kneecds.evaluation import report, scoring
from kneecds.evaluation.cases import Case
from kneecds.evaluation.text import render
from kneecds.render.page import Look

PARENTS = {
    "meniscal_tear": "",
    "medial_meniscal_tear": "meniscal_tear",
    "lateral_meniscal_tear": "meniscal_tear",
    "root_tear": "medial_meniscal_tear",
    "gout": "",
    "oa": "",
}
FAMILY = scoring.Family(
    Condition(
        name, name, "g", "p", can_coexist=True, default_tier="routine", managed_by_probability="yes", parent=parent
    )
    for name, parent in PARENTS.items()
)


def knee(side: str, *conditions: str, raises: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> Knee:
    def hypothesis(condition: str, rank: int) -> Hypothesis:
        return Hypothesis(condition, condition, rank, 0.1, 0.05, 0.2, 0.1, "routine")

    return Knee(
        side=side,  # type: ignore[arg-type]
        tier="routine",
        enough_known=True,
        hypotheses=tuple(hypothesis(condition, rank) for rank, condition in enumerate(conditions, 1)),
        named=tuple(hypothesis(condition, 0) for condition in named),
        rules=(RuleResult("rf", "Rule", "routine", "met", side, raises=raises),) if raises else (),  # type: ignore[arg-type]
    )


def assessed(*knees: Knee, tier: str | None = "routine", person: tuple[str, ...] = ()) -> Assessment:
    return Assessment(
        SCHEMA_VERSION,
        Software("1", "1", "h"),
        "2026-01-01",
        "primary_care",
        "success",
        Subject(),
        tier,  # type: ignore[arg-type]
        knees,
        person_rules=(RuleResult("rf_p", "P", "routine", "met_unless", "person", raises=person),) if person else (),
    )


def case(side: str = "left", gold: str = "medial_meniscal_tear", **more: object) -> Case:
    return Case("c", side=side, gold_diagnosis=gold, gold_triage=more.pop("tier", "routine"), **more)  # type: ignore[arg-type]


def scored(one: Case, answer: Assessment) -> scoring.Scored:
    return scoring.score(one, answer, FAMILY, ())


@pytest.mark.parametrize(
    ("one", "knees", "rank", "strict"),
    [
        pytest.param(case(), [knee("left", "gout", "medial_meniscal_tear")], 2, 2, id="itself"),
        pytest.param(case(), [knee("left", "meniscal_tear", "medial_meniscal_tear")], 1, 2, id="ancestor first"),
        pytest.param(case(), [knee("left", "root_tear")], 1, None, id="descendant"),
        pytest.param(case(), [knee("left", "lateral_meniscal_tear")], None, None, id="sibling does not count"),
        pytest.param(case(acceptable_diagnoses=("gout",)), [knee("left", "oa", "gout")], 2, 2, id="acceptable counts"),
        pytest.param(case(), [knee("right", "medial_meniscal_tear")], None, None, id="left is not right"),
        pytest.param(
            case("bilateral"), [knee("left", "gout"), knee("right", "oa", "root_tear")], 2, None, id="best side"
        ),
        pytest.param(case("unknown"), [knee("unspecified", "root_tear")], 1, None, id="side not stated"),
        pytest.param(case("unknown"), [knee("left", "root_tear")], None, None, id="unknown is not left"),
        pytest.param(case(), [], None, None, id="no knee"),
    ],
)
def test_rank(one: Case, knees: list[Knee], rank: int | None, strict: int | None) -> None:
    found = scored(one, assessed(*knees))
    assert (found.rank, found.strict_rank) == (rank, strict)


@pytest.mark.parametrize(
    ("answer", "named", "strict"),
    [
        pytest.param(assessed(knee("left", "gout")), False, False, id="nowhere"),
        pytest.param(assessed(knee("left", "meniscal_tear")), True, False, id="in the list"),
        pytest.param(assessed(knee("left", raises=("medial_meniscal_tear",))), True, True, id="raised"),
        pytest.param(assessed(knee("left", named=("root_tear",))), True, False, id="named"),
        pytest.param(assessed(person=("meniscal_tear",)), True, False, id="raised for the whole patient"),
        pytest.param(assessed(knee("right", raises=("medial_meniscal_tear",))), False, False, id="on the other side"),
    ],
)
def test_named(answer: Assessment, named: bool, strict: bool) -> None:
    found = scored(case(), answer)
    assert (found.named, found.strict_named) == (named, strict)


@pytest.mark.parametrize(
    ("given", "gold", "also", "expected"),
    [
        ("routine", "routine", (), "exact"),
        ("self_care", "routine", ("self_care",), "acceptable"),
        ("self_care", "routine", (), "under"),
        ("emergency", "routine", ("soon_within_days",), "over"),
        ("soon_within_days", "emergency", ("routine",), "between"),
        (None, "self_care", (), "under"),
    ],
)
def test_triage(given: str | None, gold: str, also: tuple[str, ...], expected: str) -> None:
    assert scoring.triage(given, case(tier=gold, triage_also_acceptable=also)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Newcombe RG. Stat Med 1998;17:857-872, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_interval_is_that_of_wilson(count: int, of: int, low: float, high: float) -> None:
    share = report.wilson(count, of)
    assert (share.low, share.high) == (low, high)


def test_share_of_nothing() -> None:
    assert report.wilson(0, 0) == report.Share(0.0, 0, 0, 0.0, 1.0)


def test_report_counts_by_true_tier() -> None:
    scores = [
        scored(case(tier="emergency"), assessed(knee("left", "gout"), tier="routine")),
        scored(case(tier="routine"), assessed(knee("left", "root_tear", "gout"), tier="emergency")),
        scored(case(tier="routine"), assessed(knee("left", "root_tear", "gout"), tier=None)),
    ]
    made = report.summarise(
        scores, split="", setting="primary_care", as_of="2026-01-01", knowledge_version="1", knowledge_hash="h"
    )
    assert made.under_triaged == {
        "emergency": 1, "urgent_same_day": 0, "soon_within_days": 0, "routine": 1, "self_care": 0,
    }  # fmt: skip
    assert made.over_triaged["routine"] == 1
    assert made.confusion["routine"]["emergency"] == made.confusion["routine"]["none"] == 1
    assert (made.top1.count, made.strict.in_list.count, made.median_list_length) == (2, 0, 2)
    page = render(made, Look())
    assert "first of the list" in page
    assert "EMERGENCY, given ROUTINE" in page
    assert "no tier" in page
    assert max(map(len, render(made, Look(width=50)).splitlines())) <= 50
