"""The extensions that HL7 publishes with a release: where each may stand and what it may hold."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from kneecds.fhir.structure.definitions import HL7, PUBLISHED, Binding, Strength
from kneecds.fhir.structure.facts import RELEASES, Release

_STRENGTHS: Final[dict[str, Strength]] = {"!": "required", "+": "extensible", "?": "preferred"}


class _Raw(msgspec.Struct):
    within: list[str] = msgspec.field(name="in", default_factory=list)
    modifier: bool = False
    most: str = "*"
    when: list[str] = []
    must: list[list[str]] = []
    value: str = ""
    bound: str = ""
    parts: dict[str, _Raw] = {}
    times: str = "0..*"


class _File(msgspec.Struct):
    extensions: dict[str, _Raw]


class Part(NamedTuple):
    """What an extension, or an extension inside it, may hold: a value, or parts by their url."""

    least: int
    """How often it must be there at least."""
    most: int | None
    """How often it may be there at most; None without bound."""
    types: tuple[str, ...]
    """Types of its value such as `CodeableConcept`; empty when it has none."""
    targets: dict[str, tuple[str, ...]]
    """Of the types Reference and canonical: what they may lead to, by type."""
    value_required: bool
    binding: Binding | None
    parts: dict[str, Part]


class ExtensionFact(NamedTuple):
    """One published extension."""

    url: str
    contexts: tuple[tuple[str, str], ...]
    """Type of context (`element`, `extension`, `fhirpath`) and its expression."""
    is_modifier: bool
    invariants: tuple[str, ...]
    """FHIRPath that must be true of the element that has the extension."""
    constraints: tuple[tuple[str, str, str], ...]
    """Key, severity and FHIRPath of its own constraints."""
    content: Part

    @property
    def types(self) -> tuple[str, ...]:
        """Types of its value; empty when it has none."""
        return self.content.types

    @property
    def value_allowed(self) -> bool:
        """Whether it has a value."""
        return bool(self.content.types)

    @property
    def value_required(self) -> bool:
        """Whether its value must be there."""
        return self.content.value_required

    @property
    def parts(self) -> dict[str, Part]:
        """Extensions inside it, by url."""
        return self.content.parts


@lru_cache(maxsize=len(RELEASES))
def _file(release: Release) -> dict[str, _Raw]:
    content = (PUBLISHED / f"{release.lower()}-extensions.json").read_bytes()
    return msgspec.json.decode(content, type=_File).extensions


@lru_cache(maxsize=4096)
def extension(url: str, release: Release) -> ExtensionFact | None:
    """Return a published extension; those of HL7's extension pack (read with R5) hold for the earlier releases too."""
    name = url.removeprefix(HL7)
    raw = _file(release).get(name) or _file("R5").get(name)
    if raw is None:
        return None
    contexts = ((kind, expression) for kind, _, expression in (one.partition(" ") for one in raw.within))
    return ExtensionFact(
        url=url,
        contexts=tuple(contexts),
        is_modifier=raw.modifier,
        invariants=tuple(raw.when),
        constraints=tuple((key, severity, expression) for key, severity, expression in raw.must),
        content=_part(raw, 0, raw.most),
    )


def _part(raw: _Raw, least: int, most: str) -> Part:
    cardinality, *spelled = raw.value.split(" ")
    types: list[str] = []
    targets: dict[str, tuple[str, ...]] = {}
    for one in spelled:
        plain, _, rest = one.partition("(")
        types.append(plain)
        if rest:
            targets[plain] = tuple(rest[:-1].split("|"))
    parts: dict[str, Part] = {}
    for name, inner in raw.parts.items():
        low, _, high = inner.times.partition("..")
        parts[name] = _part(inner, int(low), high)
    return Part(
        least=least,
        most=None if most == "*" else int(most),
        types=tuple(types),
        targets=targets,
        value_required=cardinality.startswith("1"),
        binding=Binding(_STRENGTHS[raw.bound[0]], raw.bound[1:]) if raw.bound else None,
        parts=parts,
    )
