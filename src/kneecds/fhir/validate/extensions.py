"""Extensions: their url, where they stand and what they hold, as far as HL7 publishes them.

https://hl7.org/fhir/R4/extensibility.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.structure.definitions import HL7, profile_urls
from kneecds.fhir.structure.extensions import ExtensionFact, extension
from kneecds.fhir.terminology import value_sets
from kneecds.fhir.validate.extension_conditions import holds

if TYPE_CHECKING:
    from kneecds.fhir.structure.extensions import Part
    from kneecds.fhir.structure.facts import Facts, Release
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_ANY_ELEMENT: Final = frozenset({"Element", "Base", "DataType", "Any"})
_ANY_RESOURCE: Final = frozenset({"Element", "Base"})
"""What a definition calls a resource too: an extension of any element is one of any resource."""
_CANONICAL: Final = frozenset({"CanonicalResource", "MetadataResource"})
_CODED: Final = frozenset({"code", "Coding", "CodeableConcept"})
_DEEPEST: Final = 60  # steps of a path in a definition
_SHOWN: Final = 80


def look(context: Context) -> None:
    """Say which extensions cannot be what they are said to be."""
    for node in context.nodes:
        if node.type == "Extension" and isinstance(node.value, dict):
            _extension(context, node)


def _extension(context: Context, node: Node) -> None:
    value: dict[str, Any] = node.value
    chosen = _value(value)
    if ("extension" in value) == (chosen != ""):
        message = "an extension has either a value or extensions inside it, not both and not neither"
        context.error("invariant", "ext-1", node.path, message)
    url = value.get("url")
    if not isinstance(url, str):
        return
    if not _ABSOLUTE.fullmatch(url):
        if node.parent is None or node.parent.type != "Extension":
            message = f"the url {url[:_SHOWN]!r} is relative; only an extension inside another is named so"
            context.error("value", "extension-url", f"{node.path}.url", message)
        return
    if "|" in url:
        message = f"the url {url[:_SHOWN]!r} names a version; an extension is named without"
        context.error("value", "extension-version", f"{node.path}.url", message)
        return
    facts = _facts(url, context.release)
    if facts:
        _published(context, node, facts, chosen)
    else:
        _unknown(context, node, url)


@lru_cache(maxsize=2048)
def _facts(url: str, release: Release) -> tuple[ExtensionFact, ...]:
    """Return what the release, and what HL7's later pack, says of an extension; none where the release has none."""
    if release != "R5" and url not in profile_urls(release):
        return ()
    own, later = extension(url, release), extension(url, "R5")
    return tuple(fact for fact in (own, later if release != "R5" else None) if fact is not None)


def targets(value: Node, release: Release) -> tuple[str, ...]:
    """Return the types that a reference in an extension may lead to, as published; none where it may be any."""
    urls: list[str] = []
    at = value.parent
    while at is not None and at.type == "Extension" and len(urls) < _DEEPEST:
        url = at.value.get("url")
        if not isinstance(url, str):
            return ()
        urls.append(url)
        if _ABSOLUTE.fullmatch(url):
            break
        at = at.parent
    contents: list[Part] = [fact.content for fact in _facts(urls.pop(), release)] if urls else []
    while urls:
        url = urls.pop()
        contents = [content.parts[url] for content in contents if url in content.parts]
    allowed = [content.targets.get("Reference", ()) for content in contents if "Reference" in content.types]
    return tuple(dict.fromkeys(one for several in allowed for one in several)) if all(allowed) else ()


def _unknown(context: Context, node: Node, url: str) -> None:
    if context.supplied.knows_url("StructureDefinition", url):
        return
    name = url.removeprefix(HL7)
    if url in profile_urls(context.release):
        message = f"{url[:_SHOWN]} is a type or profile of FHIR and no extension"
        context.error("value", "extension-none", f"{node.path}.url", message)
    elif name != url and "/" not in name and extension(url, "R5") is None:
        message = f"HL7 publishes no extension {url[:_SHOWN]}; is it spelled right?"
        context.warn("not-found", "extension-unknown", f"{node.path}.url", message)
    elif _is_modifier(node):
        message = f"the modifier extension {url[:_SHOWN]} is not known here; it may change what this says"
        context.warn("not-found", "modifier-extension-unknown", f"{node.path}.url", message)


