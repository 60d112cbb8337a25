"""Canonical URLs: what names a definition, and what refers to one (https://hl7.org/fhir/R4/references.html#canonical)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.validate.references.spelling import is_absolute

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context

_SHOWN: Final = 60


def check_canonical(context: Context, node: Node) -> None:
    """Look whether a canonical is absolute, or the fragment of a contained resource."""
    value = node.value
    if isinstance(value, str) and value and not value.startswith("#") and not is_absolute(value):
        context.error(
            "value", "reference-canonical", node.path,
            f"{value[:_SHOWN]!r} is neither an absolute URL nor the #id of a contained resource",
        )  # fmt: skip


def check_own_url(context: Context, node: Node) -> None:
    """Look whether the url of a definition is absolute: others know it by that."""
    value = node.value
    owner = node.parent
    if (
        isinstance(value, str)
        and value
        and owner is not None
        and owner.value is node.holder.value
        and "experimental" in context.facts.type(owner.type).properties
        and not is_absolute(value)
    ):
        context.error(
            "value",
            "reference-canonical-url",
            node.path,
            f"the url {value[:_SHOWN]!r} of this {owner.type} is not absolute",
        )
