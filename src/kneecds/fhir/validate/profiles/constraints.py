"""Constraints that a profile adds, as FHIRPath (https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.constraint)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.structure import definitions

if TYPE_CHECKING:
    from kneecds.fhir.profiles.branch import Definition
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.profiles.element import Check, Item
    from kneecds.fhir.validate.profiles.walk import Walk

_EVERYWHERE: Final = frozenset({"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "dom-r4b"})
_BEST_PRACTICE: Final = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice"


def constraints(definition: Definition, types: tuple[str, ...], release: Release) -> list[Check]:
    """Return the checks of the constraints that are the profile's own: those of the types are checked with them."""
    listed = definition.get("constraint")
    return [
        _check(
            one["key"], one["expression"], one.get("severity") == "error", _is_advice(one), str(one.get("human", ""))
        )
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("key"), str)
        and isinstance(one.get("expression"), str)
        and not _is_of_the_type(one, types, release)
    ]


def _is_of_the_type(constraint: dict[str, Any], types: tuple[str, ...], release: Release) -> bool:
    key = constraint["key"]
    return key in _EVERYWHERE or any(key in _keys(name, release) for name in types)


@lru_cache(maxsize=1024)
def _keys(type_name: str, release: Release) -> frozenset[str]:
    try:
        return frozenset(one.key for one in definitions.constraints(type_name, release))
    except KeyError:
        return frozenset()


def _is_advice(constraint: dict[str, Any]) -> bool:
    extensions = constraint.get("extension")
    return any(
        isinstance(one, dict) and one.get("url") == _BEST_PRACTICE and one.get("valueBoolean") is True
        for one in (extensions if isinstance(extensions, list) else ())
    )


def _check(key: str, expression: str, is_error: bool, is_advice: bool, human: str) -> Check:  # noqa: FBT001 - two facts of one constraint
    said = f"{key}: {human[:160]}" if human else f"the constraint {key} of the profile does not hold"

    def check(walk: Walk, item: Item) -> None:
        if item.value is None or (is_advice and not walk.context.best_practice):
            return
        if walk.holds(expression, item) is False:
            if is_error and not is_advice:
                walk.error("invariant", "profile-constraint", item.path, said)
            else:
                walk.warn("invariant", "profile-constraint-warning", item.path, said)

    return check
