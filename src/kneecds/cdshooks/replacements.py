"""What can be done with a draft order that is not appropriate: take it away, or draft what comes first instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import orders
from kneecds.cdshooks.card import Suggestion
from kneecds.cdshooks.identity import uuid_of
from kneecds.cdshooks.phrases import place
from kneecds.fhir.emit.codes import coding
from kneecds.fhir.emit.narrative import narrative
from kneecds.fhir.emit.procedures import BODY_SITE, PROCEDURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.cdshooks.case import Case
    from kneecds.cdshooks.model import Json
    from kneecds.cdshooks.orders import Requested
    from kneecds.core.knowledge import OrderKind
    from kneecds.core.rating import Rating

CODED_BY: Final[dict[OrderKind, str]] = {
    "knee_radiograph": "knee_film_today",
    "physiotherapy_referral": "physio_referral",
}
"""The action whose published codes say what is drafted instead."""


def replacements(case: Case, asked: Sequence[Requested], one: Requested, rating: Rating) -> tuple[Suggestion, ...]:
    """Return suggestions for an order that is not appropriate; none without an id by which to take it away."""
    if not one.reference:
        return ()
    what = f"{orders.WORDS[one.order]}, {'both knees' if rating.side == 'both' else place(rating.side)}"
    taken_away = Suggestion(
        f"Remove the draft: {what}", f"remove:{one.order}", f"Remove the draft order {one.reference}: {what}", None,
        removes=one.reference,
    )  # fmt: skip
    instead = next((kind for kind in _alternatives(rating) if _fits(case, asked, kind, rating)), None)
    if instead is None:
        return (taken_away,)
    other = f"{orders.WORDS[instead]}, {place(rating.side)}"
    replaced = Suggestion(
        f"Replace the draft by: {other}", f"replace:{one.order}:{instead}",
        f"Draft a request, to be reviewed before it is sent: {other}", _request(case, instead, rating.side, one.reference),
        removes=one.reference,
    )  # fmt: skip
    return replaced, taken_away


def _alternatives(rating: Rating) -> list[OrderKind]:
    return list(dict.fromkeys(result.alternative for result in rating.resting_on() if result.alternative))


def _fits(case: Case, asked: Sequence[Requested], kind: OrderKind, rating: Rating) -> bool:
    """Say whether something may be drafted instead: it is appropriate for this knee, and not drafted yet."""
    if rating.side == "both" or any(one.order == kind and one.side in (rating.side, "both") for one in asked):
        return False
    evaluation = case.evaluation
    other = evaluation.prepared.rater.rated(evaluation.assessment, evaluation.facts, [(kind, rating.side)])[0]
    return other.rating == "appropriate"


def _request(case: Case, kind: OrderKind, side: str, instead_of: str) -> Json:
    """Return a draft ServiceRequest (https://hl7.org/fhir/R4/servicerequest.html) with a temporary id."""
    context, answer = case.request.context, case.answer
    by_side = PROCEDURES[CODED_BY[kind]]
    text = f"{orders.WORDS[kind]}, {place(side)}"
    temporary = uuid_of(
        answer.software.knowledge_hash, answer.as_of, context.patient_id, "ServiceRequest", kind, side, instead_of
    )
    resource: Json = {
        "resourceType": "ServiceRequest",
        "id": temporary,
        "text": narrative(f"Option to request: {text}"),
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": [coding(*code) for code in by_side.get(side, by_side[""])], "text": text},
        "subject": {"reference": f"Patient/{context.patient_id}"},
    }
    if context.encounter_id:
        resource["encounter"] = {"reference": f"Encounter/{context.encounter_id}"}
    resource["authoredOn"] = answer.as_of
    resource["bodySite"] = [{"coding": [coding(*BODY_SITE[side])]}]
    return resource
