"""An assessment as JSON: the fields of `core.assessment`, in their order; what is empty is left out."""

from __future__ import annotations

import msgspec

_ENCODER = msgspec.json.Encoder(order="deterministic", decimal_format="number")


def to_json(value: object, *, indent: int = 2) -> bytes:
    """Return UTF-8 JSON that ends with a line break; the same value gives the same bytes."""
    return msgspec.json.format(_ENCODER.encode(value), indent=indent) + b"\n"
