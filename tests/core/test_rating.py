"""How statements about an order are weighed, with a small knowledge whose statements are named for what they say."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import small

from kneecds.core import assess as thinking
from kneecds.core.appropriateness import Rater
from kneecds.core.facts import Fact, Origin
from kneecds.core.knowledge import Appropriateness, Criterion, Instrument
from kneecds.errors import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.core.assessment import Assessment
    from kneecds.core.rating import OrderSide, Rating

AS_OF = date(2026, 1, 15)

FINDINGS = [
    small.yes_no(name) for name in ("pain", "good", "bad", "injured", "tender", "stuck", "swollen", "odd", "numb")
] + [small.yes_no("feverish", scope="person")]
RULES = (
    small.rule("rf_stuck", "stuck", "urgent_same_day"),
    small.rule("rf_swollen", "swollen and not odd", "soon_within_days"),
    small.rule("rf_numb", "numb", "emergency"),
    small.rule("rf_feverish", "feverish", "soon_within_days"),
    small.rule("rf_shaking", "feverish and numb", "emergency"),
)
RULE = Instrument(
    "rule", "The rule", "Broken?", "tender", "film", "no film", ("study",), applies="injured",
    criteria=(Criterion("Tender", "tender"),),
)  # fmt: skip
MODEL = small.knowledge(
    FINDINGS, (small.condition("ache", small.judged("pain", "weak for")),), RULES, instruments=(RULE,)
)


def for_it(id_: str, when: str = "", **more: Any) -> Appropriateness:
    return _statement(id_, "appropriate", when, more)


def against_it(id_: str, when: str = "", **more: Any) -> Appropriateness:
    return _statement(id_, "not_appropriate", when, more)


def _statement(id_: str, verdict: Any, when: str, more: dict[str, Any]) -> Appropriateness:
    lines = (Criterion(when.capitalize(), when),) if when else ()
    known: dict[str, Any] = {"criteria": lines, "orders": ("knee_mri",), "when": when}
    return Appropriateness(
        id_, id_.replace("_", " "), means="Said.", strength="moderate", source=(f"of_{id_}",), verdict=verdict,
        **{**known, **more},
    )  # fmt: skip


GOOD, BAD = for_it("good", "good"), against_it("bad", "bad")
GOOD_IF_INJURED = for_it("good_if_injured", "good", applies="injured")
BAD_IF_INJURED = against_it("bad_if_injured", "bad", applies="injured")
RULE_MET = for_it("rule_met", instrument="rule")
RULE_NOT_MET = against_it("rule_not_met", instrument="rule", result="not_met")
FLAG = for_it("flag", red_flags=("rf_stuck", "rf_swollen"))
FLAG_AND_GOOD = for_it("flag_and_good", "good", red_flags=("rf_stuck",))

DECIDED = {"pain": True, "stuck": False, "swollen": False, "numb": False, "feverish": False}
"""What leaves no rule open, with a complaint."""


def facts_of(said: dict[str, bool | None], side: str = "left") -> list[Fact]:
    findings = MODEL.vocabulary.findings
    return [
        Fact(name, "person" if findings[name].scope == "person" else side, value, Origin(f"Observation/{name}"))  # type: ignore[arg-type]
        for name, value in said.items()
        if value is not None
    ]


def assessed(facts: Sequence[Fact], **changes: Any) -> Assessment:
    answer = thinking.assess(facts, model=MODEL, software=small.SOFTWARE, as_of=AS_OF)
    return msgspec.structs.replace(answer, **changes) if changes else answer


def rated(
    statements: Sequence[Appropriateness], facts: Sequence[Fact], side: OrderSide = "left", **changes: Any
) -> Rating:
    rater = Rater(MODEL.files, statements)
    return rater.rated(assessed(facts, **changes), facts, [("knee_mri", side)])[0]


def said(statements: Sequence[Appropriateness], **known: bool | None) -> str | None:
    """Return the rating for a left knee that hurts, of which nothing is open but what is named."""
    return rated(statements, facts_of({**DECIDED, **known})).rating


@pytest.mark.parametrize(
    ("statements", "known", "rating"),
    [
        pytest.param([], {}, "no_criteria_apply", id="nothing speaks of it"),
        pytest.param([GOOD], {"good": True}, "appropriate", id="for: met"),
        pytest.param([GOOD], {"good": False}, "no_criteria_apply", id="for: not met"),
        pytest.param([GOOD], {}, None, id="for: undecided"),
        pytest.param([BAD], {"bad": True}, "not_appropriate", id="against: met"),
        pytest.param([BAD], {"bad": False}, "no_criteria_apply", id="against: not met"),
        pytest.param([BAD], {}, None, id="against: undecided"),
        pytest.param([GOOD, BAD], {"good": True, "bad": True}, "appropriate", id="for wins over against"),
        pytest.param([GOOD, BAD], {"good": True}, "appropriate", id="for wins over what is undecided"),
        pytest.param([GOOD, BAD], {"good": False, "bad": True}, "not_appropriate", id="against, nothing for"),
        pytest.param([GOOD, BAD], {"bad": True}, None, id="against, but an answer could still be for"),
        pytest.param([GOOD, BAD], {"good": False}, None, id="nothing for, against undecided"),
        pytest.param(
            [GOOD_IF_INJURED, BAD], {"injured": False, "bad": True}, "not_appropriate", id="for: not this knee"
        ),
        pytest.param([GOOD_IF_INJURED, BAD], {"good": True, "bad": True}, None, id="for: whether this knee is unknown"),
        pytest.param(
            [GOOD_IF_INJURED, BAD], {"good": False, "bad": True}, "not_appropriate", id="for: not met either way"
        ),
        pytest.param([BAD_IF_INJURED], {"injured": False}, "no_criteria_apply", id="against: not this knee"),
        pytest.param([BAD_IF_INJURED], {"bad": True}, None, id="against: whether this knee is unknown"),
        pytest.param([RULE_MET, RULE_NOT_MET], {"injured": True, "tender": True}, "appropriate", id="rule met"),
        pytest.param(
            [RULE_MET, RULE_NOT_MET], {"injured": True, "tender": False}, "not_appropriate", id="rule not met"
        ),
        pytest.param([RULE_MET, RULE_NOT_MET], {"injured": True}, None, id="rule undecided"),
        pytest.param(
            [RULE_MET, RULE_NOT_MET], {"injured": False, "tender": False}, "no_criteria_apply", id="not injured"
        ),
        pytest.param([RULE_MET, RULE_NOT_MET], {"tender": False}, None, id="whether injured is unknown"),
        pytest.param([FLAG, BAD], {"stuck": True, "bad": True}, "appropriate", id="a red flag is met"),
        pytest.param(
            [FLAG, BAD], {"swollen": True, "odd": False, "bad": True}, "appropriate", id="another red flag is met"
        ),
        pytest.param([FLAG, BAD], {"swollen": True, "bad": True}, "appropriate", id="met unless counts as met"),
        pytest.param([FLAG, BAD], {"stuck": None, "bad": True}, None, id="a red flag is undecided"),
        pytest.param([FLAG, BAD], {"bad": True}, "not_appropriate", id="no red flag is met"),
        pytest.param([FLAG_AND_GOOD], {"stuck": True, "good": True}, "appropriate", id="a red flag and its criteria"),
        pytest.param(
            [FLAG_AND_GOOD, BAD], {"good": True, "bad": True}, "not_appropriate", id="its criteria, no red flag"
        ),
    ],
)
def test_weighing(statements: list[Appropriateness], known: dict[str, bool | None], rating: str | None) -> None:
    assert said(statements, **known) == rating


def test_what_is_outweighed_is_said() -> None:
    rating = rated([GOOD, BAD], facts_of({**DECIDED, "good": True, "bad": True}))
    assert rating.reason == "It outweighs what speaks against it: bad"
    assert rating.sources == ("of_good",)
    assert [one.statement for one in rating.resting_on()] == ["good"]


def test_what_would_decide() -> None:
    """First what could make it appropriate, then what could make it not."""
    rating = rated([BAD_IF_INJURED, GOOD, FLAG], facts_of({**DECIDED, "stuck": None}))
    assert [(one.finding, one.answer) for one in rating.decided_by] == [
        ("good", "present"), ("stuck", "present"), ("injured", "present"), ("bad", "present"),
    ]  # fmt: skip
    assert rating.reason == "Not everything that decides it is known"


def test_lines() -> None:
    rating = rated(
        [for_it("both", "good and not bad", criteria=(Criterion("Good", "good"), Criterion("Not bad", "not bad"), Criterion("Wise")))],
        facts_of({**DECIDED, "good": True, "bad": True}),
    )  # fmt: skip
    (result,) = rating.statements
    assert (result.met, result.not_met, result.unknown) == (("Good",), ("Not bad",), ("Wise",))


def test_lines_of_a_rule_and_of_red_flags() -> None:
    facts = facts_of({**DECIDED, "stuck": True, "swollen": None, "injured": True, "tender": False})
    results = {one.statement: one for one in rated([FLAG, RULE_NOT_MET], facts).statements}
    assert (results["flag"].met, results["flag"].unknown) == (("rf stuck",), ("rf swollen",))
    assert results["rule_not_met"].met == ("The rule, not: Tender",)


# --- contradictions and what could not be read ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "twice", "rating"),
    [
        pytest.param([GOOD], "good", "appropriate", id="read as present"),
        pytest.param([for_it("not_good", "not good")], "good", "appropriate", id="read as absent"),
        pytest.param([BAD], "bad", None, id="never against"),
        pytest.param([against_it("not_bad", "not bad")], "bad", None, id="never against, either way"),
        pytest.param([RULE_MET, RULE_NOT_MET], "tender", "appropriate", id="of a rule"),
    ],
)
def test_contradictions_are_read_in_favour(statements: list[Appropriateness], twice: str, rating: str | None) -> None:
    facts = [*facts_of({**DECIDED, "injured": True}), *facts_of({twice: True}), *facts_of({twice: False})]
    assert rated(statements, facts).rating == rating


def test_unreadable_input_forbids_all_but_appropriate() -> None:
    issue = (error("value", "value-kind", "", "not readable"),)
    facts = facts_of({**DECIDED, "bad": True, "good": False})
    assert rated([GOOD, BAD], facts).rating == "not_appropriate"
    withheld = rated([GOOD, BAD], facts, issues=issue)
    assert (withheld.rating, withheld.reason) == (None, "A part of the record could not be read")
    assert rated([BAD_IF_INJURED], facts_of({**DECIDED, "injured": False}), issues=issue).rating is None
    assert rated([GOOD], facts_of({**DECIDED, "good": True}), issues=issue).rating == "appropriate"


# --- red flags first ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "known", "rating"),
    [
        pytest.param([GOOD], {"stuck": True, "good": True}, None, id="routine advice waits"),
        pytest.param([BAD], {"stuck": True, "bad": True}, None, id="and so does what speaks against"),
        pytest.param([GOOD], {"stuck": True, "good": False}, None, id="and so does silence"),
        pytest.param([RULE_MET], {"stuck": True, "injured": True, "tender": True}, "appropriate", id="a rule does not"),
        pytest.param([RULE_NOT_MET], {"stuck": True, "injured": True, "tender": False}, None, id="a rule not met does"),
        pytest.param([for_it("now", "good", acute=True)], {"stuck": True, "good": True}, "appropriate", id="acute: for"),
        pytest.param([against_it("no", "bad", acute=True)], {"stuck": True, "bad": True}, "not_appropriate", id="acute: against"),
        pytest.param(
            [against_it("no", "bad", acute=True), GOOD], {"stuck": True, "bad": True, "good": True}, None,
            id="acute: against, but something for it waits",
        ),
        pytest.param([for_it("now", "good", acute=True)], {"numb": True, "good": True}, None, id="an emergency: all waits"),
        pytest.param([against_it("no", "bad", acute=True)], {"numb": True, "bad": True}, None, id="an emergency: against"),
        pytest.param([GOOD], {"swollen": True, "odd": False, "good": True}, "appropriate", id="not of the same day"),
    ],
)  # fmt: skip
def test_while_something_urgent_is_open(
    statements: list[Appropriateness], known: dict[str, bool | None], rating: str | None
) -> None:
    assert said(statements, **known) == rating


def test_the_urgent_rule_is_named() -> None:
    rating = rated([GOOD], facts_of({**DECIDED, "stuck": True, "good": True}))
    assert rating.reason == "A rule that is urgent is met and comes first: rf stuck"
    assert [one.waits for one in rating.statements] == [True]


# --- left is not right ----------------------------------------------------------------------------------------------

BOTH_DECIDED = [*facts_of(DECIDED), *facts_of(DECIDED, "right")]


@pytest.mark.parametrize(
    ("facts", "side", "rating", "reason"),
    [
        pytest.param([*BOTH_DECIDED, *facts_of({"good": True}), *facts_of({"good": False}, "right")], "left", "appropriate", "", id="left"),
        pytest.param([*BOTH_DECIDED, *facts_of({"good": True}), *facts_of({"good": False}, "right")], "right", "no_criteria_apply", "", id="right"),
        pytest.param(facts_of({**DECIDED, "good": True}), "right", None, "What is recorded is of the left knee", id="the other knee"),
        pytest.param(facts_of({**DECIDED, "good": True}), "unspecified", "appropriate",
                     "The order does not say which knee; rated for the left knee, the only one in play", id="only one knee in play"),
        pytest.param([*BOTH_DECIDED, *facts_of({"good": True})], "unspecified", None,
                     "The order does not say which knee, and more than one is in play", id="which of two"),
        pytest.param([], "unspecified", None, "The order does not say which knee, and no complaint of a knee is recorded", id="no knee"),
        pytest.param([], "left", None, "No complaint of this knee is recorded", id="nothing known"),
        pytest.param(facts_of({**DECIDED, "good": True}, "unspecified"), "left", None,
                     "What is recorded does not say which knee it is of", id="a knee without a side"),
        pytest.param(facts_of({**DECIDED, "good": True}, "unspecified"), "unspecified", "appropriate", "", id="neither has a side"),
        pytest.param([*facts_of({**DECIDED, "good": False}), *facts_of({"pain": True}, "unspecified")], "left", None,
                     "Some findings are of a knee without a side, which may be this one", id="findings that may be of it"),
        pytest.param([*facts_of({**DECIDED, "good": True}), *facts_of({"pain": True}, "unspecified")], "left", "appropriate", "",
                     id="findings that may be of it cannot unmake it"),
        pytest.param([*BOTH_DECIDED, *facts_of({"good": True}), *facts_of({"good": True}, "right")], "both", "appropriate", "", id="both"),
        pytest.param([*BOTH_DECIDED, *facts_of({"good": True}), *facts_of({"good": False}, "right")], "both", None,
                     "The two knees differ (left knee: appropriate; right knee: no criteria apply)", id="the two differ"),
    ],
)  # fmt: skip
def test_sides(facts: list[Fact], side: OrderSide, rating: str | None, reason: str) -> None:
    got = rated([GOOD], facts, side)
    assert (got.rating, got.reason) == (rating, reason)


def test_the_person_has_both_knees() -> None:
    """What is met by the person counts for a knee of which nothing is known; what needs the other knee does not."""
    of_person, of_knee = for_it("of_person", red_flags=("rf_feverish",)), for_it("of_knee", red_flags=("rf_shaking",))
    facts = facts_of({**DECIDED, "feverish": True, "numb": True})
    results = {one.statement: one.status for one in rated([of_person, of_knee], facts, "right").statements}
    assert results == {"of_person": "met", "of_knee": "undecided"}


def test_statements_do_not_touch_the_model_that_assesses() -> None:
    before = len(MODEL.vocabulary.compiler.fact_names)
    rated([for_it("old", "age_years >= 93")], facts_of(DECIDED))
    assert len(MODEL.vocabulary.compiler.fact_names) == before
