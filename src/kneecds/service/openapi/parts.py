"""What the descriptions of all endpoints share: references, bodies and answers with an OperationOutcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Json: TypeAlias = dict[str, Any]

JSON: Final = "application/json"
FHIR_JSON: Final = "application/fhir+json"

WORDS: Final = {
    400: "The request is malformed or breaks a rule; every problem is an issue",
    401: "No token, or none that is believed; no detail is given",
    403: "The client is known and may not do this",
    404: "Nothing is served at this address",
    405: "The address does not answer this method",
    406: "No acceptable media type can be given",
    408: "The body did not arrive in time",
    412: "A datum without which there is no answer is missing; `expression` names it",
    413: "The body is too large",
    415: "The body is not of a media type that is read here, or is compressed",
    422: "Well-formed, and nothing of it can be used; every reason is an issue",
    429: "Too many calls; `Retry-After` says when to come again",
    500: "The service failed; there is no answer",
    503: "The service cannot answer at the moment",
    504: "The answer was not ready in time",
}

ALWAYS: Final = (405, 429, 500, 503, 504)
"""Statuses that any call may come to."""


def ref(name: str, of: str = "schemas") -> Json:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{of}/{name}"}


def content(schema: Json, *media: str, examples: Json | None = None) -> Json:
    """Return a body of these media types."""
    one = {"schema": schema, **({"examples": examples} if examples else {})}
    return dict.fromkeys(media or (JSON,), one)


def outcomes(statuses: Iterable[int], *, fhir: bool) -> Json:
    """Return the answers that are OperationOutcomes."""
    kind = "Fhir" if fhir else ""
    return {str(status): ref(f"{kind}Problem{status}", "responses") for status in sorted({*statuses, *ALWAYS})}


def problem_responses() -> Json:
    """Return the components that `outcomes` refers to."""
    return {
        f"{kind}Problem{status}": {
            "description": words,
            **({"headers": {"Retry-After": {"schema": {"type": "string"}}}} if status in (429, 503) else {}),
            "content": content(ref("OperationOutcome"), media),
        }
        for kind, media in (("", JSON), ("Fhir", FHIR_JSON))
        for status, words in WORDS.items()
    }


def strings(**described: str) -> Json:
    """Return properties that are texts with something in them."""
    return {name: {"type": "string", "minLength": 1, "description": about} for name, about in described.items()}
