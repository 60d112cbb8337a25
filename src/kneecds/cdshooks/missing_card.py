"""The card for a knee of which too little is known: what is missing, what to ask, and the form that asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import data_notes, suggestions
from kneecds.cdshooks.card import Draft
from kneecds.cdshooks.phrases import TITLES, place
from kneecds.render.words import ASKED_OF, TIER_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.cdshooks.case import Case

_MOST_QUESTIONS: Final = 5
_IN_SUMMARY: Final = 2


def draft(case: Case, *, first: bool = True) -> Draft:
    """Return the card. `first`: no red-flag card stands before it, so it says how urgent it is and what of the data."""
    answer = case.answer
    lines = ["Too little is known of this knee to say what it could be. This is not an all-clear."]
    if first:
        lines += ["", *_standing(case), *data_notes.section(case)]
    lines += ["", *_questions(case)]
    rules = dict.fromkeys(question.finding for question in answer.questions)
    return Draft("missing", "info", _summary(case), "\n".join(lines), tuple(rules), (suggestions.form(case),))


def _summary(case: Case) -> str:
    sides = dict.fromkeys(place(knee.side) for knee in case.answer.knees)
    where = " and ".join(sides)
    asked = ", ".join(question.label for question in case.answer.questions[:_IN_SUMMARY])
    stale = any(finding.state == "stale" for finding in case.answer.findings)
    why = "what is recorded is too old to count" if stale and case.answer.tier is None else "too little is known"
    return f"{where[:1].upper()}{where[1:]}: {why}, not an all-clear{f'; ask or examine: {asked}' if asked else ''}"


def _standing(case: Case) -> Iterator[str]:
    tier = case.answer.tier
    waiting = case.undecided()
    words = f"{TITLES[tier]}: {TIER_WORDS[tier]}, as far as is known" if tier else "No escalation could be worked out"
    yield f"**{words}.** {f'{waiting} red flags are not decided for want of answers.' if waiting else ''}".rstrip()


def _questions(case: Case) -> Iterator[str]:
    questions = case.answer.questions
    if not questions:
        yield "The intake form asks for what is missing."
        return
    yield "**Ask or examine next**"
    yield ""
    for question in questions[:_MOST_QUESTIONS]:
        how = ASKED_OF.get(question.asked_of, question.asked_of)
        could = f", could become {TITLES[question.tier].lower()}" if question.tier else ""
        yield f"- {case.phrases.said(question.label)} ({place(question.scope)}; {how}{could})"
    if len(questions) > _MOST_QUESTIONS:
        yield f"- and {len(questions) - _MOST_QUESTIONS} more"
