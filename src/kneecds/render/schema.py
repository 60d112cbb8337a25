"""The JSON Schema of the JSON answer."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kneecds.core.assessment import SCHEMA_VERSION, Assessment
from kneecds.render.json import to_json

SCHEMA_ID: Final = f"https://kneecds.org/schema/assessment/{SCHEMA_VERSION}"


def assessment_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12); its `$id` ends with the version that answers carry."""
    schema = msgspec.json.schema(Assessment)
    definitions = schema["$defs"]
    definitions["Assessment"]["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "kneecds assessment",
        "version": SCHEMA_VERSION,
        **schema,
    }


def assessment_schema_json() -> bytes:
    """Return the schema as JSON."""
    return to_json(assessment_schema())
