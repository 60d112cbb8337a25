"""The first card: what is urgent, why, what would cancel it, and what could be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import data_notes, suggestions
from kneecds.cdshooks.card import Draft
from kneecds.cdshooks.case import EMERGENCY
from kneecds.cdshooks.phrases import TITLES, figure, interval, place
from kneecds.cdshooks.urgency import urgency, where
from kneecds.core.knowledge import TIER_RANK
from kneecds.render.words import TIER_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kneecds.cdshooks.case import Case
    from kneecds.cdshooks.model import Indicator
    from kneecds.cdshooks.urgency import Urgency
    from kneecds.core.assessment import Counterfactual, Hypothesis, Knee, RuleResult
    from kneecds.core.facts import Scope

INDICATORS: Final[dict[str, Indicator]] = {
    "emergency": "critical",
    "urgent_same_day": "warning",
    "soon_within_days": "warning",
}
"""How loud a tier is; the others are no red flag."""

_MOST_RULES: Final = 3
_MOST_REASONS: Final = 6
_MOST_QUESTIONS: Final = 3
_MOST_DRAFTS: Final = 3


def draft(case: Case) -> Draft | None:
    """Return the card for what is met, or for a probability that raises the escalation; None for neither."""
    tier, found = case.answer.tier, urgency(case)
    if tier is None or found is None:
        return None
    met, setting, probable = found
    leading = _leading(case, setting) if setting else None
    lines = [
        f"**{TITLES[tier]}: {TIER_WORDS[tier]}.**",
        "",
        *[line for rule in setting[:_MOST_RULES] for line in _rule(case, rule)],
        *[line for knee, one in probable for line in _probability(case, knee, one)],
        *_others(case, [*setting[_MOST_RULES:], *[rule for rule in met if rule.tier != tier]]),
        *_changes(case),
        *_questions(case),
        *data_notes.section(case),
    ]
    return Draft(
        "red_flag",
        INDICATORS[tier],
        _summary(case, found, leading),
        "\n".join(lines),
        tuple(dict.fromkeys([*(rule.rule for rule in met), *(one.condition for _, one in probable)])),
        suggestions.requests(case, _reasons(found, leading), _MOST_DRAFTS),
    )


def _reasons(found: Urgency, leading: tuple[RuleResult, str] | None) -> dict[suggestions.Reason, int]:
    """Rank why something is suggested: what the summary names, then the tier of the rule or condition behind it."""
    ranked: list[tuple[int, Scope, tuple[str, ...]]] = []
    if leading is not None:
        ranked.append((len(TIER_RANK), leading[0].scope, (leading[0].rule, leading[1])))
    ranked += [(TIER_RANK[rule.tier], rule.scope, (rule.rule, *rule.raises)) for rule in found.setting]
    ranked += [(TIER_RANK[rule.tier], rule.scope, (rule.rule,)) for rule in found.met]
    ranked += [(TIER_RANK[knee.tier], knee.side, (one.condition,)) for knee, one in found.probable if knee.tier]
    reasons: dict[suggestions.Reason, int] = {}
    for rank, scope, names in ranked:
        for name in names:
            reasons[name, scope] = max(rank, reasons.get((name, scope), rank))
    return reasons


def _summary(case: Case, found: Urgency, leading: tuple[RuleResult, str] | None) -> str:
    tier = case.answer.tier or ""
    if leading is None:
        knee, one = next(pair for pair in found.probable if pair[0].tier == tier)
        return f"{TITLES[tier]}: {_lower(one.label)} probable ({figure(one.probability)}), {place(knee.side)}"
    first, possible = leading
    knees = where(case, found.setting)
    unless = ", unless an open answer cancels it" if found.only_unless else ""
    if possible:
        label = _lower(case.phrases.catalogue.label(possible))
        return f"{TITLES[tier]}: possible {label}, {knees}{unless} - {_lower(first.title)}"
    return f"{TITLES[tier]}, {knees}{unless}: {_lower(first.title)}"


def _leading(case: Case, setting: Sequence[RuleResult]) -> tuple[RuleResult, str]:
    """Return the rule to name first, and the condition it raises: the first of the list that is as urgent as the rule."""
    pairs = [
        (rule, one)
        for knee in case.answer.knees
        for one in (*knee.hypotheses, *knee.named)
        for rule in setting
        if rule.rule in one.raised_by and rule.scope in ("person", knee.side)
    ]
    if not pairs:
        return setting[0], ""
    by_rule = min(pairs, key=lambda pair: setting.index(pair[0]))
    rule, one = next((pair for pair in pairs if TIER_RANK[pair[1].default_tier] >= case.rank), by_rule)
    return rule, _raised(rule, one)


def _raised(rule: RuleResult, one: Hypothesis) -> str:
    """Return what a rule raises of an entry of the list: itself, or the narrower condition that the rule names."""
    covered = (one.condition, *one.includes)
    return next((name for name in rule.raises if name in covered), one.condition)


def _lower(text: str) -> str:
    """Begin a text with a small letter, unless it begins with an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _rule(case: Case, rule: RuleResult) -> Iterator[str]:
    said = case.phrases
    yield f"- **{said.said(rule.title)}** ({where(case, (rule,))})"
    if rule.because:
        stated = sorted(rule.because, key=lambda text: text.startswith("not: "))
        yield f"  - Why: {said.listed(stated, _MOST_REASONS)}"
    if rule.status == "met_unless":
        answers = said.answers(rule.cancelled_by, " or ")
        yield f"  - Would be cancelled by: {answers or 'an answer that is not known yet'}"
    if rule.action:
        yield f"  - To consider: {said.said(rule.action)}"
    if rule.sources:
        yield f"  - Sources: {said.sources(rule.sources)}"


