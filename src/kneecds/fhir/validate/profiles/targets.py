"""What references lead to within a document, and whether that is what a profile wants there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.profiles.snapshot import CORE
from kneecds.fhir.validate.profiles.element import Item

if TYPE_CHECKING:
    from kneecds.fhir.profiles.branch import Definition
    from kneecds.fhir.structure.visit import Holder
    from kneecds.fhir.validate.context import Context
    from kneecds.fhir.validate.profiles.element import Check
    from kneecds.fhir.validate.profiles.walk import Walk

_RELATIVE: Final = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.\-]{1,64}(?:/_history/[A-Za-z0-9.\-]{1,64})?")
_HISTORY: Final = "/_history/"


class Targets:
    """The resources of a document by what references say of them."""

    def __init__(self, context: Context) -> None:
        """Read who is there."""
        self._context = context
        self._by_value: dict[int, Holder] = {}
        self._by_url: dict[str, Holder] = {}
        self._by_id: dict[str, Holder | None] = {}
        for node in context.resources:
            holder = node.holder
            self._by_value[id(holder.value)] = holder
            if holder.is_contained:
                continue
            own = holder.value.get("id")
            if isinstance(own, str):
                key = f"{holder.kind}/{own}"
                self._by_id[key] = None if key in self._by_id else holder
            url = node.parent.value.get("fullUrl") if node.parent is not None and holder.entry is not None else None
            if isinstance(url, str):
                self._by_url.setdefault(url, holder)

    def holder(self, value: dict[str, Any]) -> Holder | None:
        """Return a resource in its place."""
        return self._by_value.get(id(value))

    def _found(self, reference: str, holder: Holder) -> Holder | None:
        if reference.startswith("#"):
            root = holder.root
            if reference == "#":
                return root
            contained = root.value.get("contained")
            for one in contained if isinstance(contained, list) else ():
                if isinstance(one, dict) and one.get("id") == reference[1:]:
                    return self.holder(one)
            return None
        reference = reference.partition(_HISTORY)[0]
        return self._by_url.get(reference) or self._by_id.get(reference)

    def resource(self, reference: str, holder: Holder) -> dict[str, Any] | None:
        """Return the resource of a reference that stands in another."""
        found = self._found(reference, holder)
        return found.value if found is not None else None

    def find(self, item: Item) -> Item | None:
        """Return the resource that a Reference, or a uri or canonical, leads to."""
        reference = item.value.get("reference") if isinstance(item.value, dict) else item.value
        if not isinstance(reference, str):
            return None
        found = self._found(reference, item.holder)
        return None if found is None else Item(found.path, found.value, None, found.kind, found)


def kind_of(walk: Walk, item: Item) -> tuple[str, Item | None]:
    """Return the type that a reference leads to, empty where it does not tell, and the resource if it is at hand."""
    found = walk.target(item)
    if found is not None:
        return found.type, found
    if not isinstance(item.value, dict):
        return "", None
    reference = item.value.get("reference")
    match = _RELATIVE.fullmatch(reference) if isinstance(reference, str) and len(reference) < 2000 else None  # noqa: PLR2004
    if match is not None and match[1] in walk.context.facts.resource_types:
        return match[1], None
    return "", None


def targeted(definition: Definition, base: tuple[str, ...]) -> Check | None:
    """Check what references may lead to, where a profile allows less than the specification does (`base`)."""
    allowed = [
        target
        for of in definition.get("type", ())
        if isinstance(of, dict) and of.get("code") in ("Reference", "CodeableReference")
        for target in (of.get("targetProfile") or ())
        if isinstance(target, str)
    ]
    plain = {target.removeprefix(CORE) for target in allowed}
    if not allowed or "Resource" in plain or plain == set(base):
        return None

    def check(walk: Walk, item: Item) -> None:
        if not isinstance(item.value, dict):
            return
        inner = item.value.get("reference")
        if isinstance(inner, dict):  # a CodeableReference
            item = Item(f"{item.path}.reference", inner, None, "Reference", item.holder)
        kind, found = kind_of(walk, item)
        if not kind:
            return
        possible = [
            target
            for target in allowed
            if (walk.compiler.type_of(target) or kind) in (kind, "Resource", "DomainResource")
        ]
        if not possible:
            names = ", ".join(sorted(target.rpartition("/")[2][:40] for target in allowed)[:5])
            message = f"leads to a {kind}; the profile wants {names}"
            walk.error("structure", "profile-target", item.path, message)
        elif found is not None and all(walk.conforms(found, target) is False for target in possible):
            names = ", ".join(sorted(target.rpartition("/")[2][:40] for target in possible)[:5])
            message = f"leads to {found.path[:60]}, which does not fit the profile {names}"
            walk.error("structure", "profile-target", item.path, message)

    return check
