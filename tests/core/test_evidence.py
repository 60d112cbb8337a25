"""Which ratio is used for a finding, and what it becomes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from core.small import condition, judged, knowledge, ratio, yes_no

if TYPE_CHECKING:
    from kneecds.core.knowledge import Evidence

CEILING, FLOOR = 20.0, 0.1
STRONG, MODERATE, WEAK = 8.0, 3.0, 1.4


def used(*rows: Evidence) -> dict[bool, tuple[float, str]]:
    """Return the ratio that is used if the finding is present (True) or absent (False), with its basis."""
    model = knowledge([yes_no("sign")], [condition("disease", *rows)])
    return {term.present: (round(math.exp(term.log_odds), 3), term.basis) for term in model.terms_of[0]}


def kept(share: float, figure: float) -> float:
    return round(figure**share, 3)


ROWS = [
    pytest.param([ratio("sign", "4.0", "0.5")], {True: (4, "measured"), False: (0.5, "measured")}, id="as printed"),
    pytest.param([ratio("sign", "4.0")], {True: (4, "measured")}, id="no negative ratio printed: absence says nothing"),
    pytest.param([ratio("sign", "", "0.5")], {False: (0.5, "measured")}, id="no positive ratio printed"),
    pytest.param([ratio("sign", "60")], {True: (CEILING, "measured")}, id="capped above"),
    pytest.param([ratio("sign", "inf")], {True: (CEILING, "measured")}, id="infinite is capped"),
    pytest.param([ratio("sign", "", "0.01")], {False: (FLOOR, "measured")}, id="capped below"),
    pytest.param([ratio("sign", "30", interval="LR+ 25-36")], {True: (30, "measured")}, id="a narrow interval is believed"),
    pytest.param([ratio("sign", "30", interval="LR+ 3-300")], {True: (CEILING, "measured")}, id="a wide one is not"),
    pytest.param([ratio("sign", "30", interval="LR+ 25-36", cap=5.0)], {True: (5, "measured")}, id="a row's own cap wins"),
    pytest.param([ratio("sign", "", "0.05", cap=5.0)], {False: (0.2, "measured")}, id="and holds both ways"),
    pytest.param([ratio("sign", "9", setting="specialist clinic")], {True: (kept(0.6, 9), "measured")}, id="from specialists: drawn to 1"),
    pytest.param([ratio("sign", "9", setting="emergency department")], {True: (kept(0.9, 9), "measured")}, id="from emergency: a little"),
    pytest.param([ratio("sign", "9", setting="")], {True: (kept(0.75, 9), "measured")}, id="from who knows where"),
    pytest.param([ratio("sign", "9", setting="specialist clinic"), ratio("sign", "2")], {True: (2, "measured")}, id="the nearest, not the highest"),
    pytest.param([ratio("sign", "2"), ratio("sign", "3")], {True: (2, "measured")}, id="of equals the first, not the product"),
    pytest.param([ratio("sign", "9", verified="recalled")], {}, id="recalled figures are not used"),
    pytest.param([ratio("sign", "9", use="no")], {}, id="quoted only"),
    pytest.param([judged("sign", "strong for")], {True: (STRONG, "qualitative")}, id="strong"),
    pytest.param([judged("sign", "moderate for")], {True: (MODERATE, "qualitative")}, id="moderate"),
    pytest.param([judged("sign", "weak against")], {True: (round(1 / WEAK, 3), "qualitative")}, id="weak against"),
    pytest.param([judged("sign", "weak for"), judged("sign", "strong for")], {True: (STRONG, "qualitative")}, id="of two weights the stronger, once"),
    pytest.param([judged("sign", "strong for"), ratio("sign", "2")], {True: (2, "measured")}, id="a figure before a judgement"),
    pytest.param([judged("sign", "strong for"), ratio("sign", "", "0.5")], {True: (STRONG, "qualitative"), False: (0.5, "measured")}, id="a judgement where no figure is"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), ROWS)
def test_ratio(rows: list[Evidence], expected: dict[bool, tuple[float, str]]) -> None:
    assert used(*rows) == expected


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ratio("sign", "60"), "published 60, capped at 20"),
        (ratio("sign", "9", setting="specialist clinic"), "specialist: 0.6 of its logarithm kept"),
        (ratio("sign", "4"), ""),
    ],
)
def test_what_was_done_to_a_figure_is_said(row: Evidence, words: str) -> None:
    (term,) = knowledge([yes_no("sign")], [condition("disease", row)]).terms_of[0]
    assert term.note == words


def test_a_wider_interval_is_less_sure() -> None:
    def variance(interval: str) -> float:
        (term,) = knowledge([yes_no("sign")], [condition("disease", ratio("sign", "4", interval=interval))]).terms_of[0]
        return term.variance

    assert variance("LR+ 3.5-4.5") < variance("LR+ 2-8") < variance("LR+ 1-16")
    assert variance("LR+ 2-8") == variance("95% CI 2-8")
