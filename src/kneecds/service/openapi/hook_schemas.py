"""What goes over the wire of CDS Hooks 2.0 (https://cds-hooks.hl7.org/2.0/), as JSON Schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.cdshooks.card import SUMMARY_MOST
from kneecds.cdshooks.model import HOOKS
from kneecds.service.openapi.parts import ref, strings

if TYPE_CHECKING:
    from kneecds.cdshooks.model import Hook
    from kneecds.service.openapi.parts import Json

_UUID: Final = {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"}
_ID: Final = {"type": "string", "pattern": "^[A-Za-z0-9\\-.]{1,64}$"}
_TYPED_ID: Final = {"type": "string", "pattern": "^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\\-.]{1,64}$"}
_USER: Final = {
    "type": "string",
    "pattern": "^(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9\\-.]{1,64}$",
}
_TEXT: Final = {"type": "string", "minLength": 1}
_LINK: Final = {"type": "string", "format": "uri", "minLength": 1}


def schemas() -> Json:
    """Return every schema by its name."""
    return {
        "Discovery": _object({"services": {"type": "array", "items": ref("Service")}}, ("services",)),
        "Service": _service(),
        "FhirAuthorization": _authorization(),
        "Prefetch": {
            "type": "object", "minProperties": 1, "maxProperties": 100,
            "additionalProperties": {"anyOf": [ref("Resource"), {"type": "null"}]},
            "description": "By key: a resource or Bundle, `null` (the client knows that there is nothing), or an "
            "OperationOutcome (the query failed). A key that is left out was not supplied, and is fetched or unknown.",
        },
        **{f"Context-{hook}": _context(hook) for hook in HOOKS},
        **{f"Request-{hook}": _request(hook) for hook in HOOKS},
        "Coding": _closed({**strings(system="Canonical of the code system", code="The code"), "display": _TEXT}, ("system", "code")),
        "Cards": _closed(
            {
                "cards": {"type": "array", "items": ref("Card"), "description": "Empty: there is nothing to say of a knee."},
                "systemActions": {"type": "array", "minItems": 1, "items": ref("Action")},
                "extension": {"type": "object"},
            },
            ("cards",),
        ),
        "Card": _card(),
        "Source": _closed({"label": _TEXT, "url": _LINK, "icon": _LINK, "topic": ref("Coding")}, ("label",)),
        "Suggestion": _closed(
            {
                "label": _TEXT, "uuid": _UUID, "isRecommended": {"type": "boolean"},
                "actions": {"type": "array", "minItems": 1, "items": ref("Action")},
                "actionSelectionBehavior": {"enum": ["all", "any", "at-most-one"], "description": "Only of the 3.0 ballot"},
            },
            ("label",),
        ),
        "Action": _action(),
        "Link": _closed(
            {"label": _TEXT, "url": _LINK, "type": {"enum": ["absolute", "smart"]}, "appContext": _TEXT, "autolaunchable": {"type": "boolean"}},
            ("label", "url", "type"),
        ),
        "Feedback": _object({"feedback": {"type": "array", "minItems": 1, "maxItems": 500, "items": ref("FeedbackEntry")}}, ("feedback",)),
        "FeedbackEntry": _feedback(),
    }  # fmt: skip


def _object(properties: Json, required: tuple[str, ...]) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _closed(properties: Json, required: tuple[str, ...]) -> Json:
    return {**_object(properties, required), "additionalProperties": False}


def _service() -> Json:
    return _object(
        {
            "hook": {"enum": list(HOOKS)},
            **strings(
                id="Last part of the address", title="Name", description="What it does",
                usageRequirements="What a client has to know", version="Version of CDS Hooks; only of the 3.0 ballot",
                hookVersion="Version of the hook; only of the 3.0 ballot",
            ),
            "prefetch": {"type": "object", "additionalProperties": _TEXT, "minProperties": 1},
        },
        ("hook", "id", "description"),
    )  # fmt: skip


def _authorization() -> Json:
    return _object(
        {
            **strings(access_token="Never logged, never stored", scope="Granted scopes", subject="The client"),  # noqa: S106
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer", "minimum": 0},
            "patient": _ID,
        },
        ("access_token", "token_type", "expires_in", "scope", "subject"),
    )


def _context(hook: Hook) -> Json:
    properties: Json = {"userId": _USER, "patientId": _ID, "encounterId": _ID}
    required: tuple[str, ...] = ("userId", "patientId")
    if hook == "order-select":
        properties["selections"] = {"type": "array", "minItems": 1, "maxItems": 200, "items": _TYPED_ID}
        required = (*required, "selections")
    if hook != "patient-view":
        properties["draftOrders"] = ref("DraftOrders")
        required = (*required, "draftOrders")
    return _object(properties, required)


def _request(hook: Hook) -> Json:
    return {
        **_object(
            {
                "hook": {"const": hook},
                "hookInstance": _UUID,
                "context": ref(f"Context-{hook}"),
                "fhirServer": {"type": "string", "format": "uri", "pattern": "^https?://[^\\s?#]+$"},
                "fhirAuthorization": ref("FhirAuthorization"),
                "prefetch": ref("Prefetch"),
                "extension": {"type": "object", "minProperties": 1},
            },
            ("hook", "hookInstance", "context"),
        ),
        "dependentRequired": {"fhirAuthorization": ["fhirServer"]},
    }


def _card() -> Json:
    return {
        **_closed(
            {
                "uuid": _UUID,
                "summary": {"type": "string", "minLength": 1, "maxLength": SUMMARY_MOST},
                "detail": {"type": "string", "minLength": 1, "description": "GitHub-flavoured markdown, without raw HTML"},
                "indicator": {"enum": ["info", "warning", "critical"]},
                "source": ref("Source"),
                "suggestions": {"type": "array", "minItems": 1, "items": ref("Suggestion")},
                "selectionBehavior": {"enum": ["at-most-one", "any"]},
                "overrideReasons": {
                    "type": "array", "minItems": 1, "items": {"allOf": [ref("Coding"), {"required": ["display"]}]},
                },
                "links": {"type": "array", "minItems": 1, "items": ref("Link")},
                "extension": {"type": "object"},
            },
            ("summary", "indicator", "source"),
        ),
        "dependentRequired": {"suggestions": ["selectionBehavior"]},
    }  # fmt: skip


def _action() -> Json:
    kind: Any = {"type": {"const": "delete"}}
    return {
        **_closed(
            {
                "type": {"enum": ["create", "update", "delete"]},
                "description": _TEXT,
                "resource": ref("Resource"),
                "resourceId": _TYPED_ID,
            },
            ("type", "description"),
        ),
        "if": {"properties": kind, "required": ["type"]},
        "then": {"required": ["resourceId"], "not": {"required": ["resource"]}},
        "else": {"required": ["resource"]},
    }


def _feedback() -> Json:
    accepted = {"type": "array", "minItems": 1, "maxItems": 50, "items": _object({"id": _UUID}, ("id",))}
    reason = {
        **_object({"reason": ref("Coding"), "userComment": {**_TEXT, "maxLength": 10_000}}, ()),
        "anyOf": [{"required": ["reason"]}, {"required": ["userComment"]}],
    }
    return {
        **_object(
            {
                "card": _UUID,
                "outcome": {"enum": ["accepted", "overridden"]},
                "acceptedSuggestions": accepted,
                "overrideReason": reason,
                "outcomeTimestamp": {
                    "type": "string",
                    "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]00:00)$",
                    "description": "RFC 3339, in UTC",
                },
            },
            ("card", "outcome", "outcomeTimestamp"),
        ),
        "if": {"properties": {"outcome": {"const": "accepted"}}, "required": ["outcome"]},
        "then": {"required": ["acceptedSuggestions"], "not": {"required": ["overrideReason"]}},
        "else": {"not": {"required": ["acceptedSuggestions"]}},
    }
