"""Bundles: what their entries must have by their type, beyond what the invariants `bdl-*` say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.validate.bundles.full_urls import check_full_url
from kneecds.fhir.validate.bundles.links import check_links
from kneecds.fhir.validate.bundles.reach import check_reach
from kneecds.fhir.validate.bundles.requests import check_requests
from kneecds.fhir.validate.bundles.searches import check_search

if TYPE_CHECKING:
    from kneecds.fhir.validate.context import Context


def look(context: Context) -> None:
    """Add what is wrong with every Bundle of a document."""
    bundles = [holder for holder in context.holders if holder.kind == "Bundle"]
    if not bundles:
        return
    for holder in bundles:
        value, path = holder.value, holder.path
        said = value.get("type")
        kind = said if isinstance(said, str) else ""
        entries = _list(value.get("entry"))
        for number, entry in enumerate(entries):
            if isinstance(entry, dict):
                check_full_url(context, kind, entry, f"{path}.entry[{number}]")
        if context.release == "R5":
            _issues(context, value.get("issues"), f"{path}.issues")
        check_links(context, kind, _list(value.get("link")), path)
        if kind == "searchset":
            check_search(context, value, entries, path)
        elif kind in ("transaction", "batch"):
            check_requests(context, kind, entries, path)
    check_reach(context, context.bundles)


def _issues(context: Context, issues: object, path: str) -> None:
    """Look whether what a Bundle says of its own making is an OperationOutcome."""
    kind = issues.get("resourceType") if isinstance(issues, dict) else None
    if isinstance(kind, str) and kind in context.facts.resource_types and kind != "OperationOutcome":
        context.error("value", "bundle-issues", path, f"the issues of a Bundle are an OperationOutcome, not a {kind}")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
