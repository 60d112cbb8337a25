"""The snapshot of a profile: its differential laid over what it constrains, down to the base specification.

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.errors import InputError, error
from kneecds.fhir.profiles.branch import MOST_ELEMENTS, Branch, flat, grown, located
from kneecds.fhir.profiles.merge import as_slice, merge
from kneecds.fhir.profiles.publish import complete
from kneecds.fhir.profiles.sound import elements
from kneecds.fhir.structure import definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.fhir.profiles.branch import Definition
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.supplied import Supplied

CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_LONGEST_CHAIN: Final = 40
"""Profiles of profiles; nothing published comes near."""
_EXTENSIONS: Final = ("extension", "modifierExtension")
_STRING_TYPE: Final = "http://hl7.org/fhirpath/System."


class SnapshotError(InputError):
    """A StructureDefinition of which no snapshot can be made."""

    def __init__(self, message: str) -> None:
        """Say why."""
        super().__init__((error("processing", "profile-unusable", "StructureDefinition", message),))


def snapshot(definition: Mapping[str, Any], supplied: Supplied, release: Release) -> list[Definition]:
    """Return the elements of a profile's snapshot; its own where it brings one. Raises SnapshotError."""
    own = elements(definition, "snapshot")
    if own:
        return own
    return flat(_Maker(supplied, release).tree(definition))


def with_snapshot(definition: Mapping[str, Any], supplied: Supplied, release: Release) -> dict[str, Any]:
    """Return a StructureDefinition with a snapshot made anew, in its place before the differential."""
    bare = {key: value for key, value in definition.items() if key != "snapshot"}
    made: dict[str, Any] = {}
    made_elements = {"element": [complete(one) for one in flat(_Maker(supplied, release).tree(bare))]}
    for key, value in bare.items():
        if key == "differential":
            made["snapshot"] = made_elements
        made[key] = value
    made.setdefault("snapshot", made_elements)
    return made


def find(canonical: str, supplied: Supplied, release: Release) -> dict[str, Any] | None:
    """Return the StructureDefinition of a canonical: of the specification, else one that was supplied."""
    url = canonical.partition("|")[0]
    if url.startswith(CORE):
        name = url[len(CORE) :]
        found = definitions.structure_definition(name, release) or definitions.core_profile(url, release)
        if found is not None:
            return found
    return supplied.find("StructureDefinition", canonical)


