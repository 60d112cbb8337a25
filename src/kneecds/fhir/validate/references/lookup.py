"""Where a reference leads within its Bundle (https://hl7.org/fhir/R4/bundle.html#references)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kneecds.fhir.validate.references import spelling

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Holder
    from kneecds.fhir.validate.context import Context


class Entry(NamedTuple):
    """One entry of a Bundle as references see it."""

    number: int
    full_url: str
    kind: str
    id: str
    version: str


class Found(NamedTuple):
    """Where a reference leads to."""

    target: str
    """The full URL that the entry must have; empty where the reference cannot be one into the Bundle."""
    matches: list[Entry]
    """The entries with that URL, and with the version if one is asked for."""
    alike: list[Entry]
    """Where there is no match: entries with the same type and id, but another URL or version."""


class Lookup:
    """The entries of one Bundle by what references say of them."""

    def __init__(self, bundle: Holder) -> None:
        """Read the entries once."""
        self.path = bundle.path
        kind = bundle.value.get("type")
        self.kind: str = kind if isinstance(kind, str) else ""
        self.entries: list[Entry] = [
            _entry(number, entry) for number, entry in enumerate(_list(bundle.value.get("entry")))
        ]
        self._by_url: dict[str, list[Entry]] = {}
        self._by_id: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            if entry.full_url and entry.kind:
                self._by_url.setdefault(entry.full_url, []).append(entry)
            if entry.id:
                self._by_id.setdefault((entry.kind, entry.id), []).append(entry)

    @property
    def is_request(self) -> bool:
        """Whether the entries are for a server to act on: then references may be searches."""
        return self.kind in ("transaction", "batch")

    def find(self, reference: str, full_url: str) -> Found:
        """Follow a reference that stands in the entry with this full URL (empty: it has none)."""
        plain, version = spelling.without_version(reference)
        kind, _, own = plain.rpartition("/")
        if spelling.is_absolute(reference):
            target = plain
            kind = kind.rpartition("/")[2] if version else ""
        elif not spelling.is_absolute(full_url):
            target = ""
        else:
            target = spelling.base_of(full_url) + (own if full_url.startswith("urn:") else plain)
        matches = [one for one in self._by_url.get(target, ()) if not version or one.version == version]
        return Found(target, matches, [] if matches else self._by_id.get((kind, own), []))

    def at(self, url: str) -> list[Entry]:
        """Return the entries of a full URL."""
        return self._by_url.get(url, [])


class Lookups:
    """The lookups of every Bundle in a document, and the Bundle that a resource stands in."""

    def __init__(self, context: Context) -> None:
        """Read every Bundle of the document."""
        self._of = {id(holder): Lookup(holder) for holder in context.holders if holder.kind == "Bundle"}

    def around(self, holder: Holder) -> tuple[Lookup, Entry] | None:
        """Return the Bundle that the resource (or the one that contains it) is an entry of, with that entry."""
        root = holder
        while root.is_contained and root.container is not None:
            root = root.container
        if root.container is None or root.entry is None:
            return None
        lookup = self._of.get(id(root.container))
        if (
            lookup is None
            or root.entry >= len(lookup.entries)
            or root.path != f"{lookup.path}.entry[{root.entry}].resource"
        ):
            return None
        return lookup, lookup.entries[root.entry]

    def of(self, bundle: Holder) -> Lookup:
        """Return the lookup of a Bundle of this document."""
        return self._of[id(bundle)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _entry(number: int, entry: object) -> Entry:
    if not isinstance(entry, dict):
        return Entry(number, "", "", "", "")
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        return Entry(number, _text(entry.get("fullUrl")), "", "", "")
    meta = resource.get("meta")
    return Entry(
        number,
        _text(entry.get("fullUrl")),
        _text(resource.get("resourceType")),
        _text(resource.get("id")),
        _text(meta.get("versionId")) if isinstance(meta, dict) else "",
    )
