"""Invariants that have no function of their own: their published expression is evaluated."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kneecds.fhir import fhirpath
from kneecds.fhir.structure.definitions import constraints
from kneecds.fhir.validate.invariants.row import objects
from kneecds.fhir.validate.invariants.table import ANYWHERE, own_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.definitions import Constraint
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context

    Resolve = Callable[[str, Node], dict[str, Any] | None]


@lru_cache(maxsize=1024)
def remaining(kind: str, release: Release) -> dict[str, tuple[Constraint, ...]]:
    """Return the constraints of a resource type that nothing else here looks at, by the element they are on."""
    own = own_keys(release)
    found: dict[str, list[Constraint]] = {}
    for constraint in constraints(kind, release):
        known = constraint.key in ANYWHERE or (kind, constraint.key) in own
        if not known and constraint.expression:
            found.setdefault(constraint.path, []).append(constraint)
    return {path: tuple(several) for path, several in found.items()}


def look(context: Context) -> None:
    """Evaluate what remains of each resource; what cannot be evaluated is no fault of the document."""
    remains = {kind: remaining(kind, context.release) for kind in {node.type for node in context.resources}}
    if not any(remains.values()):
        return
    resolve = _resolver(context)
    for node in context.nodes:
        by_element = remains[node.holder.kind]
        if by_element:
            for constraint in by_element.get(node.element) or by_element.get(node.type) or ():
                _evaluate(context, node, constraint, resolve)


def _resolver(context: Context) -> Resolve:
    """Find what a reference leads to within the document."""
    known: dict[str, dict[str, Any]] = {}
    for node in context.resources:
        own = node.value.get("id")
        if node.holder.entry is not None and isinstance(own, str):
            known.setdefault(f"{node.type}/{own}", node.value)
            url = node.parent.value.get("fullUrl") if node.parent is not None else None
            if isinstance(url, str):
                known.setdefault(url, node.value)

    def resolve(reference: str, node: Node) -> dict[str, Any] | None:
        if reference[:1] != "#":
            return known.get(reference)
        root = node.holder.root.value
        if reference == "#":
            return root
        for inner in objects(root, "contained"):
            if inner.get("id") == reference[1:]:
                return inner
        return None

    return resolve


def _evaluate(context: Context, node: Node, constraint: Constraint, resolve: Resolve) -> None:
    if node.value is None or (constraint.best_practice and not context.best_practice):
        return
    root: dict[str, Any] = node.holder.root.value
    truth = fhirpath.holds(
        constraint.expression,
        node.value,
        context.release,
        base=node.type,
        resource=node.holder.value,
        root=root,
        resolve=lambda reference: resolve(reference, node),
    )
    if truth is False:
        say = context.error if constraint.severity == "error" else context.warn
        message = f"{constraint.key} of the specification of {node.holder.kind} does not hold here"
        say("invariant", "constraint", node.path, message)
