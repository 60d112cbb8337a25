"""Results kept by what they depend on: never more than a bound, and never another's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kneecds.core.escalation import decided
from kneecds.core.masks import evaluate
from kneecds.core.memo import Memo
from kneecds.knowledge import shipped
from kneecds.pipeline import prepare

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
