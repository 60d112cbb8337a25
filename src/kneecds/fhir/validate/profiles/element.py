"""A profile as it is checked: a tree of the elements that it says something of, each with its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.profiles.branch import Branch
    from kneecds.fhir.structure.visit import Holder
    from kneecds.fhir.validate.profiles.walk import Walk


class Item(NamedTuple):
    """One element of a resource under validation."""

    path: str
    value: Any
    """The object, or the JSON value of a primitive; None if that has only extensions."""
    companion: dict[str, Any] | None
    type: str
    """As in the facts: `Quantity`, `Observation.component`; of a resource, its kind."""
    holder: Holder


Check: TypeAlias = "Callable[[Walk, Item], None]"
Criterion: TypeAlias = "Callable[[Walk, Item, int], bool | None]"
"""Whether an item, with its number among its like, is what a discriminator asks for; None: that cannot be said."""


class Element:
    """What a profile says of one element, or of one slice of it."""

    __slots__ = ("checks", "children", "least", "most", "must_support", "name", "slicing", "step", "types")

    def __init__(self, name: str) -> None:
        """Say nothing yet."""
        self.name = name
        """As in the definition: `value[x]`."""
        self.step = name.removesuffix("[x]")
        self.least = 0
        self.most: int | None = None
        self.types: frozenset[str] | None = None
        """The only types that it may have; None where the base allows no others."""
        self.checks: tuple[Check, ...] = ()
        self.children: tuple[Element, ...] = ()
        self.slicing: Slicing | None = None
        self.must_support = False

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to check that the base specification does not check."""
        bound = self.least or self.most is not None or self.types is not None or self.must_support
        return not (bound or self.checks or self.children or self.slicing)


class Slice(NamedTuple):
    """One slice: what belongs to it, and what must hold for that."""

    name: str
    criteria: tuple[Criterion, ...] | None
    """None where its definition does not tell what belongs to it."""
    url: str
    """Of an extension that is told by its url alone."""
    element: Element


class Slicing(NamedTuple):
    """How the items of an element fall into slices."""

    slices: tuple[Slice, ...]
    by_url: dict[str, int] | None
    """Numbers of the slices by the url of extensions, where nothing else tells them apart."""
    rest: Slice | None
    """`@default`: what fits no other slice."""
    rules: str
    is_ordered: bool


class Profile(NamedTuple):
    """A compiled profile."""

    url: str
    name: str
    type: str
    is_abstract: bool
    is_extension: bool
    root: Element
    branch: Branch
    """Its definition, for what stands on it."""
