"""The JSON answer and its schema."""

from __future__ import annotations

import jsonschema
import msgspec
import pytest

from kneecds.core.assessment import SCHEMA_VERSION, Assessment
from kneecds.render.json import to_json
from kneecds.render.schema import SCHEMA_ID, assessment_schema, assessment_schema_json


def test_is_read_back_as_it_was(assessment: Assessment) -> None:
    assert msgspec.json.decode(to_json(assessment), type=Assessment) == assessment


def test_same_bytes(assessment: Assessment) -> None:
    assert to_json(assessment) == to_json(assessment)
    assert to_json(assessment).endswith(b"}\n")


def test_schema_accepts_the_answer(assessment: Assessment) -> None:
    schema = assessment_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(msgspec.json.decode(to_json(assessment)))


@pytest.mark.parametrize(
    "change", [{"tier": "soon"}, {"schema_version": "0"}, {"knees": [{}]}, {"status": None}], ids=str
)
def test_schema_refuses(assessment: Assessment, change: dict[str, object]) -> None:
    answer = msgspec.json.decode(to_json(assessment)) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(assessment_schema()).validate(answer)


def test_schema_is_named_and_versioned() -> None:
    schema = msgspec.json.decode(assessment_schema_json())
    assert schema["$id"] == SCHEMA_ID
    assert SCHEMA_ID.endswith(f"/{SCHEMA_VERSION}")
    assert schema["version"] == SCHEMA_VERSION
