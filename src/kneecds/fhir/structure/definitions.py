"""What HL7's definitions say beyond the shape of a type: constraints, bindings, profiles; and whole definitions rebuilt."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from kneecds.fhir.structure.facts import RELEASES, Release, facts_of

HL7: Final = "http://hl7.org/fhir/StructureDefinition/"
PUBLISHED: Final = Path(__file__).with_name("published")
"""Facts that only the deeper layers ask for; each file is read when it is first needed."""

Json = dict[str, Any]
Strength = Literal["required", "extensible", "preferred"]

_VALUE_SETS: Final = "http://hl7.org/fhir/ValueSet/"
_STRENGTHS: Final[dict[str, Strength]] = {"!": "required", "+": "extensible", "?": "preferred"}
_SYSTEM_STRING: Final = "http://hl7.org/fhirpath/System.String"
_FHIR_TYPE: Final = f"{HL7}structuredefinition-fhir-type"
_TARGETED: Final = frozenset({"Reference", "CodeableReference", "canonical"})


class Constraint(NamedTuple):
    """An invariant of the specification, where it is declared."""

    key: str
    severity: str
    path: str
    """Path of the element in the definition, such as `Observation.component`."""
    expression: str
    """FHIRPath, true of what is sound."""
    best_practice: bool


class Binding(NamedTuple):
    """The value set whose codes an element takes."""

    strength: Strength
    value_set: str
    """Canonical URL without version."""


class _Deep(msgspec.Struct):
    version: str
    primitives: dict[str, str]
    bindings: dict[str, str]
    constraints: dict[str, list[list[str]]]
    profiles: dict[str, list[str]]
    canonicals: dict[str, str]
    modifiers: list[str]
    urls: list[str]


class _Profiles(msgspec.Struct):
    profiles: dict[str, Json]


@lru_cache(maxsize=len(RELEASES))
def _deep(release: Release) -> _Deep:
    return msgspec.json.decode((PUBLISHED / f"{release.lower()}-deep.json").read_bytes(), type=_Deep)


@lru_cache(maxsize=len(RELEASES))
def _profiles(release: Release) -> dict[str, bytes]:
    """Keep each profile as JSON text: decoding it gives a fresh one."""
    content = (PUBLISHED / f"{release.lower()}-profiles.json").read_bytes()
    return {
        url: bytes(raw)
        for url, raw in msgspec.json.decode(content, type=dict[str, dict[str, msgspec.Raw]])["profiles"].items()
    }


@lru_cache(maxsize=len(RELEASES))
def profile_urls(release: Release) -> frozenset[str]:
    """Return the URLs of every StructureDefinition that a release publishes: types, profiles and extensions."""
    return frozenset(HL7 + name for name in _deep(release).urls)


def core_profiles(release: Release) -> tuple[str, ...]:
    """Return the URLs of the profiles whose content is known."""
    return tuple(_profiles(release))


def core_profile(url: str, release: Release) -> Json | None:
    """Return a published profile without its prose, fresh at each call; `ele-1` and `ext-1` are not repeated in it."""
    raw = _profiles(release).get(url)
    return None if raw is None else msgspec.json.decode(raw, type=Json)


@lru_cache(maxsize=4096)
def constraints(type_name: str, release: Release) -> tuple[Constraint, ...]:
    """Return the constraints of a type and of all that it inherits from, those of elements inside it included."""
    facts, rows = facts_of(release), _deep(release).constraints
    found: list[Constraint] = []
    name = type_name
    while name:
        found += [
            Constraint(key, severity, path, expression, bool(more))
            for path, listed in rows.items()
            if path == name or path.startswith(f"{name}.")
            for key, severity, expression, *more in listed
        ]
        name = facts.base(name)
    return tuple(found)


def binding(element_path: str, release: Release) -> Binding | None:
    """Return the binding of an element, such as `Observation.status`, where it is stronger than an example."""
    spelled = _deep(release).bindings.get(element_path)
    if spelled is None:
        owner, _, name = element_path.rpartition(".")
        base = facts_of(release).base(owner)
        return binding(f"{base}.{name}", release) if base else None
    name = spelled[1:]
    return Binding(_STRENGTHS[spelled[0]], name if "://" in name else _VALUE_SETS + name)


def canonical_targets(element_path: str, release: Release) -> tuple[str, ...]:
    """Return the resource types that a canonical leads to; none where it may be any."""
    spelled = _deep(release).canonicals.get(element_path)
    return tuple(spelled.split("|")) if spelled else ()


def type_profiles(element_path: str, release: Release) -> tuple[tuple[str, str], ...]:
    """Return the profiles that a definition puts on the types of an element, such as Quantity as SimpleQuantity."""
    rows = (spelled.partition(" ") for spelled in _deep(release).profiles.get(element_path, ()))
    return tuple((of_type, profile if "://" in profile else HL7 + profile) for of_type, _, profile in rows)


def structure_definition(type_name: str, release: Release) -> Json | None:
    """Rebuild the StructureDefinition of a type, with its snapshot; None when the release has no such type."""
    facts, deep = facts_of(release), _deep(release)
    name = type_name.removeprefix(HL7)
    if name in deep.primitives:
        kind, base, is_abstract = "primitive-type", deep.primitives[name], False
        elements = _primitive(name, release)
    elif "." not in name and facts.has(name):
        kind = "resource" if "Resource" in (name, *facts.bases(name)) else "complex-type"
        base, is_abstract = facts.base(name), facts.is_abstract(name)
        elements = _Snapshot(release, deep).elements(name)
    else:
        profile = core_profile(type_name if "://" in type_name else HL7 + name, release)
        return profile if name in {"SimpleQuantity", "MoneyQuantity"} else None
    return {
        "resourceType": "StructureDefinition",
        "url": HL7 + name,
        "name": name,
        "status": "active",
        "fhirVersion": facts.version,
        "kind": kind,
        "abstract": is_abstract,
        "type": name,
        **({"baseDefinition": HL7 + base, "derivation": "specialization"} if base else {}),
        "snapshot": {"element": elements},
    }


def _primitive(name: str, release: Release) -> list[Json]:
    """Return the elements of a primitive type: it has an id, extensions and a value."""
    root = _Snapshot(release, _deep(release)).elements("Element")
    renamed = [
        {
            **element,
            "id": element["id"].replace("Element", name, 1),
            "path": element["path"].replace("Element", name, 1),
        }
        for element in root
    ]
    value = {
        "id": f"{name}.value", "path": f"{name}.value", "min": 0, "max": "1",
        "base": {"path": f"{name}.value", "min": 0, "max": "1"}, "type": [{"code": _SYSTEM_STRING}],
    }  # fmt: skip
    return [*renamed, value]


class _Snapshot:
    """Spells the elements of a type in the order of its definition, each with what is inside it."""

    def __init__(self, release: Release, deep: _Deep) -> None:
        self.release = release
        self.facts = facts_of(release)
        self.deep = deep

    def elements(self, name: str) -> list[Json]:
        root: Json = {"id": name, "path": name, "min": 0, "max": "*", "base": {"path": name, "min": 0, "max": "*"}}
        rules = [one for one in constraints(name, self.release) if one.path in (name, *self.facts.bases(name))]
        if rules:
            root["constraint"] = [_constraint(one) for one in rules]
        found = [root]
        self._inside(name, found)
        return found

    def _inside(self, owner: str, found: list[Json]) -> None:
        for element, (spelled, declared_in) in self.facts.spelled(owner).items():
            path, declared = f"{owner}.{element}", f"{declared_in}.{element}"
            cardinality, *types = spelled.split(" ")
            types = [one for one in types if one[0] != "="]
            least, _, most = cardinality.partition("..")
            stated: Json = {"min": int(least), "max": most}
            entry: Json = {"id": path, "path": path, **stated, "base": {"path": declared, **stated}}
            found.append(entry)
            is_nested = types == [path]
            if not is_nested and len(types) == 1 and "." in types[0] and not types[0].startswith("System."):
                entry["contentReference"] = f"#{types[0]}"
            elif is_nested:
                entry["type"] = [{"code": self.facts.base(path)}]
            else:
                entry["type"] = [self._type(one, declared) for one in types]
            self._rules(entry, declared, types)
            if is_nested:
                self._inside(path, found)

    def _type(self, spelled: str, declared: str) -> Json:
        plain, _, targets = spelled.partition("(")
        if plain.startswith("System.") or declared == "Resource.id":
            is_id = plain == "System.Id" or (plain == "id" and self.release != "R4")
            fhir = "uri" if plain == "System.Uri" else "id" if is_id else "string"
            return {"extension": [{"url": _FHIR_TYPE, "valueUrl": fhir}], "code": _SYSTEM_STRING}
        of_type: Json = {"code": plain}
        profiles = [url for code, url in type_profiles(declared, self.release) if code == plain]
        if profiles:
            of_type["profile"] = profiles
        wanted = targets.rstrip(")").split("|") if targets else []
        if plain == "canonical":
            wanted = list(canonical_targets(declared, self.release))
        if plain in _TARGETED and wanted:
            of_type["targetProfile"] = [one if "://" in one else HL7 + one for one in wanted]
        return of_type

    def _rules(self, entry: Json, declared: str, types: list[str]) -> None:
        bound = binding(declared, self.release)
        if bound is not None:
            entry["binding"] = {"strength": bound.strength, "valueSet": bound.value_set}
        rows = [*self.deep.constraints.get(declared, ())]
        if types != ["Resource"]:
            rows += [row for row in self.deep.constraints.get("Element", ()) if row not in rows]
        if types == ["Extension"]:
            rows += self.deep.constraints.get("Extension", ())
        if rows:
            entry["constraint"] = [
                {"key": key, "severity": severity, "expression": expression} for key, severity, expression, *_ in rows
            ]
        if declared in self.deep.modifiers:
            entry["isModifier"] = True


def _constraint(one: Constraint) -> Json:
    return {"key": one.key, "severity": one.severity, "expression": one.expression}
