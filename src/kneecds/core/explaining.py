"""Hypotheses put into their final form: what speaks for, what against, what is not known, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.core.assessment import Contribution, Hypothesis
from kneecds.core.knowledge import TIER_RANK
from kneecds.core.masks import NO, evaluate
from kneecds.core.odds import expit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kneecds.core.differential import Candidate, Entry
    from kneecds.core.evidence import Term
    from kneecds.core.model import Model, Rule
    from kneecds.core.vocabulary import State

MOST_MISSING = 5


def hypothesis(model: Model, entry: Entry, rank: int, state: State, met: Sequence[Rule]) -> Hypothesis:
    """Put one line of the list into words and figures."""
    best = entry.best
    condition = model.conditions[model.position[entry.condition]]
    low, high = best.interval
    covered = {entry.condition, best.condition, *entry.includes}
    return Hypothesis(
        condition=entry.condition,
        label=condition.label,
        rank=rank,
        probability=_rounded(best.probability),
        low=_rounded(low),
        high=_rounded(high),
        share=round(entry.share, 3),
        default_tier=condition.default_tier,
        raised_by=raised_by(met, covered),
        includes=entry.includes,
        supporting=_contributions(model, (term for term in best.terms if term.log_odds > 0)),
        opposing=_contributions(model, (term for term in best.terms if term.log_odds < 0)),
        missing=_missing(model, best, state),
        prior=_prior(best),
        prior_source=best.start.prior.source if best.start and best.start.prior else "",
        prior_basis=best.start.prior.basis if best.start and best.start.prior else "",
        confirmed_by=condition.confirmed_by.text if condition.confirmed_by else "",
        note=_note(model, entry),
    )


def raised_by(met: Sequence[Rule], conditions: set[str]) -> tuple[str, ...]:
    """Return the met rules that raise one of these conditions."""
    return tuple(rule.flag.id for rule in met if not conditions.isdisjoint(rule.flag.raises))


def named_hypothesis(model: Model, condition_id: str, candidate: Candidate | None, met: Sequence[Rule]) -> Hypothesis:
    """Name a condition that a met rule raises but that is not in the list."""
    condition = model.conditions[model.position[condition_id]]
    low, high = candidate.interval if candidate else (0.0, 0.0)
    return Hypothesis(
        condition_id, condition.label, 0, _rounded(candidate.probability) if candidate else 0.0, _rounded(low),
        _rounded(high), 0.0, condition.default_tier, raised_by(met, {condition_id}),
    )  # fmt: skip


def not_excluded(
    model: Model,
    state: State,
    undecided: Iterable[Rule],
    shown: set[str],
    candidates: Mapping[int, Candidate],
) -> tuple[Hypothesis, ...]:
    """Return the dangerous conditions that nothing raises, but that an undecided urgent rule could still raise."""
    urgent = TIER_RANK["urgent_same_day"]
    found: dict[str, Hypothesis] = {}
    for rule in undecided:
        if rule.rank < urgent:
            continue
        for name in rule.flag.raises:
            if name in shown or name in found:
                continue
            if not impossible(model, name, state):
                found[name] = model.bare_hypothesis(model.position[name])

    def likelier_first(one: Hypothesis) -> tuple[int, float, str]:
        candidate = candidates.get(model.position[one.condition])
        return -TIER_RANK[one.default_tier], -candidate.score if candidate else 99.0, one.label

    ordered = sorted(found.values(), key=likelier_first)
    return tuple(one for one in ordered if TIER_RANK[one.default_tier] >= urgent)


def impossible(model: Model, condition: str, state: State) -> bool:
    """Say whether what a condition needs by definition (an age, a prosthesis) is plainly not there."""
    gate = model.gate_of.get(model.position[condition])
    return gate is not None and evaluate(gate, state.yes & ~state.conflicts, state.no & ~state.conflicts) == NO


def _contributions(model: Model, terms: Iterable[Term]) -> tuple[Contribution, ...]:
    ordered = sorted(terms, key=lambda term: (-term.size, term.position))
    return tuple(
        Contribution(
            term.evidence.finding,
            model.fact_texts[term.position][1],
            "present" if term.present else "absent",
            round(term.log_odds, 3),
            term.basis,
            term.evidence.source[0],
            (term.evidence.weight or "") if term.basis == "qualitative" else "",
            term.note,
        )
        for term in ordered
    )


def _missing(model: Model, best: Candidate, state: State) -> tuple[Contribution, ...]:
    """Return the unanswered findings that would count most, with what each answer would add."""
    known = state.yes | state.no
    missing = []
    for mask, contribution in model.missing_of(model.position[best.condition]):
        if not known & mask:
            missing.append(contribution)
            if len(missing) == MOST_MISSING:
                break
    return tuple(missing)


def _prior(best: Candidate) -> float:
    return best.start.prior.estimate if best.start and best.start.prior else 0.0


def _note(model: Model, entry: Entry) -> str:
    notes = []
    if entry.condition != entry.best.condition:
        notes.append(f"probability of its likeliest member, {model.label(entry.best.condition)}")
    if entry.best.rule is not None:
        share = expit(entry.best.log_odds - sum(term.log_odds for term in entry.best.terms))
        notes.append(
            f"starts from {share:.2g} by the rule {entry.best.rule.flag.id}, whose findings do not count again"
        )
    condition = model.conditions[model.position[entry.best.condition]]
    if condition.managed_by_probability == "rank_only":
        notes.append("probability orders the list only; it does not reassure")
    elif condition.managed_by_probability == "no":
        notes.append("raised by a rule; the probability orders the list only")
    return "; ".join(notes)


def _rounded(probability: float) -> float:
    """Two significant digits: more would claim what nobody measured."""
    return float(f"{probability:.2g}")
