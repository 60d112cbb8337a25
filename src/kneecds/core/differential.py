"""Which conditions, how probable, in what order: prior odds times likelihood ratios, one condition at a time.

Knee conditions coexist, so each has its own probability; the shares of the list are for its order only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from kneecds.core.evidence import GROUP, GROUP_BITS
from kneecds.core.knowledge import TIER_RANK
from kneecds.core.masks import NO, evaluate
from kneecds.core.odds import UNKNOWN_PRIOR, expit, logit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.core.evidence import Term
    from kneecds.core.model import Model, Rule, Start
    from kneecds.core.vocabulary import State

Z = 1.96  # 95 %
LISTED_FROM = TIER_RANK["soon_within_days"]


class Candidate(NamedTuple):
    """One condition with everything that was added up for it."""

    condition: str
    score: float  # orders the list
    log_odds: float
    variance: float
    terms: Sequence[Term]
    start: Start | None
    rule: Rule | None  # the met rule it starts from, when that is more than its prior

    @property
    def probability(self) -> float:
        """How probable the condition is, on its own."""
        return expit(self.log_odds)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of the uncertainty of the ratios and the prior."""
        width = Z * math.sqrt(self.variance)
        return expit(self.log_odds - width), expit(self.log_odds + width)


class Entry(NamedTuple):
    """One line of the list: a condition, or the class of several that cannot be told apart yet."""

    condition: str
    best: Candidate
    includes: tuple[str, ...]
    share: float


def candidates(
    model: Model,
    state: State,
    starts: Sequence[Start | None],
    met: Sequence[Rule],
) -> dict[int, Candidate]:
    """Add up what is known for every condition that is possible here."""
    reasoning = model.reasoning
    yes = state.yes & ~state.conflicts
    no = state.no & ~state.conflicts
    terms = _strongest(model, yes, no)
    kept = reasoning.rank_prior_weight
    anchor = (1 - kept) * logit(reasoning.rank_prior_anchor)
    known = yes | no
    impossible = {
        index for index, node, support in model.gates if support & known and evaluate(node, yes, no) == NO
    }  # fmt: skip
    found: dict[int, Candidate] = {}
    nothing: list[Term] = []
    conditions = model.conditions
    for index in model.scored:
        start = starts[index]
        if start is None or index in impossible:
            continue
        own = terms.get(index, nothing)
        total = variance = 0.0
        for term in own:
            total += term[0]
            variance += term[2]
        log_odds, spread, _ = start
        found[index] = Candidate(
            conditions[index].id, kept * log_odds + anchor + total, log_odds + total, spread + variance, own, start, None,
        )  # fmt: skip
    for rule in met:
        _raise(model, rule, found, terms, starts, impossible)
    return found


def _strongest(model: Model, yes: int, no: int) -> dict[int, list[Term]]:
    """Return the terms that count for each condition: of every group the strongest, clusters instead of parts."""
    best: dict[int, tuple[float, Term]] = {}
    held = best.get
    for known, table in ((yes & model.present_mask, model.present_terms), (no & model.absent_mask, model.absent_terms)):
        left = known
        while left:
            low = left & -left
            left ^= low
            for key, size, term in table[low.bit_length() - 1]:
                other = held(key)
                if other is None or size > other[0]:
                    best[key] = (size, term)
    by_condition: dict[int, list[Term]] = {}
    for key, (size, term) in best.items():
        if size:
            index = key >> GROUP_BITS
            own = by_condition.get(index)
            if own is None:
                by_condition[index] = [term]
            else:
                own.append(term)
    if (yes | no) & model.cluster_mask:
        for index, own in by_condition.items():
            parts = 0
            for term in own:
                parts |= model.cluster_parts.get(term.position, 0)
            if parts:
                by_condition[index] = [term for term in own if not parts >> term.position & 1]
    return by_condition


