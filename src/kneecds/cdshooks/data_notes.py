"""What a reader must know of the data behind a card: what was not supplied, could not be read, or contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.cdshooks import entries
from kneecds.cdshooks.markdown import escaped
from kneecds.cdshooks.phrases import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.cdshooks.case import Case
    from kneecds.errors import Issue

_MOST_ISSUES: Final = 4
_MOST_FINDINGS: Final = 5
_STATES: Final = {"contradicted": "Stated both ways, please check", "stale": "Too old to count"}
_ORDER: Final = {"fatal": 0, "error": 1, "warning": 2}
_SAID_OTHERWISE: Final = frozenset({"statements-contradict", "query-failed", "query-not-supplied", "query-nothing"})
"""Rules whose issues repeat what the findings and the missing queries say."""


def section(case: Case) -> list[str]:
    """Return the remarks on the data as a part of a card, nothing if there is nothing to remark."""
    lines = [*not_supplied(case), *_findings(case), *_issues(case)]
    return ["", "**About the data**", "", *lines] if lines else []


def not_supplied(case: Case) -> Iterator[str]:
    """Say what was not supplied; it is unknown, and not absent."""
    if not case.record.missing:
        return
    notes = {supply.query.key: supply.note for supply in case.record.supplies}
    missing = []
    for query in case.record.missing:
        note = notes.get(query.key, "")
        missing.append(
            f"{escaped(query.about)} ({escaped(note)})" if note not in ("", "not sent") else escaped(query.about)
        )
    yield f"- **Not supplied:** {', '.join(missing)}. What they would say is unknown, also what would forbid an option."


def _findings(case: Case) -> Iterator[str]:
    for state, words in _STATES.items():
        found = [
            f"{case.phrases.said(known.label)} ({place(known.scope)})"
            for known in case.answer.findings
            if known.state == state
        ]
        if found:
            more = f" and {len(found) - _MOST_FINDINGS} more" if len(found) > _MOST_FINDINGS else ""
            yield f"- **{words}:** {', '.join(found[:_MOST_FINDINGS])}{more}"


def _issues(case: Case) -> Iterator[str]:
    issues = [one for one in case.answer.issues if one.severity in _ORDER and one.rule not in _SAID_OTHERWISE]
    if not issues:
        return
    issues.sort(key=lambda issue: _ORDER[issue.severity])
    names = entries.names(case.record.body)
    for issue in issues[:_MOST_ISSUES]:
        yield f"- **{_word(issue)}:** {escaped(issue.message)}{_where(issue, names)}"
    if len(issues) > _MOST_ISSUES:
        yield f"- and {len(issues) - _MOST_ISSUES} more problems in the data"


def _word(issue: Issue) -> str:
    return "Could not be used" if issue.is_error else "Note"


def _where(issue: Issue, names: list[str]) -> str:
    number = entries.number(issue.expression)
    return f" ({escaped(names[number])})" if number is not None and number < len(names) and names[number] else ""
