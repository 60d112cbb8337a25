"""Contained resources and the ids inside one resource (https://hl7.org/fhir/R4/references.html#contained)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Holder
    from kneecds.fhir.validate.context import Context

_SHOWN = 40


def check_contained(context: Context, holders: list[Holder]) -> None:
    """Look for contained resources that nothing can refer to: without an id, or with that of another."""
    seen: dict[int, set[str]] = {}
    for holder in holders:
        if not holder.is_contained or holder.container is None:
            continue
        own = holder.value.get("id")
        if not isinstance(own, str):
            if "id" not in holder.value:
                context.error(
                    "required", "reference-contained-id", holder.path,
                    f"the contained {holder.kind} has no id, so nothing can refer to it",
                )  # fmt: skip
            continue
        others = seen.setdefault(id(holder.container), set())
        if own in others:
            context.error(
                "duplicate", "reference-contained-duplicate", f"{holder.path}.id",
                f"two contained resources have the id {own[:_SHOWN]}",
            )  # fmt: skip
        others.add(own)


_TWICE: Final = frozenset({"StructureDefinition.snapshot.element", "StructureDefinition.differential.element"})
"""An element of a profile has one id in both of its views; https://hl7.org/fhir/R4/elementdefinition.html#id."""


def check_element_ids(context: Context) -> None:
    """Look for elements of one resource that share an id; contained resources and entries count on their own."""
    seen: dict[int, set[str]] = {}
    for node in context.nodes:
        value = node.value
        if value.__class__ is not dict:
            value = node.companion
        if value is None or "id" not in value:
            continue
        own = value["id"]
        if not isinstance(own, str) or value is node.holder.value or node.element in _TWICE:
            continue
        others = seen.setdefault(id(node.holder), set())
        if own in others:
            context.error(
                "duplicate", "reference-element-id", f"{node.path}.id",
                f"another element of this resource has the id {own[:_SHOWN]} too",
            )  # fmt: skip
        others.add(own)
