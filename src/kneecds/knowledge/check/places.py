"""The records of all files, each with the file and the place in it that an author must go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


class Place(NamedTuple):
    """A file, and within it the entry, if the file holds several."""

    file: str
    entry: str = ""

    def at(self, where: str, what: str) -> str:
        """Return a problem as one line."""
        return f"{self.file}: {'.'.join(part for part in (self.entry, where) if part) or 'file'}: {what}"


class Placed(NamedTuple):
    """All records with their places."""

    findings: list[tuple[Place, Finding]]
    conditions: list[tuple[Place, Condition]]
    red_flags: list[tuple[Place, RedFlag]]
    instruments: list[tuple[Place, Instrument]]
    factors: list[tuple[Place, Factor]]
    actions: list[tuple[Place, Action]]
    sources: list[tuple[Place, Source]]
    reasoning: Reasoning
    appropriateness: list[tuple[Place, Appropriateness]]

    @classmethod
    def of(cls, files: KnowledgeFiles, contents: Mapping[str, object]) -> Placed:
        """Give each record its place; records stand in the order of the files."""
        return cls(
            _grouped(files.findings, contents, "findings"),
            _one_each(files.conditions, contents, "conditions"),
            _one_each(files.red_flags, contents, "red_flags"),
            _one_each(files.instruments, contents, "instruments"),
            _grouped(files.factors, contents, "factors"),
            _grouped(files.actions, contents, "management", "actions"),
            _grouped(files.sources, contents, "sources"),
            files.reasoning,
            _one_each(files.appropriateness, contents, "appropriateness"),
        )

    @property
    def finding_by_id(self) -> dict[str, Finding]:
        """The findings by id."""
        return {finding.id: finding for _, finding in self.findings}

    @property
    def condition_ids(self) -> set[str]:
        """The ids of all conditions."""
        return {condition.id for _, condition in self.conditions}

    @property
    def boolean_ids(self) -> set[str]:
        """The ids of the yes-or-no findings."""
        return {finding.id for _, finding in self.findings if finding.value_type == "boolean"}

    def all(self) -> Iterator[tuple[Place, Any]]:
        """Yield every record that stands in a file of its own or in a list."""
        yield from self.findings
        yield from self.conditions
        yield from self.red_flags
        yield from self.instruments
        yield from self.appropriateness
        yield from self.factors
        yield from self.actions
        yield from self.sources


def _one_each(records: tuple[Any, ...], contents: Mapping[str, object], kind: str) -> list[tuple[Place, Any]]:
    names = [name for name in contents if name.startswith(f"{kind}/")]
    return [(Place(name), record) for name, record in zip(names, records, strict=True)]


def _grouped(
    records: tuple[Any, ...], contents: Mapping[str, object], kind: str, key: str = ""
) -> list[tuple[Place, Any]]:
    names = [
        name
        for name, content in contents.items()
        if name.startswith(f"{kind}/") and isinstance(content, dict)
        for _ in content[key or kind]
    ]
    return [(Place(name, record.id), record) for name, record in zip(names, records, strict=True)]
