"""What a card lets the user take over: drafts of requests, advice and a form to fill in, none of them an order.

Nobody is named as requester: who accepts a suggestion is the one, and only the client knows who that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import msgspec

from kneecds.cdshooks.card import Suggestion
from kneecds.cdshooks.identity import uuid_of
from kneecds.cdshooks.markdown import cut
from kneecds.cdshooks.phrases import TITLES, place
from kneecds.fhir.emit import communication_request
from kneecds.fhir.emit.codes import members
from kneecds.fhir.emit.narrative import clean, narrative
from kneecds.fhir.emit.procedures import STATEMENTS
from kneecds.fhir.emit.request_group import offer
from kneecds.pipeline import INTAKE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kneecds.cdshooks.case import Case
    from kneecds.cdshooks.model import Json
    from kneecds.core.assessment import Counterfactual, Option
    from kneecds.fhir.emit.codes import Offer

# https://hl7.org/fhir/uv/sdc/STU3/StructureDefinition-sdc-task.html
SDC_TASK: Final = "http://hl7.org/fhir/uv/sdc/CodeSystem/temp"

ADVICE: Final = frozenset({"self_care", "education", "exercise", "load_management"})
"""Kinds of action that are advice to the patient."""

SAFETY_NET: Final = "safety-net"
FORM: Final = "intake-form"

_LABEL_MOST: Final = 120
_RESOURCE: Final = b'{"resourceType":"%b","id":"%b",%b,%b}'
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


Reason: TypeAlias = tuple[str, str]
"""A condition or rule, and the side that it is about."""


class Piece(NamedTuple):
    """What a draft of an option says, whoever the patient is."""

    label: str
    name: str
    description: str
    kind: bytes
    body: bytes


def requests(case: Case, reasons: Mapping[Reason, int], most: int) -> tuple[Suggestion, ...]:
    """Return drafts of requests that are options for some reasons, those for the highest one before those of lesser ones."""
    ranked = [(rank, one) for one in case.answer.options if (rank := _rank(one, reasons)) is not None]
    ranked.sort(key=lambda pair: -pair[0])  # what is for the same reason keeps its order
    return tuple(_drafts(case, [one for _, one in ranked], "service", most))


def _rank(option: Option, reasons: Mapping[Reason, int]) -> int | None:
    """Return the highest rank among the reasons of an option that are about its knee, or about the whole patient."""
    ranks = [
        rank
        for (name, scope), rank in reasons.items()
        if name in option.because and (scope == option.scope or "person" in (scope, option.scope))
    ]
    return max(ranks, default=None)


def of_options(case: Case, options: Sequence[Option], most_requests: int, most_advice: int) -> tuple[Suggestion, ...]:
    """Return drafts of the first requests and of the first advice among some options."""
    advice = [one for one in options if one.kind in ADVICE and one.action not in STATEMENTS]
    return (*_drafts(case, options, "service", most_requests), *_drafts(case, advice, "", most_advice))


def identified(option: Option) -> str:
    """Name an option and its side, as the audit trail and a suggestion name it."""
    return f"{option.action}:{option.scope}"


def _drafts(case: Case, options: Iterable[Option], form: str, most: int) -> list[Suggestion]:
    found: list[Suggestion] = []
    shared = b""
    said = case.phrases
    for option in options:
        if len(found) == most:
            break
        pieces = offer(option, said.catalogue)
        if pieces.form == form or not form:
            shared = shared or _members(case, "subject", patient_told=form != "service")
            label, name, description, kind, body = said.keep(("draft", pieces), lambda: _piece(option, pieces))  # noqa: B023 - called at once
            found.append(Suggestion(label, name, description, _resource(case, kind, name, body, shared)))
    return found


def _piece(option: Option, pieces: Offer) -> Piece:
    service = pieces.form == "service"
    kind, verb = (b"ServiceRequest", "Draft a request") if service else (b"CommunicationRequest", "Draft advice")
    where = f", {place(option.scope)}" if option.scope != "person" else ""
    return Piece(
        cut(f"{verb}: {pieces.title}", _LABEL_MOST - len(where)) + where,
        identified(option),
        f"{verb}, to be reviewed before it is sent: {pieces.said}",
        kind,
        _advice(pieces.said) if pieces.form == "activity" else pieces.body,
    )


def _advice(text: str) -> bytes:
    """Return what a CommunicationRequest says to the patient."""
    return members(communication_request.body(text, []))


def safety_net(case: Case, raising: Iterable[Counterfactual]) -> Suggestion | None:
    """Return a draft of what the patient should come back for; None if nothing that a patient can tell would raise it."""
    said = " ".join(
        f"If {' and '.join(f'{one.label}: {one.answer}' for one in each.changes)} ({place(each.scope)}): "
        f"{TITLES[each.tier].lower()}."
        for each in raising
        if all(one.asked_of == "patient" for one in each.changes)
    )
    if not said:
        return None
    text = clean(f"Would change how soon the knee should be seen. {said}")
    return Suggestion(
        "Draft safety-net advice for the patient",
        SAFETY_NET,
        f"Draft a message on what to come back for, to be put into the patient's words: {text}",
        _resource(
            case, b"CommunicationRequest", SAFETY_NET, _advice(text), _members(case, "subject", patient_told=True)
        ),
    )


def form(case: Case) -> Suggestion:
    """Return a draft of the task to fill in the intake form."""
    return Suggestion(
        "Draft a task: fill in the knee intake form",
        FORM,
        "Draft a task for the patient, or someone with the patient, to fill in the knee intake form",
        _resource(case, b"Task", FORM, _TASK, _members(case, "for", patient_told=False)),
    )


_TASK: Final = members(
    {
        "text": narrative("Fill in the knee intake form"),
        "status": "draft",
        "intent": "proposal",
        "priority": "routine",
        "code": {
            "coding": [{"system": SDC_TASK, "code": "complete-questionnaire"}],
            "text": "Fill in the knee intake form",
        },
        "description": "Fill in the knee intake form; the answers decide red flags that are open now.",
        "input": [
            {
                "type": {"coding": [{"system": SDC_TASK, "code": "questionnaire"}], "text": "Questionnaire"},
                "valueCanonical": INTAKE,
            }
        ],
    }
)


def _members(case: Case, subject: str, *, patient_told: bool) -> bytes:
    """Return what the drafts of one call have in common."""
    context = case.request.context
    patient: Json = {"reference": f"Patient/{context.patient_id}"}
    common: Json = {subject: patient}
    if context.encounter_id:
        common["encounter"] = {"reference": f"Encounter/{context.encounter_id}"}
    common["authoredOn"] = case.answer.as_of
    if patient_told:
        common["recipient"] = [patient]
    return _encode(common)[1:-1]


def _resource(case: Case, kind: bytes, name: str, body: bytes, shared: bytes) -> msgspec.Raw:
    """Return a resource with a temporary id, which the client replaces when it keeps the draft."""
    answer = case.answer
    temporary = uuid_of(
        answer.software.knowledge_hash, answer.as_of, case.request.context.patient_id, kind.decode(), name
    )
    return msgspec.Raw(_RESOURCE % (kind, temporary.encode(), body, shared))