def _is_modifier(node: Node) -> bool:
    return node.property is not None and node.property.name == "modifierExtension"


def _published(context: Context, node: Node, facts: tuple[ExtensionFact, ...], chosen: str) -> None:
    fact = facts[0]
    name = fact.url.removeprefix(HL7)
    if fact.is_modifier != _is_modifier(node) and all(one.is_modifier == fact.is_modifier for one in facts):
        where = "modifierExtension" if fact.is_modifier else "extension"
        message = f"the extension {name} stands in {where}, and only there"
        context.error("structure", "extension-modifier", node.path, message)
    owner = _owner(node)
    if owner is not None and not any(_may_stand(owner, one, context.facts) for one in facts):
        allowed = ", ".join(sorted({expression for _, expression in fact.contexts})[:5])
        message = f"the extension {name} does not stand at {owner.element}; it is for {allowed}"
        context.error("structure", "extension-context", node.path, message)
    elif owner is not None:
        _conditions(context, node, owner, facts)
    contents = tuple(one.content for one in facts)
    _content(context, node, contents, chosen, name)


def _conditions(context: Context, node: Node, owner: Node, facts: tuple[ExtensionFact, ...]) -> None:
    """Look whether the element around is as one of the definitions wants it."""
    broken = ""
    for fact in facts:
        failing = [
            one for one in fact.invariants if not holds(one, owner.value, owner.type, node.value, context.release)
        ]
        if not failing:
            return
        broken = broken or failing[0]
    if broken:
        name = facts[0].url.removeprefix(HL7)
        message = f"the extension {name} is only for an element of which this is true: {broken[:_SHOWN]}"
        context.error("invariant", "extension-condition", node.path, message)


def _value(value: dict[str, Any]) -> str:
    for key in value:
        name = key.removeprefix("_")
        if name.startswith("value") and name != "value":
            return name
    return ""


def _content(context: Context, node: Node, contents: tuple[Part, ...], chosen: str, name: str) -> None:
    value: dict[str, Any] = node.value
    types = {kind for content in contents for kind in content.types}
    if chosen:
        kind = _type_of(chosen, types)
        if kind is None:
            wanted = ", ".join(sorted(types)[:5]) or "extensions inside it and no value"
            message = f"the extension {name} has {wanted}; {chosen} is none of them"
            context.error("structure", "extension-type", node.path, message)
        elif kind in _CODED:
            _value_code(context, node.path, contents, value.get(chosen), name)
    elif all(content.types and content.value_required and not content.parts for content in contents):
        message = f"the extension {name} holds a value, and there is none"
        context.error("required", "extension-value", node.path, message)
    _parts(context, node, contents, name)


def _type_of(chosen: str, types: set[str]) -> str | None:
    spelled = chosen[len("value") :]
    for kind in types:
        if kind == "*" or kind[:1].upper() + kind[1:] == spelled:
            return kind
    return None


def _value_code(context: Context, path: str, contents: tuple[Part, ...], value: object, name: str) -> None:
    """Look at a code against the value set that the extension requires."""
    codes = _codes(value)
    for content in contents:
        if content.binding is None or content.binding.strength != "required" or codes is None:
            return
        url = content.binding.value_set
        for system, code in codes:
            if value_sets.contains(url, context.supplied, context.release, system=system, code=code) is not False:
                return
    shown = repr(codes[0][1][:_SHOWN]) if codes else "what is there"
    message = f"{shown} is not a code that the extension {name} takes"
    context.error("code-invalid", "extension-code", path, message)