class _Maker:
    """Makes the tree of one profile, and of those that it stands on."""

    def __init__(self, supplied: Supplied, release: Release) -> None:
        self._supplied = supplied
        self._release: Release = release
        self._under_way: list[str] = []
        self._size = 0

    def tree(self, definition: Mapping[str, Any]) -> Branch:
        """Return the elements of a definition as a tree."""
        own = elements(definition, "snapshot")
        if own:
            return self._grown(own, definition)
        url = str(definition.get("url", ""))
        if url in self._under_way or len(self._under_way) >= _LONGEST_CHAIN:
            message = f"the profile {url[:60]} stands on itself: {' → '.join(one[-40:] for one in self._under_way[:5])}"
            raise SnapshotError(message)
        base_url = definition.get("baseDefinition")
        base = find(base_url, self._supplied, self._release) if isinstance(base_url, str) else None
        if base is None:
            message = f"what the profile {url[:60]} constrains is not known: {str(base_url)[:60]}"
            raise SnapshotError(message)
        self._under_way.append(url)
        try:
            root = self.tree(base)
            if definition.get("derivation") == "specialization":
                root.name = str(definition.get("type", root.name)).rpartition("/")[2]
            self._lay(root, elements(definition, "differential"), url)
        finally:
            self._under_way.pop()
        return root

    def _grown(self, own: list[Definition], definition: Mapping[str, Any]) -> Branch:
        root = grown(own)
        if root is None:
            message = f"the snapshot of {str(definition.get('url', ''))[:60]} does not begin with its type"
            raise SnapshotError(message)
        return root

    def _lay(self, root: Branch, changes: list[Definition], url: str) -> None:
        stated: set[int] = set()
        shorthand: dict[int, tuple[Branch, list[str]]] = {}
        for element, steps in located(changes):
            if steps[0][0] != root.name:
                message = f"the element {element['path'][:60]} of {url[:60]} does not belong to {root.name}"
                raise SnapshotError(message)
            at = root
            for name, slice_name in steps[1:]:
                self._open(root, at)
                found = at.children.get(name) or self._short(at, name, shorthand)
                if found is None:
                    at = self._new(at, name, element, is_last=(name, slice_name) == steps[-1])
                elif found.name != name:
                    at = self._slice(found, slice_name or name)
                else:
                    at = self._slice(found, slice_name) if slice_name else found
            if not at.slice_name:
                stated.add(id(at))
            at.definition = merge(at.definition, _with_source(element, url))
            if at.slice_name and "type" not in element and at.name.endswith("[x]"):
                _narrow(at)
            if at.slice_name and steps[-1][0] == at.slice_name and id(at) not in stated:
                _name(shorthand, at)
        for choice, names in shorthand.values():
            if names and id(choice) not in stated:
                _close(choice, names)
        _raise_minimums(root)

    def _short(self, at: Branch, name: str, shorthand: dict[int, tuple[Branch, list[str]]]) -> Branch | None:
        """Return the choice that a name such as `valueQuantity` means."""
        choice = at.choice(name)
        if choice is None:
            return None
        if "slicing" not in choice[0].definition:
            shorthand[id(choice[0])] = (choice[0], [])
        return choice[0]

    def _slice(self, found: Branch, slice_name: str) -> Branch:
        outer = slice_name.rpartition("/")[0]
        if outer and outer in found.slices:
            found = found.slices[outer]
        one = found.slices.get(slice_name)
        if one is None:
            one = self._count(found.copy(slices=False))
            one.slice_name = slice_name
            one.definition = as_slice(found.definition)
            if one.name.endswith("[x]"):
                _narrow(one)
            found.slices[slice_name] = one
            _slice_as_usual(found)
        return one

    def _new(self, at: Branch, name: str, element: Definition, *, is_last: bool) -> Branch:
        """Add an element that the base does not have: only a specialization, such as a logical model, brings its own."""
        if not is_last or not ({"type", "contentReference"} & element.keys()) or "max" not in element:
            message = f"there is no element {name[:40]} in {at.name[:40]} to constrain"
            raise SnapshotError(message)
        made = Branch(
            name, {"min": 0, "base": {"path": element["path"], "min": element.get("min", 0), "max": element["max"]}}
        )
        at.children[name] = made
        return made

    def _open(self, root: Branch, at: Branch) -> None:
        """Give an element the children of its type, where it has none of its own yet."""
        if at.children:
            return
        reference = at.definition.get("contentReference")
        if isinstance(reference, str):
            source = _by_path(root, reference.rpartition("#")[2])
            if source is not None:
                pristine = find(f"{CORE}{root.name}", self._supplied, self._release)
                whole = grown(elements(pristine, "snapshot")) if pristine else None
                source = (_by_path(whole, reference.rpartition("#")[2]) if whole is not None else None) or source
                at.children = {name: child.copy() for name, child in source.children.items()}
                at.definition = {key: value for key, value in at.definition.items() if key != "contentReference"}
                at.definition.setdefault("type", source.definition.get("type", []))
                self._count(at)
            return
        below = self._type(at.definition)
        if below is None:
            message = f"what is below {at.name[:40]} is not known, so it cannot be constrained"
            raise SnapshotError(message)
        self._count(below)
        at.children = below.children

    def _type(self, element: Definition) -> Branch | None:
        types = [one for one in element.get("type", []) if isinstance(one, dict) and isinstance(one.get("code"), str)]
        codes = {one["code"] for one in types}
        if len(codes) != 1:
            return self._of("Element")
        code = codes.pop()
        profiles = types[0].get("profile")
        if len(types) == 1 and isinstance(profiles, list) and len(profiles) == 1 and isinstance(profiles[0], str):
            known = find(profiles[0], self._supplied, self._release)
            if known is not None:
                try:
                    return self.tree(known)
                except SnapshotError:
                    return self._of(code)
        if code.startswith(_STRING_TYPE):
            return self._of("Element")
        return self._of(code.removeprefix(CORE))

    def _of(self, type_name: str) -> Branch | None:
        known = definitions.structure_definition(type_name, self._release)
        return grown(elements(known, "snapshot")) if known is not None else None

    def _count(self, branch: Branch) -> Branch:
        """Bound the whole: a hostile profile could open types within types without end."""
        self._size += branch.size()
        if self._size > MOST_ELEMENTS:
            message = f"the snapshot has more than {MOST_ELEMENTS} elements"
            raise SnapshotError(message)
        return branch


