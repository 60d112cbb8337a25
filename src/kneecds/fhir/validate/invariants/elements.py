"""Invariants of ElementDefinition.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.invariants.row import (
    ALL,
    FIFTH,
    FIRST,
    FOURTH,
    LATER,
    Invariant,
    Kept,
    has,
    objects,
    repeated,
)  # fmt: skip
from kneecds.fhir.validate.invariants.shapes import needs, not_both, some

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.visit import Node

_BY_REFERENCE: Final = (
    "type", "defaultValue[x]", "fixed[x]", "pattern[x]", "example", "minValue[x]", "maxValue[x]", "maxLength", "binding",
)  # fmt: skip
_SLICE_NAME: Final = re.compile(r"[a-zA-Z0-9/\-_\[\]@]+")
_STEP: Final = r"""[^\s.,:;'"/|?!@#$%&*()\[\]{}]{1,64}"""
_PATH: Final = re.compile(rf"{_STEP}(?:\.{_STEP}(?:\[x\])?(?::[^\s.]+)?)*")
_USUAL_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*(?:\[x\])?)*")
_CANONICAL: Final = ("http:", "https", "urn:")


def _cardinality(node: Node, _kept: Kept) -> str | None:
    least, most = node.value.get("min"), node.value.get("max")
    if not isinstance(least, int) or not isinstance(most, str) or most == "*":
        return None
    return None if _small_number(most) and least <= int(most) else ".min"


def _small_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20  # noqa: PLR2004 - longer than any 64-bit number


def _most(node: Node, _kept: Kept) -> str | None:
    most = node.value.get("max")
    return None if not isinstance(most, str) or most == "*" or _small_number(most) else ".max"


def _by_reference(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if not has(value, "contentReference"):
        return None
    return ".contentReference" if any(has(value, name) for name in _BY_REFERENCE) else None


def _one_type(name: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        types = value.get("type")
        several = isinstance(types, list) and len(types) > 1
        return "" if several and has(value, name) else None

    return broken


def _distinct(name: str, key: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        all_of = objects(node.value, name)
        values = [(number, one[key]) for number, one in enumerate(all_of) if isinstance(one.get(key), str)]
        at = repeated([value for _, value in values])
        return None if at is None else f".{name}[{values[at][0]}].{key}"

    return broken


def _slice_name(node: Node, _kept: Kept) -> str | None:
    name = node.value.get("sliceName")
    return ".sliceName" if isinstance(name, str) and not _SLICE_NAME.fullmatch(name) else None


def _modifier_reason(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".isModifier" if value.get("isModifier") is True and not has(value, "isModifierReason") else None


def _path(pattern: re.Pattern[str]) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        path = node.value.get("path")
        return ".path" if isinstance(path, str) and not pattern.fullmatch(path) else None

    return broken


def _only_of(name: str, *codes: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        return f".{name}" if has(value, name) and value.get("code") not in codes else None

    return broken


def _value_set(*more: str) -> Callable[[Node, Kept], str | None]:
    starts = (*_CANONICAL, *more)

    def broken(node: Node, _kept: Kept) -> str | None:
        url = node.value.get("valueSet")
        return ".valueSet" if isinstance(url, str) and not url.startswith(starts) else None

    return broken


def _must_have_value(node: Node, _kept: Kept) -> str | None:
    value: dict[str, Any] = node.value
    return ".valueAlternatives" if value.get("mustHaveValue") is True and has(value, "valueAlternatives") else None


def _suppressed(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".suppress" if value.get("severity") == "error" and has(value, "suppress") else None


_E = "ElementDefinition"
_VALUE_SET = "the valueSet of a binding is a canonical url that starts with http:, https or urn:"
_TARGETS = "only Reference, canonical and (from R4B) CodeableReference have target profiles"
_AGGREGATION = "only a reference has an aggregation"

ROWS: Final[tuple[Invariant, ...]] = (
    Invariant(f"{_E}.slicing", "eld-1", FOURTH, some("discriminator", "description"), "a slicing has discriminators or a description"),
    Invariant(_E, "eld-2", ALL, _cardinality, "min is more than max"),
    Invariant(_E, "eld-3", ALL, _most, "max is a number or *"),
    Invariant(f"{_E}.type", "eld-4", FOURTH, _only_of("aggregation", "Reference", "canonical"), _AGGREGATION),
    Invariant(
        f"{_E}.type", "eld-4", FIFTH, _only_of("aggregation", "Reference", "canonical", "CodeableReference"), _AGGREGATION
    ),
    Invariant(_E, "eld-5", ALL, _by_reference, "an element that is defined by reference has no type, value, binding of its own"),
    Invariant(_E, "eld-6", ALL, _one_type("fixed[x]"), "an element with a fixed value has one type"),
    Invariant(_E, "eld-7", ALL, _one_type("pattern[x]"), "an element with a pattern has one type"),
    Invariant(_E, "eld-8", ALL, not_both("pattern[x]", "fixed[x]"), "a pattern and a fixed value exclude each other"),
    Invariant(f"{_E}.binding", "eld-12", FIRST, _value_set(), _VALUE_SET),
    Invariant(f"{_E}.binding", "eld-12", LATER, _value_set("#"), _VALUE_SET),
    Invariant(_E, "eld-13", ALL, _distinct("type", "code"), "the type stands twice; put all its profiles into one"),
    Invariant(_E, "eld-14", ALL, _distinct("constraint", "key"), "two constraints of the element have this key"),
    Invariant(
        _E, "eld-15", ALL, not_both("defaultValue[x]", "meaningWhenMissing"),
        "a default value and a meaning when missing exclude each other",
    ),
    Invariant(_E, "eld-16", ALL, _slice_name, "a sliceName has letters, digits and / - _ [ ] @ only"),
    Invariant(f"{_E}.type", "eld-17", FIRST, _only_of("targetProfile", "Reference", "canonical"), _TARGETS),
    Invariant(
        f"{_E}.type", "eld-17", LATER, _only_of("targetProfile", "Reference", "canonical", "CodeableReference"), _TARGETS
    ),
    Invariant(_E, "eld-18", ALL, _modifier_reason, "an element that is a modifier says why: isModifierReason"),
    Invariant(_E, "eld-19", ALL, _path(_PATH), "a path has names of at most 64 characters with points between"),
    Invariant(_E, "eld-20", ALL, _path(_USUAL_PATH), "a path should have names of letters and digits only", "warning"),
    Invariant(f"{_E}.constraint", "eld-21", ALL, some("expression"), "a constraint should have an expression", "warning"),
    Invariant(_E, "eld-22", ALL, needs("sliceIsConstraining", "sliceName"), "sliceIsConstraining needs a sliceName"),
    Invariant(
        f"{_E}.binding", "eld-23", FIFTH, some("description", "valueSet"), "a binding has a valueSet or a description"
    ),
    Invariant(f"{_E}.constraint", "eld-26", FIFTH, _suppressed, "an error cannot be suppressed"),
    Invariant(_E, "eld-28", FIFTH, _must_have_value, "an element that must have a value has no alternatives to it"),
)  # fmt: skip
