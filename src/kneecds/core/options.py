"""What can be done: options for the leading conditions, without those that something present forbids."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kneecds.core.assessment import Blocked, FactorPresent, Option
from kneecds.core.knowledge import TIER_RANK
from kneecds.core.masks import NO, YES, bits, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kneecds.core.differential import Entry
    from kneecds.core.facts import Scope
    from kneecds.core.knowledge import Action
    from kneecds.core.model import Model, Rule
    from kneecds.core.vocabulary import State

URGENT = TIER_RANK["urgent_same_day"]
SOON = TIER_RANK["soon_within_days"]

FIT_WHEN_URGENT = frozenset({"imaging", "referral", "education"})
"""Kinds that may be offered while an urgent question is open; every other kind waits until it is settled."""

FIRST_ENTRIES = 3
LEAST_SHARE = 0.10
"""Options are for the first entries of the list, and for those with at least this share of it."""

MOST_OF_A_KIND = 6
"""Of a long list, the best supported of each kind are offered."""

ENOUGH_OF_A_KIND = 3
"""With so many of a kind that have better support, what rests on lay or unverified advice alone is not offered."""

WEAKEST = frozenset({"seed_only", "not_verified"})

STRENGTH_ORDER = (
    "strong_guideline", "recommend_against_strong", "moderate", "recommend_against", "expert_consensus", "limited",
    "conflicting", "seed_only", "not_verified",
)  # fmt: skip


class Advice:
    """The options of one patient, gathered side by side."""

    def __init__(self) -> None:
        """Begin with none."""
        self.options: list[Option] = []
        self.against: list[Option] = []
        self.blocked: list[Blocked] = []


def gather(
    model: Model,
    advice: Advice,
    state: State,
    scope: Scope,
    entries: Sequence[Entry],
    met: Sequence[Rule],
    rank: int,
) -> None:
    """Add what suits the leading conditions of one side, and say what was left out and why.

    While an urgent question is open, only what helps to settle it or keeps the patient safe meanwhile is offered.
    """
    raised = frozenset(name for rule in met for name in rule.flag.raises)
    concerned = _concerned(model, state, entries, met, rank)
    chosen: dict[str, list[str]] = {}
    for reason, names in concerned.items():
        for name in names:
            for action in model.actions_for.get(name, ()):
                reasons = chosen.setdefault(action.id, [])
                if reason not in reasons:
                    reasons.append(reason)
    for rule in met:
        if rule.flag.raises:
            continue
        for name, actions in model.actions_for.items():
            position = model.vocabulary.bit_of.get(name)
            if position is not None and rule.support & state.yes & 1 << position:
                for action in actions:
                    chosen.setdefault(action.id, []).append(rule.flag.id)
    places = {reason: number for number, reason in enumerate(concerned)}
    offered: Counter[str] = Counter()
    for action_id in sorted(chosen, key=lambda one: _order(model, one, chosen[one], places, rank)):
        action = model.action_of[action_id]
        because = tuple(chosen[action_id])
        if not _fits(action, rank):
            continue
        if action.statement:
            advice.against.append(_option(action, scope, because, ()))
        elif rank >= URGENT or not _enough(action, offered[action.kind]):
            offered[action.kind] += _offer(model, advice, state, scope, action, because, raised)
    about_whom = {name for names in concerned.values() for name in names}
    for action in model.cautionary:
        about = [name for name in action.contraindicated_for if name in about_whom]
        about += [name for name, mask in model.forbidden_by[action.id] if mask & state.yes]
        if about:
            advice.against.append(_option(action, scope, tuple(about), ()))


def _concerned(
    model: Model,
    state: State,
    entries: Sequence[Entry],
    met: Sequence[Rule],
    rank: int,
) -> dict[str, tuple[str, ...]]:
    """Return the conditions that options are for, most pressing first, each with the names its options go by."""
    leading = [
        entry for number, entry in enumerate(entries[:FIRST_ENTRIES]) if not number or entry.share >= LEAST_SHARE
    ]
    pressing = [
        name
        for rule in sorted(met, key=lambda rule: -rule.rank)
        if rule.rank >= SOON
        for name in rule.flag.raises
        if _possible(model, state, name)
    ]
    if rank >= URGENT:
        least = URGENT if pressing else SOON
        leading = [
            entry for entry in leading if _own_rank(model, entry) >= least or {*_names(model, entry)} & {*pressing}
        ]
    concerned = {name: (name, *model.ancestors[name]) for name in pressing}
    for entry in leading:
        names = (*concerned.get(entry.condition, ()), *_names(model, entry))
        concerned[entry.condition] = tuple(dict.fromkeys(names))
    return concerned


def _possible(model: Model, state: State, condition: str) -> bool:
    """Say whether nothing known makes a condition practically impossible, such as a child's condition in an adult."""
    gate = model.gate_of.get(model.position[condition])
    return gate is None or evaluate(gate, state.yes, state.no) != NO