def _with_source(element: Definition, url: str) -> Definition:
    """Say of each constraint where it comes from, as snapshots do."""
    constraints = element.get("constraint")
    if not isinstance(constraints, list):
        return element
    named = [{**one, "source": one.get("source", url)} for one in constraints if isinstance(one, dict)]
    return {**element, "constraint": named}


def _by_path(root: Branch, path: str) -> Branch | None:
    at: Branch | None = root
    for name in path.split(".")[1:]:
        at = at.children.get(name) if at is not None else None
    return at


def _narrow(one: Branch) -> None:
    """Leave a slice such as `valueQuantity` the type that it is named for."""
    tail = one.slice_name.removeprefix(one.name[:-3])
    types = [
        kept for kept in one.definition.get("type", ()) if isinstance(kept, dict) and _capital(kept.get("code")) == tail
    ]
    if types:
        one.definition["type"] = types


def _capital(code: object) -> str:
    return f"{code[:1].upper()}{code[1:]}" if isinstance(code, str) else ""


def _name(shorthand: dict[int, tuple[Branch, list[str]]], one: Branch) -> None:
    for choice, names in shorthand.values():
        if choice.slices.get(one.slice_name) is one:
            names.append(one.slice_name.removeprefix(one.name[:-3]))


def _close(choice: Branch, names: list[str]) -> None:
    """Leave a choice that is only constrained by names such as `valueQuantity` the types that are named.

    https://hl7.org/fhir/R4/profiling.html#slicing
    """
    named = [
        one for one in choice.definition.get("type", ()) if isinstance(one, dict) and _capital(one.get("code")) in names
    ]
    if named:
        choice.definition["type"] = named
        choice.definition["slicing"] = {**choice.definition.get("slicing", {}), "rules": "closed"}


def _slice_as_usual(sliced: Branch) -> None:
    """Give extensions and choices the slicing that they always have."""
    if "slicing" in sliced.definition:
        return
    if sliced.name in _EXTENSIONS:
        kind, path = "value", "url"
    elif sliced.name.endswith("[x]"):
        kind, path = "type", "$this"
    else:
        return
    sliced.definition["slicing"] = {
        "discriminator": [{"type": kind, "path": path}], "ordered": False, "rules": "open",
    }  # fmt: skip


def _raise_minimums(root: Branch) -> None:
    """Let a choice and extensions be there at least as often as their slices together must."""
    waiting = [root]
    while waiting:
        at = waiting.pop()
        waiting.extend(at.children.values())
        waiting.extend(at.slices.values())
        if at.slices and (at.name.endswith("[x]") or at.name in _EXTENSIONS):
            least = sum(
                one.definition.get("min") or 0
                for one in at.slices.values()
                if isinstance(one.definition.get("min"), int)
            )
            had = at.definition.get("min")
            if isinstance(had, int) and least > had:
                at.definition["min"] = least
