"""Reading one artefact: https://hl7.org/fhir/R4/http.html#read."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from kneecds.service.fhir.call import Answer, refused

if TYPE_CHECKING:
    from kneecds.service.fhir.call import Call

KEPT_FOR: Final = 3600
"""Seconds for which a client may use an artefact without asking again; it changes only with a new version."""


def read(call: Call) -> Answer:
    """Return an artefact with what a client needs to keep it."""
    artefact = call.shelf(call.release).find(call.path["kind"], call.path["id"])
    if artefact is None:
        raise refused(404, "not-found", "not-found", f"there is no {call.path['kind']} of this id here")
    return Answer(
        artefact.body, call.release, tag=artefact.tag, modified=modified(artefact.head.date), kept_for=KEPT_FOR
    )


def modified(day: str) -> str:
    """Return the date of an artefact, as 2026-11 or 2026-11-02, as HTTP writes it."""
    year, month, date = ([int(part) for part in day.split("-")] + [1, 1])[:3] if day else (0, 0, 0)
    return format_datetime(datetime(year, month, date, tzinfo=UTC), usegmt=True) if year else ""
