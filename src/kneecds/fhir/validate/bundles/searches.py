"""The results of a search: what was asked for, what matched, and what came along (https://hl7.org/fhir/R4/search.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from kneecds.fhir.validate.context import Context

_SHOWN: Final = 40
_LISTED: Final = 6


class _Search(NamedTuple):
    """What is known of the search."""

    wanted: frozenset[str]
    """The types that it asked for; none where the Bundle does not say."""
    moded: bool
    """Whether entries say what they are: match, include or outcome."""


def check_search(context: Context, bundle: dict[str, Any], entries: list[Any], path: str) -> None:
    """Look at the entries of one searchset."""
    search = _Search(_searched(context, bundle.get("link")), any(_mode(entry) for entry in entries))
    if not search.moded and entries:
        message = "no entry says whether it is a match, included or an outcome"
        context.warn("incomplete", "bundle-search-mode", path, message, "give each entry its search.mode")
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
            _entry(context, search, resource, _mode(entry), f"{path}.entry[{number}].resource")


def _entry(context: Context, search: _Search, resource: dict[str, Any], mode: str, path: str) -> None:
    kind = resource["resourceType"][:_SHOWN]
    if mode == "outcome":
        if kind != "OperationOutcome":
            message = f"the outcome of a search is an OperationOutcome, not a {kind}"
            context.error("value", "bundle-search-outcome", path, message)
        return
    # without a mode an entry may be anything that a search returns, so there it is only a warning
    if "id" not in resource and mode:
        context.error("required", "bundle-search-id", path, f"this {kind} was found by a search, but has no id")
    if search.wanted and kind not in search.wanted and (mode == "match" or not search.moded):
        asked = " or ".join(sorted(search.wanted)[:_LISTED])
        message = f"the self link searches for {asked}; a {kind} is no match"
        if mode:
            context.error("value", "bundle-search-type", path, message, "what an _include brought has the mode include")
        else:
            context.warn("value", "bundle-search-unsure", path, message, "give each entry its search.mode")


def _mode(entry: object) -> str:
    search = entry.get("search") if isinstance(entry, dict) else None
    mode = search.get("mode") if isinstance(search, dict) else None
    return mode if isinstance(mode, str) else ""


def _searched(context: Context, links: object) -> frozenset[str]:
    """Return the types that the self link searches for; none where it does not say."""
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "self":
            url = link.get("url")
            return _types(url, context.facts.resource_types) if isinstance(url, str) else frozenset()
    return frozenset()


def _types(url: str, known: frozenset[str]) -> frozenset[str]:
    address, _, query = url.partition("?")
    last = address.rpartition("/")[2]
    if last in known:
        return frozenset({last})
    try:
        asked = dict(parse_qsl(query, max_num_fields=200)).get("_type", "")
    except ValueError:  # more parameters than any search has
        return frozenset()
    if last == "_search" and address.removesuffix("/_search").rpartition("/")[2] in known:
        return frozenset()
    return frozenset(asked.split(",")) & known
