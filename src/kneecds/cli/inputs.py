"""From what was typed to what the pipeline takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kneecds.cli import files
from kneecds.errors import InputError
from kneecds.fhir import strict_json

if TYPE_CHECKING:
    from datetime import date

    from kneecds.core.knowledge import Setting
    from kneecds.fhir.version import Release
    from kneecds.pipeline import Evaluation


def evaluate(
    source: str, *, as_of: date, setting: Setting, release: Release | None, maps: tuple[str, ...]
) -> Evaluation:
    """Read one input and run it through the pipeline with the knowledge that ships."""
    from kneecds import knowledge, pipeline  # noqa: PLC0415 - heavy; after the options were found right

    if (source, *maps).count("-") > 1:
        msg = "stdin can be read only once"
        raise click.UsageError(msg)
    tables = tuple(concept_map(name) for name in maps)
    return pipeline.evaluate(
        files.read(source), knowledge=knowledge.shipped(), as_of=as_of, setting=setting, release=release, maps=tables
    )  # fmt: skip


def concept_map(name: str) -> dict[str, Any]:
    """Read one ConceptMap."""
    content, issues = strict_json.parse(files.read(name))
    if any(issue.is_error for issue in issues):
        raise InputError(issues)
    if not isinstance(content, dict) or content.get("resourceType") != "ConceptMap":
        msg = f"{click.format_filename(name)} is not a FHIR ConceptMap"
        raise click.UsageError(msg)
    return content
