"""Which codes a value set holds, as far as that can be decided with the resources at hand and without a server.

Every answer has three values: in, not in, and cannot be decided (None). Nothing is taken for excluded that might be
included by a code system that is not at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.terminology import expansion, published
from kneecds.fhir.terminology.code_system import of_resource
from kneecds.fhir.terminology.ucum import UCUM
from kneecds.fhir.terminology.value_set import NOT_UNDERSTOOD, Part, ValueSet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.terminology.code_system import CodeSystem
    from kneecds.fhir.terminology.value_set import Pair
    from kneecds.fhir.validate.supplied import Supplied

_DEEPEST: Final = 20  # imports of imports
_MOST_INCLUDES: Final = 1000
_MOST_KEPT: Final = 512
_KEPT_AS: Final = "terminology"


def codes(
    value_set: Mapping[str, Any] | str,
    supplied: Supplied,
    release: Release,
    contained: Sequence[object] = (),
) -> frozenset[Pair] | None:
    """Return every (system, code) of a value set; None when they cannot be listed with what is at hand."""
    found = _Compiler(supplied, release, contained).find(value_set)
    return None if found is None else found.pairs


def contains(
    value_set: Mapping[str, Any] | str,
    supplied: Supplied,
    release: Release,
    *,
    system: str | None,
    code: str,
    contained: Sequence[object] = (),
) -> bool | None:
    """Say whether a code is in a value set; None when that cannot be decided.

    `system` is None for an element of type `code`, which names no system. `contained` are the resources beside it.
    """
    found = _Compiler(supplied, release, contained).find(value_set)
    return None if found is None else found.verdict(system, code)


class _Compiler:
    """Compiles a value set and all that it imports; what is compiled is kept beside the supplied resources."""

    def __init__(self, supplied: Supplied, release: Release, contained: Sequence[object]) -> None:
        self._supplied = supplied
        self._release: Release = release
        self._contained = contained
        self._kept: dict[Any, tuple[Any, Any]] = supplied.kept.setdefault(_KEPT_AS, {})
        self._open: set[int] = set()

    def find(self, value_set: Mapping[str, Any] | str) -> ValueSet | None:
        """Return a value set by its canonical, the `#id` of a contained one, or itself; None when it is not at hand."""
        if not isinstance(value_set, str):
            return self._compiled(value_set)
        if value_set.startswith("#"):
            for one in self._contained:
                if isinstance(one, dict) and one.get("id") == value_set[1:] and one.get("resourceType") == "ValueSet":
                    return self._compiled(one)
            return None
        resource = self._supplied.find("ValueSet", value_set)
        return self._published(value_set) if resource is None else self._compiled(resource)

    def _published(self, canonical: str) -> ValueSet | None:
        key = ("published", self._release, canonical)
        kept = self._kept.get(key)
        if kept is not None:
            return kept[1]  # type: ignore[no-any-return]
        pairs = published.codes(canonical, self._release)
        if pairs is None:
            resource = published.definition(canonical, self._release)
            return None if resource is None else self._compiled(resource)
        made = ValueSet((), (), whole=pairs, folding=self._folding({system for system, _ in pairs}))
        self._keep(key, canonical, made)
        return made

    def _keep(self, key: object, of: object, made: object) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (of, made)  # with what it was made of, so that no other object comes to have its id

    def _compiled(self, resource: Mapping[str, Any]) -> ValueSet | None:
        key = ("ValueSet", self._release, id(resource))
        kept = self._kept.get(key)
        if kept is not None:
            return kept[1]  # type: ignore[no-any-return]
        if id(resource) in self._open or len(self._open) >= _DEEPEST:
            return None  # a value set that imports itself says nothing
        self._open.add(id(resource))
        made = self._compile(resource)
        self._open.discard(id(resource))
        self._keep(key, resource, made)
        return made

    def _compile(self, resource: Mapping[str, Any]) -> ValueSet:
        expanded, complete = expansion.read(resource.get("expansion"))
        folding = self._folding({system for system, _ in expanded})
        if expanded and complete:
            return ValueSet((), (), whole=expanded, folding=folding)
        compose = resource.get("compose")
        compose = compose if isinstance(compose, dict) else {}
        inactive_too = compose.get("inactive") is not False
        included = self._parts(compose.get("include"), inactive_too=inactive_too) or (NOT_UNDERSTOOD,)
        excluded = self._parts(compose.get("exclude"), inactive_too=True)
        for part in (*included, *excluded):
            if part.system is not None and part.known is not None and not part.known.case_sensitive:
                folding[part.system] = part.known
        return ValueSet(included, excluded, partly=expanded, folding=folding)

    def _folding(self, systems: set[str]) -> dict[str, CodeSystem]:
        known = {system: self._system(system) for system in systems}
        return {system: one for system, one in known.items() if one is not None and not one.case_sensitive}

    def _parts(self, listed: object, *, inactive_too: bool) -> tuple[Part, ...]:
        if listed is None:
            return ()
        if not isinstance(listed, list):
            return (NOT_UNDERSTOOD,)
        parts = [
            self._part(one, inactive_too=inactive_too) if isinstance(one, dict) else NOT_UNDERSTOOD
            for one in listed[:_MOST_INCLUDES]
        ]
        return tuple(parts) if len(parts) == len(listed) else (*parts, NOT_UNDERSTOOD)

    def _part(self, include: Mapping[str, Any], *, inactive_too: bool) -> Part:
        named = include.get("valueSet")
        imports = tuple(
            self.find(one) if isinstance(one, str) else None for one in (named if isinstance(named, list) else ())
        )
        system = include.get("system")
        if not isinstance(system, str):
            if not imports:
                return NOT_UNDERSTOOD
            return Part(None, None, None, units=False, imports=imports)
        version = include.get("version")
        known = self._system(f"{system}|{version}" if isinstance(version, str) else system)
        concepts, filters = include.get("concept"), include.get("filter")
        chosen: frozenset[str] | None = None
        if isinstance(concepts, list) and concepts:
            chosen = frozenset(
                code for one in concepts if isinstance(one, dict) and isinstance(code := one.get("code"), str)
            )
            if known is not None and not known.case_sensitive:
                chosen = frozenset(map(known.spelled, chosen))
        elif known is not None and known.complete:
            if not filters:
                chosen = frozenset(known.concepts)
            elif isinstance(filters, list) and all(isinstance(one, dict) for one in filters):
                chosen = known.select(filters)
        if chosen is not None and known is not None and not inactive_too:
            chosen = frozenset(
                code for code in chosen if code not in known.concepts or not known.concepts[code].is_inactive
            )
        return Part(system, chosen, known, units=system == UCUM and not filters and chosen is None, imports=imports)

    def _system(self, canonical: str) -> CodeSystem | None:
        resource = self._supplied.find("CodeSystem", canonical)
        if resource is None:
            return published.code_system(canonical, self._release)
        key = ("CodeSystem", id(resource))
        kept = self._kept.get(key)
        if kept is not None:
            return kept[1]  # type: ignore[no-any-return]
        made = of_resource(resource)
        self._keep(key, resource, made)
        return made
