"""Prefetch: given, nothing, not supplied, failed, one page of several (https://cds-hooks.hl7.org/2.0/#prefetch-template)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.conformance import changes
from kneecds.conformance.result import Problem, Unseen
from kneecds.conformance.suite import ACCESS_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.cdshooks.model import Json
    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.suite import Call, Suite

_OK: Final = 200
_LACKING: Final = 412
_NEXT: Final = "https://ehr.example.org/fhir?_getpages=conformance&_page=2"
_BROKEN: Final[tuple[object, ...]] = (
    {"resourceType": "Bundle", "type": "searchset", "entry": "none of this can be read"},
    [1, 2, 3],
)


def null(suite: Suite) -> Iterator[Problem]:
    """Yield calls with null for one key, or for a search, that are neither answered nor told what is missing."""
    for call, key, _ in suite.keyed():
        made = _with(suite, call, key, None, "null")
        if made.status not in (_OK, _LACKING):
            yield Problem(f"{call.offered}: null for {key} was answered {made.status}", made)


def missing(suite: Suite) -> Iterator[Problem]:
    """Yield calls without one key that are neither answered nor told what is missing (R-54)."""
    for call, key, _ in suite.keyed():
        made = _with(suite, call, key, changes.GONE, "missing")
        if made.status not in (_OK, _LACKING):
            yield Problem(f"{call.offered}: a request without {key} was answered {made.status}", made)


def none_at_all(suite: Suite) -> Iterator[Problem]:
    """Yield calls without prefetch and FHIR server that are answered as if there were nothing to say (R-54)."""
    found = _bare(suite)
    if not any(call.exchange.cards or made.status != _OK for call, made in found):
        msg = "no card on prefetched data was seen"
        raise Unseen(msg)
    for call, made in found:
        if made.status == _OK and not call.exchange.cards:
            continue  # with data it has nothing to say either
        if made.status == _OK and not made.cards:
            yield Problem(f"{call.offered}: without any data it has no card: 412 tells that data is missing", made)
        elif made.status == _OK and changes.gist(made.cards) == changes.gist(call.exchange.cards):
            yield Problem(f"{call.offered}: without any data it has the same cards as with", made)
        elif made.status not in (_OK, _LACKING):
            yield Problem(f"{call.offered}: without any data it answers {made.status} instead of 412", made)


def lacking_named(suite: Suite) -> Iterator[Problem]:
    """Yield answers 412 that do not say in an OperationOutcome what is missing."""
    looked = False
    seen: list[tuple[Call, str | None, Exchange]] = [(call, None, made) for call, made in _bare(suite)]
    seen += [(call, key, _with(suite, call, key, changes.GONE, "missing")) for call, key, _ in suite.keyed()]
    for call, key, made in seen:
        if made.status != _LACKING:
            continue
        looked = True
        text = made.body.decode(errors="replace")
        names = call.offered.prefetch if key is None else (key,)
        if not made.is_outcome:
            yield Problem(f"{call.offered}: 412 comes without an OperationOutcome", made)
        elif not any(name in text for name in names):
            yield Problem(f"{call.offered}: 412 does not name {' or '.join(names)}", made)
    if not looked:
        msg = "no answer 412 was seen"
        raise Unseen(msg)


def failed_answered(suite: Suite) -> Iterator[Problem]:
    """Yield calls with an OperationOutcome for one key that end in an error other than 412."""
    for call, key, _ in suite.keyed():
        made = _with(suite, call, key, changes.failed(), "failed")
        if made.status not in (_OK, _LACKING):
            yield Problem(f"{call.offered}: an OperationOutcome for {key} was answered {made.status}", made)


def failed_told_apart(suite: Suite) -> Iterator[Problem]:
    """Yield services for which a query that failed is the same as one that found nothing (R-52)."""
    alike: dict[str, Exchange] = {}
    apart: set[str] = set()
    for call, key, value in suite.keyed():
        if value is None or not call.exchange.cards:
            continue
        made = _with(suite, call, key, changes.failed(), "failed")
        nothing = _with(suite, call, key, None, "null")
        if made.status == nothing.status and changes.gist(made.document) == changes.gist(nothing.document):
            alike.setdefault(str(call.offered), made)
        else:
            apart.add(str(call.offered))
    if not alike and not apart:
        msg = "no card on prefetched data was seen"
        raise Unseen(msg)
    for offered, exchange in alike.items():
        if offered not in apart:
            yield Problem(f"{offered}: a query that failed is answered like one that found nothing", exchange)


def all_failed(suite: Suite) -> Iterator[Problem]:
    """Yield calls of which every query failed that are answered as if there were nothing to say."""
    looked = False
    for call in suite.advised:
        if not call.request.get("prefetch"):
            continue
        looked = True
        made = suite.changed("all failed", call.offered, _all_failed).exchange
        if made.status == _OK and not made.cards:
            yield Problem(f"{call.offered}: when all queries failed it has no card", made)
        elif made.status not in (_OK, _LACKING):
            yield Problem(f"{call.offered}: when all queries failed it answers {made.status}", made)
    if not looked:
        msg = "no card on prefetched data was seen"
        raise Unseen(msg)


def paged(suite: Suite) -> Iterator[Problem]:
    """Yield services for which one page of several is the same as the whole."""
    alike: dict[str, Exchange] = {}
    apart: set[str] = set()
    for call, key, value in suite.keyed():
        if not _has_pages(value) or not call.exchange.cards:
            continue
        made = _with(suite, call, key, changes.page(value, _NEXT), "page")
        whole = _with(suite, call, key, changes.first(value), "first")
        if made.status not in (_OK, _LACKING):
            yield Problem(f"{call.offered}: a page of {key} was answered {made.status}", made, "SHALL")
            apart.add(str(call.offered))
        elif made.status == whole.status and changes.gist(made.document) == changes.gist(whole.document):
            alike.setdefault(str(call.offered), made)
        else:
            apart.add(str(call.offered))
    if not alike and not apart:
        msg = "no search with several results was prefetched for a service that gave cards"
        raise Unseen(msg)
    for offered, exchange in alike.items():
        if offered not in apart:
            yield Problem(f"{offered}: one page of several is answered like the whole", exchange)


def unreadable(suite: Suite) -> Iterator[Problem]:
    """Yield calls with something unreadable that end in a fault, or in an answer as if there were nothing to say."""
    for call, key, _ in suite.keyed():
        for index, value in enumerate(_BROKEN):
            made = _with(suite, call, key, value, f"broken {index}")
            if made.status >= 500:  # noqa: PLR2004
                yield Problem(f"{call.offered}: something unreadable for {key} was answered {made.status}", made)
            elif made.status == _OK and not made.cards and call.exchange.cards:
                yield Problem(f"{call.offered}: something unreadable for {key} was answered without a card", made)


def fetched(suite: Suite) -> Iterator[Problem]:
    """Yield if what was not prefetched is asked of the FHIR server, and the call is not answered."""
    made = suite.fetching.call
    if made.exchange.status != _OK:
        yield Problem(f"{made.offered}: it fetched, and answered {made.exchange.status}", made.exchange)


def token_shown(suite: Suite) -> Iterator[Problem]:
    """Yield queries of the FHIR server without the access token (R-61)."""
    found = suite.fetching
    for asked in found.asked:
        if asked.authorization != f"Bearer {ACCESS_TOKEN}":
            path = asked.path.partition("?")[0]
            yield Problem(f"{asked.method} {path} came without the access token", found.call.exchange)


def _with(suite: Suite, call: Call, key: str, value: object, name: str) -> Exchange:
    made = suite.changed(f"{name}: {key}", call.offered, lambda request: changes.supplied(request, key, value))
    return made.exchange


def _bare(suite: Suite) -> list[tuple[Call, Exchange]]:
    def change(request: Json) -> Json:
        return changes.at(changes.at(request, "prefetch", changes.GONE), "fhirServer", changes.GONE)

    found = [
        (call, suite.changed("bare", call.offered, change).exchange)
        for call in suite.answered
        if call.request.get("prefetch")
    ]
    if not found:
        msg = "no service that was answered has prefetch"
        raise Unseen(msg)
    return found


def _all_failed(request: Json) -> Json:
    return changes.at(request, "prefetch", {key: changes.failed() for key in request["prefetch"]})


def _has_pages(value: Any) -> bool:  # noqa: ANN401 - what was sent
    return isinstance(value, dict) and value.get("resourceType") == "Bundle" and len(value.get("entry", ())) > 1
