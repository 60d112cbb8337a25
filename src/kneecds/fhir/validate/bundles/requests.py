"""What a transaction or batch asks a server to do with its entries (https://hl7.org/fhir/R4/http.html#transaction).

A Bundle that asks for what a server must refuse is a valid Bundle all the same, so these are warnings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kneecds.fhir.validate.context import Context

_SHOWN: Final = 60
_INSTANCE: Final = re.compile(r"/?([A-Z][A-Za-z]*)/([A-Za-z0-9\-.]{1,64})")
_TYPE: Final = re.compile(r"/?([A-Z][A-Za-z]*)/?")
_CHANGES: Final = frozenset({"PUT", "PATCH", "DELETE"})


def check_requests(context: Context, kind: str, entries: list[Any], path: str) -> None:
    """Look at the requests of one transaction or batch."""
    changed: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(entries):
        request = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(request, dict):
            continue
        method, url = request.get("method"), request.get("url")
        if not isinstance(method, str) or not isinstance(url, str):
            continue
        place = f"{path}.entry[{number}].request.url"
        resource = entry.get("resource")
        if isinstance(resource, dict):
            _agrees(context, method, url, resource, place)
        instance = _INSTANCE.fullmatch(url)
        if kind == "transaction" and method in _CHANGES and instance is not None:
            target = (instance[1], instance[2])
            if target in changed:
                message = (
                    f"entry {changed[target]} changes {'/'.join(target)} too; a transaction changes each resource once"
                )
                context.warn("duplicate", "bundle-request-twice", place, message)
            changed.setdefault(target, number)


def _agrees(context: Context, method: str, url: str, resource: dict[str, Any], path: str) -> None:
    """Look whether a request sends what its URL names."""
    kind, own = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str):
        return
    types = context.facts.resource_types
    if method == "PUT":
        found = _INSTANCE.fullmatch(url)
        if found is not None and found[1] in types and (found[1] != kind or (isinstance(own, str) and own != found[2])):
            named = f"{kind[:_SHOWN]}/{own[:_SHOWN]}" if isinstance(own, str) else kind[:_SHOWN]
            context.warn("value", "bundle-request-put", path, f"PUT {url[:_SHOWN]} sends {named}")
    elif method == "POST":
        found = _TYPE.fullmatch(url)
        if found is not None and found[1] in types and found[1] not in (kind, "Bundle"):
            context.warn("value", "bundle-request-post", path, f"POST {url[:_SHOWN]} sends a {kind[:_SHOWN]}")
