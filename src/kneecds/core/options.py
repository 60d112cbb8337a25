"""What can be done: options for the listed conditions, without those that something present forbids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.core.assessment import Blocked, FactorPresent, Option
from kneecds.core.knowledge import TIER_RANK
from kneecds.core.masks import YES, bits, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kneecds.core.facts import Scope
    from kneecds.core.knowledge import Action
    from kneecds.core.model import Model
    from kneecds.core.vocabulary import State

AGAINST = frozenset({"recommend_against", "recommend_against_strong"})

WAIT_WHEN_URGENT = frozenset(
    {"self_care", "load_management", "exercise", "device", "medication", "injection", "surgery"},
)
"""Kinds of advice that wait until an urgent question is settled."""

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


def gather(  # noqa: PLR0913
    model: Model,
    advice: Advice,
    state: State,
    scope: Scope,
    listed: Sequence[str],
    raised: frozenset[str],
    rank: int,
) -> None:
    """Add what suits the listed conditions of one side, best supported first, and say what was left out and why."""
    urgent = rank >= TIER_RANK["urgent_same_day"]
    chosen: dict[str, list[str]] = {}
    for condition in listed:
        for name in (condition, *model.ancestors[condition], *model.descendants[condition]):
            for action in model.actions_for.get(name, ()):
                reasons = chosen.setdefault(action.id, [])
                if condition not in reasons:
                    reasons.append(condition)
    for action_id in sorted(chosen, key=model.action_order.__getitem__):
        action = model.action_of[action_id]
        if urgent and action.kind in WAIT_WHEN_URGENT:
            continue
        _offer(model, advice, state, scope, action, tuple(chosen[action_id]), raised)
    concerned = {name for condition in listed for name in (condition, *model.ancestors[condition])}
    for action in model.cautionary:
        about = [name for name in action.contraindicated_for if name in concerned]
        about += [name for name, mask in model.forbidden_by[action.id] if mask & state.yes]
        if about:
            advice.against.append(_option(action, scope, tuple(about), ()))


def _offer(  # noqa: PLR0913
    model: Model,
    advice: Advice,
    state: State,
    scope: Scope,
    action: Action,
    because: tuple[str, ...],
    raised: frozenset[str],
) -> None:
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
        return
    cautions = [name for name, mask in model.cautioned_by[action.id] if mask & state.yes]
    findings = model.vocabulary.findings
    caution = [findings[name].label for name in cautions]
    if unknown:
        caution.append(f"not known: {', '.join(findings[name].label for name in unknown)}")
    advice.options.append(_option(action, scope, because, tuple(caution)))


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
    """Number the actions: by strength of evidence, then as written."""
    ranked = sorted(
        enumerate(actions),
        key=lambda one: (STRENGTH_ORDER.index(one[1].evidence_strength), one[0]),
    )
    return {action.id: number for number, (_, action) in enumerate(ranked)}
