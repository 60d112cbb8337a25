"""The card that offers the intake form, or says which of its questions are still open and matter.

A red flag is told of and not repeated: the knee assessment has the card of it, and a host may ask both services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import data_notes, suggestions, unreadable
from kneecds.cdshooks.card import Draft
from kneecds.cdshooks.case import URGENT
from kneecds.cdshooks.phrases import TITLES, place
from kneecds.cdshooks.red_flag_card import INDICATORS
from kneecds.cdshooks.urgency import urgency, where
from kneecds.render.words import TIER_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kneecds.cdshooks.case import Case
    from kneecds.cdshooks.model import Indicator
    from kneecds.cdshooks.urgency import Urgency
    from kneecds.core.assessment import Hypothesis, Knee, KnownFinding, Question

UNFINISHED: Final = frozenset({"status-in-progress", "status-stopped"})
"""Remarks on a response that is not finished."""

_MOST_QUESTIONS: Final = 5
_MOST_NAMED: Final = 3
_IN_SUMMARY: Final = 2


def draft(case: Case) -> Draft | None:
    """Return the card; None if the form was answered lately, or there is no knee, and no red flag is met."""
    found = urgency(case)
    if found is not None and case.rank >= URGENT:
        return _can_wait(case, found)
    told = [] if found is None else [_told(case, found), ""]
    if case.knee_in_play or unreadable.of_a_knee(case):
        finished, unfinished = _lately(case)
        open_questions = [question for question in case.answer.questions if question.kind == "escalation"]
        if not finished and not unfinished:
            return _offered(case, told, open_questions)
        if not finished and open_questions:
            return _to_finish(case, told, open_questions)
    return None if found is None else _nothing_to_fill_in(case, found)


def _can_wait(case: Case, found: Urgency) -> Draft:
    tier = case.answer.tier or ""
    summary = f"{TITLES[tier]}, {_where(case, found)}: {_what(found)}; the intake form can wait"
    return _pointer(case, found, INDICATORS[tier], summary)


def _nothing_to_fill_in(case: Case, found: Urgency) -> Draft:
    tier = case.answer.tier or ""
    return _pointer(case, found, "info", f"{TITLES[tier]}, {_where(case, found)}: {_what(found)}")


def _pointer(case: Case, found: Urgency, indicator: Indicator, summary: str) -> Draft:
    lines = [_told(case, found), *data_notes.section(case)]
    rules = [rule.rule for rule in found.setting] or [one.condition for _, one in _as_probable(case, found)]
    return Draft("intake", indicator, summary, "\n".join(lines), tuple(dict.fromkeys(rules)))


def _told(case: Case, found: Urgency) -> str:
    """Say what is met in one line, without its reasons."""
    said, tier = case.phrases, case.answer.tier or ""
    named = [f"{rule.title} ({where(case, (rule,))})" for rule in found.setting]
    named = named or [f"{one.label} ({place(knee.side)})" for knee, one in _as_probable(case, found)]
    what = _what(found)
    unless = ", unless an open answer cancels it" if found.only_unless else ""
    listed = said.listed(dict.fromkeys(named), _MOST_NAMED)
    return f"**{what[:1].upper()}{what[1:]} ({TIER_WORDS[tier]}){unless}:** {listed}; see the knee assessment."


def _what(found: Urgency) -> str:
    return "a red flag is met" if found.setting else "a condition that should not wait is probable"


def _where(case: Case, found: Urgency) -> str:
    if found.setting:
        return where(case, found.setting)
    return " and ".join(dict.fromkeys(place(knee.side) for knee, _ in _as_probable(case, found)))


def _as_probable(case: Case, found: Urgency) -> list[tuple[Knee, Hypothesis]]:
    """Return the conditions that make the answer as urgent as it is."""
    return [pair for pair in found.probable if pair[0].tier == case.answer.tier]


def _lately(case: Case) -> tuple[bool, bool]:
    """Say whether a finished and an unfinished response were answered so lately that most of what they say counts."""
    begun = [f"{issue.expression.removesuffix('.status')}." for issue in case.answer.issues if issue.rule in UNFINISHED]
    balance = {"finished": 0, "unfinished": 0}
    for known in case.answer.findings:
        for origin in known.origins:
            if origin.link_id and _grows_old(case, known):
                unfinished = any(origin.expression.startswith(place) for place in begun)
                balance["unfinished" if unfinished else "finished"] += -1 if known.state == "stale" else 1
    return balance["finished"] > 0, balance["unfinished"] > 0


def _grows_old(case: Case, known: KnownFinding) -> bool:
    """Say whether a finding holds for a while only, as symptoms do and a sex does not."""
    finding = case.evaluation.prepared.model.vocabulary.findings.get(known.finding)
    return finding is not None and finding.stale_after_days > 0


def _offered(case: Case, told: list[str], questions: Sequence[Question]) -> Draft:
    waiting = case.undecided()
    could = f": {waiting} red flags wait for answers" if waiting else ""
    unseen = any("QuestionnaireResponse" in query.template for query in case.record.missing)
    lines = [
        *told,
        "Whether the form was answered could not be seen."
        if unseen
        else "No answer to the intake form is recent enough to count.",
        *_named(case, questions),
        *data_notes.section(case),
    ]
    summary = f"Knee intake form {'may be unanswered' if unseen else 'not answered lately'}{could}"
    return _card(case, summary, lines, questions)


def _to_finish(case: Case, told: list[str], questions: Sequence[Question]) -> Draft:
    asked = ", ".join(question.label for question in questions[:_IN_SUMMARY])
    lines = [*told, "The intake form was begun and not finished.", *_named(case, questions), *data_notes.section(case)]
    return _card(case, f"Knee intake form unfinished, open answers could raise the urgency: {asked}", lines, questions)


def _card(case: Case, summary: str, lines: list[str], questions: Sequence[Question]) -> Draft:
    findings = tuple(dict.fromkeys(question.finding for question in questions))
    return Draft("intake", "info", summary, "\n".join(lines).strip(), findings, (suggestions.form(case),))


def _named(case: Case, questions: Sequence[Question]) -> Iterator[str]:
    if not questions:
        return
    yield ""
    yield "**Open questions that could raise the urgency**"
    yield ""
    for question in questions[:_MOST_QUESTIONS]:
        could = f", up to {TITLES[question.tier].lower()}" if question.tier else ""
        yield f"- {case.phrases.said(question.label)} ({place(question.scope)}{could})"
    if len(questions) > _MOST_QUESTIONS:
        yield f"- and {len(questions) - _MOST_QUESTIONS} more"
