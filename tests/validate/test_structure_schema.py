"""JSON Schema made of the same facts agrees with the walker and the gate wherever a schema can say it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from kneecds.fhir.structure.check import issues
from kneecds.fhir.structure.gate import sound

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]


def loaded(path: str) -> ModuleType:
    name = f"beside_{Path(path).stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


TABLE = loaded("tests/fhir/test_structure.py")
RESOURCES = (
    "AllergyIntolerance", "Bundle", "Condition", "MedicationRequest", "MedicationStatement", "Observation", "Patient",
    "Procedure", "QuestionnaireResponse",
)  # fmt: skip
SCHEMA = loaded("benchmarks/structure_schema.py").schema("R4", RESOURCES)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BEYOND = {
    "structure-blank",  # a warning
    "structure-companion",  # compares the lengths of two arrays
    "structure-null",  # looks at the other array
}
"""Rules that a schema cannot state."""


def beyond(rule: str, resource: dict[str, Any], expression: str) -> bool:
    """Whether only a program can see it: the calendar, padding of base64, and a code that is there as extensions only."""
    text = json.dumps(resource)
    return (
        rule in BEYOND
        or (rule == "structure-date" and ("1969-02-29" in text or "0000" in text or "\\n" in text))
        or (rule == "structure-code" and ('"_status"' in text or "\\u00a0" in text))
    )


@pytest.mark.parametrize(("resource", "rule", "expression"), TABLE.REFUSED)
def test_what_the_walker_refuses_the_schema_refuses(resource: dict[str, Any], rule: str, expression: str) -> None:
    assert issues(resource)
    assert not sound(json.dumps(resource).encode())
    if not beyond(rule, resource, expression):
        assert not VALIDATOR.is_valid(resource)


@pytest.mark.parametrize("resource", [TABLE.BUNDLE, TABLE.PATIENT, TABLE.OBSERVATION, TABLE.RESPONSE, *TABLE.OTHERS])
def test_what_the_walker_accepts_the_schema_accepts(resource: dict[str, Any]) -> None:
    assert issues(resource) == []
    assert sound(json.dumps(resource).encode())
    assert list(VALIDATOR.iter_errors(resource)) == []


def test_the_fast_engine_gives_the_same_verdicts() -> None:
    fast = pytest.importorskip("jsonschema_rs", reason="the fast engine is not installed").validator_for(SCHEMA)
    for resource, _, _ in TABLE.REFUSED:
        if "\\n" in json.dumps(resource):
            continue  # in Python's patterns `$` lets a last line feed pass
        assert fast.is_valid(resource) == VALIDATOR.is_valid(resource)
    for resource in (TABLE.BUNDLE, TABLE.PATIENT, TABLE.OBSERVATION, TABLE.RESPONSE, *TABLE.OTHERS):
        assert fast.is_valid(resource)
