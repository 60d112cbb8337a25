"""Invariants of Bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.catalogue.examples import Json, invariant, patient

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.rule import Rule

_URL: Final = "https://example.org/fhir/Patient/p"
_ENTRY: Final[Json] = {"fullUrl": _URL, "resource": patient()}
_PUT: Final[Json] = {"method": "PUT", "url": "Patient/p"}
_DONE: Final[Json] = {"status": "200"}
_NOW: Final = "2026-01-15T10:00:00Z"
_SELF: Final[list[Json]] = [{"relation": "self", "url": "https://example.org/fhir/Patient?_id=p"}]
_COMPOSITION: Final[Json] = {
    "fullUrl": "https://example.org/fhir/Composition/c",
    "resource": {
        "resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "note"}, "date": "2026-01-15",
        "title": "Knee", "author": [{"reference": "Patient/p"}], "subject": {"reference": "Patient/p"},
    },
}  # fmt: skip
_COMPOSITION_R5: Final[Json] = {
    "fullUrl": _COMPOSITION["fullUrl"],
    "resource": _COMPOSITION["resource"] | {"subject": [{"reference": "Patient/p"}]},
}
_HEADER: Final[Json] = {
    "fullUrl": "https://example.org/fhir/MessageHeader/m",
    "resource": {
        "resourceType": "MessageHeader", "id": "m", "eventCoding": {"system": "https://example.org/fhir/events", "code": "a"},
        "source": {"endpoint": "https://example.org/fhir"}, "focus": [{"reference": "Patient/p"}],
    },
}  # fmt: skip
_NOTICE: Final[Json] = {
    "fullUrl": "https://example.org/fhir/SubscriptionStatus/s",
    "resource": {
        "resourceType": "SubscriptionStatus", "id": "s", "type": "handshake", "status": "active",
        "subscription": {"display": "a subscription"},
    },
}  # fmt: skip
_IDENTIFIER: Final[Json] = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:00000000-0000-4000-8000-000000000001"}


def _bundle(kind: str, *entries: Json, **more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return {"resourceType": "Bundle", "type": kind, **({"entry": list(entries)} if entries else {}), **more}


def _document(*entries: Json, **more: Any) -> Json:  # noqa: ANN401
    return _bundle("document", *entries, **{"identifier": _IDENTIFIER, "timestamp": _NOW, **more})


def _without(resource: Json, name: str) -> Json:
    return {key: value for key, value in resource.items() if key != name}


def _row(key: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    return invariant(key, "bundle.html", fix, accepted, refused, f"Bundle{at}", release)


_DOCUMENT: Final = _document(_COMPOSITION, _ENTRY)

RULES: Final[tuple[Rule, ...]] = (
    _row("bdl-1", "Leave the total out.", _bundle("collection", _ENTRY), _bundle("collection", _ENTRY, total=1), ".total"),
    _row(
        "bdl-2", "Leave search out.", _bundle("collection", _ENTRY), _bundle("collection", _ENTRY | {"search": {"mode": "match"}}),
        ".entry[0].search",
    ),
    _row(
        "bdl-3", "Give each entry a request with method and url, or change the type of the Bundle.",
        _bundle("transaction", _ENTRY | {"request": _PUT}), _bundle("transaction", _ENTRY), ".entry[0]",
    ),
    _row(
        "bdl-3a", "Leave request and response out, and give the resource.", _bundle("collection", _ENTRY),
        _bundle("collection", _ENTRY | {"request": _PUT}), ".entry[0].request", "R5",
    ),
    _row(
        "bdl-3b", "Give what is missing.", _bundle("history", _ENTRY | {"request": _PUT, "response": _DONE}),
        _bundle("history", _ENTRY | {"request": _PUT}), ".entry[0]", "R5",
    ),
    _row(
        "bdl-3c", "Give the resource, or delete or get without one.", _bundle("transaction", _ENTRY | {"request": _PUT}),
        _bundle("transaction", _ENTRY), ".entry[0]", "R5",
    ),
    _row(
        "bdl-3d", "Give the response.", _bundle("transaction-response", {"response": _DONE}),
        _bundle("transaction-response", _ENTRY), ".entry[0]", "R5",
    ),
    _row(
        "bdl-4", "Give each entry a response, or change the type of the Bundle.",
        _bundle("batch-response", {"response": _DONE}), _bundle("batch-response", _ENTRY), ".entry[0]",
    ),
    _row("bdl-5", "Give the resource.", _bundle("collection", _ENTRY), _bundle("collection", {"fullUrl": _URL}), ".entry[0]"),
    _row(
        "bdl-7", "Send each resource once.", _bundle("collection", _ENTRY), _bundle("collection", _ENTRY, _ENTRY),
        ".entry[1].fullUrl",
    ),
    _row(
        "bdl-8", "Leave the version out of the fullUrl.", _bundle("collection", _ENTRY),
        _bundle("collection", _ENTRY | {"fullUrl": f"{_URL}/_history/1"}), ".entry[0].fullUrl",
    ),
    _row("bdl-9", "Give the document an identifier.", _DOCUMENT, _without(_DOCUMENT, "identifier"), ""),
    _row("bdl-10", "Give the timestamp.", _DOCUMENT, _without(_DOCUMENT, "timestamp"), ""),
    _row("bdl-11", "Put the Composition first.", _DOCUMENT, _document(_ENTRY, _COMPOSITION), ".entry[0]"),
    _row(
        "bdl-12", "Put the MessageHeader first.", _bundle("message", _HEADER, _ENTRY), _bundle("message", _ENTRY, _HEADER), ".entry[0]"
    ),
    _row(
        "bdl-13", "Put the SubscriptionStatus first.", _bundle("subscription-notification", _NOTICE),
        _bundle("subscription-notification", _ENTRY), ".entry[0]", "R5",
    ),
    _row(
        "bdl-14", "Say it with PUT.", _bundle("history", _ENTRY | {"request": _PUT, "response": _DONE}),
        _bundle("history", _ENTRY | {"request": _PUT | {"method": "PATCH"}, "response": _DONE}), ".entry[0].request.method", "R5",
    ),
    _row(
        "bdl-15", "Give the fullUrl.", _bundle("collection", _ENTRY), _bundle("collection", {"resource": patient()}), ".entry[0]", "R5"
    ),
    _row(
        "bdl-16", "Leave errors out of the Bundle.",
        _bundle("collection", _ENTRY, issues={"resourceType": "OperationOutcome", "id": "i", "issue": [{"severity": "warning", "code": "invalid"}]}),
        _bundle("collection", _ENTRY, issues={"resourceType": "OperationOutcome", "id": "i", "issue": [{"severity": "error", "code": "invalid"}]}),
        ".issues.issue[0].severity", "R5",
    ),
    _row(
        "bdl-17", "Leave the issues out.", _document(_COMPOSITION_R5, _ENTRY),
        _document(_COMPOSITION_R5, _ENTRY, issues={"resourceType": "OperationOutcome", "id": "i", "issue": [{"severity": "warning", "code": "invalid"}]}),
        ".issues", "R5",
    ),
    _row(
        "bdl-18", "Give the link self.", _bundle("searchset", _ENTRY | {"search": {"mode": "match"}}, link=_SELF, total=1),
        _bundle("searchset", _ENTRY | {"search": {"mode": "match"}}, total=1), "", "R5",
    ),
)  # fmt: skip
