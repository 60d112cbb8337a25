"""Read all knowledge files, check them all, list every problem at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kneecds.core.knowledge import (
    Action,
    Appropriateness,
    Condition,
    Factor,
    Finding,
    Instrument,
    KnowledgeFiles,
    Reasoning,
    RedFlag,
    Source,
)
from kneecds.errors import KnowledgeError
from kneecds.knowledge import strict_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent

ONE_EACH: dict[str, type] = {
    "conditions": Condition,
    "red_flags": RedFlag,
    "instruments": Instrument,
    "appropriateness": Appropriateness,
}
"""Folders in which every file is one thing, named by its id."""

GROUPED: dict[str, tuple[str, type]] = {
    "findings": ("findings", Finding),
    "factors": ("factors", Factor),
    "management": ("actions", Action),
    "sources": ("sources", Source),
}
"""Folders in which a file holds a list under this key."""


def read(folder: Path = HERE) -> KnowledgeFiles:
    """Read a folder of knowledge files, or raise KnowledgeError with every problem."""
    from kneecds.knowledge import check  # noqa: PLC0415 - needs jsonschema, which only authors wait for

    contents, problems = _contents(folder)
    problems += check.against_schemas(contents)
    if problems:
        raise KnowledgeError(tuple(problems))
    files = typed(contents)
    problems = check.across_files(files, contents)
    if problems:
        raise KnowledgeError(tuple(problems))
    return files


def _contents(folder: Path) -> tuple[dict[str, object], list[str]]:
    """Return the content of every file by its path below the folder, and what could not be read."""
    contents: dict[str, object] = {}
    problems = []
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        try:
            contents[name] = strict_yaml.read(path)
        except strict_yaml.YamlError as error:
            problems.append(f"{name}: {error}")
    return contents, problems


def typed(contents: dict[str, object]) -> KnowledgeFiles:
    """Turn contents that keep their schemas into records."""
    tables: dict[str, tuple[object, ...]] = {}
    for kind, record in ONE_EACH.items():
        tables[kind] = tuple(_as(record, content, name) for name, content in _of_kind(contents, kind))
    for kind, (key, record) in GROUPED.items():
        tables[kind] = tuple(
            _as(record, entry, name)
            for name, content in _of_kind(contents, kind)
            if isinstance(content, dict)
            for entry in content[key]
        )
    about = contents["about.yaml"]
    version = about["version"] if isinstance(about, dict) else ""
    return msgspec.convert(
        {
            "version": version,
            "findings": tables["findings"],
            "conditions": tables["conditions"],
            "red_flags": tables["red_flags"],
            "instruments": tables["instruments"],
            "appropriateness": tables["appropriateness"],
            "factors": tables["factors"],
            "actions": tables["management"],
            "sources": tables["sources"],
            "reasoning": _as(Reasoning, contents["reasoning.yaml"], "reasoning.yaml"),
            "intake": contents.get("intake/intake.yaml", {}),
        },
        KnowledgeFiles,
        from_attributes=True,
    )


def _as(record: type, content: object, name: str) -> object:
    try:
        converted: object = msgspec.convert(content, record)
    except msgspec.ValidationError as error:  # the schema allowed what the record does not: mend the schema
        raise KnowledgeError((f"{name}: {record.__name__}: {error}",)) from error
    return converted


def _of_kind(contents: dict[str, object], kind: str) -> Iterator[tuple[str, object]]:
    for name, content in contents.items():
        if name.startswith(f"{kind}/"):
            yield name, content
