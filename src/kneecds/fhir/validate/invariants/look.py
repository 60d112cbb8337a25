"""Look at every element: what binds its type, what binds any element, and what only the published expression says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.structure.definitions import HL7, type_profiles
from kneecds.fhir.validate.invariants import anywhere, published
from kneecds.fhir.validate.invariants.row import Kept, code
from kneecds.fhir.validate.invariants.table import by_type

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context
    from kneecds.fhir.validate.invariants.row import Invariant


def look(context: Context) -> None:
    """Say which invariants of the specification a document breaks."""
    bound = by_type(context.release).get
    kept = Kept(context.release)
    for node in context.nodes:
        rows = bound(node.type)
        if rows is not None:
            _rows(context, node, rows, kept)
        if node.value is None:
            if anywhere.without_content(node):
                message = "there is neither a value nor an extension here; leave the element out"
                context.error("invariant", "ele-1", node.path, message)
        elif node.type == "Quantity":
            if "comparator" in node.value:
                _simple_quantity(context, node)
        elif node.type == "Narrative":
            _narrative(context, node)
    for node in context.resources:
        _resource(context, node)
    published.look(context)


def _rows(context: Context, node: Node, rows: tuple[Invariant, ...], kept: Kept) -> None:
    for row in rows:
        place = row.broken(node, kept)
        if place is not None and (context.best_practice or not row.best_practice):
            context.say(row.severity, "invariant", row.id, f"{node.path}{place}", row.message)


def _simple_quantity(context: Context, node: Node) -> None:
    simple = ("Quantity", f"{HL7}SimpleQuantity")
    if simple in type_profiles(node.element, context.release):
        message = "a comparator such as < is not for this quantity, which is a plain amount"
        context.error("invariant", "sqty-1", f"{node.path}.comparator", message)


def _narrative(context: Context, node: Node) -> None:
    div = node.value.get("div")
    if isinstance(div, str):
        from kneecds.fhir import narrative  # noqa: PLC0415 - an XML parser is needed by no other rule

        for problem in narrative.problems(div):
            context.error("invariant", problem.rule, f"{node.path}.div", problem.message)


def _resource(context: Context, node: Node) -> None:
    value: dict[str, Any] = node.value
    held = value.get("contained")
    if not (held or context.best_practice) or not anywhere.is_domain_resource(node.type, context.facts):
        return
    if context.best_practice and not node.holder.is_contained and not anywhere.has_narrative(value):
        context.warn("invariant", "dom-6", node.path, anywhere.DOM_6)
    if not isinstance(held, list):
        return
    for number, inner in enumerate(held):
        if isinstance(inner, dict):
            _contained(context, node, inner, f"{node.path}.contained[{number}]")
    if not node.holder.is_contained:
        for number in anywhere.unreached(value):
            context.error("invariant", "dom-3", f"{node.path}.contained[{number}]", anywhere.DOM_3)


def _contained(context: Context, node: Node, inner: dict[str, Any], path: str) -> None:
    if anywhere.nested(inner):
        context.error("invariant", "dom-2", f"{path}.contained", anywhere.DOM_2)
    place = anywhere.versioned(inner)
    if place is not None:
        context.error("invariant", "dom-4", f"{path}{place}", anywhere.DOM_4)
    if anywhere.labelled(inner):
        context.error("invariant", "dom-5", f"{path}.meta.security", anywhere.DOM_5)
    if (
        context.release == "R4B"
        and code(inner, "resourceType") in anywhere.R4B_NEW
        and node.type not in anywhere.R4B_NEW
    ):
        message = "a type that R4B changed should not be contained in a resource that is as in R4"
        context.warn("invariant", "dom-r4b", path, message)
