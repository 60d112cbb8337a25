"""Documents and messages: what the first entry names must be there, and what is there must hang together.

https://hl7.org/fhir/R4/documents.html#content and https://hl7.org/fhir/R4/messaging.html#bundle
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.validate.references import spelling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.fhir.structure.visit import Holder, Node
    from kneecds.fhir.validate.context import Context
    from kneecds.fhir.validate.references.lookup import Entry, Lookup, Lookups

_SHOWN: Final = 60
_HEADS: Final = {"document": "Composition", "message": "MessageHeader"}
_MUST_BE_THERE: Final = frozenset(
    {
        "Composition.subject",
        "Composition.encounter",
        "Composition.author",
        "Composition.attester.party",
        "Composition.custodian",
        "Composition.event.detail",
        "Composition.section.author",
        "Composition.section.focus",
        "Composition.section.entry",
        "MessageHeader.focus",
    }
)
_ADDRESSES: Final = frozenset({"uri", "url"})


def check_reach(context: Context, bundles: Lookups) -> None:
    """Look at every document and message among the Bundles."""
    hung = {
        id(holder): bundles.of(holder)
        for holder in context.holders
        if holder.kind == "Bundle" and bundles.of(holder).kind in _HEADS
    }
    if not hung:
        return
    leads: dict[str, list[list[int]]] = {lookup.path: [[] for _ in lookup.entries] for lookup in hung.values()}
    for node in context.nodes:
        if node.type != "Reference" and node.type not in _ADDRESSES:
            continue
        around = bundles.around(node.holder)
        if around is None or around[0].path not in leads:
            continue
        lookup, entry = around
        targets = (
            _reference(context, node, lookup, entry) if node.type == "Reference" else _address(node, lookup, entry)
        )
        leads[lookup.path][entry.number] += targets
    for holder in context.holders:
        lookup_of = hung.get(id(holder))
        if lookup_of is not None:
            _reached(context, holder, lookup_of, leads[lookup_of.path])


def _address(node: Node, lookup: Lookup, entry: Entry) -> list[int]:
    """Return the entries that a URL leads to, such as the file of an attachment; it may be relative as references are."""
    url = node.value
    if not isinstance(url, str) or not url:
        return []
    return [one.number for one in (lookup.at(url) or lookup.find(url, entry.full_url).matches)]


def _reference(context: Context, node: Node, lookup: Lookup, entry: Entry) -> list[int]:
    """Return the entry that a reference leads to, and say where the head of a document names what is not there."""
    reference = node.value.get("reference")
    if not isinstance(reference, str) or not reference or reference.startswith("#"):
        return []
    absolute = spelling.is_absolute(reference)
    if not absolute and not (entry.full_url and spelling.is_relative_form(reference)):
        return []  # the references room says what is wrong with it
    matches = lookup.find(reference, entry.full_url).matches
    if not matches and entry.number == 0 and _in_head(node, lookup):
        what = f"{lookup.kind} names {reference[:_SHOWN]}"
        context.error(
            "not-found", "bundle-head-reference", f"{node.path}.reference",
            f"the {entry.kind} of this {what}, but no entry has that fullUrl",
            "put the resource into the Bundle; a relative reference continues the base of the fullUrl of its own entry",
        )  # fmt: skip
    return [matches[0].number] if len(matches) == 1 else []


def _in_head(node: Node, lookup: Lookup) -> bool:
    """Whether a reference is one of those of the head that the Bundle must follow; sections in sections included."""
    element = node.element
    return not node.holder.is_contained and element in _MUST_BE_THERE and element.startswith(_HEADS[lookup.kind])


def _stylesheets(links: object, lookup: Lookup) -> list[int]:
    """Return the entries that a document uses as its stylesheets."""
    urls = [
        link["url"]
        for link in (links if isinstance(links, list) else ())
        if isinstance(link, dict) and link.get("relation") == "stylesheet" and isinstance(link.get("url"), str)
    ]
    head = lookup.entries[0].full_url
    return [one.number for url in urls for one in lookup.find(url, head).matches]


def _reached(context: Context, holder: Holder, lookup: Lookup, leads: list[list[int]]) -> None:
    if not lookup.entries:
        return
    kind = _HEADS[lookup.kind]
    start = [0, *_stylesheets(holder.value.get("link"), lookup)]
    forwards = _closure(start, leads)
    backwards: list[list[int]] = [list(targets) for targets in leads]
    for source, targets in enumerate(leads):
        for target in targets:
            backwards[target].append(source)
    either = _closure(start, backwards)
    for entry in lookup.entries:
        if not entry.kind or entry.number in forwards:
            continue
        path = f"{lookup.path}.entry[{entry.number}]"
        if entry.number not in either:
            message = f"nothing leads from the {kind} to this {entry.kind[:_SHOWN]}, nor back"
            fix = f"refer to it from the {kind}, or leave it out"
            if lookup.kind == "document":
                context.error("business-rule", "bundle-unreached", path, message, fix)
            else:
                context.warn("business-rule", "bundle-message-unreached", path, message, fix)
        elif lookup.kind == "document" and entry.kind != "Provenance" and context.release != "R5":
            context.warn(
                "business-rule", "bundle-only-backwards", path,
                f"this {entry.kind[:_SHOWN]} refers to the document, but the {kind} does not lead to it",
            )  # fmt: skip


def _closure(start: Iterable[int], leads: list[list[int]]) -> set[int]:
    seen: set[int] = set()
    waiting = list(start)
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += leads[at]
    return seen
