"""Invariants of a Bundle as such.

https://hl7.org/fhir/R4/bundle.html, https://hl7.org/fhir/R5/bundle.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.invariants.row import ALL, FIFTH, FOURTH, Invariant, Kept, code, has, objects
from kneecds.fhir.validate.invariants.shapes import some, when_not

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.fhir.structure.visit import Node

_REQUESTS: Final = frozenset({"batch", "transaction", "history"})
_RESPONSES: Final = frozenset({"batch-response", "transaction-response", "history"})
_PLAIN: Final = frozenset({"document", "message", "searchset", "collection"})
_WRITES: Final = frozenset({"POST", "PATCH", "PUT"})
_KIND_ALONE: Final = frozenset({"transaction", "transaction-response", "batch", "batch-response"})


def _entries(node: Node) -> Iterator[tuple[int, dict[str, Any]]]:
    held = node.value.get("entry")
    for number, entry in enumerate(held if isinstance(held, list) else ()):
        if isinstance(entry, dict):
            yield number, entry


def _total(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".total" if has(value, "total") and value.get("type") not in ("searchset", "history") else None


def _search(node: Node, _kept: Kept) -> str | None:
    if node.value.get("type") != "searchset":
        for number, entry in _entries(node):
            if has(entry, "search"):
                return f".entry[{number}].search"
    return None


def _exchange(part: str, kinds: frozenset[str]) -> Callable[[Node, Kept], str | None]:
    """Ask for a request in each entry of a bundle of requests, and in no other; the same of responses."""

    def broken(node: Node, _kept: Kept) -> str | None:
        wanted = code(node.value, "type") in kinds
        for number, entry in _entries(node):
            if has(entry, part) != wanted:
                return f".entry[{number}]" if wanted else f".entry[{number}].{part}"
        return None

    return broken


def _method(entry: dict[str, Any]) -> str | None:
    request = entry.get("request")
    method = request.get("method") if isinstance(request, dict) else None
    return method if isinstance(method, str) else None


def _plain(node: Node, _kept: Kept) -> str | None:
    if code(node.value, "type") in _PLAIN:
        for number, entry in _entries(node):
            if not has(entry, "resource"):
                return f".entry[{number}]"
            for part in ("request", "response"):
                if has(entry, part):
                    return f".entry[{number}].{part}"
    return None


def _history(node: Node, _kept: Kept) -> str | None:
    if node.value.get("type") == "history":
        for number, entry in _entries(node):
            writes = _method(entry) in _WRITES
            if not has(entry, "request") or not has(entry, "response") or writes != has(entry, "resource"):
                return f".entry[{number}]"
    return None


def _requested(node: Node, _kept: Kept) -> str | None:
    if node.value.get("type") in ("transaction", "batch"):
        for number, entry in _entries(node):
            method = _method(entry)
            if method is None or (method in _WRITES) != has(entry, "resource"):
                return f".entry[{number}]"
    return None


def _responded(node: Node, _kept: Kept) -> str | None:
    if node.value.get("type") in ("transaction-response", "batch-response"):
        for number, entry in _entries(node):
            if not has(entry, "response"):
                return f".entry[{number}]"
    return None


def _same_url(node: Node, _kept: Kept) -> str | None:
    if node.value.get("type") == "history":
        return None
    seen: set[str] = set()
    for number, entry in _entries(node):
        url = entry.get("fullUrl")
        if isinstance(url, str):
            resource = entry.get("resource")
            meta = resource.get("meta") if isinstance(resource, dict) else None
            version = meta.get("versionId") if isinstance(meta, dict) else None
            stamp = f"{url}{version}" if isinstance(version, str) else url
            if stamp in seen:
                return f".entry[{number}].fullUrl"
            seen.add(stamp)
    return None


def _document_identifier(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("type") != "document":
        return None
    identifier = value.get("identifier")
    if not isinstance(identifier, dict):
        return ""
    return None if has(identifier, "system") and has(identifier, "value") else ".identifier"


def _timestamp(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return "" if value.get("type") == "document" and not isinstance(value.get("timestamp"), str) else None


def _starts_with(kind: str, wanted: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        if node.value.get("type") != kind:
            return None
        for number, entry in _entries(node):
            resource = entry.get("resource")
            right = isinstance(resource, dict) and resource.get("resourceType") == wanted
            return None if right and number == 0 else ".entry[0]"
        return ""

    return broken


def _versioned_url(node: Node, _kept: Kept) -> str | None:
    url = node.value.get("fullUrl")
    return ".fullUrl" if isinstance(url, str) and "/_history/" in url else None


def _patched(node: Node, _kept: Kept) -> str | None:
    if node.value.get("type") == "history":
        methods = [(number, _method(entry)) for number, entry in _entries(node)]
        stated = [(number, method) for number, method in methods if method is not None]
        if len(stated) == 1 and stated[0][1] == "PATCH":
            return f".entry[{stated[0][0]}].request.method"
    return None


def _full_url(node: Node, _kept: Kept) -> str | None:
    if code(node.value, "type") not in _KIND_ALONE:
        for number, entry in _entries(node):
            if not has(entry, "fullUrl") and _method(entry) != "POST":
                return f".entry[{number}]"
    return None


def _mild_issues(node: Node, _kept: Kept) -> str | None:
    issues = node.value.get("issues")
    if isinstance(issues, dict):
        for number, issue in enumerate(objects(issues, "issue")):
            if issue.get("severity") not in ("information", "warning"):
                return f".issues.issue[{number}].severity"
    return None


def _self_link(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("type") != "searchset":
        return None
    links = objects(value, "link")
    return None if any(link.get("relation") == "self" and has(link, "url") for link in links) else ""


ROWS: Final[tuple[Invariant, ...]] = (
    Invariant("Bundle", "bdl-1", ALL, _total, "only a searchset or a history has a total"),
    Invariant("Bundle", "bdl-2", ALL, _search, "only entries of a searchset have search"),
    Invariant(
        "Bundle", "bdl-3", FOURTH, _exchange("request", _REQUESTS),
        "each entry of a batch, transaction or history has a request, and no entry of another Bundle",
    ),
    Invariant(
        "Bundle", "bdl-3a", FIFTH, _plain,
        "an entry of a document, message, searchset or collection has a resource, no request and no response",
    ),
    Invariant(
        "Bundle", "bdl-3b", FIFTH, _history,
        "an entry of a history has a request and a response, and a resource where the method is POST, PUT or PATCH",
    ),
    Invariant(
        "Bundle", "bdl-3c", FIFTH, _requested,
        "an entry of a transaction or batch has a request, and a resource where the method is POST, PUT or PATCH",
    ),
    Invariant("Bundle", "bdl-3d", FIFTH, _responded, "each entry of a response to a batch or transaction has a response"),
    Invariant(
        "Bundle", "bdl-4", FOURTH, _exchange("response", _RESPONSES),
        "each entry of a response to a batch or transaction, or of a history, has a response, and no other",
    ),
    Invariant(
        "Bundle.entry", "bdl-5", ALL, some("resource", "request", "response"),
        "an entry has a resource, a request or a response",
    ),
    Invariant("Bundle", "bdl-7", ALL, _same_url, "the fullUrl, with the same version of the resource, stands in another entry"),
    Invariant("Bundle.entry", "bdl-8", ALL, _versioned_url, "a fullUrl is not that of a version: it has no /_history/"),
    Invariant("Bundle", "bdl-9", ALL, _document_identifier, "a document has an identifier with system and value"),
    Invariant("Bundle", "bdl-10", ALL, _timestamp, "a document has a timestamp"),
    Invariant("Bundle", "bdl-11", ALL, _starts_with("document", "Composition"), "a document starts with its Composition"),
    Invariant("Bundle", "bdl-12", ALL, _starts_with("message", "MessageHeader"), "a message starts with its MessageHeader"),
    Invariant(
        "Bundle", "bdl-13", FIFTH, _starts_with("subscription-notification", "SubscriptionStatus"),
        "a subscription notification starts with a SubscriptionStatus",
    ),
    Invariant("Bundle", "bdl-14", FIFTH, _patched, "the one entry of a history was not made by PATCH"),
    Invariant("Bundle", "bdl-15", FIFTH, _full_url, "each entry has a fullUrl, unless it is to be made by POST"),
    Invariant("Bundle", "bdl-16", FIFTH, _mild_issues, "issues beside the entries are warnings and information only"),
    Invariant("Bundle", "bdl-17", FIFTH, when_not("type", "document", "issues"), "a document has no issues beside its entries"),
    Invariant("Bundle", "bdl-18", FIFTH, _self_link, "a searchset has a link self with the url that was searched"),
)  # fmt: skip
