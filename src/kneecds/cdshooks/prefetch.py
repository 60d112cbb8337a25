"""What became of each query: four states told apart, pages noticed, nothing looked at deeper than its frame.

https://cds-hooks.hl7.org/2.0/#prefetch-template. A value that was sent is a resource or a Bundle; null says that there is
nothing; a missing key says nothing at all; an OperationOutcome says that the query failed, so what it asked is unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from kneecds.cdshooks import search_bundle
from kneecds.cdshooks.envelope import UNREADABLE, is_text
from kneecds.cdshooks.model import Supply
from kneecds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.cdshooks.model import HookRequest, Query, Service

_TOKEN: Final = re.compile(r"\{\{\s*([A-Za-z.]+)\s*\}\}")

# context fields of primitive type, and the ids of the user
_TOKENS: Final[dict[str, Callable[[HookRequest], str]]] = {
    "context.patientId": lambda request: request.context.patient_id,
    "context.userId": lambda request: request.context.user_id,
    "context.encounterId": lambda request: request.context.encounter_id,
    "userPractitionerId": lambda request: _user(request, "Practitioner"),
    "userPractitionerRoleId": lambda request: _user(request, "PractitionerRole"),
    "userPatientId": lambda request: _user(request, "Patient"),
    "userRelatedPersonId": lambda request: _user(request, "RelatedPerson"),
}


def supplies(service: Service, request: HookRequest) -> tuple[Supply, ...]:
    """Return what became of each query of a service, in their order; other keys are not looked at."""
    prefetch = request.prefetch or {}
    return tuple(
        supply(query, prefetch[query.key]) if query.key in prefetch else Supply(query, "not_supplied", note="not sent")
        for query in service.queries
    )


def filled(template: str, request: HookRequest) -> str:
    """Return a template with its tokens replaced, quoted for a URL; UsageError if the context lacks one."""

    def value(found: re.Match[str]) -> str:
        known = _TOKENS.get(found[1])
        text = known(request) if known is not None else ""
        if not text:
            msg = f"nothing in the context answers the token {found[1]}"
            raise UsageError(msg)
        return quote(text, safe="/" if found[1] == "context.userId" else "")

    return _TOKEN.sub(value, template)


def resource_type(query: Query) -> str:
    """Return the type of resource a query asks for."""
    return query.template.partition("?")[0].partition("/")[0]


def is_search(query: Query) -> bool:
    """Whether a query is a search, which a Bundle answers, and not the read of one resource."""
    return "?" in query.template


def supply(query: Query, value: bytes, *, fetched: bool = False) -> Supply:
    """Return what one answer to a query says."""
    if value == b"null":
        return Supply(query, "nothing", fetched=fetched)
    wanted = resource_type(query)
    try:
        kind = _kind(value)
        if kind == "OperationOutcome":
            return _failed(query, f"the query failed{search_bundle.code_of(value)}", fetched=fetched)
        if kind != ("Bundle" if is_search(query) else wanted):
            article = "a Bundle" if is_search(query) else f"one {wanted}"
            return _failed(query, f"the answer is not {article}", fetched=fetched)
        if not is_search(query):
            return Supply(query, "given", (value,), fetched=fetched)
        found = search_bundle.opened(value, wanted)
    except UNREADABLE:
        return _failed(query, "the answer cannot be read as JSON of FHIR", fetched=fetched)
    except search_bundle.Unusable as problem:
        return _failed(query, str(problem), fetched=fetched)
    note = "; ".join(found.notes)
    if note and not found.matches and not found.next_page:
        return _failed(query, note, fetched=fetched)
    quoted = b'"%b"' % wanted.encode()
    if found.matches and not any(quoted in resource for resource in found.resources):
        return _failed(query, f"the Bundle has no {wanted}", fetched=fetched)
    state: Literal["given", "nothing"] = "given" if found.matches or found.next_page else "nothing"
    return Supply(query, state, tuple(found.resources), tuple(found.urls), found.next_page, note, fetched)


def _kind(value: bytes) -> str:
    if not is_text(value):
        return ""
    return search_bundle.type_first(value) or search_bundle.kind_of(value)


def _failed(query: Query, note: str, *, fetched: bool) -> Supply:
    return Supply(query, "failed", note=note, fetched=fetched)


def _user(request: HookRequest, kind: str) -> str:
    of, _, id_ = request.context.user_id.partition("/")
    return id_ if of == kind else ""
