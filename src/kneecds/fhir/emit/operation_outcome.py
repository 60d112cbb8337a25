"""Problems in the input as an OperationOutcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kneecds.fhir.emit.narrative import clean, listed, narrative

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.errors import Issue
    from kneecds.fhir.emit.codes import Json

_MOST_SHOWN: Final = 10  # in the narrative; all of them are in `issue`


def _issue(issue: Issue, message: str, release: str) -> Json:
    said: Json = {"severity": issue.severity, "code": issue.code, "details": {"text": message}}
    rule = clean(issue.rule)
    if rule:
        said["diagnostics"] = f"rule {rule}"
    expression = clean(issue.expression)
    if expression:
        said["expression"] = [expression]
    if issue.line:
        said = {
            "extension": [_extension("line", issue.line, release), _extension("col", issue.column, release)],
            **said,
        }
    return said


def _extension(name: str, number: int, release: str) -> Json:
    # https://hl7.org/fhir/extensions/StructureDefinition-operationoutcome-issue-line.html, and -col; in R5 as published
    # with it, https://hl7.org/fhir/R5/extension-operationoutcome-issue-line.html, the value is a string
    value: Json = {"valueString": str(number)} if release == "R5" else {"valueInteger": number}
    return {"url": f"http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-{name}", **value}


def outcome(issues: Iterable[Issue], release: str = "R4") -> Json:
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
        "issue": [_issue(issue, message, release) for issue, message in zip(all_issues, messages, strict=True)],
    }


def report(inputs: Iterable[tuple[str, Iterable[Issue]]]) -> bytes:
    """Return the outcome of one input, or a Bundle of those of several in their order, as bytes."""
    outcomes = [(name, outcome(issues)) for name, issues in inputs]
    if len(outcomes) == 1:
        return _written(outcomes[0][1])
    entries = [{"resource": {**one, "extension": [_file(name)]}} for name, one in outcomes]
    bundle: Json = {"resourceType": "Bundle", "type": "collection"}
    return _written({**bundle, "entry": entries} if entries else bundle)


def _file(name: str) -> Json:
    # https://hl7.org/fhir/extensions/StructureDefinition-operationoutcome-file.html
    return {"url": "http://hl7.org/fhir/StructureDefinition/operationoutcome-file", "valueString": clean(name)}


def _written(resource: Json) -> bytes:
    return msgspec.json.format(msgspec.json.encode(resource), indent=2) + b"\n"
