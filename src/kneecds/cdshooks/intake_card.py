"""The card that offers the intake form, or says which of its questions are still open and matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import data_notes, suggestions
from kneecds.cdshooks.card import Draft
from kneecds.cdshooks.case import URGENT
from kneecds.cdshooks.phrases import TITLES, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kneecds.cdshooks.case import Case
    from kneecds.core.assessment import KnownFinding, Question

UNFINISHED: Final = frozenset({"status-in-progress", "status-stopped"})
"""Remarks on a response that is not finished."""

_MOST_QUESTIONS: Final = 5
_IN_SUMMARY: Final = 2


def draft(case: Case) -> Draft | None:
    """Return the card; None if the form was answered lately, or if it is too urgent to wait for a form."""
    if case.rank >= URGENT:
        return None
    finished, unfinished = _lately(case)
    if finished:
        return None
    open_questions = [question for question in case.answer.questions if question.kind == "escalation"]
    if not unfinished:
        return _offered(case, open_questions)
    return _to_finish(case, open_questions) if open_questions else None


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


def _offered(case: Case, questions: Sequence[Question]) -> Draft:
    waiting = case.undecided()
    could = f": {waiting} red flags wait for answers" if waiting else ""
    unseen = any("QuestionnaireResponse" in query.template for query in case.record.missing)
    lines = [
        "Whether the form was answered could not be seen."
        if unseen
        else "No answer to the intake form is recent enough to count.",
        *_named(case, questions),
        *data_notes.section(case),
    ]
    summary = f"Knee intake form {'may be unanswered' if unseen else 'not answered lately'}{could}"
    return _card(case, summary, lines, questions)


def _to_finish(case: Case, questions: Sequence[Question]) -> Draft:
    asked = ", ".join(question.label for question in questions[:_IN_SUMMARY])
    lines = ["The intake form was begun and not finished.", *_named(case, questions), *data_notes.section(case)]
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
