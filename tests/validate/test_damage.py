"""Damage is found, whatever it is, and the issue points at it: every kind of damage on every sound example."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from damage import DAMAGES

import kneecds

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data"
AS_OF = "2026-01-15"
TIMES = 3  # each kind of damage at so many places of a document
LEAST_CAUGHT = 0.98


def examples() -> dict[str, dict[str, Any]]:
    found = {
        path.parent.name: json.loads(path.read_text("utf-8"))
        for path in sorted(ROOT.glob("examples/*/input.json"))
        if path.parent.name != "input_with_errors"
    }
    for path in sorted((DATA / "us-core").glob("*.json")):
        found[path.stem] = json.loads(path.read_text("utf-8"))
    for path in sorted((DATA / "synthea").glob("knee-*.json"))[:1]:
        found[path.stem] = json.loads(path.read_text("utf-8"))
    return found


EXAMPLES = examples()


def errors(text: str) -> list[kneecds.Issue]:
    return [issue for issue in kneecds.validate(text, as_of=AS_OF) if issue.is_error]


def points_at(expression: str, place: str) -> bool:
    """Whether an expression names the damaged element, what is directly around it, or something in it."""
    if not place or expression == place:
        return True
    around = place.rpartition(".")[0]
    return expression == around or expression.startswith((f"{place}.", f"{place}["))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_sound(name: str) -> None:
    assert errors(json.dumps(EXAMPLES[name])) == []


def test_there_are_at_least_thirty_kinds_of_damage() -> None:
    assert len(DAMAGES) >= 30


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_found_where_it_is(kind: str) -> None:
    tried = 0
    missed: list[str] = []
    for name, document in EXAMPLES.items():
        for number in range(TIMES):
            damaged = DAMAGES[kind](copy.deepcopy(document), Random(f"{kind} {name} {number}"))
            if damaged is None:
                continue
            tried += 1
            found = errors(damaged.text)
            if not any(points_at(issue.expression, damaged.place) for issue in found):
                said = ", ".join(f"{issue.rule} at {issue.expression}" for issue in found[:3]) or "nothing"
                missed.append(f"{name}: damage at {damaged.place}; said: {said}")
    assert tried, "no example can be damaged so"
    assert len(missed) <= (1 - LEAST_CAUGHT) * tried, "\n".join(missed)
