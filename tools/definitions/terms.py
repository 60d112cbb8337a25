"""Code systems and value sets of a release, the value sets expanded where everything that they name is at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from definitions.sources import Json, Source

Pairs = set[tuple[str, str]]

SHARED = "http://terminology.hl7.org/"
"""Systems that HL7 changes between the releases of FHIR: a code that any edition has is known."""
MOST_CODES = 3000  # of a system or a value set that is kept
NOT_LISTED = frozenset({
    "http://hl7.org/fhir/ValueSet/mimetypes", "http://hl7.org/fhir/ValueSet/languages",
    "http://hl7.org/fhir/ValueSet/all-languages", "http://hl7.org/fhir/ValueSet/ucum-units",
    "http://hl7.org/fhir/ValueSet/all-time-units", "http://hl7.org/fhir/ValueSet/timezones",
})  # fmt: skip
"""Drawn from systems that have a grammar, not a list."""


@dataclass
class System:
    """One code system: its codes, each with its parents and properties."""

    complete: bool
    case_sensitive: bool
    parents: dict[str, set[str]] = field(default_factory=dict)
    properties: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def add(self, concepts: list[Json], above: str = "") -> None:
        for concept in concepts:
            code = concept["code"]
            parents = self.parents.setdefault(code, set())
            if above:
                parents.add(above)
            for one in concept.get("property", ()):
                value = next((str(v) for k, v in one.items() if k.startswith("value") and not isinstance(v, dict)), "")
                self.properties.setdefault(code, {}).setdefault(one["code"], set()).add(value)
                if one["code"] in {"subsumedBy", "parent"}:
                    parents.add(value)
            self.add(concept.get("concept", []), code)

    def below(self, code: str) -> set[str]:
        """Return a code and all that descend from it."""
        children: dict[str, list[str]] = {}
        for child, parents in self.parents.items():
            for parent in parents:
                children.setdefault(parent, []).append(child)
        found = {code} & self.parents.keys()
        waiting = list(found)
        while waiting:
            for child in children.get(waiting.pop(), ()):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found


class Terms:
    """What one release says of codes; `later` is HL7's terminology package, asked for what the release leaves to it."""

    def __init__(self, source: Source, later: Source) -> None:
        self.systems: dict[str, System] = {}
        self.value_sets = source.value_sets | {
            url: one for url, one in later.value_sets.items() if url not in source.value_sets and url.startswith(SHARED)
        }
        editions = [(url, one) for from_ in (source, later) for url, one in from_.systems.items()]
        for url, one in editions:
            known = url in self.systems
            if known and not url.startswith(SHARED):
                continue
            if not known:
                if url not in source.systems and not url.startswith(SHARED):
                    continue
                complete = one.get("content") == "complete"
                self.systems[url] = System(complete, one.get("caseSensitive", True))
            self.systems[url].complete |= one.get("content") == "complete"
            self.systems[url].add(one.get("concept", []))
        self._expanded: dict[str, Pairs | None] = {}

    def expand(self, canonical: str) -> Pairs | None:
        """Return what is in a value set; None when that cannot be listed."""
        url = canonical.partition("|")[0]
        if url not in self._expanded:
            self._expanded[url] = None  # a value set that names itself has no list
            self._expanded[url] = self._expand(url)
        return self._expanded[url]

    def _expand(self, url: str) -> Pairs | None:
        compose = self.value_sets.get(url, {}).get("compose")
        if compose is None or url in NOT_LISTED or not compose.get("include"):
            return None
        found: Pairs = set()
        for include in compose["include"]:
            part = self._part(include)
            if part is None:
                return None
            found |= part
        for exclude in compose.get("exclude", ()):
            part = self._part(exclude)
            if part is None:
                return None
            found -= part
        return found or None

    def _part(self, include: Json) -> Pairs | None:
        found: Pairs | None = None
        system = include.get("system")
        if system is not None:
            codes = self._codes(system, include)
            if codes is None:
                return None
            found = {(system, code) for code in codes}
        for value_set in include.get("valueSet", ()):
            inner = self.expand(value_set)
            if inner is None:
                return None
            found = inner if found is None else found & inner
        return found

    def _codes(self, url: str, include: Json) -> set[str] | None:
        if include.get("concept"):
            return {concept["code"] for concept in include["concept"]}
        system = self.systems.get(url)
        if system is None or not system.complete:
            return None
        codes = set(system.parents)
        for one in include.get("filter", ()):
            selected = select(system, one["property"], one["op"], str(one.get("value", "")))
            if selected is None:
                return None
            codes &= selected
        return codes

    def closed_list(self, canonical: str) -> list[str] | None:
        """Return the codes of a value set for an element that has no system beside its code."""
        pairs = self.expand(canonical)
        return None if pairs is None else sorted({code for _, code in pairs})


def select(system: System, name: str, operator: str, value: str) -> set[str] | None:
    """Return the codes that one filter selects; None when it is not known how."""
    if operator == "is-a" and name in {"concept", "code", "subsumedBy"}:
        return system.below(value)
    if operator == "descendent-of":
        return system.below(value) - {value}
    if operator == "is-not-a":
        return set(system.parents) - system.below(value)
    values = {code: system.properties.get(code, {}).get(name, set()) for code in system.parents}
    if name in {"code", "concept"}:
        values = {code: {code} for code in system.parents}
    if operator in {"=", "in"}:
        wanted = {one.strip() for one in value.split(",")} if operator == "in" else {value}
        return {code for code, given in values.items() if given & wanted}
    if operator == "not-in":
        return {code for code, given in values.items() if not given & {one.strip() for one in value.split(",")}}
    if operator == "regex":
        return {code for code, given in values.items() if any(re.fullmatch(value, one) for one in given)}
    return None


def facts(terms: Terms) -> Json:
    """Spell the systems and value sets of a release: whole systems by name, parts as lists, the rest by its rule."""
    systems: Json = {}
    for url, one in sorted(terms.systems.items()):
        if 0 < len(one.parents) <= MOST_CODES:
            systems[url] = [one.complete, one.case_sensitive, sorted(one.parents)]
    value_sets: Json = {}
    for url, one in sorted(terms.value_sets.items()):
        pairs = terms.expand(url)
        if pairs is not None and len(pairs) <= MOST_CODES:
            value_sets[url] = _spell(pairs, terms, systems)
        elif pairs is None and one.get("compose"):
            value_sets[url] = _compose(one["compose"])
    return {"systems": systems, "value_sets": value_sets}


def _spell(pairs: Pairs, terms: Terms, systems: Json) -> list[Any]:
    by_system: dict[str, set[str]] = {}
    for system, code in pairs:
        by_system.setdefault(system, set()).add(code)
    return [
        system if system in systems and codes == set(terms.systems[system].parents) else [system, sorted(codes)]
        for system, codes in sorted(by_system.items())
    ]


def _compose(compose: Json) -> Json:
    return {
        name: [
            {
                key: [{"code": concept["code"]} for concept in value] if key == "concept" else value
                for key, value in part.items()
                if key in {"system", "concept", "filter", "valueSet"}
            }
            for part in compose[name]
        ]
        for name in ("include", "exclude")
        if compose.get(name)
    }
