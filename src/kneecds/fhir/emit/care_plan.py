"""Exercises and load management as a proposed plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.emit.codes import Catalogue, Json, concept
from kneecds.fhir.emit.narrative import clean, listed, narrative

if TYPE_CHECKING:
    import msgspec

    from kneecds.core.assessment import Option
    from kneecds.fhir.emit.frame import Frame


def activity(option: Option, catalogue: Catalogue, said: str, reasons: list[msgspec.Raw]) -> Json:
    """Return one activity of the plan, whoever the patient is."""
    text = clean(option.text) or "not named"
    detail: Json = {
        "code": concept(catalogue.procedure(option.action, option.scope, text), text),
        "status": "not-started",
        "description": said,
    }
    if reasons:
        detail["reasonCode"] = reasons
    return {"detail": detail}


def r4(frame: Frame, activities: list[msgspec.Raw], titles: list[str], supporting: list[Json]) -> Json:
    """Return the CarePlan of all exercise and load-management options."""
    plan: Json = {
        "resourceType": "CarePlan",
        "id": "",
        "text": narrative("Exercises and load management to choose from", listed(titles)),
        "instantiatesCanonical": [frame.module],
        "status": "draft",
        "intent": "proposal",
        "title": "Exercise and load management options",
        "description": "Proposed for a clinician to adapt with the patient; not all of it is meant to be done at once.",
        "subject": frame.subject,
        "author": frame.device,
        "activity": activities,
    }
    if frame.time:
        plan["created"] = frame.time
    if supporting:
        plan["supportingInfo"] = supporting
    return plan
