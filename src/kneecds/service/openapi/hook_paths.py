"""The hooks and what is around them: discovery, calls, feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks.services import SERVICES
from kneecds.service.openapi.parts import content, outcomes, ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.cdshooks.model import Service
    from kneecds.service.openapi.parts import Json

SCHEME: Final = "cdsClient"
_TAG: Final = ["CDS Hooks"]


def paths(*, open_to_all: bool) -> Json:
    """Return each path of the hooks with its methods."""
    security: list[Json] = [{}] if open_to_all else [{SCHEME: []}]
    found: Json = {
        "/cds-services": {
            "get": {
                "tags": _TAG, "operationId": "discovery", "summary": "The services on offer",
                "security": [{}] if open_to_all else [{SCHEME: []}, {}],
                "responses": {
                    "200": {"description": "The services", "content": content(ref("Discovery"))},
                    **outcomes((401, 403, 406), fhir=False),
                },
            },
        },
    }  # fmt: skip
    offered: dict[str, list[Service]] = {}
    for service in SERVICES:
        offered.setdefault(service.id, []).append(service)
    for name, under in offered.items():
        found[f"/cds-services/{name}"] = {"post": {**_call(name, under), "security": security}}
        found[f"/cds-services/{name}/feedback"] = {"post": {**_feedback(name), "security": security}}
    return found


def _call(name: str, under: Iterable[Service]) -> Json:
    hooks = [one.hook for one in under]
    requests = [ref(f"Request-{hook}") for hook in hooks]
    service = next(iter(under))
    examples = {"call": ref(f"Call-{hooks[0]}", "examples")}
    return {
        "tags": _TAG,
        "operationId": f"call-{name}",
        "summary": service.title,
        "description": f"{service.description} Offered under {' and '.join(hooks)}. {service.usage_requirements}",
        "requestBody": {
            "required": True,
            "content": content(requests[0] if len(requests) == 1 else {"oneOf": requests}, examples=examples),
        },
        "responses": {
            "200": {"description": "Cards; none if there is nothing to say", "content": content(ref("Cards"))},
            **outcomes((400, 401, 403, 404, 406, 408, 412, 413, 415, 422), fhir=False),
        },
    }


def _feedback(name: str) -> Json:
    examples = {"overridden": ref("Feedback", "examples")}
    return {
        "tags": _TAG,
        "operationId": f"feedback-{name}",
        "summary": "What became of cards; answered once it is kept",
        "requestBody": {"required": True, "content": content(ref("Feedback"), examples=examples)},
        "responses": {
            "200": {"description": "It is kept"},
            **outcomes((400, 401, 403, 404, 408, 413, 415), fhir=False),
        },
    }
