"""What the user gives to validate against: Questionnaires and profiles from files, folders and packages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kneecds.cli import failures, files
from kneecds.errors import InputError
from kneecds.fhir import strict_json
from kneecds.fhir.profiles.load import load

if TYPE_CHECKING:
    from collections.abc import Iterable

Resources = tuple[dict[str, Any], ...]


def questionnaires(names: Iterable[str]) -> Resources:
    """Read Questionnaires, alone or in Bundles, and the value sets beside them."""
    found: list[dict[str, Any]] = []
    for name in names:
        content, issues = strict_json.parse(files.read(name))
        if any(issue.is_error for issue in issues):
            raise InputError(issues)
        inside = _inside(content)
        if not any(resource.get("resourceType") == "Questionnaire" for resource in inside):
            msg = f"{click.format_filename(name)} holds no Questionnaire"
            raise click.UsageError(msg)
        found += inside
    return tuple(found)


def _inside(content: object) -> list[dict[str, Any]]:
    if not isinstance(content, dict):
        return []
    if content.get("resourceType") != "Bundle":
        return [content]
    entries = content.get("entry")
    resources = (
        [entry.get("resource") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    )
    return [resource for resource in resources if isinstance(resource, dict)]


def conformance(names: Iterable[str]) -> tuple[Resources, Resources]:
    """Read profiles: those that every resource of their type must fit, and those that are only there to be claimed."""
    applied: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for name in names:
        resources, issues = load(Path(name))
        failures.show_issues(issues, click.format_filename(name))
        if any(issue.is_error for issue in issues):
            raise InputError(())
        if not resources:
            msg = f"{click.format_filename(name)} holds no profile, value set, code system or Questionnaire"
            raise click.UsageError(msg)
        alone = Path(name).is_file() and not name.lower().endswith((".tgz", ".tar.gz"))
        (applied if alone else others).extend(resources)
    return tuple(applied), tuple(others)
