"""What could be said: advice, the escalation, questions, a safety net, and what speaks against an option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.emit.codes import COMMUNICATION_CATEGORY, Json, coding, fragment, members
from kneecds.fhir.emit.narrative import clean, listed, narrative

if TYPE_CHECKING:
    import msgspec

    from kneecds.fhir.emit.frame import Frame

INSTRUCTION: Final = fragment([{"coding": [coding(COMMUNICATION_CATEGORY, "instruction", "Instruction")]}])
NOTIFICATION: Final = fragment([{"coding": [coding(COMMUNICATION_CATEGORY, "notification", "Notification")]}])
ALERT: Final = fragment([{"coding": [coding(COMMUNICATION_CATEGORY, "alert", "Alert")]}])


def body(said: str, reasons: list[msgspec.Raw]) -> Json:
    """Return what a CommunicationRequest says of an option, whoever the patient is."""
    found: Json = {
        "text": narrative(f"Advice to consider: {said}"),
        "status": "draft",
        "category": INSTRUCTION,
        "payload": [{"contentString": said}],
    }
    if reasons:
        found["reasonCode"] = reasons
    return found


def _common(frame: Frame, about: list[Json]) -> Json:
    common: Json = {"subject": frame.subject, "requester": frame.device}
    if frame.time:
        common["authoredOn"] = frame.time
    if about:
        common["about"] = about
    return common


def shared(frame: Frame, about: list[Json]) -> bytes:
    """Return what the CommunicationRequests of one bundle and knee have in common."""
    return members(_common(frame, about))


def of_statements(
    frame: Frame,
    heading: str,
    category: msgspec.Raw,
    statements: list[str],
    about: list[Json],
    shown: list[str] | None = None,
) -> Json:
    """Return one CommunicationRequest with several statements, none of them empty; `shown`: their short form."""
    said = [text for text in (clean(statement) for statement in statements) if text]
    return {
        "resourceType": "CommunicationRequest",
        "id": "",
        "text": narrative(heading, listed(said if shown is None else map(clean, shown))),
        "status": "draft",
        "category": category,
        **_common(frame, about),
        "payload": [{"contentString": text} for text in said],
    }
