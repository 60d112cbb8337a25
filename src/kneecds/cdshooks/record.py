"""All that was supplied of one patient, as one Bundle that the pipeline reads.

The resources are spliced as the bytes they came in: nothing is read and written anew on the way, so `3.20` stays so and
a repeated name is still there for the strict parser to find.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from kneecds.cdshooks.heads import Head, heads
from kneecds.cdshooks.model import Query, Supply
from kneecds.cdshooks.prefetch import is_search
from kneecds.cdshooks.rules import Breaches
from kneecds.cdshooks.versions import once
from kneecds.cdshooks.whose import Whose
from kneecds.errors import Issue, KneecdsError, error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kneecds.cdshooks.model import HookRequest

_ENTRY: Final = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource)?")
_TAIL: Final = re.compile(rb'/[A-Z][A-Za-z]*/[A-Za-z0-9\-.]{1,64}"$')


class Lacking(KneecdsError):  # noqa: N818 - nobody's fault: the answer is 412
    """Data without which there is no answer is not known (R-54)."""

    def __init__(self, queries: tuple[Supply, ...]) -> None:
        """Keep what became of each required query that was not answered."""
        self.queries = queries
        super().__init__("; ".join(f"{one.query.about}: {one.note or one.state}" for one in queries))


class Record(msgspec.Struct, frozen=True):
    """What is known of the patient of a call, and what is not."""

    body: bytes  # a collection Bundle
    issues: tuple[Issue, ...]
    missing: tuple[Query, ...]  # unknown: not supplied, or failed; why is said in the note of its supply
    supplies: tuple[Supply, ...]
    places: tuple[tuple[str, int], ...] = ()  # of each entry: its prefetch key, and its number there

    def place(self, expression: str) -> str:
        """Return a place in the body as the place in the request that it came from."""
        found = _ENTRY.match(expression)
        if found is None or int(found[1]) >= len(self.places):
            return expression
        return f"{self._request_place(*self.places[int(found[1])])}{expression[found.end() :]}"

    def _request_place(self, key: str, index: int) -> str:
        return _place(next(one.query for one in self.supplies if one.query.key == key), index)


class _Given(NamedTuple):
    """The resources of all supplies, side by side."""

    texts: list[bytes]
    urls: list[bytes]
    heads: list[Head]
    places: list[tuple[str, int]]
    queries: dict[str, Query]
    patients: list[int]  # which of them are Patients

    def place(self, number: int) -> str:
        key, index = self.places[number]
        return _place(self.queries[key], index)


def record(supplies: Sequence[Supply], request: HookRequest) -> Record:
    """Put together what was supplied; InputError if any of it is another patient's, Lacking if it is not enough.

    A read that found nothing is as good as none: without a Patient there is nobody to answer about.
    """
    given = _given(supplies)
    address = _check_patient(given, request)
    lacking = tuple(one for one in supplies if one.query.required and _is_unknown(one))
    if lacking:
        raise Lacking(lacking)
    issues = [issue for one in supplies for issue in _gaps(one)]
    keys = [(head.resourceType, head.id) for head in given.heads]
    kept: Sequence[int] = range(len(keys))
    if len(set(keys)) < len(keys):
        kept, differing = once(keys, given.texts)
        for number, which in differing:
            message = f"two versions of one {keys[number][0]} were sent that differ; {which}"
            issues.append(warning("conflict", "versions-differ", given.place(number), message))
    texts, urls = given.texts, given.urls
    for number in given.patients:
        urls[number] = address
    if len(kept) < len(texts):
        texts, urls = [texts[number] for number in kept], [urls[number] for number in kept]
    entries = b",".join([
        b'{"fullUrl":%b,"resource":%b}' % (url, text) if url else b'{"resource":%b}' % text
        for url, text in zip(urls, texts, strict=True)
    ])  # fmt: skip
    body = b'{"resourceType":"Bundle","type":"collection"%b}' % (b',"entry":[%b]' % entries if entries else b"")
    missing = tuple(one.query for one in supplies if _is_unknown(one))
    places = given.places if len(kept) == len(given.places) else [given.places[number] for number in kept]
    return Record(body, tuple(issues), missing, tuple(supplies), tuple(places))


def _given(supplies: Sequence[Supply]) -> _Given:
    texts: list[bytes] = []
    urls: list[bytes] = []
    places: list[tuple[str, int]] = []
    for one in supplies:
        texts += one.resources
        urls += one.urls or (b"",) * len(one.resources)
        places += [(one.query.key, index) for index in range(len(one.resources))]
    found = heads(texts)
    patients = [number for number, head in enumerate(found) if head.resourceType == "Patient"]
    return _Given(texts, urls, found, places, {one.query.key: one.query for one in supplies}, patients)


def _place(query: Query, index: int) -> str:
    """Return where in a request a resource was; entries are counted over all pages, outcomes left out."""
    base = f"Request.prefetch.{query.key}"
    return f"{base}.entry[{index}].resource" if is_search(query) else base


def _is_unknown(supply: Supply) -> bool:
    if supply.state == "nothing":
        return not is_search(supply.query)
    return supply.state != "given"


def _gaps(supply: Supply) -> Iterator[Issue]:
    """Yield what is not known because a query was not answered, or not wholly."""
    query, place = supply.query, f"Request.prefetch.{supply.query.key}"
    if _is_unknown(supply):
        make = error if supply.state == "failed" else warning
        message = f"unknown: {query.about} ({supply.note or 'not sent'})"
        yield make("incomplete", f"query-{supply.state.replace('_', '-')}", place, message)
    elif supply.next_page:
        message = f"only some pages are known of: {query.about}" + (f" ({supply.note})" if supply.note else "")
        yield warning("incomplete", "bundle-page", place, message)
    elif supply.note:
        yield warning("incomplete", "query-in-part", place, f"not all is known of: {query.about} ({supply.note})")


def _check_patient(given: _Given, request: HookRequest) -> bytes:
    """Raise InputError if a resource is about somebody else; return the address the Patient needs to be referred to.

    References by UUID need it; without an address, any reference with the id means the Patient.
    """
    patient_id = request.context.patient_id
    named = {head.subject.reference for head in given.heads if head.subject is not None}
    named |= {head.patient.reference for head in given.heads if head.patient is not None}
    named.discard(f"Patient/{patient_id}")
    breaches = Breaches()
    for number in given.patients:
        if given.heads[number].id != patient_id:
            breaches.add("patient-mismatch", f"{given.place(number)}.id", "this is not the Patient of the context")
    whose = Whose(patient_id)
    if named:
        own = {
            given.urls[n][1:-1].decode() for n in given.patients if given.urls[n] and given.heads[n].id == patient_id
        }
        whose = Whose(patient_id, _bases(given, request.fhir_server), frozenset(own))
        others = {reference for reference in named if whose.is_other(reference)}
        for number, head in enumerate(given.heads if others else ()):
            for name, whom in (("subject", head.subject), ("patient", head.patient)):
                if whom is not None and whom.reference in others:
                    message = "this is about a patient other than that of the context"
                    breaches.add("patient-mismatch", f"{given.place(number)}.{name}", message)
    breaches.settle()
    uuids = sorted(reference for reference in named if reference.startswith("urn:"))
    return b'"%b"' % uuids[0].encode() if uuids else b""


def _bases(given: _Given, server: str) -> frozenset[str]:
    """Return the addresses of servers whose ids are meant: that of the client, and those its entries stand under."""
    found = {server.rstrip("/")} if server else set()
    found |= {_TAIL.sub(b"", url)[1:].decode().rstrip("/") for url in given.urls if _TAIL.search(url)}
    return frozenset(found)
