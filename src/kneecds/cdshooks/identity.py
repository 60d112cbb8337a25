"""Identifiers of cards and suggestions: the same advice about the same patient always has the same one."""

from __future__ import annotations

from kneecds.fhir.emit import ids


def uuid_of(*parts: object) -> str:
    """Return the UUID of some content, of version 8 (RFC 9562): a hash, and neither random nor dated."""
    return ids.of_content(("cds-hooks", *parts))


def nth(uuid: str, number: int) -> str:
    """Return the UUID of the n-th part of something, which is another for each part."""
    start, _, last = uuid.rpartition("-")
    return f"{start}-{int(last, 16) ^ number:012x}"
