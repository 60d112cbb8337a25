"""Files with their data: whether what is said of the data is so (https://hl7.org/fhir/R4/datatypes.html#Attachment)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context

_DIGITS: Final = 19
"""The most that a number of 64 bits has."""


def check_attachment(context: Context, node: Node) -> None:
    """Say when size or hash of a file with data are not those of the data."""
    value: dict[str, Any] = node.value
    data = value.get("data")
    if not isinstance(data, str) or ("size" not in value and "hash" not in value):
        return
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return  # the structure is wrong, which is said there
    said, digest = _stated_size(value.get("size")), value.get("hash")
    if said is not None and said != len(content):
        message = f"the file is said to have {said} bytes; its data has {len(content)}"
        context.error("value", "attachment-size", f"{node.path}.size", message)
    if isinstance(digest, str):
        actual = hashlib.sha1(content, usedforsecurity=False).digest()
        if digest != base64.b64encode(actual).decode():
            message = "the hash is not the SHA-1 of the data"
            context.error("value", "attachment-hash", f"{node.path}.hash", message)


def _stated_size(said: object) -> int | None:
    """Return the size that a file is said to have: a number, in R5 written as a string."""
    if isinstance(said, str):
        return int(said) if said.isascii() and said.isdigit() and len(said) <= _DIGITS else None
    return said if isinstance(said, int) and not isinstance(said, bool) else None
