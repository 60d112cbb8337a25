"""One document against profiles: goes down the elements that a profile says something of."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kneecds.errors import Issue
from kneecds.fhir import fhirpath
from kneecds.fhir.structure.facts import facts_of
from kneecds.fhir.structure.primitives import wrong_kind
from kneecds.fhir.structure.visit import Holder
from kneecds.fhir.validate.profiles import bindings, slicing
from kneecds.fhir.validate.profiles.element import Item
from kneecds.fhir.validate.profiles.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.errors import Severity
    from kneecds.fhir.structure.facts import Property, Release
    from kneecds.fhir.validate.context import Context
    from kneecds.fhir.validate.profiles.compile import Compiler
    from kneecds.fhir.validate.profiles.element import Element, Profile

_DEEPEST: Final = 30
"""Profiles within profiles: an extension in a resource that is the target of a reference in an extension …"""


class Walk:
    """What is being checked, against which profile, and what was found."""

    def __init__(self, context: Context, compiler: Compiler) -> None:
        """Find nothing yet."""
        self.context = context
        self.compiler = compiler
        self.targets = Targets(context)
        self._said: dict[tuple[str, str, str], Issue] = {}
        self._verdicts: dict[tuple[int, str], bool | None] = {}
        self._under_way: set[tuple[int, str]] = set()

    def issues(self) -> list[Issue]:
        """Return what was found, each fault once."""
        return list(self._said.values())

    def say(self, severity: Severity, code: str, rule: str, path: str, message: str) -> None:
        """Add an issue."""
        self._said.setdefault((rule, path, message), Issue(severity, code, rule, path, message))

    def add(self, issues: Iterable[Issue]) -> None:
        """Add issues that were found before."""
        for one in issues:
            self._said.setdefault((one.rule, one.expression, one.message), one)

    def error(self, code: str, rule: str, path: str, message: str) -> None:
        """Say what the profile forbids."""
        self.say("error", code, rule, path, message)

    def remark(self, code: str, rule: str, path: str, message: str) -> None:
        """Say what of the profile could not be checked."""
        self.say("information", code, rule, path, message)

    def warn(self, code: str, rule: str, path: str, message: str) -> None:
        """Say what the profile advises against."""
        self.say("warning", code, rule, path, message)

    def against(self, item: Item, profile: Profile) -> None:
        """Check an item against a profile."""
        key = (id(item.value), profile.url)
        if key in self._under_way or len(self._under_way) >= _DEEPEST:
            return
        self._under_way.add(key)
        if profile.type != item.type and not _is_above(profile.type, item.type):
            message = f"is a {item.type}; the profile {profile.name[:60]} is for {profile.type[:40]}"
            self.error("structure", "profile-wrong-type", item.path, message)
        else:
            self.one(profile.root, item)
        self._under_way.discard(key)

    def conforms(self, item: Item, canonical: str) -> bool | None:
        """Whether an item fits a profile, without a word; None where the profile is not known."""
        core = self.compiler.core_type(canonical)
        if core is not None:
            return core == item.type or _is_above(core, item.type)
        profile = self.compiler.profile(canonical)
        if profile is None:
            return None
        key = (id(item.value), profile.url)
        if key in self._under_way:
            return True
        if key not in self._verdicts:
            self._verdicts[key] = not any(one.severity == "error" for one in self.unsaid(item, profile))
        return self._verdicts[key]

    def unsaid(self, item: Item, profile: Profile) -> list[Issue]:
        """Return what is found against a profile instead of adding it."""
        kept, self._said = self._said, {}
        self.against(item, profile)
        kept, self._said = self._said, kept
        return list(kept.values())

    def one(self, element: Element, item: Item) -> None:
        """Check one item against what is said of it, and what is below it."""
        if element.types is not None and item.type not in element.types:
            wanted = ", ".join(sorted(element.types)[:6])
            self.error(
                "structure", "profile-type", item.path, f"is a {item.type[:40]}; the profile allows {wanted[:80]}"
            )
            return
        for check in element.checks:
            check(self, item)
        for child in element.children:
            self._several(child, self.children(item, child.name), item)

    def _several(self, element: Element, items: list[Item], parent: Item) -> None:
        if len(items) < element.least:
            path = f"{parent.path}.{element.step}"
            if items:
                message = f"{element.step} is wanted at least {element.least} times and is here {len(items)} times"
            else:
                message = f"the profile wants {element.step} here"
            self.error("required", "profile-min", path, message)
        if element.most is not None and len(items) > element.most:
            message = (
                f"the profile does not allow {element.step} here" if element.most == 0
                else f"the profile allows {element.step} {element.most} times; here are {len(items)}"
            )  # fmt: skip
            self.error("structure", "profile-max", items[element.most].path, message)
            if element.most == 0:
                return
        if element.must_support and not items and self.context.best_practice:
            path = f"{parent.path}.{element.step}"
            self.say(
                "information", "incomplete", "profile-must-support", path, f"must-support {element.step} is not here"
            )
        for item in items:
            self.one(element, item)
        if element.slicing is not None:
            slicing.look(self, element, items, parent)

    def children(self, item: Item, name: str) -> list[Item]:
        """Return the items of an element such as `code` or `value[x]` inside another."""
        value = item.value if isinstance(item.value, dict) else item.companion
        if value is None:
            return []
        type_name = item.type if isinstance(item.value, dict) else "Element"
        found: list[Item] = []
        for of in by_element(type_name, self.context.release).get(name, ()):
            if of.name in value or (of.has_companion and f"_{of.name}" in value):
                self._items(item, of, value.get(of.name), value.get(f"_{of.name}") if of.has_companion else None, found)
        return found

    def children_named(self, item: Item, name: str) -> list[Item]:
        """Return the items of an element by its name in a path: `value` for `value[x]`."""
        return self.children(item, name) or self.children(item, f"{name}[x]")

    def _items(self, parent: Item, of: Property, value: Any, beside: Any, found: list[Item]) -> None:  # noqa: ANN401
        path = f"{parent.path}.{of.step}"
        if not of.many:
            if not isinstance(value, list):
                self._item(parent, of, path, value, beside, found)
            return
        values = value if isinstance(value, list) else []
        besides = beside if isinstance(beside, list) else []
        for index in range(max(len(values), len(besides))):
            self._item(
                parent, of, f"{path}[{index}]",
                values[index] if index < len(values) else None,
                besides[index] if index < len(besides) else None,
                found,
            )  # fmt: skip

    def _item(self, parent: Item, of: Property, path: str, value: Any, beside: Any, found: list[Item]) -> None:  # noqa: ANN401
        if of.is_primitive:
            companion = beside if isinstance(beside, dict) else None
            if value is not None and wrong_kind(of.type, value):
                value = None
            if value is not None or companion is not None:
                found.append(Item(path, value, companion, of.type, parent.holder))
        elif isinstance(value, dict):
            if of.type != "Resource":
                found.append(Item(path, value, None, of.type, parent.holder))
                return
            kind = value.get("resourceType")
            if isinstance(kind, str) and kind in self.context.facts.resource_types:
                holder = self.targets.holder(value) or Holder(value, kind, path, parent.holder)
                found.append(Item(path, value, None, kind, holder))

    def target(self, item: Item) -> Item | None:
        """Return the resource that a reference leads to; None where it is not in the document."""
        return self.targets.find(item)

    def holds(self, expression: str, item: Item) -> bool | None:
        """Whether a constraint holds of an item; None where that cannot be said."""
        followed: list[bool] = []

        def resolve(reference: str) -> dict[str, Any] | None:
            found = self.targets.resource(reference, item.holder)
            followed.append(found is not None)
            return found

        truth = fhirpath.holds(
            expression,
            item.value,
            self.context.release,
            base=item.type,
            resource=item.holder.value,
            root=item.holder.root.value,
            resolve=resolve,
            member_of=lambda value, canonical: bindings.among(self, value, item, canonical),
        )
        if truth is False and followed and (False in followed or _ASKS_TYPE.search(expression)):
            return None  # of what is not at hand nothing can be said, nor of its type by the engine
        return truth


_ASKS_TYPE: Final = re.compile(r"\b(?:ofType\(|is |is\(|as |as\()")


def _is_above(general: str, special: str) -> bool:
    return general in ("Resource", "Element") or (general == "DomainResource" and special not in _NOT_DOMAIN)


_NOT_DOMAIN: Final = frozenset({"Bundle", "Binary", "Parameters"})


@lru_cache(maxsize=2048)
def by_element(type_name: str, release: Release) -> dict[str, tuple[Property, ...]]:
    """Return the properties of a type by the element of the definition that they are of: `value[x]` has several."""
    found: dict[str, tuple[Property, ...]] = {}
    try:
        properties = facts_of(release).type(type_name).properties
    except KeyError:
        return found
    for of in properties.values():
        found[of.element] = (*found.get(of.element, ()), of)
    return found
