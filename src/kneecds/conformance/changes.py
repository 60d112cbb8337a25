"""Requests made of a sound one by one change; the sound one stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.conformance import templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.cdshooks.model import Json

_WORDS: Final = frozenset({
    "text", "display", "family", "given", "valueString", "description", "title", "comment", "summary",
})  # fmt: skip
"""Elements whose text a person may have typed."""

GONE: Final = object()
"""Stands for a member that is taken away."""

_PAGE: Final = 1


def copied(request: Json) -> Json:
    """Return the same JSON as another object."""
    return msgspec.json.decode(msgspec.json.encode(request), type=dict[str, Any])


def at(request: Json, place: str, value: object) -> Json:
    """Return a request with another value at a place such as `context.patientId`."""
    changed: Json = copied(request)
    *path, last = place.split(".")
    inner: Any = changed
    for name in path:
        inner = inner.setdefault(name, {})
    if value is GONE:
        inner.pop(last, None)
    else:
        inner[last] = value
    return changed


def supplied(request: Json, key: str, value: object) -> Json:
    """Return a request with another value for one prefetch key."""
    changed = copied(request)
    if value is GONE:
        changed["prefetch"].pop(key, None)
        if not changed["prefetch"]:
            del changed["prefetch"]  # nothing empty is sent
    else:
        changed["prefetch"][key] = value
    return changed


def written(request: Json, text: str) -> Json:
    """Return a request in which this text stands wherever somebody may have typed one."""

    def change(name: str, value: str) -> str:
        return text if name in _WORDS else value

    return {
        name: _mapped(value, name, change) if name in ("prefetch", "context") else value
        for name, value in request.items()
    }  # fmt: skip


def of_patient(value: Any, old: str, new: str) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON in which another patient stands for one."""

    def change(_: str, text: str) -> str:
        if text == old:
            return new
        return f"{text.removesuffix(old)}{new}" if text.endswith(f"Patient/{old}") else text

    return _mapped(value, "", change)


def page(bundle: Json, address: str) -> Json:
    """Return the first page of a Bundle, which says where the next one is."""
    return first(bundle) | {"total": len(bundle["entry"]), "link": [{"relation": "next", "url": address}]}


def first(bundle: Json) -> Json:
    """Return a Bundle of the first entry of another: what a page would be if it were the whole."""
    return bundle | {"total": _PAGE, "entry": bundle["entry"][:_PAGE]}


def failed(query: str = "") -> Json:
    """Return the OperationOutcome of a query that failed (R-50)."""
    issue = {"severity": "error", "code": "exception", "diagnostics": f"the query failed {query}".strip()}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def empty(request: Json, wanted: dict[str, str]) -> Json:
    """Return a request in which every search found nothing."""
    changed = copied(request)
    for key, template in wanted.items():
        if templates.is_search(template) and key in changed.get("prefetch", {}):
            changed["prefetch"][key] = None
    return changed


def gist(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON without what may differ from call to call: identifiers."""
    if isinstance(value, dict):
        return {name: gist(one) for name, one in value.items() if name not in ("uuid", "id", "fullUrl", "appContext")}
    return [gist(one) for one in value] if isinstance(value, list) else value


def _mapped(value: Any, name: str, change: Callable[[str, str], str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return change(name, value)
    if isinstance(value, dict):
        return {key: _mapped(one, key, change) for key, one in value.items()}
    return [_mapped(one, name, change) for one in value] if isinstance(value, list) else value
