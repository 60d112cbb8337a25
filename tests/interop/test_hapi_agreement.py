"""The HL7 validation engine and we agree: on the examples of every rule, on cases that were written for each room, on units.

Where we differ on purpose the difference stands in a table with its reason; one that is no longer there fails too.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import judge
import ours
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.fhir.validate.rule import Example, Rule

# One process of the engine answers everything that is asked here; so all of it is one worker's.
pytestmark = [pytest.mark.usefixtures("hapi"), pytest.mark.xdist_group("agreement")]
Json = dict[str, Any]

CASES: Final = Path(__file__).parent / "cases"
JUDGED_LAYERS: Final = frozenset({"structure", "invariant", "reference", "profile", "questionnaire"})
"""Rules of these layers are the specification's; the engine must know them. What JSON and meaning refuse is ours."""

NOT_REFUSED: Final[dict[str, str]] = {
    "questionnaire-constraint": "the engine does not evaluate the constraints that a form puts on its answers",
}
"""Rules whose refused example the engine accepts, and why we still refuse it."""

NOT_ACCEPTED: Final[dict[str, str]] = {
    "eld-15": "the engine allows meaningWhenMissing in no profile at all, which the constraint does not say",
    "sdf-29": "the engine asks more of a specialisation than this constraint, whatever the example",
}
"""Rules whose accepted example the engine refuses, and why we accept it."""

_VITAL: Final = "the engine here applies no vital signs profile that is not claimed; HL7's own command line does"
_BOUNDS: Final = "minValue and maxValue hold for dates, too; the engine does not look"
DIFFERENT: Final[dict[str, str]] = {
    "extensions/asked.jsonl:19 hrnounit R4": _VITAL,
    "extensions/asked.jsonl:20 hrnounit R4B": _VITAL,
    "extensions/asked.jsonl:21 hrnounit R5": _VITAL,
    "profiles/on_purpose.jsonl:1 fixed of other types: right": "the engine compares the lists of a fixed HumanName wrongly",
    "profiles/on_purpose.jsonl:2 pattern with lists: given has it": "a pattern asks for its items among others; the engine compares whole lists of a HumanName",
    "profiles/on_purpose.jsonl:3 type slices: closed to booleans": "closed slices allow no other type",
    "profiles/on_purpose.jsonl:4 targets: contained without name": "a contained target must fit targetProfile; the engine's policy here does not look",
    "profiles/on_purpose.jsonl:5 targets in a Bundle: not named": "a target in the Bundle must fit targetProfile; the engine's policy here does not look",
    "profiles/on_purpose.jsonl:6 targets in a Bundle: absolute, not named": "as the one before",
    "profiles/on_purpose.jsonl:7 slices openatend: another before": "openAtEnd: what belongs to no slice stands last",
    "profiles/on_purpose.jsonl:8 bindings: one of two in": "a required binding asks for one coding of the value set; the engine wants the first",
    "profiles/on_purpose.jsonl:9 bounds: date below": _BOUNDS,
    "profiles/on_purpose.jsonl:10 bounds: birth date late": _BOUNDS,
    "profiles/on_purpose.jsonl:11 bounds: birth date early": _BOUNDS,
    "structure/shapes_and_formats.jsonl:93 prim String '\\ufeff' R4": "the engine takes a byte order mark alone for no text; FHIR's white space does not name it",
}
"""Cases of the rooms on which the engine and we differ, and why."""


def rules() -> Iterable[Rule]:
    from kneecds.fhir.validate import catalogue  # noqa: PLC0415 - not before a judge has been found

    return catalogue.rules().values()


@cache
def asked() -> dict[str, Json]:
    """Everything that the engine is asked, by name."""
    found: dict[str, Json] = {}
    for rule in rules():
        found[f"accepted {rule.id}"] = example(rule, rule.accepted)
        if is_judged(rule):
            found[f"refused {rule.id}"] = example(rule, rule.refused)
    for file in sorted(CASES.rglob("*.jsonl")):
        for at, row in enumerate(map(json.loads, file.read_text("utf-8").splitlines()), 1):
            name = f"{file.relative_to(CASES)}:{at} {row.get('name', row.get('code', ''))}"
            found[name] = {"resource": measured(row["code"]), **row} if "code" in row else row
    return found


def example(rule: Rule, body: Example) -> Json:
    text = body if isinstance(body, str) else json.dumps(body)
    return {"release": rule.release, "text": text, "beside": list(rule.beside)}


def is_judged(rule: Rule) -> bool:
    return rule.layer in JUDGED_LAYERS and rule.severity == "error"


def measured(code: str) -> Json:
    """Return an Observation with a value in a unit."""
    value = {"value": 1, "system": "http://unitsofmeasure.org", "code": code}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": value}


@cache
def errors() -> dict[str, list[str]]:
    """What the engine finds wrong, by name."""
    verdicts = zip(asked(), judge.judge(list(asked().values())), strict=True)
    return {name: [f"{one['location']}: {one['message']}" for one in judge.errors(issues)] for name, issues in verdicts}


def test_every_accepted_example_is_valid() -> None:
    found = {rule.id: errors()[f"accepted {rule.id}"] for rule in rules()}
    assert {name: what for name, what in found.items() if what and name not in NOT_ACCEPTED} == {}
    assert [name for name in NOT_ACCEPTED if not found[name]] == [], (
        "these are accepted by now: take them out of the table"
    )


def test_every_refused_example_is_invalid() -> None:
    accepted = {rule.id for rule in rules() if is_judged(rule) and not errors()[f"refused {rule.id}"]}
    assert sorted(accepted - set(NOT_REFUSED)) == []
    assert set(NOT_REFUSED) <= accepted, "these are refused by now: take them out of the table"


def test_the_cases_of_every_room() -> None:
    found = {}
    for name, row in asked().items():
        if "valid" in row:
            mine = [issue.message for issue in ours.errors(row)]
            said = {"row": row["valid"], "engine": not errors()[name], "we": not mine}
            if len(set(said.values())) > 1:
                found[name] = f"{said} {errors()[name][:3]} {mine[:3]}"
    assert {name: what for name, what in found.items() if name not in DIFFERENT} == {}
    assert set(DIFFERENT) <= set(found), "we agree on these by now: take them out of the table"
