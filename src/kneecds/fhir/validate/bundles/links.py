"""The links of a Bundle: pages belong to searches and histories, and each is given once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kneecds.fhir.validate.context import Context

# https://hl7.org/fhir/R4/http.html#paging
_PAGES: Final = frozenset({"first", "previous", "next", "last"})
_PAGED: Final = frozenset({"searchset", "history"})


def check_links(context: Context, kind: str, links: list[Any], path: str) -> None:
    """Look at the links of one Bundle."""
    seen: set[str] = set()
    for number, link in enumerate(links):
        relation = link.get("relation") if isinstance(link, dict) else None
        if not isinstance(relation, str) or (relation != "self" and relation not in _PAGES):
            continue
        place = f"{path}.link[{number}].relation"
        if relation in seen:
            context.error("duplicate", "bundle-link-twice", place, f"there is another {relation} link")
        elif relation in _PAGES and kind and kind not in _PAGED:
            message = f"a {relation} link is for the pages of a searchset or history, not for a {kind[:40]}"
            context.error("business-rule", "bundle-link-page", place, message)
        seen.add(relation)
