"""What the specification asks of a request and of feedback: a row for each rule, and the list of what was found broken."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.errors import InputError, Issue, error

if TYPE_CHECKING:
    from collections.abc import Iterator


class Rule(NamedTuple):
    """One rule: the FHIR issue type of a breach, and the requirement it comes from."""

    code: str  # https://hl7.org/fhir/R4/valueset-issue-type.html
    requirement: str


# R-n: requirement of CDS Hooks 2.0 as numbered by the CRD test kit; cds-*: constraint of the 3.0 ballot
RULES: Final[dict[str, Rule]] = {
    "json-blank": Rule("structure", "R-3"),
    "request-object": Rule("structure", "R-18"),
    "request-required": Rule("required", "R-18"),
    "request-type": Rule("structure", "R-18"),
    "hook-mismatch": Rule("value", "R-18"),
    "hook-instance": Rule("value", "R-25"),
    "context-user": Rule("value", "https://cds-hooks.hl7.org/hooks/patient-view/"),
    "context-id": Rule("value", "https://cds-hooks.hl7.org/hooks/patient-view/"),
    "context-selections": Rule("value", "https://cds-hooks.hl7.org/hooks/order-select/"),
    "context-draft-orders": Rule("value", "https://cds-hooks.hl7.org/hooks/order-sign/"),
    "fhir-server": Rule("value", "R-2"),
    "fhir-server-required": Rule("required", "cds-r-1"),
    "authorization": Rule("value", "R-66 to R-71"),
    "prefetch-value": Rule("structure", "R-30"),
    "extension": Rule("structure", "R-214"),
    "patient-mismatch": Rule("conflict", "R-45"),
    "too-many": Rule("too-long", "a limit of this service"),
    "feedback-list": Rule("structure", "R-154"),
    "feedback-card": Rule("value", "R-155"),
    "feedback-outcome": Rule("value", "R-156, cds-fb-1"),
    "feedback-accepted": Rule("value", "R-158, R-162, cds-fb-2"),
    "feedback-reason": Rule("value", "R-159, R-165, cds-fb-3"),
    "feedback-time": Rule("value", "R-161"),
}


MOST: Final = 200
"""Breaches that are said of one body; who sends more is not helped by more."""

_SIMPLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SHOWN: Final = 64


class Breaches:
    """Collects every breach of one body; they are raised together."""

    def __init__(self) -> None:
        """Start with none."""
        self.issues: list[Issue] = []

    def add(self, rule: str, place: str, message: str) -> None:
        """Say what is wrong where; the message never repeats what was sent, which may be about a patient."""
        if len(self.issues) >= MOST:
            return
        code, requirement = RULES[rule]
        self.issues.append(error(code, rule, place, f"{message} ({requirement})"))

    def text(self, holder: dict[str, Any], name: str, place: str, *, required: bool = True) -> str:
        """Return a member that has to be a string; empty if it is not there or no string, which is said."""
        if name not in holder:
            if required:
                self.add("request-required", f"{place}.{name}", f"{name} is missing")
            return ""
        value = holder[name]
        if isinstance(value, str):
            return value
        if not is_blank(value):  # blanks are said by their own rule
            self.add("request-type", f"{place}.{name}", f"{name} is not a string")
        return ""

    def blanks(self, value: object, place: str) -> None:
        """Say every null, "", [] and {} in a value."""
        for where, what in islice(_blanks(value, place, pairs=False), MOST):
            self.add("json-blank", where, f"{what} is sent; what has no value is left out")

    def settle(self) -> None:
        """Raise InputError if anything was found."""
        if self.issues:
            raise InputError(tuple(self.issues))


def member(name: str) -> str:
    """Return a name as a step of a place; names that are none in FHIRPath are quoted, and long ones cut."""
    if _SIMPLE.fullmatch(name):
        return name
    escaped = json.dumps(name[:_SHOWN])[1:-1].replace("`", "\\`")
    return f"`{escaped}`"


def is_blank(value: object) -> bool:
    """Whether a JSON value is one of null, "", [] and {}."""
    return value is None or value in ("", [], {})


def _blanks(value: object, place: str, *, pairs: bool) -> Iterator[tuple[str, str]]:
    if is_blank(value):
        yield place, "null" if value is None else json.dumps(value)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if not (inner is None and pairs):
                yield from _blanks(inner, f"{place}[{index}]", pairs=False)
    elif isinstance(value, dict):
        for name, inner in value.items():
            # FHIR keeps two lists in step with nulls, such as `given` and `_given`: https://hl7.org/fhir/R4/json.html
            twin = name[1:] if name.startswith("_") else f"_{name}"
            both = isinstance(value.get(twin), list) and isinstance(inner, list)
            yield from _blanks(inner, f"{place}.{member(name)}", pairs=both)
