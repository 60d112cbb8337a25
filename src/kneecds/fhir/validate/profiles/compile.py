"""Profiles into trees of checks: once for each set of supplied resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.profiles.branch import grown
from kneecds.fhir.profiles.snapshot import CORE, SnapshotError, find, snapshot
from kneecds.fhir.structure import definitions
from kneecds.fhir.structure.facts import facts_of
from kneecds.fhir.validate.profiles import bindings, constraints, criteria, extensions, targets, types, values
from kneecds.fhir.validate.profiles.element import Element, Profile, Slice, Slicing
from kneecds.fhir.validate.profiles.walk import by_element

if TYPE_CHECKING:
    from kneecds.fhir.profiles.branch import Branch, Definition
    from kneecds.fhir.structure.facts import Property, Release
    from kneecds.fhir.validate.profiles.element import Check, Criterion
    from kneecds.fhir.validate.supplied import Supplied

_MOST_KEPT: Final = 2000
"""Profiles of one set of supplied resources; what is beyond is compiled again."""


class Compiler:
    """The profiles of a set of supplied resources, compiled when first asked for."""

    def __init__(self, supplied: Supplied, release: Release, *, with_advice: bool) -> None:
        """Compile nothing yet; `with_advice` keeps what is only marked must-support."""
        self._supplied = supplied
        self._release: Release = release
        self._with_advice = with_advice
        self._profiles: dict[str, Profile | None] = {}
        self._types: dict[str, str | None] = {}
        self._core: dict[str, str | None] = {}
        self.problems: dict[str, str] = {}
        """Why a profile that is known cannot be used, by its canonical."""

    def core_type(self, canonical: str) -> str | None:
        """Return the type of the specification that a canonical is of; None where it is of a profile."""
        if canonical not in self._core:
            self._core[canonical] = self._core_type(canonical.partition("|")[0])
        return self._core[canonical]

    def _core_type(self, url: str) -> str | None:
        name = url.removeprefix(CORE)
        if name == url or definitions.core_profile(url, self._release) is not None:
            return None
        try:
            facts_of(self._release).type(name)
        except KeyError:
            return name if name in ("Resource", "DomainResource", "Element", "BackboneElement") else None
        return name

    def type_of(self, canonical: str) -> str | None:
        """Return the type that a canonical is of or constrains; None where it is not known."""
        core = self.core_type(canonical)
        if core is not None:
            return core
        if canonical not in self._types:
            definition = find(canonical, self._supplied, self._release)
            of_type = definition.get("type") if definition is not None else None
            self._types[canonical] = of_type if isinstance(of_type, str) else None
        return self._types[canonical]

    def profile(self, canonical: str) -> Profile | None:
        """Return a compiled profile; None where it is not known or not usable."""
        if canonical not in self._profiles:
            if len(self._profiles) >= _MOST_KEPT:
                self._profiles.clear()
            self._profiles[canonical] = self._compiled(canonical)
        return self._profiles[canonical]

    def _compiled(self, canonical: str) -> Profile | None:
        definition = find(canonical, self._supplied, self._release)
        if definition is None:
            return None
        of_type, url, name = definition.get("type"), definition.get("url"), definition.get("name")
        try:
            branch = grown(snapshot(definition, self._supplied, self._release))
        except SnapshotError as problem:
            self.problems[canonical] = problem.issues[0].message
            return None
        if branch is None or not isinstance(of_type, str):
            self.problems[canonical] = "its snapshot does not begin with its type"
            return None
        root = _Growing(self, self._release, with_advice=self._with_advice).root(branch, of_type)
        return Profile(
            url if isinstance(url, str) else canonical,
            name if isinstance(name, str) else canonical.rpartition("/")[2],
            of_type,
            definition.get("abstract") is True,
            of_type == "Extension" and definition.get("derivation") == "constraint",
            root,
            branch,
        )

    def tree(self, canonical: str) -> Branch | None:
        """Return the definition of a profile as a tree."""
        found = self.profile(canonical)
        return found.branch if found is not None else None


class _Growing:
    """Makes the elements of one profile."""

    def __init__(self, compiler: Compiler, release: Release, *, with_advice: bool) -> None:
        self._compiler = compiler
        self._release: Release = release
        self._with_advice = with_advice

    def root(self, branch: Branch, of_type: str) -> Element:
        made = Element(branch.name)
        made.checks = (
            *_values(branch.definition),
            *constraints.constraints(branch.definition, (of_type,), self._release),
        )
        if of_type == "Extension":
            made.checks = (*made.checks, extensions.parts(branch))
        self._below(made, branch, of_type, None)
        return made

    def _below(self, made: Element, branch: Branch, of_type: str, twin: Branch | None) -> None:
        """Add the elements below that have something to check."""
        known = by_element(of_type, self._release)
        made.children = tuple(
            child
            for name, one in branch.children.items()
            if name in known
            for child in [self._element(one, of_type, known[name], twin.children.get(name) if twin else None)]
            if not child.is_idle
        )

    def _element(
        self, branch: Branch, owner: str, of: tuple[Property, ...], twin: Branch | None, *, is_slice: bool = False
    ) -> Element:
        """Make one element; `twin` is the same in what a slice is of: what it says is checked there."""
        definition = branch.definition
        made = Element(branch.name)
        allowed = criteria.codes(definition)
        base = {one.type for one in of}
        is_choice = len(of) > 1 or "Resource" in base
        if is_choice and allowed and allowed != base and "Resource" not in allowed:
            made.types = frozenset(allowed)
        _count(made, definition, owner, of, self._release, is_slice=is_slice)
        of_type = of[0].type
        if is_choice:
            of_type = next(iter(allowed)) if len(allowed) == 1 else "Element"
        made.must_support = self._with_advice and definition.get("mustSupport") is True and not is_slice
        said = _more(definition, twin.definition) if twin is not None else definition
        made.checks = tuple(self._checks(said, f"{owner}.{branch.name}", of, of_type))
        self._below(made, branch, of_type, twin)
        if branch.slices:
            made.slicing = self._slicing(branch, owner, of)
        return made

    def _checks(self, definition: Definition, path: str, of: tuple[Property, ...], of_type: str) -> list[Check]:
        known = definitions.binding(path, self._release)
        aims = tuple(target for one in of for target in one.targets)
        made = [
            *_values(definition),
            bindings.bound(definition, (known.strength, known.value_set) if known is not None else None),
            targets.targeted(definition, aims),
            types.profiled(definition, definitions.type_profiles(path, self._release)),
        ]
        owned = tuple(dict.fromkeys((*(one.type for one in of), of_type, path.partition(".")[0])))
        return [
            *(one for one in made if one is not None),
            *constraints.constraints(definition, owned, self._release),
        ]

    def _slicing(self, branch: Branch, owner: str, of: tuple[Property, ...]) -> Slicing | None:
        slicing = branch.definition.get("slicing")
        slicing = slicing if isinstance(slicing, dict) else {}
        asked = _discriminators(branch, slicing)
        made: list[Slice] = []
        rest: Slice | None = None
        for number, (name, one) in enumerate(branch.slices.items()):
            element = self._element(one, owner, of, branch, is_slice=True)
            url = criteria.url_of(one) if asked == [("value", "url")] else ""
            part = Slice(name, None if url else self._criteria(asked, one, branch, number), url, element)
            if name == "@default":
                rest = part
            else:
                made.append(part)
        by_url = {one.url: number for number, one in enumerate(made)} if all(one.url for one in made) else None
        if by_url is None:
            made = [
                one._replace(criteria=self._criteria(asked, branch.slices[one.name], branch, number))
                for number, one in enumerate(made)
            ]
        rules = slicing.get("rules")
        is_ordered = slicing.get("ordered") is True
        if (
            rules not in ("closed", "openAtEnd")
            and not is_ordered
            and rest is None
            and all(one.element.is_idle for one in made)
        ):
            return None
        return Slicing(tuple(made), by_url, rest, str(rules), is_ordered)

    def _criteria(
        self, asked: list[tuple[str, str]], one: Branch, sliced: Branch, number: int
    ) -> tuple[Criterion, ...] | None:
        found = [criteria.criterion(kind, path, one, sliced, self._compiler.tree, number) for kind, path in asked]
        sure = [test for test in found if test is not None]
        return tuple(sure) if sure and len(sure) == len(found) else None


def _discriminators(branch: Branch, slicing: dict[str, Any]) -> list[tuple[str, str]]:
    listed = slicing.get("discriminator")
    found = [
        (one["type"], one["path"])
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and isinstance(one.get("type"), str) and isinstance(one.get("path"), str)
    ]
    if not found and branch.name in ("extension", "modifierExtension"):
        return [("value", "url")]
    if not found and branch.name.endswith("[x]"):
        return [("type", "$this")]
    return found


def _more(definition: Definition, twin: Definition) -> Definition:
    """Return what a definition says beyond another that holds as well."""
    made = {key: value for key, value in definition.items() if key not in twin or twin[key] != value}
    if "constraint" in made:
        known = twin.get("constraint", [])
        made["constraint"] = [one for one in made["constraint"] if one not in known]
    return made


def _values(definition: Definition) -> list[Check]:
    made = (make(definition) for make in (values.fixed, values.pattern, values.longest, values.least, values.most))
    return [one for one in made if one is not None]


def _count(
    made: Element, definition: Definition, owner: str, of: tuple[Property, ...], release: Release, *, is_slice: bool
) -> None:
    """Take the cardinality where it is narrower than that of the specification, which is checked anyway."""
    least, most = definition.get("min"), definition.get("max")
    required = {name: times for name, times, _ in facts_of(release).type(owner).required}
    if isinstance(least, int) and not isinstance(least, bool) and (is_slice or least > required.get(made.name, 0)):
        made.least = least
    if isinstance(most, str) and most.isascii() and most.isdigit() and len(most) < 10:  # noqa: PLR2004 - no list is longer
        number = int(most)
        base = of[0].most if of[0].many else 1
        if (base is None or number < base) or (is_slice and of[0].many):
            made.most = number
