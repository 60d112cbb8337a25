"""Walk a resource beside the facts of its release and list every place where the two part."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from kneecds.errors import Issue, error, warning
from kneecds.fhir.structure.facts import Facts, Property, Release, TypeFacts, facts_of
from kneecds.fhir.structure.primitives import expected_kind, is_blank, json_kind, reason_against, wrong_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN: Final = 60  # characters of a value that a message repeats
_HINTS: Final = 100  # names in one document that are compared with all that are known
_LISTED: Final = 16  # codes that a message lists


class Hints:
    """Finds what a name may have been meant to be; a document of nothing but wrong names gets a few such hints."""

    def __init__(self) -> None:
        """Be ready for some names."""
        self._left = _HINTS

    def near(self, name: str, known: Iterable[str]) -> str:
        """Return the known name that comes nearest; empty where none does."""
        if self._left <= 0 or len(name) > _SHOWN:
            return ""
        self._left -= 1
        return next(iter(get_close_matches(name, known, 1, 0.75)), "")


def issues(
    resource: object, release: Release = "R4", path: str | None = None, hints: Hints | None = None
) -> list[Issue]:
    """List every structural problem of a parsed resource, each with the FHIRPath of its place."""
    walk = _Walk(facts_of(release), hints or Hints())
    walk.resource(resource, path)
    return walk.found


def _show(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class _Walk:
    """One pass over one resource; `found` collects what is wrong."""

    def __init__(self, facts: Facts, hints: Hints) -> None:
        self.facts = facts
        self.hints = hints
        self.found: list[Issue] = []

    def say(self, code: str, rule: str, path: str, message: str) -> None:
        self.found.append(error(code, rule, path, message))

    def resource(self, value: object, path: str | None) -> None:
        if not isinstance(value, dict):
            self.say("structure", "structure-type", path or "$this", f"a resource is an object, not {json_kind(value)}")
            return
        kind = value.get("resourceType")
        if "resourceType" not in value:
            self.say("required", "structure-resource-type", path or "$this", "resourceType is missing")
        elif not isinstance(kind, str) or kind not in self.facts.resource_types:
            near = self.hints.near(str(kind), self.facts.resource_types)
            hint = f"; {near} is" if near else ""
            message = f"{_show(kind)} is not a resource type of {self.facts.release}{hint}"
            self.say("structure", "structure-resource-type", path or "$this", message)
        else:
            self.members(value, self.facts.type(kind), path or kind, is_resource=True)

    def members(self, value: dict[str, Any], facts: TypeFacts, path: str, *, is_resource: bool = False) -> None:
        if not value:
            self.say("structure", "structure-empty", path, "the object is empty")
            return
        properties = facts.properties
        for name, inner in value.items():
            of = properties.get(name)
            if of is not None:
                self.element(inner, of, value, path)
            elif name == "resourceType" and is_resource:
                continue
            elif name[:1] == "_" and (of := properties.get(name[1:])) is not None and of.has_companion:
                self.companion(inner, of, value, path)
            else:
                self.unknown(name, facts, path)
        for element, least, names in facts.required:
            self.required(value, element, least, names, path)
        for element, names in facts.choices:
            present = [name for name in names if name in value or f"_{name}" in value]
            if len(present) > 1:
                message = f"{element} is one value, but {' and '.join(present)} are there"
                self.say("structure", "structure-choice", f"{path}.{element[:-3]}", message)

    def unknown(self, name: str, facts: TypeFacts, path: str) -> None:
        near = self.hints.near(name, facts.properties)
        hint = f"; did you mean {near}?" if near else ""
        place = name if name.isidentifier() and name.isascii() else f"`{_show(name)[1:-1]}`"
        message = f"{facts.name} has no element {_show(name)} in {self.facts.release}{hint}"
        self.say("structure", "structure-unknown-element", f"{path}.{place}", message)

    def required(self, value: dict[str, Any], element: str, least: int, names: tuple[str, ...], path: str) -> None:
        for name in names:
            if name in value:
                given = value[name]
                if least > 1 and isinstance(given, list) and len(given) < least:
                    message = f"{element} is given {len(given)} times, but must be at least {least} times"
                    self.say("required", "structure-required", f"{path}.{name}", message)
                return
            if f"_{name}" in value:
                return
        stem = element.removesuffix("[x]")
        self.say("required", "structure-required", f"{path}.{stem}", f"{element} is missing")

    def element(self, value: object, of: Property, owner: dict[str, Any], path: str) -> None:
        path = f"{path}.{of.step}"
        if not of.many:
            if isinstance(value, list):
                self.say("structure", "structure-cardinality", path, f"{of.name} is one value, not an array")
            else:
                self.value(value, of, path)
            return
        if not isinstance(value, list):
            if value is None:
                self.say("structure", "structure-null", path, f"{of.name} is null; leave it out instead")
            else:
                self.say("structure", "structure-cardinality", path, f"{of.name} is an array, not {json_kind(value)}")
            return
        if not value:
            self.say("structure", "structure-empty", path, "the array is empty; leave it out instead")
        if of.most is not None and len(value) > of.most:
            self.say(
                "structure", "structure-cardinality", path, f"{of.name} is given {len(value)} times, at most {of.most}"
            )
        beside = owner.get(f"_{of.name}") if of.has_companion else None
        for index, inner in enumerate(value):
            if inner is None and isinstance(beside, list) and index < len(beside) and beside[index] is not None:
                continue
            self.value(inner, of, f"{path}[{index}]")

    def value(self, value: object, of: Property, path: str) -> None:
        """Check one value of a property, an item of it when it repeats."""
        if value is None:
            self.say("structure", "structure-null", path, f"{of.name} is null; leave it out instead")
        elif of.is_primitive:
            self.primitive(value, of, path)
        elif of.type == "Resource":
            self.resource(value, path)
        elif isinstance(value, dict):
            self.members(value, self.facts.type(of.type), path)
        else:
            self.say("structure", "structure-type", path, f"{of.name} is an object ({of.type}), not {json_kind(value)}")

    def primitive(self, value: object, of: Property, path: str) -> None:
        if wrong_kind(of.type, value):
            message = f"{of.name} is {expected_kind(of.type)} ({of.type}), not {json_kind(value)}"
            self.say("structure", "structure-type", path, message)
            return
        reason = reason_against(of.type, value, self.facts.release)
        if reason is not None:
            code = "too-long" if reason.startswith("has ") else "value"
            rule = f"structure-{of.type.lower().removeprefix('system.')}"
            self.say(code, rule, path, f"{_show(value)} {reason}")
        elif of.codes is not None and value not in of.codes:
            few = len(of.codes) <= _LISTED
            known = ", ".join(sorted(of.codes)) if few else f"the {len(of.codes)} codes of {of.code_list}"
            self.say("code-invalid", "structure-code", path, f"{_show(value)} is none of {known}")
        elif isinstance(value, str) and is_blank(value):
            message = f"{of.name} is nothing but white space; leave it out instead"
            self.found.append(warning("value", "structure-blank", path, message))

    def companion(self, value: object, of: Property, owner: dict[str, Any], path: str) -> None:
        """Check `_name`, which holds the id and extensions of the primitive `name`."""
        path = f"{path}.{of.step}"
        name = f"_{of.name}"
        if not of.many:
            if value is None:
                self.say("structure", "structure-null", path, f"{name} is null; leave it out instead")
            elif not isinstance(value, dict):
                self.say(
                    "structure",
                    "structure-type",
                    path,
                    f"{name} is an object with id or extension, not {json_kind(value)}",
                )
            else:
                self.members(value, self.facts.type("Element"), path)
            return
        if not isinstance(value, list):
            self.say(
                "structure", "structure-cardinality", path, f"{name} is an array like {of.name}, not {json_kind(value)}"
            )
            return
        if not value:
            self.say("structure", "structure-empty", path, f"the array {name} is empty; leave it out instead")
        beside = owner.get(of.name)
        if isinstance(beside, list) and len(beside) < len(value):
            message = f"{of.name} has {len(beside)} items but {name} {len(value)}; pad with null"
            self.found.append(warning("structure", "structure-companion", path, message))
        for index, inner in enumerate(value):
            place = f"{path}[{index}]"
            if inner is None:
                if not isinstance(beside, list) or index >= len(beside):
                    self.say(
                        "structure", "structure-null", place, f"{name} is null where {of.name} has no value either"
                    )
            elif isinstance(inner, dict):
                self.members(inner, self.facts.type("Element"), place)
            else:
                self.say("structure", "structure-type", place, f"{name} holds objects, not {json_kind(inner)}")
