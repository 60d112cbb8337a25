"""What a discriminator asks of an item, worked out from the definition of a slice.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.fhir.profiles.snapshot import CORE
from kneecds.fhir.validate.profiles.bindings import among
from kneecds.fhir.validate.profiles.values import fits, same, valued

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.profiles.branch import Branch, Definition
    from kneecds.fhir.validate.profiles.element import Criterion, Item
    from kneecds.fhir.validate.profiles.walk import Walk

_STEP: Final = re.compile(r"([A-Za-z_$][A-Za-z0-9_]*)(?:\(\s*(?:'([^']*)'|([A-Za-z0-9_.]*))\s*\))?(?:\.|$)")
_DEEPEST: Final = 8
_MOST_STEPS: Final = 20


class Step(NamedTuple):
    """One step of a discriminator's path: an element, or a function with its argument."""

    name: str
    argument: str
    is_function: bool


Tree = "Callable[[str], Branch | None]"
Test = "Callable[[Walk, Item], bool | None]"


def steps(path: str) -> tuple[Step, ...] | None:
    """Read a path such as `value.ofType(Coding).code`; None where it is not one that discriminators may have."""
    found: list[Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or match.end() == at or len(found) >= _MOST_STEPS:
            return None
        name, text, word = match.groups()
        is_function = "(" in match.group()
        if is_function and name not in ("extension", "resolve", "ofType", "as"):
            return None
        if name != "$this":
            found.append(Step(name, text or word or "", is_function))
        at = match.end()
    return tuple(found)


class Place(NamedTuple):
    """Where a path leads in a definition: an element there, or a part of a value that is fixed above it."""

    branch: Branch | None
    values: tuple[tuple[bool, Any], ...] = ()
    """Whether exactly, and the value."""


def place(branch: Branch, sliced: Branch, path: tuple[Step, ...], tree: Callable[[str], Branch | None]) -> Place:
    """Follow a path from the definition of a slice; where the slice says nothing, the element that it is of speaks."""
    at: Branch | None = branch
    spare: Branch | None = sliced
    values: list[tuple[bool, Any]] = []
    must: list[Branch] = []
    for step in path:
        values = [(exactly, inner) for exactly, value in values + _values(at) for inner in _inside(value, step)]
        must = [inner for one in (*must, *_required_slices(at)) if (inner := _next(one, step, tree)) is not None]
        own = _next(at, step, tree) if at is not None else None
        if own is None and spare is not None:
            own = _next(spare, step, tree)
        spare = _next(spare, step, tree) if spare is not None else None
        at = own
    if not values and (at is None or not _values(at)):
        told = [_values(one) for one in must if _values(one)]
        if len(told) == 1:
            values = told[0]
    return Place(at, tuple(values))


def _required_slices(at: Branch | None) -> list[Branch]:
    """Return the slices of an element that must be there: what they fix stands in the element, too."""
    return [one for one in at.slices.values() if one.definition.get("min")] if at is not None else []


def _values(branch: Branch | None) -> list[tuple[bool, Any]]:
    found: list[tuple[bool, Any]] = []
    if branch is not None:
        for prefix in ("fixed", "pattern"):
            value = valued(branch.definition, prefix)
            if value is not None:
                found.append((prefix == "fixed", value[1]))
    return found


def _inside(value: object, step: Step) -> list[Any]:
    if step.is_function or not isinstance(value, dict):
        return []
    inner = value.get(step.name)
    if isinstance(inner, list):
        return inner
    return [] if inner is None else [inner]


def _next(at: Branch, step: Step, tree: Callable[[str], Branch | None]) -> Branch | None:
    if not step.is_function:
        return _child(at, step.name, tree)
    if step.name == "extension":
        child = _child(at, "extension", tree)
        for one in child.slices.values() if child is not None else ():
            if url_of(one) == step.argument:
                return one
        return None
    if step.name in ("ofType", "as"):
        for one in at.slices.values():
            if codes(one.definition) == {step.argument}:
                return one
        return at
    targets = [
        target
        for of in at.definition.get("type", ())
        if isinstance(of, dict)
        for target in (of.get("targetProfile") or ())
        if isinstance(target, str)
    ]
    return tree(targets[0]) if len(targets) == 1 else None


def _child(at: Branch, name: str, tree: Callable[[str], Branch | None]) -> Branch | None:
    found = at.children.get(name) or at.children.get(f"{name}[x]")
    if found is not None:
        return found
    if not at.children:
        for of in at.definition.get("type", ()):
            if isinstance(of, dict):
                for profile in of.get("profile") or ():
                    whole = tree(profile) if isinstance(profile, str) else None
                    if whole is not None:
                        return whole.children.get(name) or whole.children.get(f"{name}[x]")
    return None


def url_of(extension: Branch) -> str:
    """Return the url that an extension's slice is of; empty where it does not tell."""
    url = extension.children.get("url")
    value = valued(url.definition, "fixed") if url is not None else None
    if value is None:
        for of in extension.definition.get("type", ()):
            profiles = of.get("profile") if isinstance(of, dict) else None
            if isinstance(profiles, list) and len(profiles) == 1 and isinstance(profiles[0], str):
                return profiles[0].partition("|")[0]
    return value[1] if value is not None and isinstance(value[1], str) else ""


def codes(definition: Definition) -> set[str]:
    """Return the types that a definition allows."""
    return {
        one["code"].removeprefix(CORE)
        for one in definition.get("type", ())
        if isinstance(one, dict) and isinstance(one.get("code"), str)
    }


def criterion(
    kind: str, path: str, branch: Branch, sliced: Branch, tree: Callable[[str], Branch | None], number: int
) -> Criterion | None:
    """Return what one discriminator asks for; None where the definition of the slice does not tell."""
    if kind == "position":
        return lambda _walk, _item, index: index == number
    way = steps(path)
    if way is None:
        return None
    there = place(branch, sliced, way, tree)
    if kind in ("value", "pattern"):
        tests = _value_tests(there)
        return None if tests is None else _any_passes(way, tests)
    if kind == "type":
        return _typed(way, _types(way, branch, sliced, there, tree))
    if there.branch is None:
        return None
    definition = there.branch.definition
    if kind == "exists":
        return _exists(way, definition)
    if kind == "profile":
        profiles = _profiles(way, branch, sliced, definition, tree)
        return None if not profiles else _conforming(way, profiles)
    return None


def _types(
    way: tuple[Step, ...], branch: Branch, sliced: Branch, there: Place, tree: Callable[[str], Branch | None]
) -> set[str]:
    """Return the types of what a path leads to; of references that are followed, those of their targets."""
    if way and way[-1].name == "resolve":
        found = [tree(target) for target in _profiles(way, branch, sliced, {}, tree)]
        return {one.name for one in found if one is not None} if all(found) else set()
    if there.branch is None:
        return set()
    return codes(there.branch.definition) or {there.branch.name}


def _profiles(
    way: tuple[Step, ...], branch: Branch, sliced: Branch, definition: Definition, tree: Callable[[str], Branch | None]
) -> tuple[str, ...]:
    key = "profile"
    if way and way[-1].name == "resolve":
        before = place(branch, sliced, way[:-1], tree).branch
        if before is None:
            return ()
        definition, key = before.definition, "targetProfile"
    return tuple(
        profile
        for of in definition.get("type", ())
        if isinstance(of, dict)
        for profile in (of.get(key) or ())
        if isinstance(profile, str)
    )


def _value_tests(there: Place) -> list[Test] | None:  # type: ignore[valid-type]
    found: list[Any] = [_equal(exactly, value) for exactly, value in there.values]
    if there.branch is not None:
        found += _own_tests(there.branch)
        if not found:
            found = _tests_below(there.branch, _DEEPEST)
        if not found:
            least, most = there.branch.definition.get("min"), there.branch.definition.get("max")
            if most == "0":
                return []
            if isinstance(least, int) and least > 0:
                return [lambda _walk, _item: True]
            return None
    return found or None


def _own_tests(branch: Branch) -> list[Any]:
    found: list[Any] = [_equal(exactly, value) for exactly, value in _values(branch)]
    binding = branch.definition.get("binding")
    if not found and isinstance(binding, dict) and binding.get("strength") == "required":
        canonical = binding.get("valueSet")
        if isinstance(canonical, str):
            found.append(lambda walk, item: among(walk, item.value, item, canonical))
    return found


def _equal(exactly: bool, value: object) -> Any:  # noqa: ANN401, FBT001 - a test
    if exactly:
        return lambda _walk, item: same(item.value, value)
    return lambda _walk, item: fits(item.value, value)


def _tests_below(branch: Branch, deepest: int) -> list[Any]:
    """Return tests of what is fixed deeper inside, such as the code in the coding of a concept."""
    if deepest == 0:
        return []
    found: list[Any] = []
    for name, child in branch.children.items():
        for one in (child, *child.slices.values()):
            if one is not child and not one.definition.get("min"):
                continue
            tests = _own_tests(one) if _has_values(one) else []
            tests = tests or _tests_below(one, deepest - 1)
            if tests:
                found.append(_below(name, tests))
    return found


def _has_values(branch: Branch) -> bool:
    return any(key.startswith(("fixed", "pattern")) for key in branch.definition) or "binding" in branch.definition


def _below(name: str, tests: list[Any]) -> Any:  # noqa: ANN401 - a test
    def test(walk: Walk, item: Item) -> bool | None:
        return _some(walk, walk.children(item, name), tests)

    return test


def _any_passes(way: tuple[Step, ...], tests: list[Any]) -> Criterion:
    def passes(walk: Walk, item: Item, _index: int) -> bool | None:
        found = follow(walk, item, way)
        if found is None:
            return None
        if not tests:  # the slice is told by there being nothing
            return not found
        return _some(walk, found, tests)

    return passes


def _some(walk: Walk, items: list[Item], tests: list[Any]) -> bool | None:
    """Whether some item passes every test."""
    open_ = False
    for one in items:
        verdicts = [test(walk, one) for test in tests]
        if False not in verdicts:
            if None not in verdicts:
                return True
            open_ = True
    return None if open_ else False


def _exists(way: tuple[Step, ...], definition: Definition) -> Criterion | None:
    least, most = definition.get("min"), definition.get("max")
    if most != "0" and not (isinstance(least, int) and least > 0):
        return None
    wanted = most != "0"

    def passes(walk: Walk, item: Item, _index: int) -> bool | None:
        found = follow(walk, item, way)
        return None if found is None else bool(found) is wanted

    return passes


def _typed(way: tuple[Step, ...], wanted: set[str]) -> Criterion | None:
    if not wanted:
        return None
    anything = bool(wanted & {"Resource", "Element", "BackboneElement"})

    def passes(walk: Walk, item: Item, _index: int) -> bool | None:
        found = follow(walk, item, way)
        if found is None:
            return None
        return any(anything or one.type in wanted for one in found)

    return passes


def _conforming(way: tuple[Step, ...], profiles: tuple[str, ...]) -> Criterion:
    def passes(walk: Walk, item: Item, _index: int) -> bool | None:
        found = follow(walk, item, way)
        if found is None:
            return None
        verdicts = [walk.conforms(one, profile) for one in found for profile in profiles]
        if True in verdicts:
            return True
        return None if None in verdicts else False

    return passes


def follow(walk: Walk, item: Item, way: tuple[Step, ...]) -> list[Item] | None:
    """Return what a path leads to from an item; None where a reference leads to something that is not at hand."""
    items = [item]
    for step in way:
        found: list[Item] = []
        for one in items:
            if not step.is_function:
                found += walk.children_named(one, step.name)
            elif step.name == "extension":
                found += [
                    inner
                    for inner in walk.children(one, "extension")
                    if isinstance(inner.value, dict) and inner.value.get("url") == step.argument
                ]
            elif step.name == "resolve":
                target = walk.target(one)
                if target is None:
                    return None
                found.append(target)
            elif one.type == step.argument:
                found.append(one)
        items = found
    return items
