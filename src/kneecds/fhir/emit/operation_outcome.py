"""Problems in the input as an OperationOutcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.emit.narrative import clean, listed, narrative

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.errors import Issue
    from kneecds.fhir.emit.codes import Json

_MOST_SHOWN: Final = 10  # in the narrative; all of them are in `issue`


def _issue(issue: Issue, message: str) -> Json:
    said: Json = {"severity": issue.severity, "code": issue.code, "details": {"text": message}}
    rule = clean(issue.rule)
    if rule:
        said["diagnostics"] = f"rule {rule}"
    expression = clean(issue.expression)
    if expression:
        said["expression"] = [expression]
    return said


def outcome(issues: Iterable[Issue]) -> Json:
    """Return the OperationOutcome of some issues; without any it says that there was nothing to say."""
    all_issues = list(issues)
    if not all_issues:
        text = "No problem was found in the input."
        return {
            "resourceType": "OperationOutcome",
            "text": narrative(text),
            "issue": [{"severity": "information", "code": "informational", "details": {"text": text}}],
        }
    messages = [clean(issue.message) or "No message" for issue in all_issues]
    count = f"{len(messages)} problem{'s' if len(messages) > 1 else ''} in the input"
    shown = [f"{issue.severity}: {said}" for issue, said in zip(all_issues, messages[:_MOST_SHOWN], strict=False)]
    if len(messages) > _MOST_SHOWN:
        shown.append(f"and {len(messages) - _MOST_SHOWN} more")
    return {
        "resourceType": "OperationOutcome",
        "text": narrative(count, listed(shown)),
        "issue": [_issue(issue, message) for issue, message in zip(all_issues, messages, strict=True)],
    }
