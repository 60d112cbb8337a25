"""What one room says of a document, and small resources to say it of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.supplied import Supplied

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.facts import Release

BASE = "https://example.org/fhir"
UUID = "urn:uuid:00000000-0000-4000-8000-00000000000"


def said(look: Callable[[Context], None], document: Any, release: Release = "R4") -> list[str]:
    """Return the rules that a room names, in its order; those of warnings in parentheses, remarks left out."""
    context = Context(document, release, Supplied())
    look(context)
    return [
        issue.rule if issue.is_error else f"({issue.rule})"
        for issue in context.found
        if issue.severity != "information"
    ]


def patient(identifier: str | None = "p1", **more: Any) -> dict[str, Any]:
    """Return a Patient; without an id where that is None."""
    return {"resourceType": "Patient", **({"id": identifier} if identifier else {}), **more}


def observation(subject: str | None = None, identifier: str = "o1", **more: Any) -> dict[str, Any]:
    """Return an Observation of a subject, which is a reference."""
    own = {"resourceType": "Observation", "id": identifier, "status": "final", "code": {"text": "x"}}
    return {**own, **({"subject": {"reference": subject}} if subject is not None else {}), **more}


def entry(resource: dict[str, Any], url: str | None = "", **more: Any) -> dict[str, Any]:
    """Return an entry at the address that its type and id make, at another, or without one (None)."""
    if url == "":
        url = f"{BASE}/{resource['resourceType']}/{resource['id']}"
    return {**({"fullUrl": url} if url is not None else {}), "resource": resource, **more}


def bundle(kind: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a Bundle of a type."""
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}
