"""The endpoints for those who run the service: health, metrics, this description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.service.openapi.parts import content, outcomes, ref

if TYPE_CHECKING:
    from kneecds.service.openapi.parts import Json

SCHEME: Final = "metricsToken"
_TAG: Final = ["Operations"]

SCHEMAS: Final[Json] = {
    "Alive": {"type": "object", "properties": {"status": {"const": "alive"}}, "required": ["status"]},
    "Readiness": {
        "type": "object",
        "properties": {
            "status": {"enum": ["ready", "not ready", "draining"]},
            "knowledge": {"type": "string", "description": "Its version, or `loading`"},
            "store": {"enum": ["off", "reachable", "unreachable"]},
            "key_sets": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
        "required": ["status", "knowledge", "store"],
    },
}


def paths(*, metrics: bool) -> Json:
    """Return each path with its methods."""
    found: Json = {
        "/health/live": _get("alive", "Whether the process answers", ref("Alive"), "It does"),
        "/health/ready": _get("ready", "Whether calls should be sent here", ref("Readiness"), "They should"),
        "/openapi.json": _get("description", "This description", {"type": "object"}, "OpenAPI 3.1"),
    }
    found["/health/ready"]["get"]["responses"]["503"] = {
        "description": "They should not", "content": content({"anyOf": [ref("Readiness"), ref("OperationOutcome")]}),
    }  # fmt: skip
    if metrics:
        found["/metrics"] = {
            "get": {
                "tags": _TAG, "operationId": "metrics", "summary": "Counters for Prometheus",
                "description": "To whoever has the token; without one, to this machine only.",
                "security": [{SCHEME: []}, {}],
                "responses": {
                    "200": {"description": "Counters", "content": content({"type": "string"}, "text/plain")},
                    **outcomes((401, 403), fhir=False),
                },
            },
        }  # fmt: skip
    return found


def _get(name: str, summary: str, schema: Json, about: str) -> Json:
    answer = {"description": about, "content": content(schema)}
    responses = {"200": answer, **outcomes((), fhir=False)}
    return {"get": {"tags": _TAG, "operationId": name, "summary": summary, "security": [{}], "responses": responses}}
