"""The smallest changes that would lower an escalation: what every rule at its height rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.core.asking import Wanted, answer, breaking, tier_of
from kneecds.core.assessment import Counterfactual
from kneecds.core.differential import candidates, probable_rank, ranked_list
from kneecds.core.escalation import outcome
from kneecds.core.knowledge import TIER_RANK
from kneecds.core.masks import bits
from kneecds.core.odds import logit
from kneecds.core.unless import cancelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kneecds.core.differential import Candidate
    from kneecds.core.facts import Scope
    from kneecds.core.model import Model, Rule, Start
    from kneecds.core.statements import Direct
    from kneecds.core.vocabulary import State

ROUTINE = TIER_RANK["routine"]


def lowering(
    model: Model,
    scope: Scope,
    state: State,
    met: Sequence[tuple[Rule, bool]],
    rank: int,
    direct: Direct,
    starts: Sequence[Start | None],
    found: Mapping[int, Candidate],
) -> Iterator[Counterfactual]:
    """Yield the smallest change after which no rule of this height is met in one scope; nothing if there is none.

    `direct` is what was stated there. The change is tried out before it is named.
    """
    highest = [(rule, unless) for rule, unless in met if rule.rank == rank]
    if not highest or rank <= ROUTINE:
        return
    changes: dict[Wanted, None] = {}
    for rule, unless in highest:
        way = _way(model, rule, state, direct, unless=unless)
        if way is None:
            return
        changes |= dict.fromkeys(way)
    yes, no = direct
    for wanted in changes:
        mask = 1 << wanted.position
        yes, no = (yes | mask, no & ~mask) if wanted.present else (yes & ~mask, no | mask)
    after = model.vocabulary.close(yes, no)
    moved = (after.yes ^ state.yes) | (after.no ^ state.no)
    was_met = {rule.flag.id for rule, _ in met}
    rules = [
        rule
        for rule in (model.person_rules if scope == "person" else model.knee_rules)
        if rule.flag.id in was_met or rule.leaves & moved
    ]
    still = [rule for rule, _ in outcome(rules, (after,), after).met]
    target = max([ROUTINE, *(rule.rank for rule in still)])
    if target >= rank:
        return
    if _could_hold(model, found, rank):
        entries = ranked_list(model, candidates(model, after, starts, still))
        if any(probable_rank(model, entry) >= rank for entry in entries):
            return
    yield Counterfactual(
        "lower",
        tier_of(target),
        scope,
        tuple(answer(model, wanted) for wanted in changes),
        highest[0][0].flag.id if len(highest) == 1 else "",
    )


def _could_hold(model: Model, found: Mapping[int, Candidate], rank: int) -> bool:
    """Say whether a condition due at this height could be probable enough if nothing spoke against it any more."""
    least = logit(model.reasoning.raise_at_probability)
    for index, candidate in found.items():
        condition = model.conditions[index]
        if condition.managed_by_probability == "yes" and TIER_RANK[condition.default_tier] >= rank:
            against = sum(term.log_odds for term in candidate.terms if term.log_odds < 0)
            if candidate.log_odds - against >= least:
                return True
    return False


def _way(model: Model, rule: Rule, state: State, direct: Direct, *, unless: bool) -> tuple[Wanted, ...] | None:
    if not unless:
        return breaking(model, rule.node, state.yes, state.no, direct.yes)
    if rule.hope is None:
        return None
    if_present, if_absent = cancelling(rule.hope, state.yes, state.no)
    for position in bits(if_present):
        return (Wanted(position, present=True),)
    for position in bits(if_absent):
        return (Wanted(position, present=False),)
    return None
