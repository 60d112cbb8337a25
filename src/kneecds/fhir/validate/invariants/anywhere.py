"""Invariants of every element and of every resource.

https://hl7.org/fhir/R4/domainresource.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.invariants.row import has

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Facts
    from kneecds.fhir.structure.visit import Node

_WORDS: Final = frozenset({"display", "div", "text", "valueString", "valueMarkdown"})
"""Elements with words for people; a # at their start is no reference."""
DOM_2: Final = "a contained resource contains resources; list them all in the outermost one"
DOM_3: Final = "nothing refers to this contained resource, and it does not refer to its container with #"
DOM_4: Final = "a contained resource has no versions of its own: leave meta.versionId and meta.lastUpdated out"
DOM_5: Final = "a contained resource has no security label of its own: leave meta.security out"
DOM_6: Final = "a resource should have a narrative that a human can read"
R4B_NEW: Final = frozenset(
    {
        "Citation", "Evidence", "EvidenceReport", "EvidenceVariable", "MedicinalProductDefinition",
        "PackagedProductDefinition", "AdministrableProductDefinition", "Ingredient", "ClinicalUseDefinition",
        "RegulatedAuthorization", "SubstanceDefinition", "SubscriptionStatus", "SubscriptionTopic",
    }
)  # fmt: skip
"""Types that R4B made anew, which resources that are as in R4 should not contain."""


def nested(inner: dict[str, Any]) -> bool:
    """Whether a contained resource contains others itself (dom-2)."""
    return "contained" in inner


def versioned(inner: dict[str, Any]) -> str | None:
    """Return the part of its meta that a contained resource must not have (dom-4)."""
    meta = inner.get("meta")
    if isinstance(meta, dict):
        for name in ("versionId", "lastUpdated"):
            if has(meta, name):
                return f".meta.{name}"
    return None


def labelled(inner: dict[str, Any]) -> bool:
    """Whether a contained resource has a security label (dom-5)."""
    meta = inner.get("meta")
    return isinstance(meta, dict) and "security" in meta


def unreached(resource: dict[str, Any]) -> list[int]:
    """Return the numbers of contained resources that nothing leads to and that do not lead back (dom-3).

    Being referred to by another contained resource counts where that one is reached itself; those that refer to each
    other in a ring are let be.
    """
    held = resource.get("contained")
    inside = held if isinstance(held, list) else []
    reached, _ = _local({name: part for name, part in resource.items() if name != "contained"})
    leads: dict[str, set[str]] = {}
    waiting = list(reached)
    for inner in inside:
        if isinstance(inner, dict):
            targets, back = _local(inner)
            own = inner.get("id")
            name = own if isinstance(own, str) else ""
            leads[name] = (leads.get(name, set()) | targets) - {name}
            if back:
                waiting.append(name)
    seen: set[str] = set()
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += leads.get(at, ())
    alone = _led_to_by_none({name: targets for name, targets in leads.items() if name not in seen})
    return [
        number for number, inner in enumerate(inside) if isinstance(inner, dict) and str(inner.get("id") or "") in alone
    ]


def _led_to_by_none(leads: dict[str, set[str]]) -> set[str]:
    """Return those that no ring leads to."""
    count = dict.fromkeys(leads, 0)
    for targets in leads.values():
        for target in targets & count.keys():
            count[target] += 1
    waiting = [name for name, many in count.items() if many == 0]
    alone: set[str] = set()
    while waiting:
        at = waiting.pop()
        alone.add(at)
        for target in leads[at] & count.keys():
            count[target] -= 1
            if count[target] == 0:
                waiting.append(target)
    return alone


def _local(value: object) -> tuple[set[str], bool]:
    """Return the ids that `#id` names below a value, and whether `#` alone, the container, is there."""
    found: set[str] = set()
    waiting: list[object] = [value]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict):
            waiting += [part for name, part in at.items() if name not in _WORDS or not isinstance(part, str)]
            div = at.get("div")
            if isinstance(div, str) and "#" in div:
                found.update(_linked(div))
        elif isinstance(at, list):
            waiting += at
        elif isinstance(at, str) and at[:1] == "#":
            found.add(at[1:])
    return found - {""}, "" in found


def _linked(div: str) -> set[str]:
    """Return the ids that the links and images of a narrative name."""
    from kneecds.fhir import narrative  # noqa: PLC0415 - an XML parser is needed only where something is contained

    read = narrative.read(div)
    return {link[1:] for link in (*read.links, *read.images) if link[:1] == "#"}


def without_content(node: Node) -> bool:
    """Whether a primitive has neither a value nor anything but an id beside it (ele-1)."""
    companion = node.companion
    return node.value is None and companion is not None and not (companion.keys() - {"id"})


def has_narrative(value: dict[str, Any]) -> bool:
    """Whether there is a narrative."""
    text = value.get("text")
    return isinstance(text, dict) and has(text, "div")


def is_domain_resource(kind: str, facts: Facts) -> bool:
    """Whether a resource of this type can contain others and has a narrative."""
    return "contained" in facts.type(kind).properties
