"""What a resource is and whom it is about, read without the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.cdshooks.envelope import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable


class Reference(msgspec.Struct):
    """A reference, as far as it has an address."""

    reference: str = ""


class Head(msgspec.Struct):
    """The head of a resource."""

    resourceType: str = ""  # noqa: N815 - FHIR's name
    id: str = ""
    subject: Reference | None = None
    patient: Reference | None = None


_HEAD: Final = msgspec.json.Decoder(Head)
_ANY: Final = msgspec.json.Decoder(dict[str, Any])


def heads(resources: Iterable[bytes]) -> list[Head]:
    """Return the head of each resource, in their order."""
    texts = tuple(resources)
    try:
        return [_HEAD.decode(text) for text in texts]
    except UNREADABLE:
        return [_head(text) for text in texts]


def _head(text: bytes) -> Head:
    """Read one head member by member; what is of odd shape is left out, and its reader will complain of it."""
    try:
        whole = _ANY.decode(text)
    except UNREADABLE:
        return Head()
    kind, id_ = whole.get("resourceType"), whole.get("id")
    return Head(
        kind if isinstance(kind, str) else "", id_ if isinstance(id_, str) else "",
        _reference(whole.get("subject")), _reference(whole.get("patient")),
    )  # fmt: skip


def _reference(value: object) -> Reference | None:
    reference = value.get("reference") if isinstance(value, dict) else None
    return Reference(reference) if isinstance(reference, str) else None
