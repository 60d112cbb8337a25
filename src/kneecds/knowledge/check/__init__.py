"""Every problem in the knowledge files at once, each as '<file>: <where>: <what>'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.knowledge.check import codes, conditions, findings, reasoning, rules, schemas, sources
from kneecds.knowledge.check.places import Placed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.core.knowledge import KnowledgeFiles

CHECKS = (
    findings.problems,
    conditions.problems,
    rules.problems,
    codes.problems,
    sources.problems,
    reasoning.problems,
)
"""Each takes the placed records and yields problems; a new check is one more row."""


def against_schemas(contents: Mapping[str, object]) -> list[str]:
    """Return where single files break the schema of their kind."""
    return list(schemas.problems(contents))


def across_files(files: KnowledgeFiles, contents: Mapping[str, object]) -> list[str]:
    """Return where the files contradict each other, or say what cannot be."""
    placed = Placed.of(files, contents)
    return [problem for check in CHECKS for problem in check(placed)]