def _codes(value: object) -> list[tuple[str | None, str]] | None:
    """Return the codes of a value, those of a code without a system; None where it is none that could have one."""
    if isinstance(value, str):
        return [(None, value)]
    if value is None:
        return []  # only an extension of it is there
    if not isinstance(value, dict):
        return None
    listed = [value] if "system" in value or "code" in value else value.get("coding")
    return [
        (str(one.get("system") or ""), one["code"])
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and isinstance(one.get("code"), str)
    ]


def _parts(context: Context, node: Node, contents: tuple[Part, ...], name: str) -> None:
    held = node.value.get("extension")
    inside = held if isinstance(held, list) else []
    count: dict[str, int] = {}
    for number, one in enumerate(inside):
        url = one.get("url") if isinstance(one, dict) else None
        if not isinstance(url, str):
            continue
        path = f"{node.path}.extension[{number}]"
        known = tuple(content.parts[url] for content in contents if url in content.parts)
        if known:
            count[url] = count.get(url, 0) + 1
            _part(context, one, path, known, f"{name}#{url}")
        elif not _ABSOLUTE.fullmatch(url):
            message = f"the extension {name} has no part {url[:_SHOWN]!r}"
            context.error("structure", "extension-part", f"{path}.url", message)
    for url, part in contents[0].parts.items():
        times = count.get(url, 0)
        bounds = [content.parts[url] for content in contents if url in content.parts]
        if times < min(one.least for one in bounds):
            message = f"the extension {name} needs its part {url}"
            context.error("required", "extension-parts", node.path, message)
        most = max((one.most for one in bounds if one.most is not None), default=None)
        if part.most is not None and most is not None and times > most and all(one.most is not None for one in bounds):
            message = f"the extension {name} has its part {url} {times} times; at most {most}"
            context.error("structure", "extension-parts", node.path, message)


def _part(context: Context, value: dict[str, Any], path: str, known: tuple[Part, ...], name: str) -> None:
    chosen = _value(value)
    types = {kind for part in known for kind in part.types}
    kind = _type_of(chosen, types)
    if chosen and kind is None:
        wanted = ", ".join(sorted(types)[:5]) or "extensions inside it and no value"
        message = f"the part {name} has {wanted}; {chosen} is none of them"
        context.error("structure", "extension-type", path, message)
    elif kind in _CODED:
        _value_code(context, path, known, value.get(chosen), name)


def _owner(node: Node) -> Node | None:
    """Return the element that has the extension; of a primitive, the primitive."""
    owner = node.parent
    if owner is not None and owner.type == "Element" and owner.parent is not None and owner.parent.path == owner.path:
        return owner.parent
    return owner


def _may_stand(owner: Node, fact: ExtensionFact, facts: Facts) -> bool:
    if not fact.contexts:
        return True
    names: frozenset[str] | None = None
    for kind, expression in fact.contexts:
        if kind != "element" or expression.startswith(("http:", "https:")):
            return True  # what this cannot decide
        if names is None:
            names = _names(owner, facts)
        if expression.replace("[x]", "") in names:
            return True
    return False


def _names(owner: Node, facts: Facts) -> frozenset[str]:
    """Return everything that a definition can call an element: its types, and its paths from each type around it."""
    is_resource = owner.holder.value is owner.value
    names = {owner.type, *facts.bases(owner.type), *(_ANY_RESOURCE if is_resource else _ANY_ELEMENT)}
    if is_resource and "url" in facts.type(owner.type).properties:
        names |= _CANONICAL
    names.add(owner.element.replace("[x]", ""))
    tail = owner.element.rpartition(".")[2]
    at = owner.parent
    for _ in range(_DEEPEST):
        if at is None or tail == owner.element:
            break
        if at.type != "Element":
            names.add(f"{at.type}.{tail}".replace("[x]", ""))
            names.add(f"{at.element}.{tail}".replace("[x]", ""))
            tail = f"{at.element.rpartition('.')[2]}.{tail}"
        if at.holder.value is at.value:
            break
        at = at.parent
    if "." in owner.type:
        names.add("BackboneElement")
    return frozenset(names)
