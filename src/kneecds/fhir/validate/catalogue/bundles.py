"""Bundles, beyond their invariants `bdl-*`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity
    from kneecds.fhir.structure.facts import Release

_PAGE: Final = "http://hl7.org/fhir/R4/bundle.html"
_HTTP: Final = "http://hl7.org/fhir/R4/http.html"
_BASE: Final = "https://example.org/fhir"

Json = dict[str, Any]
_PATIENT: Final[Json] = {"resourceType": "Patient", "id": "p1"}
_PRACTITIONER: Final[Json] = {"resourceType": "Practitioner", "id": "d1"}


def _entry(resource: Json, url: str | None = None, **more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return {"fullUrl": url or f"{_BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource, **more}


def _bundle(kind: str, *entries: Json, **more: Any) -> Json:  # noqa: ANN401
    return {"resourceType": "Bundle", "type": kind, **more, "entry": list(entries)}


def _search(resource: Json, mode: str | None, *, query: str = "Patient?name=doe") -> Json:
    found = (
        _entry({**_PATIENT, "id": "first"}, search={"mode": "match"}) if mode else _entry({**_PATIENT, "id": "first"})
    )
    how: Json = {"search": {"mode": mode}} if mode else {}
    second = {"fullUrl": f"{_BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource, **how}
    return _bundle("searchset", found, second, link=[{"relation": "self", "url": f"{_BASE}/{query}"}])


def _only(resource: Json, *, mode: str | None = "match", url: str | None = None) -> Json:
    how: Json = {"search": {"mode": mode}} if mode else {}
    link = [{"relation": "self", "url": f"{_BASE}/Patient?name=doe"}]
    return _bundle("searchset", _entry(resource, url, **how), link=link)


def _linked(*relations: str, kind: str = "collection") -> Json:
    mode: Json = {"search": {"mode": "match"}} if kind == "searchset" else {}
    links = [{"relation": relation, "url": f"{_BASE}/Patient?name=doe"} for relation in relations]
    return _bundle(kind, _entry(_PATIENT, **mode), link=links)


def _change(*requests: tuple[str, str], **more: Any) -> Json:  # noqa: ANN401
    entries = [_entry({**_PATIENT, **more}, request={"method": method, "url": url}) for method, url in requests]
    return _bundle("transaction", *entries)


def _document(*entries: Json, **more: Any) -> Json:  # noqa: ANN401
    composition = {
        "resourceType": "Composition", "id": "c1", "status": "final", "type": {"text": "letter"}, "date": "2026-01-15",
        "title": "Letter", "subject": {"reference": "Patient/p1"}, "author": [{"display": "Dr Roe"}], **more,
    }  # fmt: skip
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:0f6dfd1c-2b6e-4a3f-9d0e-7c1f3a5b9e10"}
    timestamp = "2026-01-15T10:00:00Z"
    return _bundle("document", _entry(composition), *entries, identifier=identifier, timestamp=timestamp)


def _message(*focus: str) -> Json:
    header = {
        "resourceType": "MessageHeader", "id": "m1", "source": {"endpoint": "https://example.org/sender"},
        "eventCoding": {"system": "https://example.org/events", "code": "admit"},
        **({"focus": [{"reference": one} for one in focus]} if focus else {}),
    }  # fmt: skip
    return _bundle("message", _entry(header), _entry(_PATIENT))


def _rule(
    name: str, severity: Severity, says: str, fix: str, accepted: Json, refused: Json, at: str, source: str = _PAGE,
    releases: tuple[Release, ...] = ("R4", "R4B", "R5"),
) -> Rule:  # fmt: skip
    return Rule(
        id=name, layer="reference", severity=severity, says=says, source=source, fix=fix,
        accepted=accepted, refused=refused, at=at, release=releases[0], releases=releases,
    )  # fmt: skip


_COLLECTION: Final = _bundle("collection", _entry(_PATIENT))
_OUTCOME: Final[Json] = {
    "resourceType": "OperationOutcome", "id": "w1", "issue": [{"severity": "warning", "code": "processing"}],
}  # fmt: skip
_PRESENT: Final = _document(_entry(_PATIENT))

RULES: Final[tuple[Rule, ...]] = (
    _rule(
        "bundle-fullurl-missing", "error",
        "Every entry has a fullUrl, except in batches, transactions and the answers to them.",
        "Give the URL of the resource on its server, or urn:uuid: and a new UUID.",
        _COLLECTION, _bundle("collection", {"resource": _PATIENT}), "Bundle.entry[0]", f"{_PAGE}#fullUrl",
        releases=("R4", "R4B"),
    ),
    _rule(
        "bundle-fullurl-absolute", "error",
        "The fullUrl of an entry is absolute.",
        "Put the base of the server before it, or use urn:uuid: and a UUID.",
        _COLLECTION, _bundle("collection", _entry(_PATIENT, "Patient/p1")), "Bundle.entry[0].fullUrl", f"{_PAGE}#fullUrl",
    ),
    _rule(
        "bundle-fullurl-id", "error",
        "A fullUrl that is the address of a resource on a server ends with the type and id of the entry's resource.",
        "End it with Type/id of the resource, or use urn:uuid: for a resource that no server has yet.",
        _COLLECTION, _bundle("collection", _entry(_PATIENT, f"{_BASE}/Patient/p2")), "Bundle.entry[0].fullUrl",
        f"{_PAGE}#fullUrl",
    ),
    _rule(
        "bundle-link-twice", "error",
        "A Bundle has one link to itself, and one each to the first, previous, next and last page.",
        "Leave the second link out.",
        _linked("self"), _linked("self", "self"), "Bundle.link[1].relation", f"{_HTTP}#paging",
    ),
    _rule(
        "bundle-link-page", "error",
        "Links to pages belong to the results of searches and histories.",
        "Leave the link out, or make the Bundle a searchset if it is one.",
        _linked("self", "next", kind="searchset"), _linked("self", "next"), "Bundle.link[1].relation", f"{_HTTP}#paging",
    ),
    _rule(
        "bundle-search-mode", "warning",
        "The entries of a searchset say whether they matched, were included or are the outcome.",
        "Give each entry its search.mode.",
        _only(_PATIENT), _only(_PATIENT, mode=None), "Bundle", "http://hl7.org/fhir/R4/search.html#return",
    ),
    _rule(
        "bundle-search-outcome", "error",
        "The outcome in a searchset is an OperationOutcome.",
        "Correct the search.mode of the entry.",
        _search(_OUTCOME, "outcome"), _search(_PRACTITIONER, "outcome"), "Bundle.entry[1].resource",
        "http://hl7.org/fhir/R4/search.html#return",
    ),
    _rule(
        "bundle-search-id", "error",
        "What a search found has an id, because it is on the server.",
        "Add the id under which the server has the resource.",
        _only(_PATIENT),
        _only({"resourceType": "Patient", "gender": "female"}, url="urn:uuid:0f6dfd1c-2b6e-4a3f-9d0e-7c1f3a5b9e11"),
        "Bundle.entry[0].resource", "http://hl7.org/fhir/R4/search.html#return",
    ),
    _rule(
        "bundle-search-type", "error",
        "A match is of a type that the self link searches for.",
        "What came by _include or _revinclude has the search.mode include.",
        _search(_PRACTITIONER, "include"), _search(_PRACTITIONER, "match"), "Bundle.entry[1].resource",
        "http://hl7.org/fhir/R4/search.html#return",
    ),
    _rule(
        "bundle-search-unsure", "warning",
        "Where entries do not say how they came into a searchset, they should be of the type that was searched for.",
        "Give each entry its search.mode.",
        _only(_PATIENT), _search(_PRACTITIONER, None), "Bundle.entry[1].resource",
        "http://hl7.org/fhir/R4/search.html#return",
    ),
    _rule(
        "bundle-request-put", "warning",
        "A PUT sends the resource whose type and id its URL names.",
        "Make the URL Type/id of the resource, or give the resource that id.",
        _change(("PUT", "Patient/p1")), _change(("PUT", "Patient/p2")), "Bundle.entry[0].request.url", f"{_HTTP}#update",
    ),
    _rule(
        "bundle-request-post", "warning",
        "A POST that creates a resource names the type of the resource that it sends.",
        "Make the URL the type of the resource.",
        _change(("POST", "Patient")), _change(("POST", "Practitioner")), "Bundle.entry[0].request.url", f"{_HTTP}#create",
    ),
    _rule(
        "bundle-request-twice", "warning",
        "A transaction changes or deletes each resource once at most.",
        "Send only the last state, or send two transactions.",
        _change(("PUT", "Patient/p1")),
        _bundle(
            "transaction", _entry(_PATIENT, request={"method": "PUT", "url": "Patient/p1"}),
            {"request": {"method": "DELETE", "url": "Patient/p1"}},
        ),
        "Bundle.entry[1].request.url", f"{_HTTP}#trules",
    ),
    _rule(
        "bundle-head-reference", "error",
        "What a document's Composition names as its content, people and encounter, and what a message is about, is in the Bundle.",
        "Add the resource, or make the reference fit the fullUrl of its entry.",
        _PRESENT, _document(_entry(_PATIENT), encounter={"reference": "Encounter/e1"}),
        "Bundle.entry[0].resource.encounter.reference", "http://hl7.org/fhir/R4/documents.html#content",
    ),
    _rule(
        "bundle-unreached", "error",
        "Every entry of a document hangs together with its Composition by references.",
        "Refer to it from the Composition, or leave it out.",
        _PRESENT, _document(_entry(_PATIENT), _entry(_PRACTITIONER)), "Bundle.entry[2]",
        "http://hl7.org/fhir/R4/documents.html#content",
    ),
    _rule(
        "bundle-message-unreached", "warning",
        "Every entry of a message should hang together with its MessageHeader by references.",
        "Refer to it as the focus, or leave it out.",
        _message("Patient/p1"), _message(), "Bundle.entry[1]", "http://hl7.org/fhir/R4/messaging.html#bundle",
    ),
    _rule(
        "bundle-only-backwards", "warning",
        "In a document only a Provenance is reached against the direction of references.",
        "Refer to it from a section of the Composition.",
        _PRESENT,
        _document(
            _entry(_PATIENT),
            _entry({
                "resourceType": "Person", "id": "x1", "link": [{"target": {"reference": "Patient/p1"}}],
            }),
        ),
        "Bundle.entry[2]", "http://hl7.org/fhir/R4/documents.html#content", releases=("R4", "R4B"),
    ),
    _rule(
        "bundle-issues", "error",
        "What a Bundle says of its own making is an OperationOutcome.",
        "Put other resources into entries.",
        _bundle("collection", _entry(_PATIENT), issues={"resourceType": "OperationOutcome", "id": "i1", "issue": [{"severity": "warning", "code": "informational"}]}),
        _bundle("collection", _entry(_PATIENT), issues=_PATIENT), "Bundle.issues", "http://hl7.org/fhir/R5/bundle-definitions.html#Bundle.issues",
        releases=("R5",),
    ),
)  # fmt: skip
