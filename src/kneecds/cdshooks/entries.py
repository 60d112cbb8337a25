"""Which resource of the record an issue is about."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

_ENTRY: Final = re.compile(r"Bundle\.entry\[(\d{1,6})\]")


class _Resource(msgspec.Struct):
    resourceType: Any = ""  # noqa: N815 - FHIR's name
    id: Any = ""


class _Entry(msgspec.Struct):
    resource: _Resource | None = None


class _Bundle(msgspec.Struct):
    entry: list[_Entry] = []


_decode: Final = msgspec.json.Decoder(_Bundle).decode


def number(expression: str) -> int | None:
    """Return the number of the entry that a place in the record is in."""
    found = _ENTRY.match(expression)
    return int(found[1]) if found is not None else None


def names(body: bytes) -> list[str]:
    """Return what each entry of the record is called, as "Observation/o1"; nothing for a body of another shape."""
    try:
        found = _decode(body).entry
    except msgspec.MsgspecError:
        return []
    return [_name(one.resource) for one in found]


def _name(resource: _Resource | None) -> str:
    if resource is None or not isinstance(resource.resourceType, str):
        return ""
    return (
        f"{resource.resourceType}/{resource.id}"
        if isinstance(resource.id, str) and resource.id
        else resource.resourceType
    )
