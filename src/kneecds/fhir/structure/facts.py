"""The facts of one FHIR release: which properties each type has in JSON, compiled from its file when first asked."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from kneecds.fhir.structure.primitives import PRIMITIVES, WITHOUT_EXTENSIONS

Release = Literal["R4", "R4B", "R5"]
RELEASES: Final[tuple[Release, ...]] = ("R4", "R4B", "R5")


class _Type(msgspec.Struct):
    kind: Literal["resource", "complex-type", "backbone", "abstract"]
    elements: dict[str, str]
    base: str = ""


class _File(msgspec.Struct):
    release: Release
    version: str
    codes: dict[str, list[str]]
    types: dict[str, _Type]


class Property(NamedTuple):
    """One JSON property: `valueQuantity` of an Observation is `value` as Quantity."""

    name: str
    type: str
    many: bool
    most: int | None
    element: str
    step: str
    codes: frozenset[str] | None
    code_list: str
    targets: tuple[str, ...]
    is_primitive: bool
    has_companion: bool


class TypeFacts(NamedTuple):
    """What one type may hold, by JSON property, and what it must."""

    name: str
    properties: dict[str, Property]
    required: tuple[tuple[str, int, tuple[str, ...]], ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...]


class Facts:
    """Every type of one release."""

    def __init__(self, release: Release) -> None:
        """Read the release's file; types are compiled when asked for."""
        raw = Path(__file__).with_name(f"{release.lower()}.json").read_bytes()
        self._file = msgspec.json.decode(raw, type=_File)
        self._compiled: dict[str, TypeFacts] = {}
        self._codes: dict[str, frozenset[str]] = {}
        self.release = release
        self.version = self._file.version
        self.resource_types = frozenset(name for name, fact in self._file.types.items() if fact.kind == "resource")

    def type(self, name: str) -> TypeFacts:
        """Return what a type of this release may hold, such as `Observation.component`."""
        found = self._compiled.get(name)
        if found is None:
            found = self._compiled[name] = self._compile(name)
        return found

    def has(self, name: str) -> bool:
        """Whether the release has a type of this name, be it abstract or the inside of another."""
        return name in self._file.types

    def is_abstract(self, name: str) -> bool:
        """Whether nothing is of this type itself."""
        fact = self._file.types.get(name)
        return fact is not None and fact.kind == "abstract"

    def base(self, name: str) -> str:
        """Return the type that a type inherits from; empty for the root and for what is no type."""
        fact = self._file.types.get(name)
        return fact.base if fact is not None else ""

    def bases(self, name: str) -> tuple[str, ...]:
        """Return the types that a type inherits from, the nearest first."""
        base = self.base(name)
        return (base, *self.bases(base)) if base else ()

    def spelled(self, name: str) -> dict[str, tuple[str, str]]:
        """Return each element of a type as its file spells it, and the type that declares it."""
        fact = self._file.types[name]
        inherited = self.spelled(fact.base) if fact.base else {}
        return inherited | {element: (spelled, name) for element, spelled in fact.elements.items()}

    def _compile(self, type_name: str) -> TypeFacts:
        properties: dict[str, Property] = {}
        required: list[tuple[str, int, tuple[str, ...]]] = []
        choices: list[tuple[str, tuple[str, ...]]] = []
        for element, (spelled, _) in self.spelled(type_name).items():
            cardinality, *types = spelled.split(" ")
            label = types.pop()[1:] if types[-1][0] == "=" else ""
            least, _, most = cardinality.partition("..")
            stem = element.removesuffix("[x]")
            names: list[str] = []
            for one in types:
                plain, _, targets = one.partition("(")
                name = stem if stem == element else f"{stem}{plain[0].upper()}{plain[1:]}"
                names.append(name)
                primitive = plain in PRIMITIVES
                properties[name] = Property(
                    name=name,
                    type=plain,
                    many=most != "1",
                    most=None if most == "*" else int(most),
                    element=element,
                    step=stem if stem == element else f"{stem}.ofType({plain})",
                    codes=self._list(label) if label else None,
                    code_list=label,
                    targets=tuple(targets[:-1].split("|")) if targets else (),
                    is_primitive=primitive,
                    has_companion=primitive and plain not in WITHOUT_EXTENSIONS,
                )
            if least != "0":
                required.append((element, int(least), tuple(names)))
            if len(names) > 1:
                choices.append((element, tuple(names)))
        return TypeFacts(type_name, properties, tuple(required), tuple(choices))

    def _list(self, label: str) -> frozenset[str]:
        found = self._codes.get(label)
        if found is None:
            found = self._codes[label] = frozenset(self._file.codes[label])
        return found


@lru_cache(maxsize=len(RELEASES))
def facts_of(release: Release) -> Facts:
    """Return the facts of a release, read once."""
    return Facts(release)
