"""References: spelled as they must be, leading to what is there, and to what may stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.references.canonicals import check_canonical, check_own_url
from kneecds.fhir.validate.references.contained import check_contained, check_element_ids
from kneecds.fhir.validate.references.links import check_links
from kneecds.fhir.validate.references.targets import check_reference

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Holder, Node
    from kneecds.fhir.validate.context import Context


_LOOKED_AT: Final = frozenset({"Reference", "canonical", "uri", "xhtml"})


def look(context: Context) -> None:
    """Add what is wrong with the references, canonicals, ids and links of a document."""
    nodes = context.nodes
    holders = context.holders
    check_contained(context, holders)
    check_element_ids(context)
    bundles = context.bundles
    contained = _contained(holders)
    texts: list[Node] = []
    for node in nodes:
        kind = node.type
        if kind not in _LOOKED_AT:
            continue
        if kind == "Reference":
            check_reference(context, node, bundles, contained)
        elif kind == "canonical":
            check_canonical(context, node)
        elif kind == "uri":
            if node.element.endswith(".url"):
                check_own_url(context, node)
        elif kind == "xhtml" and isinstance(node.value, str):
            texts.append(node)
    check_links(context, texts)


def _contained(holders: list[Holder]) -> dict[int, dict[str, Holder]]:
    """Return the contained resources of each resource by their ids; of two with one id, the first."""
    found: dict[int, dict[str, Any]] = {}
    for holder in holders:
        own = holder.value.get("id")
        if holder.is_contained and isinstance(own, str):
            found.setdefault(id(holder.container), {}).setdefault(own, holder)
    return found
