"""The card of conditions considered: for each knee the list, each with its figure, its interval and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import data_notes
from kneecds.cdshooks.card import SUMMARY_MOST, Draft
from kneecds.cdshooks.markdown import cut
from kneecds.cdshooks.phrases import TITLES, figure, interval, place
from kneecds.render.hypotheses import most_telling, strongest
from kneecds.render.words import TIER_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.cdshooks.case import Case
    from kneecds.core.assessment import Contribution, Hypothesis, Knee

TOP: Final = 3
"""So many conditions are shown with their reasons, and so many reasons of a kind."""

_MOST_NAMED: Final = 5
_NOTE: Final = (
    "Each figure is the estimated probability of that condition by itself, in the setting {setting}; they do not add up to 100. "
    "Intervals are in brackets; a reason marked as judged has a weight that no study measured."
)


def draft(case: Case, *, first: bool) -> Draft | None:
    """Return the card; None if too little is known to rank anything. `first`: no red-flag card stands before it."""
    knees = [knee for knee in case.answer.knees if knee.hypotheses]
    if not knees:
        return None
    lines = [*_standing(case)] if first else []
    for knee in knees:
        lines += [*_knee(case, knee)]
    lines += ["", _NOTE.format(setting=case.answer.setting.replace("_", " "))]
    lines += _asked(case)
    if first:
        lines += data_notes.section(case)
    conditions = dict.fromkeys(one.condition for knee in knees for one in (*knee.hypotheses, *knee.named))
    return Draft(
        "differential", "info", _summary(case, knees, first=first), "\n".join(lines).strip(), tuple(conditions)
    )


def _summary(case: Case, knees: list[Knee], *, first: bool) -> str:
    said = ". ".join(_named(case, knee) for knee in knees)
    waiting = case.undecided()
    if not first:
        return said
    ending = f"; no red flag met, {waiting} undecided" if waiting else "; no red flag met"
    return cut(said, SUMMARY_MOST - len(ending)) + ending


def _named(case: Case, knee: Knee) -> str:
    orders_only = case.phrases.catalogue.orders_only
    shown = [
        one.label if orders_only(one.condition) else f"{one.label} {figure(one.probability)}"
        for one in knee.hypotheses[:TOP]
    ]
    where = place(knee.side)
    return f"{where[0].upper()}{where[1:]}, to consider: {', '.join(shown)}"


def _standing(case: Case) -> Iterator[str]:
    """Say how urgent it is, and how far that can be relied on."""
    answer = case.answer
    waiting = case.undecided()
    tier = f"{TITLES[answer.tier]}: {TIER_WORDS[answer.tier]}" if answer.tier else "No escalation could be worked out"
    yield f"**{tier}.** No red flag is met{f'; {waiting} are not decided for want of answers' if waiting else ''}."
    if answer.status != "success":
        yield "Answers that are missing could still raise this; it is not an all-clear."
    yield ""
    for one in answer.counterfactuals:
        if one.direction == "raise":
            changes = case.phrases.answers(one.changes, " and ")
            yield f"- Would raise it to {TITLES[one.tier].lower()}: {changes} ({place(one.scope)})"


def _knee(case: Case, knee: Knee) -> Iterator[str]:
    side = place(knee.side)
    yield ""
    yield f"**{side[0].upper()}{side[1:]}**"
    yield ""
    for number, one in enumerate(knee.hypotheses, start=1):
        yield from _ranked(case, one, number, full=number <= TOP)
    if knee.named:
        yield f"- Also raised by a red flag: {_names(case, knee.named)}"
    if knee.not_excluded:
        yield f"- Dangerous, not raised and not excluded: {_names(case, knee.not_excluded)}"


def _ranked(case: Case, one: Hypothesis, number: int, *, full: bool) -> Iterator[str]:
    said = case.phrases
    only = " (for the order only; no reason to leave it out)" if said.catalogue.orders_only(one.condition) else ""
    between = interval(one.low, one.high)
    yield f"{number}. **{said.said(one.label)}**: {figure(one.probability)} ({between}){only}"
    if not full:
        return
    if one.raised_by:
        yield f"   - Raised by: {said.listed([said.catalogue.label(rule) for rule in one.raised_by], TOP)}"
    if one.supporting:
        yield f"   - For: {_reasons(case, strongest(one.supporting))}"
    if one.opposing:
        yield f"   - Against: {_reasons(case, strongest(one.opposing))}"
    if one.missing:
        yield f"   - Not known: {said.listed([each.label for each in most_telling(one.missing)], TOP)}"
    yield f"   - Sources: {said.sources(_sources(one))}"


def _reasons(case: Case, contributions: Iterable[Contribution]) -> str:
    return case.phrases.listed([_reason(one) for one in contributions], TOP)


def _reason(one: Contribution) -> str:
    absent = " absent" if one.state == "absent" else ""
    mark = " (judged)" if one.basis == "qualitative" else ""
    return f"{one.label}{absent}{mark}"


def _sources(one: Hypothesis) -> list[str]:
    known = [each.source for each in (*strongest(one.supporting)[:TOP], *strongest(one.opposing)[:TOP])]
    return [*known, one.prior_source]


def _names(case: Case, hypotheses: Iterable[Hypothesis]) -> str:
    return case.phrases.listed([one.label for one in hypotheses], _MOST_NAMED, ", ")


def _asked(case: Case) -> list[str]:
    labels = [f"{question.label} ({place(question.scope)})" for question in case.answer.questions]
    return ["", f"Ask or examine next: {case.phrases.listed(labels, TOP)}"] if labels else []