def _names(model: Model, entry: Entry) -> tuple[str, ...]:
    best = entry.best.condition
    return entry.condition, best, *model.ancestors[entry.condition], *model.ancestors[best]


def _own_rank(model: Model, entry: Entry) -> int:
    return TIER_RANK[model.conditions[model.position[entry.best.condition]].default_tier]


def _fits(action: Action, rank: int) -> bool:
    """Say whether advice suits how urgent the knee is."""
    if rank < URGENT:
        return action.urgency != "today"
    if action.kind not in FIT_WHEN_URGENT:
        return False
    return bool(action.urgency) if rank == URGENT else action.urgency == "today"


def _order(model: Model, action_id: str, reasons: Sequence[str], places: dict[str, int], rank: int) -> tuple[int, ...]:
    """Return the place of an option: today's first while urgent, then by strength of evidence and by condition."""
    action = model.action_of[action_id]
    place = min(places.get(reason, -1) for reason in reasons)
    strength = STRENGTH_ORDER.index(action.evidence_strength)
    if rank >= URGENT:
        return action.urgency != "today", place, strength, model.action_order[action_id]
    return strength, place, model.action_order[action_id]


def _enough(action: Action, offered: int) -> bool:
    return offered >= (ENOUGH_OF_A_KIND if action.evidence_strength in WEAKEST else MOST_OF_A_KIND)


def _offer(
    model: Model,
    advice: Advice,
    state: State,
    scope: Scope,
    action: Action,
    because: tuple[str, ...],
    raised: frozenset[str],
) -> bool:
    """Add an option, or say what forbids it; return whether it was added."""
    stops, unknown = [], []
    for name, mask in model.forbidden_by[action.id]:
        if not mask:
            if name in raised:
                stops.append(name)
        elif mask & state.yes:
            stops.append(name)
        elif not mask & state.no:
            unknown.append(name)
    if stops:
        advice.blocked.append(Blocked(action.id, action.text, scope, tuple(stops)))
        return False
    cautions = [name for name, mask in model.cautioned_by[action.id] if mask & state.yes]
    findings = model.vocabulary.findings
    caution = [findings[name].label for name in cautions]
    if unknown:
        caution.append(f"not known: {', '.join(findings[name].label for name in unknown)}")
    advice.options.append(_option(action, scope, because, tuple(caution)))
    return True


def _option(action: Action, scope: Scope, because: tuple[str, ...], caution: tuple[str, ...]) -> Option:
    return Option(
        action.id, action.kind, action.text, scope, action.evidence_strength, because, action.dosage, caution,
        action.source,
    )  # fmt: skip


def factors_present(model: Model, state: State, scope: Scope) -> list[FactorPresent]:
    """Return the contributing factors that are plainly present."""
    present = []
    texts = model.fact_texts
    for factor, node, support in model.factors:
        if support & state.yes and evaluate(node, state.yes, state.no) == YES:
            because = tuple(texts[position][1] for position in bits(support & state.yes))
            present.append(FactorPresent(factor.id, factor.text, factor.advice, scope, because, factor.source))
    return present


def in_order(actions: Iterable[Action]) -> dict[str, int]:
    """Return the place of each action: by strength of evidence, then as written."""
    ranked = sorted(
        enumerate(actions),
        key=lambda one: (STRENGTH_ORDER.index(one[1].evidence_strength), one[0]),
    )
    return {action.id: number for number, (_, action) in enumerate(ranked)}
