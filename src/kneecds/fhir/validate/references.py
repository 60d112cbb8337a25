"""References inside one document: whether they lead somewhere, and whether entries stand twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.errors import Issue, error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator


def issues(document: object) -> list[Issue]:
    """List references that cannot be right, and entries of a Bundle that stand twice."""
    found: list[Issue] = []
    if isinstance(document, list):
        for number, resource in enumerate(document):
            found += _of_resource(resource, f"$this[{number}]")
    elif isinstance(document, dict) and document.get("resourceType") == "Bundle":
        found += _of_bundle(document)
    else:
        found += _of_resource(
            document, document.get("resourceType", "$this") if isinstance(document, dict) else "$this"
        )
    return found


def _of_bundle(bundle: dict[str, Any]) -> Iterator[Issue]:
    listed = bundle.get("entry")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    urls: dict[str, int] = {}
    ids: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(entries):
        url, resource = entry.get("fullUrl"), entry.get("resource")
        path = f"Bundle.entry[{number}]"
        if isinstance(url, str):
            stamp = f"{url}|{_version(resource)}"
            if stamp in urls:
                message = f"fullUrl {url} stands at entry[{urls[stamp]}] too"
                yield error("duplicate", "bdl-7", f"{path}.fullUrl", message)
            urls.setdefault(stamp, number)
        if not isinstance(resource, dict):
            continue
        kind, own = resource.get("resourceType"), resource.get("id")
        if isinstance(kind, str) and isinstance(own, str):
            if isinstance(url, str) and url.startswith("http") and not url.rstrip("/").endswith(f"/{kind}/{own}"):
                yield error("value", "bundle-fullurl-id", f"{path}.fullUrl", f"fullUrl does not end with {kind}/{own}")
            if (kind, own) in ids and not isinstance(url, str):
                message = f"{kind}/{own} stands at entry[{ids[kind, own]}] too"
                yield error("duplicate", "bundle-duplicate-id", f"{path}.resource.id", message)
            ids.setdefault((kind, own), number)
        yield from _of_resource(resource, f"{path}.resource", closed=_urls(entries))


def _urls(entries: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(url for entry in entries if isinstance(url := entry.get("fullUrl"), str))


def _version(resource: object) -> str:
    meta = resource.get("meta") if isinstance(resource, dict) else None
    return str(meta.get("versionId", "")) if isinstance(meta, dict) else ""


def _of_resource(resource: object, path: str, closed: frozenset[str] | None = None) -> Iterator[Issue]:
    if not isinstance(resource, dict):
        return
    held = resource.get("contained")
    inside = [inner for inner in held if isinstance(inner, dict)] if isinstance(held, list) else []
    contained = {own for inner in inside if isinstance(own := inner.get("id"), str)}
    for reference, where in _references(resource, path):
        if reference.startswith("#"):
            if reference != "#" and reference[1:] not in contained:
                yield error("not-found", "ref-1", where, f"{reference} is not contained in this resource")
        elif closed is not None and reference.startswith("urn:") and reference not in closed:
            yield warning("not-found", "reference-unresolved", where, f"{reference} is not in this Bundle")


def _references(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield every Reference.reference below a value, with its place; iterative, so depth costs nothing."""
    waiting: list[tuple[object, str]] = [(value, path)]
    while waiting:
        at, where = waiting.pop()
        if isinstance(at, dict):
            reference = at.get("reference")
            if isinstance(reference, str):
                yield reference, f"{where}.reference"
            waiting += [(inner, f"{where}.{name}") for name, inner in at.items() if isinstance(inner, (dict, list))]
        elif isinstance(at, list):
            waiting += [
                (inner, f"{where}[{number}]") for number, inner in enumerate(at) if isinstance(inner, (dict, list))
            ]
