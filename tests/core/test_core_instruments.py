"""Instruments say met, not met or undecided, and which answers would decide; none applies where it was not made for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from core.small import amount, answer, condition, knowledge, ratio, yes_no

from kneecds.core.knowledge import Band, Criterion, Instrument

AS_OF = date(2026, 1, 1)
FINDINGS = [*(yes_no(name) for name in "abcd"), amount("days", "d")]
RULE = Instrument(
    "film_rule", "Film rule", "Is a film needed?", "a or b", "film", "no film", ("study",), applies="c and days <= 7",
    criteria=(Criterion("A", "a"), Criterion("B", "b"), Criterion("what no finding says")),
)  # fmt: skip
SCORE = Instrument(
    "score", "Score", "How likely?", "points(2: a, 1: b, 1: c) >= 3", "likely", "unlikely", ("study",),
    score="points(2: a, 1: b, 1: c)", bands=(Band("points(2: a, 1: b, 1: c) >= 3", "3 or more", "likely"), Band("points(2: a, 1: b, 1: c) <= 2", "0 to 2", "unlikely")),
)  # fmt: skip


def applied(instrument: Instrument, present: str = "", absent: str = "", **amounts: Decimal):
    model = knowledge(FINDINGS, [condition("x", ratio("a", "2"))], instruments=(instrument,))
    (knee,) = answer(model, AS_OF, present=tuple(present), absent=tuple(absent), **amounts).knees
    return knee.instruments[0] if knee.instruments else None


ROWS = [
    pytest.param("ac", "b", {"days": Decimal(3)}, "met", "film", set(), id="one criterion"),
    pytest.param("c", "ab", {"days": Decimal(3)}, "not_met", "no film", set(), id="none of them"),
    pytest.param("c", "a", {"days": Decimal(3)}, "undecided", "", {"b"}, id="one not known"),
    pytest.param("ac", "b", {"days": Decimal(8)}, "not_applicable", "", set(), id="too late for it"),
    pytest.param("a", "c", {"days": Decimal(3)}, "not_applicable", "", set(), id="not made for them"),
]


@pytest.mark.parametrize(("present", "absent", "amounts", "status", "meaning", "decided_by"), ROWS)
def test_rule(
    present: str, absent: str, amounts: dict[str, Decimal], status: str, meaning: str, decided_by: set[str]
) -> None:
    found = applied(RULE, present, absent, **amounts)
    assert (found.status, found.meaning, {part.finding for part in found.decided_by}) == (status, meaning, decided_by)


def test_criteria_are_told_one_by_one() -> None:
    found = applied(RULE, "ac", "b", days=Decimal(3))
    assert found.criteria == (("A", "met"), ("B", "not met"), ("what no finding says", "unknown"))


@pytest.mark.parametrize(
    ("present", "absent", "status", "low", "high", "band"),
    [
        ("abc", "", "met", 4, 4, "3 or more: likely"),
        ("ab", "c", "met", 3, 3, "3 or more: likely"),
        ("ab", "", "met", 3, 4, "3 or more: likely"),
        ("bc", "a", "not_met", 2, 2, "0 to 2: unlikely"),
        ("a", "", "undecided", 2, 4, ""),
        ("", "a", "not_met", 0, 2, "0 to 2: unlikely"),
    ],
)
def test_score(present: str, absent: str, status: str, low: float, high: float, band: str) -> None:
    """Parts that are not known make a range; only what holds for the whole range is said."""
    found = applied(SCORE, present, absent)
    assert (found.status, found.score_low, found.score_high, found.band) == (status, low, high, band)


def test_where_nothing_it_asks_is_known_it_is_not_shown() -> None:
    assert applied(RULE, "d") is None
    assert applied(RULE, "c", days=Decimal(3)) is None