def _raise(
    model: Model,
    rule: Rule,
    found: dict[int, Candidate],
    terms: dict[int, list[Term]],
    starts: Sequence[Start | None],
    impossible: set[int],
) -> None:
    """Let a met rule give the conditions it raises at least the share that it stands for.

    The share already contains what the rule looks at, so neither these findings nor what says the same count again.
    """
    flag, reasoning = rule.flag, model.reasoning
    given = {share.condition: share.share for share in flag.shares}
    default = reasoning.rule_share_by_tier[flag.tier] / max(1, len(flag.raises))
    kept = reasoning.rank_prior_weight
    anchor = (1 - kept) * logit(reasoning.rank_prior_anchor)
    doubt = math.log(reasoning.weight_spread) ** 2 / Z**2
    for raised in flag.raises:
        for index, part in _targets(model, raised, found, starts, rule):
            if index in impossible:
                continue
            condition = model.conditions[index].id
            share = given.get(condition, given.get(raised, default) * part)
            start = starts[index]
            prior = start.log_odds if start is not None else logit(UNKNOWN_PRIOR)
            base = logit(share)
            own = [
                term
                for term in terms.get(index, ())
                if term.log_odds < 0 or not (rule.leaves >> term.position & 1 or term.key & GROUP in rule.groups)
            ]
            total = sum(term.log_odds for term in own)
            score = max(base, kept * prior + anchor) + total
            old = found.get(index)
            if old is None or score > old.score:
                variance = sum(term.variance for term in own) + doubt
                found[index] = Candidate(
                    condition, score, max(base, prior) + total, variance, own, start, rule,
                )  # fmt: skip


def _targets(
    model: Model,
    raised: str,
    found: dict[int, Candidate],
    starts: Sequence[Start | None],
    rule: Rule,
) -> list[tuple[int, float]]:
    """Return what a raised condition stands for, each with its part of the share.

    A class stands for its scored members: the commonest has the whole share, a rarer one less by as much as it is rarer.
    What nothing scores is only listed if the rule is more than a routine one.
    """
    index = model.position[raised]
    if index in found:
        return [(index, 1.0)]
    members = [model.position[other] for other in model.descendants[raised]]
    scored = [(member, start.log_odds) for member in members if member in found and (start := starts[member])]
    if scored:
        commonest = max(log_odds for _, log_odds in scored)
        return [(member, math.exp(log_odds - commonest)) for member, log_odds in scored]
    return [(index, 1.0)] if rule.rank >= LISTED_FROM else []


def ranked_list(model: Model, found: dict[int, Candidate]) -> list[Entry]:
    """Return the short list: one entry a family, as few as cover what is plausible."""
    reasoning = model.reasoning
    families: dict[str, list[Candidate]] = {}
    for candidate in sorted(found.values(), key=lambda one: (-one.score, one.condition)):
        families.setdefault(model.family_of[candidate.condition], []).append(candidate)
    heads = [members[0] for members in families.values()]
    if not heads:
        return []
    highest = heads[0].score
    total = sum(math.exp(head.score - highest) for head in heads)
    entries: list[Entry] = []
    covered = 0.0
    for members in families.values():
        if len(entries) >= reasoning.list_most or (entries and covered >= reasoning.list_coverage):
            break
        best = members[0]
        near = [one.condition for one in members if one.score > best.score - reasoning.family_margin]
        share = math.exp(best.score - highest) / total
        name = _covering(model, near)
        entries.append(Entry(name, best, tuple(one for one in near if one != name), share))
        covered += share
    return entries


def _covering(model: Model, conditions: list[str]) -> str:
    """Return the best of the conditions, or the nearest class that covers them all."""
    first = conditions[0]
    for name in (first, *model.ancestors[first]):
        if all(name == other or name in model.ancestors[other] for other in conditions):
            return name
    return first


def probable_rank(model: Model, entry: Entry) -> int:
    """Return the rank of the tier that an entry is due by its probability alone; -1 if it is not probable enough."""
    condition = model.conditions[model.position[entry.best.condition]]
    if condition.managed_by_probability != "yes" or entry.best.probability < model.reasoning.raise_at_probability:
        return -1
    return TIER_RANK[condition.default_tier]
