"""Text that is safe to show: legal FHIR strings, and XHTML in which nothing from the input is markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# Not allowed in XML 1.0 or in a FHIR string, or better not shown: controls, lone surrogates, noncharacters.
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Characters that turn the direction of the text after them, so that a line reads as what it is not.
_DIRECTION: Final = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")

_PLAIN: Final = bytes(range(32, 127))
_OPEN: Final = '<div xmlns="http://www.w3.org/1999/xhtml">'


def clean(text: str) -> str:
    """Return a text that is a legal FHIR string; characters that are not legal become U+FFFD."""
    if text.isascii():
        if text.encode().translate(None, _PLAIN):  # three times as fast as `isprintable` on a long text
            text = _ILLEGAL.sub("\ufffd", text)
    elif not text.isprintable():
        text = _DIRECTION.sub("", _ILLEGAL.sub("\ufffd", text))
    return text.strip()


def escape(text: str) -> str:
    """Return clean text as XHTML content."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text


def listed(texts: Iterable[str]) -> str:
    """Return an XHTML list of clean texts; nothing for no texts."""
    inner = escape("\x00".join([text for text in texts if text])).replace("\x00", "</li><li>")
    return f"<ul><li>{inner}</li></ul>" if inner else ""


def narrative(heading: str, body: str = "") -> dict[str, object]:
    """Return a generated narrative: a heading of clean text, then XHTML."""
    return {"status": "generated", "div": f"{_OPEN}<p>{escape(heading)}</p>{body}</div>"}
