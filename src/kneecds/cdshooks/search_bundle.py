"""The frame of a search result: its entries taken apart as bytes, its links and its total.

Nearly all Bundles are plain: matches only, nothing in the frame but the usual. They are taken apart in one go; the
others, and all that is wrong, go the long way, member by member.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from kneecds.cdshooks.envelope import UNREADABLE, keeps_all, loses

Object = dict[str, msgspec.Raw]

_NOTHING: Final = msgspec.Raw()
_TYPE_FIRST: Final = re.compile(rb'\{\s*"resourceType"\s*:\s*"([A-Z][A-Za-z]*)"')
_CODE: Final = re.compile(r"[a-z][a-z-]{1,30}")  # https://hl7.org/fhir/R4/valueset-issue-type.html
_TYPES: Final = frozenset({b'"searchset"', b'"collection"', b""})
_CHANGES_MEANING: Final = ("modifierExtension", "implicitRules")
_LONGEST_TOTAL: Final = 9
_HARMLESS: Final = ("warning", "information", "success")


class Unusable(Exception):  # noqa: N818 - not a fault of ours
    """A Bundle that is not the result of a search, or not sound as one; the text says why."""


class Found(NamedTuple):
    """What a search found."""

    resources: list[bytes]
    urls: list[bytes]  # the fullUrl of each, as JSON; empty: none
    matches: int
    next_page: str
    notes: tuple[str, ...]  # why this may not be all


class _Search(msgspec.Struct):
    mode: str = ""


class _Entry(msgspec.Struct, omit_defaults=True):
    fullUrl: msgspec.Raw = _NOTHING  # noqa: N815 - FHIR's name
    resource: msgspec.Raw = _NOTHING
    search: _Search | None = None


class _Frame(msgspec.Struct, omit_defaults=True):
    """A plain Bundle; what else it has makes it longer than this is when written."""

    resourceType: msgspec.Raw = _NOTHING  # noqa: N815 - FHIR's name
    id: msgspec.Raw = _NOTHING
    meta: msgspec.Raw = _NOTHING
    type: msgspec.Raw = _NOTHING
    total: msgspec.Raw = _NOTHING
    link: msgspec.Raw = _NOTHING
    entry: list[_Entry] = []


class _Link(msgspec.Struct):
    relation: str = ""
    url: str = ""


class _Problem(msgspec.Struct):
    severity: str = ""
    code: str = ""


class _Outcome(msgspec.Struct):
    issue: tuple[_Problem, ...] = ()


_PLAIN: Final = msgspec.json.Decoder(_Frame)
_OBJECT: Final = msgspec.json.Decoder(Object)
_ENTRIES: Final = msgspec.json.Decoder(list[Object])
_SEARCH: Final = msgspec.json.Decoder(_Search)
_LINKS: Final = msgspec.json.Decoder(tuple[_Link, ...])
_OUTCOME: Final = msgspec.json.Decoder(_Outcome)


def opened(value: bytes, wanted: str) -> Found:
    """Take the result of a search for a type apart; Unusable if it is none, or of a meaning not known here."""
    return _plain(value, wanted) or _any(value)


def type_first(resource: bytes) -> str:
    """Return the type of a resource that begins with it, as nearly all do; empty for others."""
    found = _TYPE_FIRST.match(resource)
    return found[1].decode() if found else ""


def kind_of(resource: bytes) -> str:
    """Return the type of a resource; empty if it does not say."""
    text = _raw(_OBJECT.decode(resource), "resourceType")
    return text[1:-1].decode("ascii", "replace") if text[:1] == b'"' and b"\\" not in text else ""


def code_of(outcome: bytes) -> str:
    """Return the code of an OperationOutcome in brackets; its texts may name the patient."""
    try:
        problems = _OUTCOME.decode(outcome).issue
    except UNREADABLE:
        return ""
    codes = [problem.code for problem in problems if _CODE.fullmatch(problem.code)]
    return f" ({codes[0]})" if codes else ""


def _plain(value: bytes, wanted: str) -> Found | None:
    try:
        frame = _PLAIN.decode(value)
    except UNREADABLE:
        return None
    if bytes(frame.type) not in _TYPES or not keeps_all(value, frame):
        return None
    entries = frame.entry
    if [entry for entry in entries if entry.search is not None and entry.search.mode != "match"]:
        return None
    start = b'{"resourceType":"%b"' % wanted.encode()
    resources = [bytes(entry.resource) for entry in entries]
    if [resource for resource in resources if not resource.startswith(start) and type_first(resource) != wanted]:
        return None
    urls = [bytes(entry.fullUrl) for entry in entries]
    return _found(resources, urls, len(resources), bytes(frame.link), bytes(frame.total), [])


def _any(value: bytes) -> Found:
    frame = _OBJECT.decode(value)
    if any(name in frame for name in _CHANGES_MEANING):
        msg = "the Bundle follows rules or a modifier extension not known here"
        raise Unusable(msg)
    if _raw(frame, "type") not in _TYPES:
        msg = "the Bundle is not the result of a search"
        raise Unusable(msg)
    raw = _raw(frame, "entry") or b"[]"
    entries = _ENTRIES.decode(raw)
    if loses(value, frame) or loses(raw, entries):
        msg = "the Bundle has a member twice"
        raise Unusable(msg)
    resources: list[bytes] = []
    urls: list[bytes] = []
    notes: list[str] = []
    matches = 0
    for entry in entries:
        resource = _raw(entry, "resource")
        kind = type_first(resource) or (kind_of(resource) if resource[:1] == b"{" else "")
        if kind in ("", "Bundle"):
            msg = "an entry of the Bundle is not one resource"
            raise Unusable(msg)
        mode = _SEARCH.decode(entry["search"]).mode if "search" in entry else "match"
        if "modifierExtension" in entry:
            notes.append("an entry with a modifier extension that is not known here was not used")
        elif mode == "outcome" or kind == "OperationOutcome":
            if _is_failure(resource):
                notes.append(f"the query failed in part{code_of(resource)}")
        else:
            matches += mode != "include"
            resources.append(resource)
            urls.append(_raw(entry, "fullUrl"))
    return _found(resources, urls, matches, _raw(frame, "link"), _raw(frame, "total"), notes)


def _found(
    resources: list[bytes], urls: list[bytes], matches: int, link: bytes, total: bytes, notes: list[str]
) -> Found:
    following = _next(link)
    if following is None:
        notes.append("its links to further pages cannot be read")
    elif not following and total.isdigit() and len(total) <= _LONGEST_TOTAL and int(total) > matches:
        notes.append("the search found more than was sent, and names no further page")
    if not any(urls):
        urls = []
    elif not all(url[:1] in (b'"', b"") for url in urls):
        urls = [url if url[:1] == b'"' else b"" for url in urls]
    return Found(resources, urls, matches, following or "", tuple(dict.fromkeys(notes)))


def _raw(frame: Object, name: str) -> bytes:
    return bytes(frame[name]) if name in frame else b""


def _next(link: bytes) -> str | None:
    """Return the address of the next page; empty: this is the last; None: it cannot be told."""
    if not link:
        return ""
    try:
        links = _LINKS.decode(link)
    except UNREADABLE:
        return None
    return next((one.url for one in links if one.relation == "next"), "")


def _is_failure(outcome: bytes) -> bool:
    """Whether an outcome says more than warnings; one that cannot be read may."""
    try:
        problems = _OUTCOME.decode(outcome).issue
    except UNREADABLE:
        return True
    return any(problem.severity not in _HARMLESS for problem in problems)
