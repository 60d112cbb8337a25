"""Invariants of StructureDefinition.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.invariants.row import (
    ALL,
    FIFTH,
    LATER,
    Invariant,
    Kept,
    chosen,
    has,
    objects,
    repeated,
    texts,
)  # fmt: skip
from kneecds.fhir.validate.invariants.shapes import needs, some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.fhir.structure.visit import Node

_VIEWS: Final = ("snapshot", "differential")
_HL7: Final = "http://hl7.org/fhir/StructureDefinition"
_TYPE_CODE: Final = re.compile(r"[a-zA-Z0-9]+|http://hl7\.org/fhirpath/System\.[A-Z][A-Za-z]+")
_SNAPSHOT_TYPE_CODE: Final = re.compile(r"[a-zA-Z0-9.]+|http://hl7\.org/fhirpath/System\.[A-Z][A-Za-z]+")


def _of(value: dict[str, Any], view: str) -> list[dict[str, Any]]:
    held = value.get(view)
    return objects(held, "element") if isinstance(held, dict) else []


def _elements(value: dict[str, Any], *views: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for view in views or _VIEWS:
        for number, element in enumerate(_of(value, view)):
            yield f".{view}.element[{number}]", element


def _path(element: dict[str, Any]) -> str:
    path = element.get("path")
    return path if isinstance(path, str) else ""


def _is_root(element: dict[str, Any]) -> bool:
    path = _path(element)
    return path != "" and "." not in path


def _paths(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("derivation") == "constraint":
        return None
    at = repeated([_path(element) for element in _of(value, "snapshot")])
    return None if at is None else f".snapshot.element[{at}].path"


def _complete(node: Node, kept: Kept) -> str | None:
    if kept.release == "R5" and node.holder.value.get("kind") == "logical":
        return None
    for number, element in enumerate(objects(node.value, "element")):
        if not (has(element, "definition") and has(element, "min") and has(element, "max")):
            return f".element[{number}]"
    return None


def _based(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return None if value.get("abstract") is True or has(value, "baseDefinition") else ""


def _in_context(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("type") != "Extension" or value.get("derivation") == "specialization":
        return None
    return None if has(value, "context") else ""


def _starts(node: Node, _kept: Kept) -> str | None:
    holder = node.holder.value
    elements = objects(node.value, "element")
    if not elements:
        return None
    first = _path(elements[0])
    if holder.get("kind") != "logical" and first != holder.get("type"):
        return ".element[0].path"
    return _below(elements, f"{first}.")


def _starts_differential(node: Node, _kept: Kept) -> str | None:
    holder = node.holder.value
    elements = objects(node.value, "element")
    if not elements:
        return None
    first, kind = _path(elements[0]), holder.get("type")
    if holder.get("kind") != "logical" and isinstance(kind, str) and not first.startswith(kind):
        return ".element[0].path"
    return _below(elements, f"{first.partition('.')[0]}.")


def _below(elements: list[dict[str, Any]], start: str) -> str | None:
    for number, element in enumerate(elements):
        if number and not _path(element).startswith(start):
            return f".element[{number}].path"
    return None


def _with_base(node: Node, _kept: Kept) -> str | None:
    for number, element in enumerate(objects(node.value, "element")):
        if not has(element, "base"):
            return f".element[{number}]"
    return None


def _root_without(*names: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        for place, element in _elements(node.value):
            if _is_root(element):
                for name in names:
                    if has(element, name):
                        return f"{place}.{name}"
        return None

    return broken


def _bound(node: Node, _kept: Kept) -> str | None:
    for place, element in _elements(node.value, "snapshot"):
        binding = element.get("binding")
        if isinstance(binding, dict) and not has(binding, "valueSet") and not has(binding, "description"):
            return f"{place}.binding"
    return None


def _typed(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("kind") == "logical":
        return None
    elements = _of(value, "snapshot")
    return ".snapshot.element[0].path" if elements and _path(elements[0]) != value.get("type") else None


def _identified(node: Node, _kept: Kept) -> str | None:
    for place, element in _elements(node.value):
        if "id" not in element:
            return place
    return None


def _distinct_ids(view: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        at = repeated([str(element.get("id", number)) for number, element in enumerate(_of(node.value, view))])
        return None if at is None else f".{view}.element[{at}].id"

    return broken


def _untyped_root(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("kind") == "logical":
        return None
    elements = _of(value, "snapshot")
    return ".snapshot.element[0].type" if elements and has(elements[0], "type") else None


def _untyped_differential(node: Node, _kept: Kept) -> str | None:
    value = node.value
    elements = _of(value, "differential")
    if value.get("kind") == "logical" or not elements or not _is_root(elements[0]):
        return None
    return ".differential.element[0].type" if has(elements[0], "type") else None


def _invariant_of_extension(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".contextInvariant" if has(value, "contextInvariant") and value.get("type") != "Extension" else None


def _is_hl7(value: dict[str, Any]) -> bool:
    url = value.get("url")
    return isinstance(url, str) and url.startswith(_HL7)


def _core_types(node: Node, kept: Kept) -> str | None:
    value = node.value
    if not _is_hl7(value):
        return None
    for place, element in _elements(value):
        loose = place.startswith(".snapshot") and kept.release != "R5"
        pattern = _SNAPSHOT_TYPE_CODE if loose else _TYPE_CODE
        for number, one in enumerate(objects(element, "type")):
            code = one.get("code")
            if isinstance(code, str) and not pattern.fullmatch(code):
                return f"{place}.type[{number}].code"
    return None


def _root_slicing(node: Node, _kept: Kept) -> str | None:
    for place, element in _elements(node.value, "differential"):
        if _is_root(element) and has(element, "slicing"):
            return f"{place}.slicing"
    return None


def _defaults(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("derivation") == "specialization":
        return None
    for place, element in _elements(value, "differential"):
        if chosen(element, "defaultValue"):
            return place
    return None


def _hl7_defaults(node: Node, _kept: Kept) -> str | None:
    if _is_hl7(node.value):
        for place, element in _elements(node.value):
            if chosen(element, "defaultValue"):
                return place
    return None


def _sliced(node: Node, _kept: Kept) -> str | None:
    for place, element in _elements(node.value, "snapshot"):
        slicing = element.get("slicing")
        if isinstance(slicing, dict) and not has(slicing, "discriminator") and not has(slicing, "description"):
            return f"{place}.slicing"
    return None


def _fhir_types(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("derivation") != "specialization" or value.get("kind") not in ("resource", "complex-type"):
        return None
    for place, element in _elements(value, "differential"):
        least, most = element.get("min"), texts(element, "max")
        if (isinstance(least, int) and least > 1) or (most and most[0] not in ("1", "*")):
            return place
    return None


def _in_codeable_reference(inner: str, kind: str, *tells: str) -> Callable[[Node, Kept], str | None]:
    """Return the check that what a CodeableReference may hold is said at itself, not at its parts."""

    def broken(node: Node, kept: Kept) -> str | None:
        if kept.release != "R5":
            return None  # as R4B words it, it asks for the length of an element and never fails
        elements = objects(node.value, "element")
        paths = {_path(element) for element in elements if "CodeableReference" in _codes(element)}
        for number, element in enumerate(elements) if paths else ():
            path = _path(element)
            told = any(has(one, name) for name in tells for one in (element, *objects(element, "type")))
            if path.endswith(inner) and path[: -len(inner)] in paths and kind in _codes(element) and told:
                return f".element[{number}]"
        return None

    return broken


def _codes(element: dict[str, Any]) -> list[str]:
    return [code for one in objects(element, "type") for code in texts(one, "code")]


_S = "StructureDefinition"

ROWS: Final[tuple[Invariant, ...]] = (
    Invariant(_S, "sdf-1", ALL, _paths, "the path stands twice, in what is no constraint"),
    Invariant(f"{_S}.mapping", "sdf-2", ALL, some("name", "uri"), "a mapping has a name or a uri"),
    Invariant(f"{_S}.snapshot", "sdf-3", ALL, _complete, "an element of a snapshot has definition, min and max"),
    Invariant(_S, "sdf-4", ALL, _based, "what is not abstract has a baseDefinition"),
    Invariant(_S, "sdf-5", ALL, _in_context, "an extension says where it may be used: context"),
    Invariant(_S, "sdf-6", ALL, some("snapshot", "differential"), "there is a snapshot or a differential"),
    Invariant(f"{_S}.snapshot", "sdf-8", ALL, _starts, "the first path is the type, and all others are below it"),
    Invariant(f"{_S}.differential", "sdf-8a", ALL, _starts_differential, "all paths start with the type"),
    Invariant(f"{_S}.snapshot", "sdf-8b", ALL, _with_base, "an element of a snapshot has a base"),
    Invariant(
        _S, "sdf-9", ALL, _root_without("label", "code", "requirements"),
        "the root element has no label, code or requirements",
    ),
    Invariant(_S, "sdf-10", ALL, _bound, "a binding has a valueSet or a description"),
    Invariant(_S, "sdf-11", ALL, _typed, "the path of the first element is the type"),
    Invariant(_S, "sdf-14", ALL, _identified, "each element has an id"),
    Invariant(_S, "sdf-15", ALL, _untyped_root, "the root element has no type"),
    Invariant(_S, "sdf-15a", ALL, _untyped_differential, "the root element has no type"),
    Invariant(_S, "sdf-16", ALL, _distinct_ids("snapshot"), "the id of the element stands twice"),
    Invariant(_S, "sdf-17", ALL, _distinct_ids("differential"), "the id of the element stands twice"),
    Invariant(_S, "sdf-18", ALL, _invariant_of_extension, "only an extension has a contextInvariant"),
    Invariant(_S, "sdf-19", ALL, _core_types, "a definition of FHIR itself uses types of FHIR only"),
    Invariant(_S, "sdf-20", ALL, _root_slicing, "the root element is not sliced"),
    Invariant(_S, "sdf-21", ALL, _defaults, "only a specialization has default values"),
    Invariant(_S, "sdf-22", ALL, _hl7_defaults, "a definition of FHIR itself has no default values"),
    Invariant(_S, "sdf-23", ALL, _root_without("sliceName"), "the root element has no sliceName"),
    Invariant(
        f"{_S}.snapshot", "sdf-24", LATER, _in_codeable_reference(".reference", "Reference", "targetProfile"),
        "what a CodeableReference may lead to is said at itself, not at its reference",
    ),
    Invariant(
        f"{_S}.snapshot", "sdf-25", LATER, _in_codeable_reference(".concept", "CodeableConcept", "binding"),
        "the codes of a CodeableReference are bound at itself, not at its concept",
    ),
    Invariant(_S, "sdf-27", FIFTH, needs("baseDefinition", "derivation"), "a baseDefinition needs a derivation"),
    Invariant(_S, "sdf-28", FIFTH, _sliced, "a slicing has discriminators or a description"),
    Invariant(
        _S, "sdf-29", FIFTH, _fhir_types, "elements of types should have 0 or 1 as min, and 1 or * as max", "warning"
    ),
)  # fmt: skip
