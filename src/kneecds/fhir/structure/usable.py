"""Take out what is structurally broken, so that the rest can still be read; say what was taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.errors import Issue, error, fatal
from kneecds.fhir.structure import check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.fhir.structure.facts import Release

NOT_A_RESOURCE = "FHIR JSON is an object with a resourceType, or a list of such objects"


def usable(document: object, release: Release) -> tuple[Any, tuple[Issue, ...]]:
    """Return the sound part of a document, None if there is none, and every structural problem."""
    if isinstance(document, list):
        return _list(document, release)
    if not isinstance(document, dict):
        return None, (fatal("structure", "not-fhir", "", f"{NOT_A_RESOURCE}; this is not"),)
    if not document:
        return None, (fatal("structure", "not-fhir", "", f"{NOT_A_RESOURCE}; this is an empty object"),)
    if document.get("resourceType") == "Bundle":
        return _bundle(document, release)
    issues = tuple(check.issues(document, release))
    if not _has_errors(issues):
        return document, issues
    return None, _worst(issues)


def _has_errors(issues: Iterable[Issue]) -> bool:
    return any(issue.is_error for issue in issues)


def _worst(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """Nothing of the document is left, so its errors are fatal."""
    return tuple(
        fatal(issue.code, issue.rule, issue.expression, issue.message) if issue.is_error else issue for issue in issues
    )


def _list(resources: list[Any], release: Release) -> tuple[Any, tuple[Issue, ...]]:
    if not resources:
        return None, (fatal("structure", "not-fhir", "", f"{NOT_A_RESOURCE}; this list is empty"),)
    kept: list[Any] = []
    issues: list[Issue] = []
    hints = check.Hints()
    for number, resource in enumerate(resources):
        if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
            inner, found = _bundle(resource, release, f"$this[{number}]", hints)
        else:
            found = tuple(check.issues(resource, release, f"$this[{number}]", hints))
            inner = None if _has_errors(found) else resource
        issues += found
        if inner is not None:
            kept.append(inner)
    if not kept:
        return None, _worst(tuple(issues))
    return kept, tuple(issues)


def _bundle(
    bundle: dict[str, Any], release: Release, path: str = "Bundle", hints: check.Hints | None = None
) -> tuple[Any, tuple[Issue, ...]]:
    """Check the frame of a Bundle and each of its resources by itself; resources with errors are left out."""
    hints = hints or check.Hints()
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        broken = tuple(check.issues(bundle, release, path, hints))
        return (None, _worst(broken)) if _has_errors(broken) else (bundle, broken)
    bare = [{name: value for name, value in entry.items() if name != "resource"} for entry in entries]
    frame = {**bundle, "entry": [entry or {"fullUrl": "urn:kneecds:none"} for entry in bare]}
    issues = [issue for issue in check.issues(frame, release, path, hints) if "urn:kneecds:none" not in issue.message]
    kept = []
    for number, entry in enumerate(entries):
        if "resource" not in entry:
            if not entry:
                issues.append(error("structure", "structure-empty", f"{path}.entry[{number}]", "the entry is empty"))
            kept.append(entry)
            continue
        found = check.issues(entry["resource"], release, f"{path}.entry[{number}].resource", hints)
        issues += found
        if not _has_errors(found):
            kept.append(entry)
        else:
            kept.append(bare[number])
    return {**bundle, "entry": kept}, tuple(issues)
