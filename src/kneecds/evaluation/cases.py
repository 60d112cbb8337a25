"""Labelled cases in the compact format: one JSON object a line, every broken line reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from kneecds.core.knowledge import Tier
from kneecds.errors import InputError, Issue, error, fatal
from kneecds.fhir import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterator

CaseSide = Literal["left", "right", "bilateral", "unknown"]


class Stated(msgspec.Struct, frozen=True):
    """What was said to be present, and to be absent."""

    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Case(msgspec.Struct, frozen=True):
    """What an evaluation needs of a case; the rest of its line is left to who builds its FHIR."""

    id: str
    split: str = ""
    side: CaseSide = "unknown"
    findings: Stated = Stated()
    measurements: dict[str, Any] = {}
    gold_diagnosis: str | None = None
    acceptable_diagnoses: tuple[str, ...] = ()
    gold_triage: Tier | None = None
    triage_also_acceptable: tuple[Tier, ...] = ()

    @property
    def wanted(self) -> frozenset[str]:
        """Every diagnosis that counts as right."""
        gold = (self.gold_diagnosis,) if self.gold_diagnosis else ()
        return frozenset((*gold, *self.acceptable_diagnoses))

    @property
    def tiers(self) -> frozenset[Tier]:
        """Every escalation that counts as acceptable."""
        gold: tuple[Tier, ...] = (self.gold_triage,) if self.gold_triage else ()
        return frozenset((*gold, *self.triage_also_acceptable))


class Line(NamedTuple):
    """A case with the object that it was read from."""

    number: int
    case: Case
    content: dict[str, Any]


def read(body: bytes, *, labelled: bool) -> tuple[Line, ...]:
    """Read all lines, or raise InputError with every broken one; `labelled` asks for diagnosis and tier."""
    lines: list[Line] = []
    issues: list[Issue] = []
    seen: dict[str, int] = {}
    for number, text in enumerate(body.split(b"\n"), 1):
        if not text.strip():
            continue
        found = _line(number, text)
        if not isinstance(found, Line):
            issues += found
            continue
        case = found.case
        if case.id in seen:
            issues.append(
                _broken(number, "duplicate", "case-id", f"the id {case.id!r} stands already on line {seen[case.id]}")
            )
        seen.setdefault(case.id, number)
        issues += _unlabelled(number, case) if labelled else ()
        lines.append(found)
    if not lines and not issues:
        issues.append(fatal("required", "case-file", "", "there are no cases"))
    if issues:
        raise InputError(tuple(issues))
    return tuple(lines)


def _line(number: int, text: bytes) -> Line | list[Issue]:
    content, issues = strict_json.parse(text)
    if any(issue.is_error for issue in issues):
        return [_broken(number, issue.code, issue.rule, issue.message) for issue in issues]
    if not isinstance(content, dict):
        return [_broken(number, "structure", "case-object", "a case is a JSON object")]
    try:
        case = msgspec.convert(content, Case)
    except msgspec.ValidationError as problem:
        return [_broken(number, "structure", "case-fields", str(problem))]
    if not case.id:
        return [_broken(number, "required", "case-id", "the id is empty")]
    return Line(number, case, content)


def _unlabelled(number: int, case: Case) -> Iterator[Issue]:
    if not case.gold_diagnosis:
        yield _broken(number, "required", "case-label", "there is no gold_diagnosis")
    if case.gold_triage is None:
        yield _broken(number, "required", "case-label", "there is no gold_triage")


def _broken(number: int, code: str, rule: str, message: str) -> Issue:
    return error(code, rule, f"line {number}", message)
