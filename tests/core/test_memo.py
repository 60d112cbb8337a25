"""Results kept by what they depend on: never more than a bound, and never another's."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from kneecds.core.escalation import decided
from kneecds.core.masks import evaluate
from kneecds.core.memo import Memo
from kneecds.knowledge import shipped
from kneecds.pipeline import prepare

if TYPE_CHECKING:
    import pytest

MODEL = prepare(shipped()).model
FACTS = len(MODEL.vocabulary.compiler.fact_names)


def test_a_full_memo_forgets_all_and_goes_on() -> None:
    memo: Memo[int] = Memo(3)
    for number in range(10):
        memo[number,] = number
        assert len(memo) <= 3
        assert memo[number,] == number


@given(st.integers(0, (1 << FACTS) - 1), st.integers(0, (1 << FACTS) - 1), st.sampled_from(MODEL.rules))
def test_what_a_rule_does_not_watch_changes_nothing(yes: int, no: int, rule) -> None:
    """Each result is kept by the watched facts alone, so nothing else may matter to it."""
    no &= ~yes
    kept = decided(rule, yes & rule.watched, no & rule.watched)
    assert kept == decided(rule, yes, no)
    assert kept[0] == evaluate(rule.node, yes, no)
    assert MODEL.nearest_way(rule, yes, no) == MODEL.nearest_way(rule, yes & rule.watched, no & rule.watched)


def test_threads_may_share_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """A memo that forgets all the time, asked by many at once, still answers each."""
    rule = MODEL.rules[0]
    way = MODEL.nearest_way(rule, 0, 0)
    monkeypatch.setattr("kneecds.core.model.nearest", lambda *_: way)
    monkeypatch.setitem(MODEL._nearest, rule.flag.id, Memo(1))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            keys = [1 << (number % 60) for number in range(20_000)]
            assert set(threads.map(lambda yes: MODEL.nearest_way(rule, yes & rule.watched, 0), keys)) == {way}
    finally:
        sys.setswitchinterval(before)