def _probability(case: Case, knee: Knee, one: Hypothesis) -> Iterator[str]:
    between = interval(one.low, one.high)
    yield (
        f"- **{case.phrases.said(one.label)}** ({place(knee.side)}): {figure(one.probability)} (interval {between}), "
        "probable enough for this urgency by itself"
    )
    if one.supporting:
        yield f"  - For: {case.phrases.listed([each.label for each in one.supporting], _MOST_REASONS)}"
        yield f"  - Sources: {case.phrases.sources([each.source for each in one.supporting])}"


def _others(case: Case, rules: Sequence[RuleResult]) -> Iterator[str]:
    if rules:
        titles = [f"{rule.title} ({where(case, (rule,))}, {TITLES[rule.tier].lower()})" for rule in rules]
        yield f"- Also met: {case.phrases.listed(titles, _MOST_RULES)}"


def _changes(case: Case) -> Iterator[str]:
    for one in case.answer.counterfactuals:
        if one.direction == "raise":
            yield f"- Would raise it to {TITLES[one.tier].lower()}: {_set(case, one)}"
    lowering: dict[Scope, Counterfactual] = {}
    for one in case.answer.counterfactuals:
        if one.direction == "lower":
            lowering.setdefault(one.scope, one)
    for one in lowering.values():
        yield f"- Would lower it to {TITLES[one.tier].lower()}: {_set(case, one)}"


def _set(case: Case, one: Counterfactual) -> str:
    return f"{case.phrases.answers(one.changes, ' and ')} ({place(one.scope)})"


def _questions(case: Case) -> Iterator[str]:
    asked = [question for question in case.answer.questions if question.kind == "escalation"]
    if asked:
        labels = [question.label for question in asked]
        yield f"- Ask or examine next: {case.phrases.listed(labels, _MOST_QUESTIONS)}"
    if case.answer.status != "success" and case.rank < EMERGENCY:
        waiting = case.undecided()
        more = f"; {waiting} more urgent red flags are not decided" if waiting else ""
        yield f"- Answers that are missing could still raise this{more}"
