"""Red flags: which rules are met, which are met unless something unanswered cancels them, which are undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kneecds.core.asking import Escalating, Wanted, answer, chance_of
from kneecds.core.assessment import RuleResult
from kneecds.core.knowledge import TIER_RANK
from kneecds.core.masks import NO, UNKNOWN, YES, bits, evaluate
from kneecds.core.unless import cancelling, met_unless

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kneecds.core.differential import Candidate
    from kneecds.core.facts import Scope
    from kneecds.core.model import Model, Rule
    from kneecds.core.vocabulary import State

SELF_CARE = TIER_RANK["self_care"]


class Outcome(NamedTuple):
    """What became of the rules for one side."""

    met: list[tuple[Rule, bool]]  # with whether it is met only unless something cancels it
    undecided: list[Rule]


def outcome(rules: Iterable[Rule], readings: tuple[State, ...], plain: State) -> Outcome:
    """Decide every rule. A contradiction is read both ways for rules that raise, and not at all for those that lower."""
    met: list[tuple[Rule, bool]] = []
    undecided: list[Rule] = []
    conflicts = plain.conflicts
    stated = [(state.yes, state.no) for state in readings]
    calm = [(plain.yes & ~conflicts, plain.no & ~conflicts)]
    for rule in rules:
        truth, unless = NO, False
        watched, seen = rule.watched, rule.seen
        for yes, no in calm if rule.rank == SELF_CARE else stated:
            key = (yes & watched, no & watched)
            found = seen.get(key)
            if found is None:
                found = seen[key] = decided(rule, *key)
            truth = max(truth, found[0])
            unless = unless or found[1]
        if truth == YES:
            met.append((rule, False))
        elif unless:
            met.append((rule, True))
        elif truth:
            undecided.append(rule)
    return Outcome(met, undecided)


def decided(rule: Rule, yes: int, no: int) -> tuple[int, bool]:
    """Return the truth of a rule, and whether it is met unless something cancels it; it depends on what it watches alone."""
    truth = evaluate(rule.node, yes, no)
    hope = rule.hope
    return truth, truth == UNKNOWN and hope is not None and yes & rule.must == rule.must and met_unless(hope, yes, no)


def met_result(model: Model, rule: Rule, state: State, scope: Scope, *, unless: bool) -> RuleResult:
    """Say why a rule is met, and what would cancel it."""
    flag = rule.flag
    cancelled: list[Wanted] = []
    if unless and rule.hope is not None:
        if_present, if_absent = cancelling(rule.hope, state.yes, state.no)
        cancelled += [Wanted(position, present=True) for position in bits(if_present)]
        cancelled += [Wanted(position, present=False) for position in bits(if_absent)]
    because, findings = because_of(model, rule, state)
    return RuleResult(
        flag.id,
        flag.title,
        flag.tier,
        "met_unless" if unless else "met",
        scope,
        because,
        tuple(answer(model, wanted) for wanted in cancelled),
        raises=flag.raises,
        action=flag.action,
        rationale=flag.rationale,
        sources=flag.source,
        findings=findings,
    )


def because_of(model: Model, rule: Rule, state: State) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is known of the facts that a rule looks at: in words, and as finding ids."""
    words: list[str] = []
    findings: dict[str, None] = {}
    texts = model.fact_texts
    for position in bits(rule.leaves & state.yes):
        finding, present, _ = texts[position]
        words.append(present)
        findings[finding] = None
    for position in bits(rule.leaves & state.no):
        finding, _, absent = texts[position]
        words.append(absent)
        findings[finding] = None
    return tuple(words), tuple(findings)


def undecided_result(model: Model, rule: Rule, scope: Scope, way: tuple[Wanted, ...]) -> RuleResult:
    """Say of an undecided rule which answers would decide it."""
    flag = rule.flag
    return RuleResult(
        flag.id,
        flag.title,
        flag.tier,
        "undecided",
        scope,
        decided_by=tuple(answer(model, wanted) for wanted in way),
        raises=flag.raises,
        action=flag.action,
    )


def ways(
    model: Model,
    rules: Iterable[Rule],
    state: State,
    scope: Scope,
    found: Mapping[int, Candidate],
) -> list[Escalating]:
    """Return the undecided rules that can still be met, each with the shortest way to it."""
    waiting = []
    yes, no = state.yes, state.no
    known = yes | no
    for rule in rules:
        way = model.nearest_way(rule, yes, no) if rule.leaves & known else model.blank_way(rule)
        if way:
            waiting.append(Escalating(rule, way, scope, chance_of(model, rule, found)))
    return waiting
