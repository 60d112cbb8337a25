"""References one by one: their spelling, the type they lead to, and whether it may stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.validate.extensions import targets as extension_targets
from kneecds.fhir.validate.references import spelling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.fhir.structure.visit import Holder, Node
    from kneecds.fhir.validate.context import Context
    from kneecds.fhir.validate.references.lookup import Entry, Lookup, Lookups

_SHOWN: Final = 60
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_WITHOUT_FULL_URLS: Final = ("transaction-response", "batch-response")
_LISTED: Final = 6


def check_reference(
    context: Context, node: Node, bundles: Lookups, contained: Mapping[int, Mapping[str, Holder]]
) -> None:
    """Look at one Reference."""
    reference = node.value.get("reference")
    path = f"{node.path}.reference"
    kind = ""
    if isinstance(reference, str) and reference:
        if spelling.has_space(reference):
            context.error("value", "reference-spelling", path, f"{reference[:_SHOWN]!r} has white space in it")
            return
        if reference.startswith("#"):
            kind = _within(context, node, reference, path, contained)
        else:
            kind = _elsewhere(context, node, reference, path, bundles)
    _type(context, node, kind)


def _within(
    context: Context, node: Node, reference: str, path: str, contained: Mapping[int, Mapping[str, Holder]]
) -> str:
    """Return the type of the contained resource that `#id` means, or of the container that `#` means."""
    holder = node.holder
    if reference == "#":
        if holder.container is None or not holder.is_contained:
            context.error("not-found", "reference-container", path, "# means the container, but this resource has none")
            return ""
        found: Holder | None = holder.root
    else:
        root = holder.container if holder.is_contained and holder.container is not None else holder
        found = contained.get(id(root), {}).get(reference[1:])
    if found is None:
        return ""  # invariant ref-1 says so
    _fits(context, node, found.kind, path)
    return found.kind


def _elsewhere(context: Context, node: Node, reference: str, path: str, bundles: Lookups) -> str:
    """Return the type of the resource that a reference means, as far as it can be known."""
    if reference.endswith("?"):
        context.error("value", "reference-spelling", path, f"{reference[:_SHOWN]!r} asks for nothing after the ?")
        return ""
    around = bundles.around(node.holder)
    if around is not None:
        lookup, entry = around
        if not spelling.is_absolute(reference) and not _relative(context, reference, path, lookup, entry):
            return ""
        target = _in_bundle(context, node, reference, path, lookup, entry)
        if target:
            return target
    found = spelling.restful(reference)
    if found is None:
        if around is None and not spelling.is_absolute(reference) and not spelling.is_search(reference):
            context.warn(
                "value", "reference-relative", path, f"{reference[:_SHOWN]!r} is no reference of the form Type/id",
                "write Type/id, an absolute URL, urn:uuid: or #id",
            )  # fmt: skip
        return ""
    if found.type in context.facts.resource_types or context.facts.is_abstract(found.type):
        _fits(context, node, found.type, path)
        return found.type
    if not found.base:
        message = f"{found.type[:_SHOWN]!r} in the reference is not a resource type of {context.release}"
        context.warn("value", "reference-type-unknown", path, message)
    return ""


def _relative(context: Context, reference: str, path: str, lookup: Lookup, entry: Entry) -> bool:
    """Whether a relative reference can be followed from an entry of a Bundle."""
    if lookup.is_request and spelling.is_search(reference):
        return False
    if not entry.full_url:
        if lookup.kind not in _WITHOUT_FULL_URLS:
            context.error(
                "invalid", "reference-without-base", path,
                f"{reference[:_SHOWN]!r} is relative, but its entry has no fullUrl to which it could be",
                "give the entry its fullUrl, or write an absolute reference",
            )  # fmt: skip
        return False
    if not spelling.is_relative_form(reference):
        searches = " or a search such as Type?identifier=…" if lookup.is_request else ""
        message = f"{reference[:_SHOWN]!r} in a Bundle must be Type/id{searches}"
        context.error("value", "reference-relative-form", path, message)
        return False
    return True


def _in_bundle(context: Context, node: Node, reference: str, path: str, lookup: Lookup, entry: Entry) -> str:
    """Follow a reference inside its Bundle; return the type of what it leads to."""
    found = lookup.find(reference, entry.full_url)
    if len(found.matches) > 1:
        several = ", ".join(str(one.number) for one in found.matches[:_LISTED])
        message = f"{reference[:_SHOWN]} fits several entries ({several}); which version is meant?"
        context.error("multiple-matches", "reference-several", path, message, "add /_history/ and the version")
    elif not found.matches:
        _unresolved(context, reference, path, found.alike[0] if found.alike else None, found.target)
    if not found.matches:
        return ""
    target = found.matches[0].kind
    said = spelling.restful(reference)
    if said is not None and said.type in context.facts.resource_types and said.type != target:
        message = f"{reference[:_SHOWN]} leads to a {target} (entry {found.matches[0].number})"
        context.error("value", "reference-other-type", path, message)
    _fits(context, node, target, path)
    return target


def _unresolved(context: Context, reference: str, path: str, alike: Entry | None, target: str) -> None:
    if alike is not None:
        context.warn(
            "not-found", "reference-other-base", path,
            f"entry {alike.number} has this type and id, but its fullUrl or version is not that of {target[:_SHOWN]!r}",
            "references are compared with the fullUrl of entries, not with their ids",
        )  # fmt: skip
    elif reference.startswith("urn:"):
        context.warn(
            "not-found", "reference-unresolved", path, f"no entry of this Bundle has the fullUrl {reference[:_SHOWN]}"
        )


def _targets(context: Context, node: Node) -> tuple[str, ...]:
    if node.element == "Extension.value[x]":
        return extension_targets(node, context.release)
    return node.property.targets if node.property is not None else ()


def _fits(context: Context, node: Node, kind: str, path: str) -> None:
    targets = _targets(context, node)
    if targets and kind not in targets and "Resource" not in targets:
        message = f"{node.element} refers to {_one_of(targets)}, not to a {kind}"
        context.error("value", "reference-target", path, message)


def _one_of(targets: tuple[str, ...]) -> str:
    few = " or ".join(targets[:_LISTED])
    return few if len(targets) <= _LISTED else f"{few} or {len(targets) - _LISTED} more"


def _type(context: Context, node: Node, kind: str) -> None:
    """Look at Reference.type: a resource type, one that may stand here, and that of the reference itself."""
    said = node.value.get("type")
    if not isinstance(said, str) or not said:
        return
    path = f"{node.path}.type"
    if kind and said != kind:
        context.error("value", "reference-type", path, f"type says {said[:_SHOWN]}, the reference leads to a {kind}")
        return
    plain = said.removeprefix(_CORE)
    if plain in context.facts.resource_types:
        if plain != said:  # whole URLs are for logical models
            context.error("code-invalid", "reference-type", path, f"the type {said[:_SHOWN]} is written {plain}")
            return
    elif not spelling.is_absolute(said):
        message = f"{said[:_SHOWN]!r} is not a resource type of {context.release}"
        context.error("code-invalid", "reference-type", path, message)
        return
    targets = _targets(context, node)
    if targets and plain not in targets and "Resource" not in targets and "reference" in node.value:
        context.error(
            "value", "reference-type", path, f"{node.element} refers to {_one_of(targets)}, not to a {plain[:_SHOWN]}"
        )
