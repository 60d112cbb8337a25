"""An option that a clinician could request: imaging, a referral, an aspiration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.emit.codes import Catalogue, Json, coding, concept, members
from kneecds.fhir.emit.narrative import clean, narrative
from kneecds.fhir.emit.procedures import AT_THE_KNEE, BODY_SITE

if TYPE_CHECKING:
    import msgspec

    from kneecds.core.assessment import Option
    from kneecds.fhir.emit.frame import Frame


def body(option: Option, catalogue: Catalogue, said: str, reasons: list[msgspec.Raw]) -> Json:
    """Return what a ServiceRequest says of an option, whoever the patient is."""
    text = clean(option.text) or "not named"
    found: Json = {
        "text": narrative(f"Option to request: {said}"),
        "status": "draft",
        "intent": "proposal",
        "code": concept(catalogue.procedure(option.action, option.scope, text), text),
    }
    if option.action in AT_THE_KNEE and option.scope in BODY_SITE:
        found["bodySite"] = [{"coding": [coding(*BODY_SITE[option.scope])]}]
    if reasons:
        found["reasonCode"] = reasons
    return found


def shared(frame: Frame, supporting: list[Json]) -> bytes:
    """Return what the ServiceRequests of one bundle and knee have in common."""
    common: Json = {"subject": frame.subject, "requester": frame.device}
    if frame.time:
        common["authoredOn"] = frame.time
    if supporting:
        common["supportingInfo"] = supporting
    return members(common)
