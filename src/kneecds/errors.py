"""What can go wrong.

Problems in the *input* are values (`Issue`); exceptions are for being unable to go on::

    KneecdsError
    ├── UsageError            the caller asked for something that does not exist (exit 2)
    ├── KnowledgeError        the knowledge files are wrong; carries every problem (exit 3)
    └── InputError            a host handed over something that is not findings; carries Issues (exit 1)
"""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["fatal", "error", "warning", "information"]


class Issue(msgspec.Struct, frozen=True, omit_defaults=True):
    """One problem in the input: where it is, what it is and which rule says so."""

    severity: Severity
    code: str  # https://hl7.org/fhir/R4/valueset-issue-type.html
    rule: str
    expression: str
    message: str
    fix: str = ""  # what to do about it here, where more can be said than the rule says of every case
    line: int = 0  # in the source, from 1; 0 where the source is not text or the place has none
    column: int = 0

    @property
    def is_error(self) -> bool:
        """Whether the input cannot be taken as it is."""
        return self.severity in ("fatal", "error")


def fatal(code: str, rule: str, expression: str, message: str, fix: str = "") -> Issue:
    """Return a problem after which nothing can be read."""
    return Issue("fatal", code, rule, expression, message, fix)


def error(code: str, rule: str, expression: str, message: str, fix: str = "") -> Issue:
    """Return a problem that makes a part of the input unusable."""
    return Issue("error", code, rule, expression, message, fix)


def warning(code: str, rule: str, expression: str, message: str, fix: str = "") -> Issue:
    """Return a problem that the reader of the answer must know of."""
    return Issue("warning", code, rule, expression, message, fix)


def information(code: str, rule: str, expression: str, message: str, fix: str = "") -> Issue:
    """Return a remark on how the input was read."""
    return Issue("information", code, rule, expression, message, fix)


class KneecdsError(Exception):
    """Base of everything that kneecds raises on purpose."""


class UsageError(KneecdsError):
    """The caller asked for something that does not exist."""


class KnowledgeError(KneecdsError):
    """The knowledge files contradict their schema or each other; `problems` lists all of it."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep every problem, and show them all."""
        self.problems = problems
        super().__init__("\n".join(problems))


class InputError(KneecdsError):
    """The input could not be taken at all; `issues` says why."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        """Keep every issue, and show their messages."""
        self.issues = issues
        super().__init__("; ".join(issue.message for issue in issues))
