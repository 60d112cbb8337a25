"""FHIR resources as far as this description goes: the validator says the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.service.openapi.parts import ref

if TYPE_CHECKING:
    from kneecds.service.openapi.parts import Json

_TYPE: Final = {"type": "string", "pattern": "^[A-Z][A-Za-z]{1,63}$"}
# https://hl7.org/fhir/R4/valueset-issue-severity.html
_SEVERITIES: Final = ["fatal", "error", "warning", "information"]


def schemas() -> Json:
    """Return every schema by its name."""
    return {
        "Resource": {
            "type": "object",
            "properties": {"resourceType": _TYPE},
            "required": ["resourceType"],
            "description": "A FHIR resource: https://hl7.org/fhir/R4/resourcelist.html",
        },
        "Bundle": _bundle(ref("Resource")),
        "DraftOrders": _bundle(ref("Resource"), most=200),
        "Searchset": {
            "allOf": [
                ref("Bundle"),
                {
                    "properties": {"type": {"const": "searchset"}, "total": {"type": "integer", "minimum": 0}},
                    "required": ["type", "total", "link"],
                },
            ],
        },
        "OperationOutcome": {
            "type": "object",
            "properties": {
                "resourceType": {"const": "OperationOutcome"},
                "issue": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "properties": {
                            "severity": {"enum": _SEVERITIES},
                            "code": {"type": "string", "minLength": 1},
                            "details": {"type": "object"},
                            "diagnostics": {"type": "string", "description": "The rule"},
                            "expression": {
                                "type": "array",
                                "items": {"type": "string"},
                                "description": "FHIRPath of the place",
                            },
                        },
                        "required": ["severity", "code"],
                    },
                },
            },
            "required": ["resourceType", "issue"],
        },
    }


def only(kind: str) -> Json:
    """Return the schema of a resource of one type."""
    return {"allOf": [ref("Resource"), {"properties": {"resourceType": {"const": kind}}}]}


def _bundle(resource: Json, most: int | None = None) -> Json:
    entries: Json = {
        "type": "array",
        "minItems": 1,
        "items": {"type": "object", "properties": {"resource": resource}, "required": ["resource"]},
    }
    if most is not None:
        entries["maxItems"] = most
    return {
        "type": "object",
        "properties": {"resourceType": {"const": "Bundle"}, "entry": entries},
        "required": ["resourceType"],
    }
