"""The one place that knows the order of a call: what is known is assessed, and what was thought becomes cards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from kneecds import pipeline
from kneecds.cdshooks import (
    data_notes,
    differential_card,
    intake_card,
    missing_card,
    options_card,
    orders,
    rating_cards,
    red_flag_card,
    unreadable,
)
from kneecds.cdshooks.case import Case, case
from kneecds.cdshooks.markdown import escaped
from kneecds.cdshooks.model import Advice
from kneecds.errors import InputError, error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from kneecds.cdshooks.card import Draft
    from kneecds.cdshooks.model import HookRequest, Json, Made, Presentation, Service
    from kneecds.cdshooks.recent import Recent
    from kneecds.cdshooks.record import Record
    from kneecds.core.knowledge import Setting
    from kneecds.knowledge import Knowledge
    from kneecds.pipeline import Evaluation

    Cards = list[tuple[Json, Made]]

_PATIENT: Final = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/.*)?")


def advise(
    service: Service,
    request: HookRequest,
    record: Record | None,
    *,
    knowledge: Knowledge,
    as_of: date,
    setting: Setting,
    presentation: Presentation,
    recent: Recent | None = None,
) -> Advice:
    """Return the cards of one call. InputError if nothing could be read: a failure is never an answer without cards.

    `record` is None only for orders of which none is for a knee; `recent` remembers evaluations for the next call.
    """
    if record is None:
        return Advice((), ())
    evaluation = _evaluated(request, record, knowledge, as_of, setting, recent)
    made = BY_KIND[service.kind](case(service, request, record, evaluation, presentation))[: presentation.most_cards]
    return Advice(tuple(card for card, _ in made), tuple(one for _, one in made), evaluation)


def concerns_the_knee(service: Service, request: HookRequest) -> bool:
    """Say whether a call may be about a knee; orders of which none is for a knee need no data and get no card."""
    return service.kind != "orders" or bool(orders.requested_in(request))


def _evaluated(
    request: HookRequest,
    record: Record,
    knowledge: Knowledge,
    as_of: date,
    setting: Setting,
    recent: Recent | None,
) -> Evaluation:
    """Assess what is known; what went wrong in gathering it counts like what went wrong in reading it."""

    def assessed() -> Evaluation:
        return pipeline.evaluate(record.body, knowledge=knowledge, as_of=as_of, setting=setting)

    because = (knowledge.sha256, as_of, setting)
    evaluation = assessed() if recent is None else recent.evaluation(record.body, because, assessed)
    answer = evaluation.assessment
    if answer.status == "failure":
        raise InputError((*record.issues, *answer.issues))
    found = _PATIENT.fullmatch(answer.subject.reference)
    if found is not None and found[1] != request.context.patient_id:
        message = "what was sent is about another patient than the one of the context"
        raise InputError((error("conflict", "patient-mismatch", "context.patientId", message),))
    if not record.issues:
        return evaluation
    status = "data-required" if any(issue.is_error for issue in record.issues) else answer.status
    noted = msgspec.structs.replace(answer, status=status, issues=(*record.issues, *answer.issues))
    return evaluation._replace(assessment=noted)


def _assessment(of: Case) -> Cards:
    red_flag = red_flag_card.draft(of)
    drafts = [red_flag]
    if of.knee_in_play:
        ranked = differential_card.draft(of, first=red_flag is None)
        drafts.append(ranked)
        if ranked is None and red_flag is None:
            drafts.append(missing_card.draft(of))
        taken = frozenset(one.action for one in red_flag.suggestions) if red_flag is not None else frozenset()
        drafts.append(options_card.draft(of, taken))
    elif red_flag is None and unreadable.of_a_knee(of):
        drafts.append(missing_card.draft(of))
    return _cards(of, drafts)


def _intake(of: Case) -> Cards:
    """Return the card of the form, which tells of a red flag; the card of the red flag is the assessment's."""
    return _cards(of, [intake_card.draft(of)])


def _orders(of: Case) -> Cards:
    """Return the red flag, and what each order is rated; every card says what of the data it lacks."""
    notes = "\n".join(data_notes.section(of))
    rated = [one._replace(detail=f"{one.detail}\n{notes}".strip()) for one in rating_cards.drafts(of)]
    red_flag = red_flag_card.draft(of)
    drafts = rated if red_flag is None else [red_flag, *rated]
    most = of.frame.presentation.most_cards
    beyond = [f"- Also rated: {escaped(one.summary)}" for one in drafts[most:]]
    if beyond:
        last = drafts[most - 1]
        drafts[most - 1] = last._replace(detail="\n".join([last.detail, "", *beyond]))
    return _cards(of, drafts)


def _cards(of: Case, drafts: Sequence[Draft | None]) -> Cards:
    return [of.frame.card(draft) for draft in drafts if draft is not None]


BY_KIND: Final[dict[str, Callable[[Case], Cards]]] = {
    "assessment": _assessment,
    "intake": _intake,
    "orders": _orders,
}
"""What a kind of service answers, the most urgent first."""
