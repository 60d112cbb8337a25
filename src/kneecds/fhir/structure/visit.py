"""Walk what is sound of a resource: every element with its type, its place and the resource that it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.fhir.structure.primitives import STRINGS, wrong_kind

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Facts, Property, TypeFacts


class Holder:
    """A resource in its place: alone, in a Bundle's entry, or contained in another."""

    __slots__ = ("container", "entry", "kind", "path", "value")

    def __init__(
        self, value: dict[str, Any], kind: str, path: str, container: Holder | None = None, entry: int | None = None
    ) -> None:
        """Keep the parts."""
        self.value = value
        self.kind = kind
        self.path = path
        self.container = container
        """The resource whose `contained` (or entry, then `entry` is its number) this is."""
        self.entry = entry

    @property
    def is_contained(self) -> bool:
        """Whether it stands in `contained` of another resource."""
        return self.container is not None and self.entry is None

    @property
    def root(self) -> Holder:
        """The resource that is not contained: what FHIRPath calls %rootResource."""
        return self.container.root if self.container is not None and self.entry is None else self


class Node(NamedTuple):
    """One element, or one item of a repeating one."""

    path: str
    """FHIRPath of its place in the document, such as `Bundle.entry[0].resource.value.ofType(Quantity)`."""
    element: str
    """Its place in the definition, such as `Observation.value[x]`; a resource's own node has the type's name."""
    type: str
    """Its type: `Quantity`, `code`, `Observation.component`; of a resource, its kind."""
    value: Any
    """The object of a complex type or the JSON value of a primitive; None if a primitive has only extensions."""
    companion: dict[str, Any] | None
    """Of a primitive: its `_name` with id and extension."""
    holder: Holder
    parent: Node | None
    """The node of the element around it, also across `contained` and `entry.resource`."""
    property: Property | None
    """Its facts; None for a document's outermost resource."""


_new: Final = tuple.__new__
"""Makes a node without the call that a named tuple makes of it; documents have thousands."""


def visit(resource: object, facts: Facts, path: str | None = None) -> list[Node]:
    """Return every sound node of a resource in document order; what has no right shape is passed over, never raised.

    Elements of unknown names, values of the wrong JSON kind and unknown resource types are the business of
    `structure.check`; they and what is below them are left out here.
    """
    found: list[Node] = []
    if isinstance(resource, dict):
        kind = resource.get("resourceType")
        if isinstance(kind, str) and kind in facts.resource_types:
            holder = Holder(resource, kind, path or kind)
            node = Node(holder.path, kind, kind, resource, None, holder, None, None)
            found.append(node)
            _members(node, facts.type(kind), facts, found)
    return found


def _members(parent: Node, type_facts: TypeFacts, facts: Facts, found: list[Node]) -> None:
    properties = type_facts.properties
    path, _, owner, value, _, holder, *_ = parent
    for name, inner in value.items():
        of = properties.get(name)
        if of is None:
            if name[:1] == "_" and name[1:] not in value:
                alone = properties.get(name[1:])
                if alone is not None and alone.has_companion:
                    _property(parent, alone, None, inner, facts, found)
            continue
        kind = of.type
        if inner.__class__ is str and kind in STRINGS and not of.many and "_" + name not in value:
            # most of what there is: it costs no call
            found.append(
                _new(Node, (f"{path}.{of.step}", f"{owner}.{of.element}", kind, inner, None, holder, parent, of))
            )
        elif inner.__class__ is dict and not of.many and not of.is_primitive and kind != "Resource":
            node = _new(Node, (f"{path}.{of.step}", f"{owner}.{of.element}", kind, inner, None, holder, parent, of))
            found.append(node)
            _members(node, facts.type(kind), facts, found)
        else:
            _property(parent, of, inner, value.get("_" + name) if of.has_companion else None, facts, found)


def _property(parent: Node, of: Property, value: object, beside: object, facts: Facts, found: list[Node]) -> None:
    path = f"{parent.path}.{of.step}"
    if not of.many:
        if not isinstance(value, list):
            _one(parent, of, path, value, beside, facts, found, None)
        return
    values = value if isinstance(value, list) else []
    if beside is None and not of.is_primitive and of.type != "Resource":
        element, of_type, holder = f"{parent.type}.{of.element}", facts.type(of.type), parent.holder
        for index, one in enumerate(values):
            if isinstance(one, dict):
                node = _new(Node, (f"{path}[{index}]", element, of.type, one, None, holder, parent, of))
                found.append(node)
                _members(node, of_type, facts, found)
        return
    besides = beside if isinstance(beside, list) else []
    for index in range(max(len(values), len(besides))):
        _one(
            parent, of, f"{path}[{index}]",
            values[index] if index < len(values) else None,
            besides[index] if index < len(besides) else None,
            facts, found, index,
        )  # fmt: skip


def _one(
    parent: Node,
    of: Property,
    path: str,
    value: Any,  # noqa: ANN401 - JSON
    beside: object,
    facts: Facts,
    found: list[Node],
    index: int | None,
) -> None:
    owner = parent.type
    element = f"{owner}.{of.element}"
    if of.is_primitive:
        companion = beside if isinstance(beside, dict) else None
        if value is not None and wrong_kind(of.type, value):
            value = None
        if value is None and companion is None:
            return
        node = Node(path, element, of.type, value, companion, parent.holder, parent, of)
        found.append(node)
        if companion is not None:
            inside = Node(path, element, "Element", companion, None, parent.holder, node, of)
            _members(inside, facts.type("Element"), facts, found)
        return
    if not isinstance(value, dict):
        return
    if of.type == "Resource":
        kind = value.get("resourceType")
        if not isinstance(kind, str) or kind not in facts.resource_types:
            return
        number = index if of.name == "contained" else _entry_number(parent)
        holder = Holder(value, kind, path, parent.holder, None if of.name == "contained" else number)
        node = Node(path, kind, kind, value, None, holder, parent, of)
        found.append(node)
        _members(node, facts.type(kind), facts, found)
        return
    node = Node(path, element, of.type, value, None, parent.holder, parent, of)
    found.append(node)
    _members(node, facts.type(of.type), facts, found)


def _entry_number(parent: Node) -> int:
    """Return the number of the Bundle entry that a resource stands in; 0 where something else holds it."""
    _, _, tail = parent.path.rpartition("[")
    return int(tail[:-1]) if tail[:-1].isdigit() else 0
