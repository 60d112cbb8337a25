"""Figures and characters."""

# ruff: noqa: RUF001 - characters as they are shown

from __future__ import annotations

import pytest

from kneecds.core.facts import SIDES
from kneecds.core.knowledge import TIERS
from kneecds.render import words


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0, "0"), (0.0004, "<1"), (0.004, "0.4"), (0.04, "4"), (0.425, "42"), (0.994, ">99"), (0.99, "99"), (1, "100")],
)
def test_percent(probability: float, said: str) -> None:
    assert words.percent(probability) == said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("a\u200bb\u202ec\u2066", "abc"),
        ("\ud800", "\ufffd"),
        ("größer ≥ 3", "größer ≥ 3"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert words.clean(text) == shown


def test_ascii_keeps_the_meaning() -> None:
    assert words.in_ascii("≥ 3 × 2 – ä") == "\u003e= 3 x 2 - \\xe4"


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_certainty_is_not_shifted(probability: float) -> None:
    assert words.shifted(probability, 3.0) == probability


def test_every_tier_and_side_has_words() -> None:
    assert set(words.TIER_TITLES) == set(words.TIER_WORDS) == set(TIERS)
    assert set(words.SIDE_WORDS) == {*SIDES, "person"}


def test_a_great_ratio_does_not_overflow() -> None:
    assert words.ratio(1e308) == words.ratio(20)
