"""The artefacts that can be read: those that are published for a release, as far as the knowledge in use is theirs."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from kneecds.fhir.published import folder
from kneecds.knowledge import shipped
from kneecds.pipeline import ENCODER, prepare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.fhir.version import Release
    from kneecds.knowledge import Knowledge

KINDS: Final = (
    "CapabilityStatement", "CodeSystem", "ConceptMap", "ImplementationGuide", "Library", "OperationDefinition",
    "PlanDefinition", "Questionnaire", "StructureDefinition", "ValueSet",
)  # fmt: skip
"""The types that are served."""

_OF_THE_KNOWLEDGE: Final = frozenset({"CodeSystem", "ConceptMap", "ImplementationGuide", "Library", "PlanDefinition", "ValueSet"})  # fmt: skip
"""Types whose files say what the knowledge that ships says; other knowledge makes others."""

_SHORT: Final = 16  # digits of the hash in a tag


class _Head(msgspec.Struct):
    resourceType: str  # noqa: N815 - as FHIR names it
    id: str
    url: str = ""
    version: str = ""
    name: str = ""
    title: str = ""
    status: str = ""
    date: str = ""


class Artefact(NamedTuple):
    """One artefact: what it is found by, and what is sent."""

    head: _Head
    body: bytes
    tag: str


class Shelf:
    """The artefacts of one release."""

    def __init__(self, release: Release, knowledge: Knowledge) -> None:
        """Read nothing yet."""
        self._release: Release = release
        self._knowledge = knowledge

    @cached_property
    def _all(self) -> dict[tuple[str, str], Artefact]:
        ships = self._knowledge.sha256 == shipped().sha256
        bodies = [
            msgspec.json.format(path.read_bytes(), indent=-1) for path in sorted(folder(self._release).glob("*.json"))
        ]
        if not ships:
            bodies.append(ENCODER.encode(prepare(self._knowledge).questionnaire_of(self._release)))
        found: dict[tuple[str, str], Artefact] = {}
        for body in bodies:
            head = msgspec.json.decode(body, type=_Head)
            if head.resourceType in KINDS and (ships or head.resourceType not in _OF_THE_KNOWLEDGE):
                found[head.resourceType, head.id] = Artefact(head, body, tag_of(body))
        return found

    def find(self, kind: str, identifier: str) -> Artefact | None:
        """Return the artefact of an id."""
        return self._all.get((kind, identifier))

    def of_type(self, kind: str) -> tuple[Artefact, ...]:
        """Return all artefacts of a type, in the order of their ids."""
        return tuple(self._all[key] for key in sorted(self._all) if key[0] == kind)

    def kinds(self) -> Iterable[str]:
        """Return the types of which there is something."""
        return sorted({kind for kind, _ in self._all})


def tag_of(body: bytes) -> str:
    """Return what changes when the content does; a weak tag, for white space may differ."""
    return f'W/"{sha256(body).hexdigest()[:_SHORT]}"'
