"""One room of the validator at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir import strict_json
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.supplied import Supplied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kneecds.errors import Issue
    from kneecds.fhir.structure.facts import Release


def said(
    room: Callable[[Context], None],
    document: Any,
    release: Release = "R4",
    beside: Iterable[dict[str, Any]] = (),
    *,
    best_practice: bool = False,
) -> list[Issue]:
    """Return what a room says of a document, which may be JSON text."""
    if isinstance(document, str):
        document, _ = strict_json.parse(document)
    context = Context(document, release, Supplied(beside), best_practice=best_practice)
    room(context)
    return context.found


def broken(
    room: Callable[[Context], None], document: Any, release: Release = "R4", beside: Iterable[dict[str, Any]] = ()
) -> dict[str, str]:
    """Return the rules that a room says are broken by errors or warnings, with the place of each."""
    return {issue.rule: issue.expression for issue in said(room, document, release, beside)}
