"""Searching artefacts: https://hl7.org/fhir/R4/search.html, for the few parameters that artefacts are looked for by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from kneecds.pipeline import ENCODER
from kneecds.service.fhir.call import Answer, refused
from kneecds.service.fhir.reads import KEPT_FOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kneecds.service.fhir.artefacts import Artefact
    from kneecds.service.fhir.call import Call, Json

MOST: Final = 100
"""Entries on one page, whatever is asked for."""

_USUAL: Final = 20
_FARTHEST: Final = 100_000
_CONTROL: Final = frozenset({"_count", "_offset", "_summary", "_format", "_pretty", "_sort"})


class Parameter(NamedTuple):
    """One search parameter: its kind in FHIR, and how a value is compared."""

    type: str
    of: Callable[[Artefact], str]


PARAMETERS: Final[dict[str, Parameter]] = {
    "_id": Parameter("token", lambda one: one.head.id),
    "name": Parameter("string", lambda one: one.head.name),
    "status": Parameter("token", lambda one: one.head.status),
    "title": Parameter("string", lambda one: one.head.title),
    "url": Parameter("uri", lambda one: one.head.url),
    "version": Parameter("token", lambda one: one.head.version),
}

_MATCHES: Final[dict[str, Callable[[str, str], bool]]] = {
    "token": lambda has, asked: has == asked.rpartition("|")[2],
    "uri": lambda has, asked: has == asked,
    "string": lambda has, asked: has.casefold().startswith(asked.casefold()),
    "string:exact": lambda has, asked: has == asked,
    "string:contains": lambda has, asked: asked.casefold() in has.casefold(),
    "uri:below": lambda has, asked: has.startswith(asked),
}
"""https://hl7.org/fhir/R4/search.html#ptypes, with the modifiers that are understood."""


class _Page(NamedTuple):
    size: int
    offset: int
    only_total: bool


def search(call: Call) -> Answer:
    """Return one page of a searchset Bundle."""
    kind = call.path["kind"]
    found = list(call.shelf(call.release).of_type(kind))
    used: list[tuple[str, str]] = []
    for name, value in call.query:
        if name in _CONTROL:
            continue
        plain, _, modifier = name.partition(":")
        parameter = PARAMETERS.get(plain)
        if parameter is None:
            if call.strict:  # https://hl7.org/fhir/R4/search.html#errors
                raise refused(400, "not-supported", "search-parameter", "a search parameter is not known here")
            continue
        matches = _MATCHES.get(f"{parameter.type}:{modifier}" if modifier else parameter.type)
        if matches is None:  # a modifier that is not understood must be refused, whatever the handling
            raise refused(400, "not-supported", "search-modifier", "a modifier is not supported for this parameter")
        used.append((name, value))
        wanted = [one for one in value.split(",") if one]
        found = [one for one in found if any(matches(parameter.of(one), each) for each in wanted)]
    page = _page(call.query)
    return Answer(_bundle(call, kind, found, used, page), call.release, kept_for=KEPT_FOR)


def _bundle(call: Call, kind: str, found: list[Artefact], used: list[tuple[str, str]], page: _Page) -> bytes:
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    bundle["link"] = _links(f"{call.base}/{kind}", used, page, len(found))
    shown = [] if page.only_total else found[page.offset : page.offset + page.size]
    if shown:
        bundle["entry"] = [
            {
                "fullUrl": f"{call.base}/{kind}/{quote(one.head.id)}",
                "resource": msgspec.Raw(one.body),
                "search": {"mode": "match"},
            }
            for one in shown
        ]
    return ENCODER.encode(bundle)


def _links(address: str, used: list[tuple[str, str]], page: _Page, total: int) -> list[Json]:
    def link(relation: str, offset: int) -> Json:
        more = [("_summary", "count")] if page.only_total else [("_count", str(page.size)), ("_offset", str(offset))]
        return {"relation": relation, "url": f"{address}?{urlencode([*used, *more])}"}

    links = [link("self", page.offset)]
    if not page.only_total:
        links.append(link("first", 0))
        if page.offset > 0:
            links.append(link("previous", max(0, page.offset - page.size)))
        if page.offset + page.size < total:
            links.append(link("next", page.offset + page.size))
    return links


def _page(query: Sequence[tuple[str, str]]) -> _Page:
    said = dict(query)
    count = _number("_count", said.get("_count", str(_USUAL)))
    offset = _number("_offset", said.get("_offset", "0"))
    return _Page(min(count, MOST), min(offset, _FARTHEST), only_total=count == 0 or said.get("_summary") == "count")


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_FARTHEST))):
        raise refused(400, "value", "parameter-value", f"{name} is a whole number from 0 to {_FARTHEST - 1}", name)
    return int(text)
