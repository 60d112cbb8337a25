"""Whatever cannot be answered, as an OperationOutcome with the status that says so."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from starlette.responses import Response

from kneecds.errors import Issue, error
from kneecds.fhir.emit import operation_outcome
from kneecds.pipeline import ENCODER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


Json: TypeAlias = dict[str, Any]

JSON: Final = "application/json"
FHIR_JSON: Final = "application/fhir+json"

# https://hl7.org/fhir/R4/valueset-issue-type.html, and what is said to the client
WORDS: Final[dict[int, tuple[str, str]]] = {
    400: ("invalid", "the request is malformed"),
    401: ("login", "the request is not authorized"),
    403: ("forbidden", "this client may not do this"),
    404: ("not-found", "there is nothing at this address"),
    405: ("not-supported", "this method is not for this address"),
    406: ("not-supported", "no answer of an acceptable media type can be given"),
    408: ("timeout", "the request did not arrive in time"),
    411: ("required", "the length of the body must be given"),
    412: ("required", "data without which there is no answer are missing"),
    413: ("too-long", "the body is too large"),
    415: ("not-supported", "the body is not of a media type that is read here"),
    422: ("processing", "nothing in the request can be read"),
    429: ("throttled", "too many requests"),
    500: ("exception", "the service failed; there is no answer"),
    503: ("transient", "the service cannot answer at the moment"),
    504: ("timeout", "the answer was not ready in time"),
}


def issue_of(status: int, message: str = "") -> Issue:
    """Return the one issue that says a status."""
    code, words = WORDS.get(status, WORDS[500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400])
    return error(code, f"http-{status}", "", message or words)


def outcome_response(
    status: int, issues: Iterable[Issue] = (), *, headers: Mapping[str, str] | None = None, fhir: bool = False
) -> Response:
    """Return an OperationOutcome with a status; without issues it says what the status means, and nothing more."""
    given = tuple(issues)
    body = ENCODER.encode(operation_outcome.outcome(given) if given else _said(issue_of(status)))
    return Response(body, status, headers=headers, media_type=FHIR_JSON if fhir else JSON)


def is_fhir(path: str) -> bool:
    """Whether an address belongs to the FHIR operations."""
    return path == "/fhir" or path.startswith("/fhir/")


def _said(issue: Issue) -> Json:
    said = {"severity": issue.severity, "code": issue.code, "details": {"text": issue.message}}
    return {"resourceType": "OperationOutcome", "issue": [said]}
