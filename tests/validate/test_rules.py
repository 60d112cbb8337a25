"""Every rule of the validator has a resource on either side of it, and every rule that code names is in the catalogue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

import kneecds
from kneecds.fhir.validate.catalogue import rules
from kneecds.fhir.validate.rule import LAYERS, Rule

AS_OF = "2026-01-15"
SOURCE = Path(kneecds.__file__).parent
PLACES = (
    "pipeline.py", "cli/gather.py", "fhir/strict_json.py", "fhir/structure/*.py", "fhir/read.py", "fhir/extract/*.py",
    "fhir/validate/**/*.py", "core/statements.py",
)  # fmt: skip
"""Where the issues of a validation are made."""

BEYOND_AN_EXAMPLE = {
    "input-unreadable": "a file that cannot be read is no document",
    "not-json": "of a host that hands over objects that JSON cannot write",
    "value-kind": "of a host that hands over findings without FHIR",
    "denial-unknown": "of a form that was made for other knowledge",
    "birth-date-invalid": "in R4 the structure layer says it first, and the Patient is not read",
    "form-invalid": "a form in the document that cannot be compiled; the questionnaire layer says why",
}
"""Rules that no document validated with the shipped knowledge can break; each has a test elsewhere."""

RULES = [pytest.param(rule, id=rule.id) for rule in rules().values()]


def said_of(example: Any, rule: Rule) -> tuple[kneecds.Issue, ...]:
    body = example if isinstance(example, str) else msgspec.json.encode(example)
    return kneecds.validate(
        body, as_of=AS_OF, release=rule.release, profiles=rule.beside, best_practice=rule.best_practice
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_accepted_resource_is_accepted(rule: Rule) -> None:
    issues = said_of(rule.accepted, rule)
    assert [issue for issue in issues if issue.is_error or issue.rule == rule.id] == []


@pytest.mark.parametrize("rule", RULES)
def test_the_refused_resource_is_refused_by_this_rule_at_its_place(rule: Rule) -> None:
    issues = [issue for issue in said_of(rule.refused, rule) if issue.rule == rule.id]
    assert issues, "the rule does not fire"
    assert rule.at in {issue.expression for issue in issues}
    assert {issue.severity for issue in issues} == {rule.severity}
    assert all(issue.message for issue in issues)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_where_it_comes_from_and_what_to_do(rule: Rule) -> None:
    assert rule.layer in LAYERS
    assert rule.source.startswith("http")
    assert rule.says.strip().endswith(".")
    assert rule.fix.strip()


def test_every_rule_that_the_code_can_say_is_in_the_catalogue() -> None:
    """Read the calls that make issues: the rule is their second argument, where it is written out."""
    known = set(rules())
    call = re.compile(
        r"(?:\.(?:error|warn|remark|refuse|say)|\b(?:fatal|error|warning|information|Issue))\(\s*"
        r"(?:\"(?:fatal|error|warning|information)\",\s*)?+\"[a-z-]+\",\s*\"([A-Za-z0-9-]+)\"",
    )
    missing = {
        f"{rule} in {path.relative_to(SOURCE)}"
        for path in (path for place in PLACES for path in sorted(SOURCE.glob(place)))
        for rule in call.findall(path.read_text("utf-8"))
        if rule not in known and rule not in BEYOND_AN_EXAMPLE
    }
    assert missing == set()
