"""The short way is never wrong: of what it calls plain, no layer has anything to say."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from damage import DAMAGES
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecds import pipeline, shipped_knowledge
from kneecds.fhir import structure
from kneecds.fhir.validate import plain
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.run import run
from kneecds.fhir.validate.supplied import Supplied

BUNDLE = json.loads((Path(__file__).parents[2] / "benchmarks/bundle_17.json").read_text("utf-8"))
PREPARED = pipeline.prepare(shipped_knowledge())
CODES = [{"code": code} for code in PREPARED.concepts.targets]
OURS = Supplied(
    [
        PREPARED.questionnaire,
        {"resourceType": "CodeSystem", "url": plain.FINDINGS, "content": "complete", "concept": CODES},
    ]
)


def said(document: Any) -> list[str]:
    """Return what structure and rooms say of a document."""
    _, issues = structure.usable(document, "R4")
    context = Context(document, "R4", OURS)
    run(context)
    return [f"{issue.rule} at {issue.expression}" for issue in (*issues, *context.found)]


def is_plain(document: Any) -> bool:
    return plain.plain(json.dumps(document, separators=(",", ":")).encode(), OURS) is not None


def test_the_bundle_of_the_benchmark_is_plain() -> None:
    assert is_plain(BUNDLE)
    assert said(BUNDLE) == []


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_not_plain(kind: str) -> None:
    for number in range(6):
        damaged = DAMAGES[kind](copy.deepcopy(BUNDLE), Random(f"{kind} {number}"))
        if damaged is not None:
            assert plain.plain(damaged.text.encode(), OURS) is None


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value in a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


PLACES = places(BUNDLE)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 200), st.floats(-5, 200), st.just(""), st.text(max_size=12),
    st.sampled_from([
        " x", "x ", "a  b", "2026-02-30", "2026-01", "2026-01-15T10:00:00Z", "left", "final", "unknown", "Patient/p1", "#p1",
        "Patient/p2", "urn:uuid:1", "http://loinc.org", "85354-9", "8480-6", "mg/dL", "kg", "[foo]", "fever", "completed",
        "http://snomed.info/sct", "https://kneecds.org/fhir/CodeSystem/kneecds-choice", "alarm.none", "right.onset",
    ]),
)  # fmt: skip
VALUES = st.one_of(
    SCALARS, st.just([]), st.just({}),
    st.sampled_from([
        {"reference": "Patient/p1"}, {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        [{"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}], {"value": 3, "unit": "x"},
        [{"valueBoolean": True}], [{"valueBoolean": True}, {"valueBoolean": False}],
    ]),
)  # fmt: skip
NAMES = st.sampled_from([
    "id", "valueBoolean", "valueInteger", "extension", "text", "meta", "item", "answer", "system", "code", "display", "unit",
    "dataAbsentReason", "component", "bodySite", "category", "issued", "language", "contained", "knee",
])  # fmt: skip


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """Return the bundle with one to three changes: a value, a member more, a member less, an item twice."""
    document = copy.deepcopy(BUNDLE)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(PLACES))
        around: Any = document
        try:
            for step in path[:-1]:
                around = around[step]
            how = draw(st.sampled_from(["set", "drop", "add", "twice"]))
            if how == "set":
                around[path[-1]] = draw(VALUES)
            elif how == "drop":
                del around[path[-1]]
            elif how == "add" and isinstance(around, dict):
                around[draw(NAMES)] = draw(VALUES)
            elif isinstance(around, list):
                around.append(copy.deepcopy(around[path[-1]]))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return document


@given(changed())
@settings(max_examples=600, deadline=None)
def test_what_is_plain_has_no_issue(document: Any) -> None:
    if is_plain(document):
        assert said(document) == []
