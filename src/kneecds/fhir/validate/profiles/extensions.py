"""Extensions that supplied StructureDefinitions define: their content, and where they may stand.

https://hl7.org/fhir/R4/defining-extensions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.profiles.snapshot import CORE
from kneecds.fhir.validate.profiles import criteria
from kneecds.fhir.validate.profiles.element import Item

if TYPE_CHECKING:
    from kneecds.fhir.profiles.branch import Branch
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.profiles.element import Check
    from kneecds.fhir.validate.profiles.walk import Walk


def look(walk: Walk) -> None:
    """Check every extension whose definition was supplied."""
    context = walk.context
    known: dict[str, dict[str, Any] | None] = {}
    for node in context.nodes:
        if node.type != "Extension":
            continue
        url = node.value.get("url")
        if not isinstance(url, str) or ":" not in url:
            continue
        if url not in known:
            found = context.supplied.find("StructureDefinition", url) if not url.startswith(CORE) else None
            known[url] = found if found is not None and found.get("type") == "Extension" else None
        definition = known[url]
        if definition is not None:
            _one(walk, node, url, definition)


def _one(walk: Walk, node: Node, url: str, definition: dict[str, Any]) -> None:
    profile = walk.compiler.profile(url)
    if profile is None:
        problem = walk.compiler.problems.get(url, "")
        walk.warn("processing", "profile-unusable", f"{node.path}.url", problem or "the extension cannot be checked")
        return
    walk.against(Item(node.path, node.value, None, "Extension", node.holder), profile)
    is_modifier = profile.branch.definition.get("isModifier") is True
    stands_as_modifier = node.property is not None and node.property.name == "modifierExtension"
    if is_modifier and not stands_as_modifier:
        message = f"{url[:80]} changes the meaning of what it stands in, so it belongs in modifierExtension"
        walk.error("structure", "profile-extension-modifier", node.path, message)
    elif stands_as_modifier and not is_modifier:
        message = f"{url[:80]} does not change the meaning of what it stands in, so it belongs in extension"
        walk.error("structure", "profile-extension-modifier", node.path, message)
    contexts = definition.get("context")
    if isinstance(contexts, list) and contexts and node.parent is not None:
        allowed = [_allows(one, node.parent) for one in contexts if isinstance(one, dict)]
        if allowed and not any(verdict is not False for verdict in allowed):
            names = ", ".join(str(one.get("expression", ""))[:40] for one in contexts[:5] if isinstance(one, dict))
            message = f"{url[:80]} may not stand here, only in {names}"
            walk.error("structure", "profile-extension-context", node.path, message)


def _allows(context: dict[str, Any], place: Node) -> bool | None:
    """Whether a context allows an extension in an element; None where that cannot be said."""
    kind, expression = context.get("type"), context.get("expression")
    if not isinstance(expression, str):
        return None
    if kind == "extension":
        return place.type == "Extension" and place.value.get("url") == expression
    if kind == "fhirpath":
        return None
    expression = expression.removeprefix(CORE)
    if expression in ("Element", "Base", "*"):
        return True
    if expression in ("Resource", "DomainResource", "CanonicalResource", "MetadataResource", "BackboneElement"):
        is_resource = place.holder.value is place.value
        if expression == "BackboneElement":
            return "." in place.type or None
        return is_resource if expression in ("Resource", "DomainResource") else None if is_resource else False
    if "#" in expression or "/" in expression or ":" in expression:
        return None
    names = {place.type, place.element, place.element.removesuffix("[x]")}
    if expression.removesuffix("[x]") in names:
        return True
    return None if _is_deeper(expression, place) else False


def _is_deeper(expression: str, place: Node) -> bool:
    """Whether a context names an element of a data type by the way that leads to it, such as `Patient.name.family`."""
    steps = expression.split(".")
    at: Node | None = place
    for name in reversed(steps[1:]):
        if at is None or at.property is None or at.property.element.removesuffix("[x]") != name.removesuffix("[x]"):
            return False
        at = at.parent
    return at is not None and at.type == steps[0] and len(steps) > 1


def parts(branch: Branch) -> Check:
    """Check that the extensions inside one with a url of their own kind, such as `ombCategory`, are its own parts."""
    inside = branch.children.get("extension")
    known = {criteria.url_of(one) for one in inside.slices.values()} if inside is not None else set()

    def check(walk: Walk, item: Item) -> None:
        for inner in walk.children(item, "extension"):
            url = inner.value.get("url") if isinstance(inner.value, dict) else None
            if isinstance(url, str) and ":" not in url and url not in known:
                message = (
                    f"{url[:60]} is no part of this extension; its parts are {', '.join(sorted(known))[:80] or 'none'}"
                )
                walk.error("structure", "profile-extension-part", f"{inner.path}.url", message)

    return check
