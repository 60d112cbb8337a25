"""The first card: what is urgent, why, what would cancel it, and what could be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import data_notes, suggestions
from kneecds.cdshooks.card import Draft
from kneecds.cdshooks.case import EMERGENCY, SOON
from kneecds.cdshooks.phrases import TITLES, figure, interval, place
from kneecds.core.knowledge import TIER_RANK
from kneecds.render.words import TIER_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kneecds.cdshooks.case import Case
    from kneecds.cdshooks.model import Indicator
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
    answer = case.answer
    if answer.tier is None or case.rank < SOON:
        return None
    met = [rule for rule in case.met() if TIER_RANK[rule.tier] >= SOON]
    setting = [rule for rule in met if rule.tier == answer.tier]
    probable = [(knee, one) for knee in answer.knees if (one := _probable(knee)) is not None]
    leading = _leading(case, setting) if setting else None
    conditions = {one.condition for _, one in probable}.union(*(rule.raises for rule in setting))
    reasons = frozenset([*(rule.rule for rule in met), *conditions])
    first = frozenset((leading[0].rule, leading[1]) if leading else ())
    lines = [
        f"**{TITLES[answer.tier]}: {TIER_WORDS[answer.tier]}.**",
        "",
        *[line for rule in setting[:_MOST_RULES] for line in _rule(case, rule)],
        *[line for knee, one in probable for line in _probability(case, knee, one)],
        *_others(case, setting[_MOST_RULES:] + [rule for rule in met if rule.tier != answer.tier]),
        *_changes(case),
        *_questions(case),
        *data_notes.section(case),
    ]
    return Draft(
        "red_flag",
        INDICATORS[answer.tier],
        _summary(case, setting, leading, probable),
        "\n".join(lines),
        tuple(dict.fromkeys([*(rule.rule for rule in met), *(one.condition for _, one in probable)])),
        suggestions.requests(case, reasons, first, _MOST_DRAFTS),
    )


def _probable(knee: Knee) -> Hypothesis | None:
    """Return the condition whose probability raised the escalation of a knee above its rules."""
    name = knee.raised_by_probability
    if not name:
        return None
    return next((one for one in knee.hypotheses if name in (one.condition, *one.includes)), None)


def _summary(
    case: Case,
    setting: Sequence[RuleResult],
    leading: tuple[RuleResult, str] | None,
    probable: Sequence[tuple[Knee, Hypothesis]],
) -> str:
    tier = case.answer.tier or ""
    if leading is None:
        knee, one = next(pair for pair in probable if pair[0].tier == tier)
        return f"{TITLES[tier]}: {_lower(one.label)} probable ({figure(one.probability)}), {place(knee.side)}"
    first, possible = leading
    where = _where(case, setting)
    unless = ", unless an open answer cancels it" if all(rule.status == "met_unless" for rule in setting) else ""
    if possible:
        label = _lower(case.phrases.catalogue.label(possible))
        return f"{TITLES[tier]}: possible {label}, {where}{unless} - {_lower(first.title)}"
    return f"{TITLES[tier]}, {where}{unless}: {_lower(first.title)}"


def _where(case: Case, setting: Sequence[RuleResult]) -> str:
    """Name the knees that rules are about; what is stated of no knee is of the whole patient."""
    scopes = dict.fromkeys(rule.scope for rule in setting if rule.scope != "person")
    return " and ".join(place(scope) for scope in scopes) if scopes and case.knee_in_play else place("person")


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
    yield f"- **{said.said(rule.title)}** ({place(rule.scope)})"
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
        titles = [f"{rule.title} ({place(rule.scope)}, {TITLES[rule.tier].lower()})" for rule in rules]
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
