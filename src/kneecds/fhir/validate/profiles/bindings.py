"""Codes against the value sets that a profile binds (https://hl7.org/fhir/R4/terminologies.html#strength)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.terminology import value_sets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.fhir.profiles.branch import Definition
    from kneecds.fhir.validate.profiles.element import Check, Item
    from kneecds.fhir.validate.profiles.walk import Walk

_LARGEST: Final = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
Pair = tuple[str | None, str]


def bound(definition: Definition, base: tuple[str, str] | None) -> Check | None:
    """Check a binding, unless the specification itself has it (then `base` is its strength and value set)."""
    binding = definition.get("binding")
    if not isinstance(binding, dict):
        return None
    strength, canonical = binding.get("strength"), binding.get("valueSet")
    largest = _largest(binding)
    if not isinstance(canonical, str) or (base is not None and base == (strength, canonical.partition("|")[0])):
        strength = ""
    if strength not in ("required", "extensible") and not largest:
        return None
    required: str = largest or (str(canonical) if strength == "required" else "")
    wished = str(canonical) if strength == "extensible" else ""

    def check(walk: Walk, item: Item) -> None:
        verdict = among(walk, item.value, item, required) if required else None
        if verdict is False:
            walk.error("code-invalid", "profile-binding", item.path, _message(item.value, required))
        elif required and verdict is None and any(True for _ in codes_of(item.value)):
            message = f"whether the code is in the value set {_named(required)} cannot be decided with what is at hand"
            walk.remark("not-supported", "profile-binding-undecided", item.path, message)
        elif wished and among(walk, item.value, item, wished) is False:
            message = _message(item.value, wished)
            walk.warn("code-invalid", "profile-binding-extensible", item.path, message)

    return check


def _largest(binding: dict[str, Any]) -> str:
    extensions = binding.get("extension")
    for one in extensions if isinstance(extensions, list) else ():
        if isinstance(one, dict) and one.get("url") == _LARGEST:
            value = one.get("valueCanonical") or one.get("valueUri")
            return value if isinstance(value, str) else ""
    return ""


def among(walk: Walk, value: object, item: Item, canonical: str) -> bool | None:
    """Whether a coded value is in a value set: one of its codes is; None where that cannot be said."""
    pairs = list(codes_of(value))
    if not pairs:
        return False if isinstance(value, dict) and ("coding" in value or "text" in value) else None
    context = walk.context
    contained = item.holder.root.value.get("contained")
    verdicts = [
        value_sets.contains(
            canonical, context.supplied, context.release, system=system, code=code,
            contained=contained if isinstance(contained, list) else (),
        )
        for system, code in pairs
    ]  # fmt: skip
    if True in verdicts:
        return True
    return None if None in verdicts else False


def codes_of(value: object) -> Iterator[Pair]:
    """Yield each system and code of a code, Coding, Quantity or CodeableConcept."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        concept = value.get("coding") or value.get("concept")
        if isinstance(concept, dict):  # a CodeableReference
            yield from codes_of(concept)
        elif isinstance(concept, list):
            for one in concept:
                if isinstance(one, dict):
                    yield from codes_of(one)
        elif isinstance(value.get("code"), str):
            system = value.get("system")
            yield system if isinstance(system, str) else "", value["code"]


def _message(value: object, canonical: str) -> str:
    named = _named(canonical)
    codes = [f"{system}#{code}" if system else code for system, code in codes_of(value)]
    if not codes:
        return f"has no code, and one of the value set {named} is wanted"
    return f"{codes[0][:60]} is not in the value set {named}"


def _named(canonical: str) -> str:
    return canonical.partition("|")[0].rpartition("/")[2][:60]
