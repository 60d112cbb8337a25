"""The figures of the report, from a table of what was shown and what was said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from made import NOW, card, evaluation, feedback

from kneecds.storage.acceptance import Counted, Overridden

if TYPE_CHECKING:
    from kneecds.storage.store import Store

A, B = ("rf_hot",), ("rf_hot", "rf_locked")
YES, NO = "accepted", "overridden"


def shown(store: Store, *cards: tuple[str, tuple[str, ...], str, int]) -> None:
    """Show cards: name, rules, knowledge version, day."""
    for number, (name, rules, knowledge, day) in enumerate(cards):
        store.record(
            [
                evaluation(
                    f"e{number}",
                    card(name, rules=rules),
                    at=NOW + timedelta(days=day),
                    knowledge_version=knowledge,
                    knowledge_hash=f"of {knowledge}",
                )
            ]
        )


def said(store: Store, *entries: tuple[Any, ...]) -> None:
    """Say something of cards: name, outcome, code of the reason."""
    for number, (name, outcome, *reason) in enumerate(entries):
        code = reason[0] if reason else ""
        store.add_feedback(
            [feedback(name, outcome, minute=number, reason_system="s", reason_code=code, reason_display=code.title())]
        )


@pytest.mark.parametrize(
    ("cards", "entries", "total"),
    [
        pytest.param((), (), (0, 0, 0, 0), id="nothing"),
        pytest.param((("c", A, "1", 0),), (), (1, 1, 0, 0), id="no response is neither"),
        pytest.param((("c", A, "1", 0),), (("c", YES),), (1, 1, 1, 0), id="accepted"),
        pytest.param((("c", A, "1", 0),), (("c", NO),), (1, 1, 0, 1), id="overridden"),
        pytest.param((("c", A, "1", 0),), (("c", NO), ("c", YES)), (1, 1, 1, 0), id="overridden, then accepted"),
        pytest.param((("c", A, "1", 0),), (("c", YES), ("c", NO)), (1, 1, 1, 0), id="accepted, then overridden"),
        pytest.param((("c", A, "1", 0),), (("c", NO), ("c", NO)), (1, 1, 0, 1), id="overridden twice is one card"),
        pytest.param((("c", A, "1", 0), ("c", A, "1", 1)), (("c", YES),), (1, 2, 1, 0), id="one card shown twice"),
        pytest.param((("c", B, "1", 0),), (("c", YES),), (1, 1, 1, 0), id="two rules, one card in the total"),
        pytest.param((("c", A, "1", 0), ("d", A, "1", 0)), (("c", YES), ("d", NO)), (2, 2, 1, 1), id="one of each"),
        pytest.param((("c", A, "1", 0),), (("x", YES),), (1, 1, 0, 0), id="feedback about another card"),
    ],
)
def test_total(store: Store, cards: Any, entries: Any, total: tuple[int, ...]) -> None:
    shown(store, *cards)
    said(store, *entries)
    assert store.acceptance().total[4:] == total


def test_every_rule_and_version_has_a_row(store: Store) -> None:
    shown(store, ("c", A, "1", 0), ("d", B, "1", 0), ("e", A, "2", 0), ("f", (), "2", 0), ("d", B, "1", 1))
    said(store, ("c", YES), ("d", NO, "x"), ("d", NO, "x"), ("e", NO, "y"), ("f", NO))
    found = store.acceptance()
    assert found.rules == (
        Counted("", "red_flag", "2", "of 2", 1, 1, 0, 1),
        Counted("rf_hot", "red_flag", "1", "of 1", 2, 3, 1, 1),
        Counted("rf_hot", "red_flag", "2", "of 2", 1, 1, 0, 1),
        Counted("rf_locked", "red_flag", "1", "of 1", 1, 2, 0, 1),
    )
    assert found.reasons == (
        Overridden("", "red_flag", "2", "of 2", "s", "", "", 1),
        Overridden("rf_hot", "red_flag", "1", "of 1", "s", "x", "X", 2),
        Overridden("rf_hot", "red_flag", "2", "of 2", "s", "y", "Y", 1),
        Overridden("rf_locked", "red_flag", "1", "of 1", "s", "x", "X", 2),
    )
    assert [(each.code, each.entries) for each in found.all_reasons] == [("x", 2), ("", 1), ("y", 1)]


@pytest.mark.parametrize(
    ("since", "until", "cards", "unknown"),
    [
        pytest.param(None, None, 3, 1, id="ever"),
        pytest.param(0, None, 3, 1, id="from a moment on, that moment too"),
        pytest.param(1, None, 2, 0, id="later"),
        pytest.param(None, 2, 2, 1, id="until before a moment"),
        pytest.param(1, 2, 1, 0, id="between"),
        pytest.param(3, 9, 0, 0, id="after all"),
    ],
)
def test_period(store: Store, since: int | None, until: int | None, cards: int, unknown: int) -> None:
    shown(store, ("c", A, "1", 0), ("d", A, "1", 1), ("e", A, "1", 2))
    said(store, ("e", YES), ("x", YES))  # received on the first day
    days = [None if day is None else NOW + timedelta(days=day) for day in (since, until)]
    found = store.acceptance(*days)
    assert (found.total.shown, found.unknown) == (cards, unknown)


def test_feedback_from_outside_the_period_counts_for_a_card_within(store: Store) -> None:
    shown(store, ("e", A, "1", 2))
    said(store, ("e", YES))
    assert store.acceptance(NOW + timedelta(days=1), NOW + timedelta(days=3)).total.accepted == 1


def test_a_reason_that_is_called_differently_is_one_reason(store: Store) -> None:
    shown(store, ("c", A, "1", 0))
    for minute, display in enumerate(("Later", "later")):
        store.add_feedback([feedback("c", NO, minute=minute, reason_code="x", reason_display=display)])
    (reason,) = store.acceptance().all_reasons
    assert (reason.code, reason.entries, reason.display.lower()) == ("x", 2, "later")
