"""Text in GitHub-flavoured markdown that shows itself and nothing else, wherever it stands and whoever renders it.

Hosts render the detail of a card with raw HTML, with links made of bare addresses, or not at all. So what could be markup
is written as a character reference or with a backslash, and what a renderer would look for in the finished text
(addresses, mentions, shortcodes) is parted by U+2060, which nobody sees.
"""

from __future__ import annotations

import re
from typing import Final

from kneecds.render.words import clean

JOINER: Final = "\u2060"
"""WORD JOINER: no width, no meaning; removed from what comes in, so that any in the output is ours."""

MOST: Final = 400
"""Longest text from the input that a card repeats."""

# Formatting characters that `clean` leaves: annotations, tags (text that only machines read), deprecated controls.
_HIDDEN: Final = re.compile("[\u180b-\u180e\ufe00-\ufe0f\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e01ef]")
_SPACES: Final = re.compile(r"\s+")
_BACKSLASHED: Final = "\\`*_[]{}"
_REFERENCED: Final = "<>&~|^$"
_TABLE: Final = str.maketrans(
    {one: f"\\{one}" for one in _BACKSLASHED}
    | {one: f"&#{ord(one)};" for one in _REFERENCED}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": f"&#64;{JOINER}"}
)
_SUSPECT: Final = re.compile(r"[\\`*_\[\]{}<>&~|^$@]")
# https://github.github.com/gfm/#autolinks-extension-, and what linkifiers make of it: www., scheme:, //, name.domain
_ADDRESS: Final = re.compile(r"(?<=:)(?=[^\W\d_]|[/+])|(?<=/)(?=/)|(?<=www)(?=\.)", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"(?<=\S)\.(?=[^\W\d_])")
# What begins a list, a quotation, a heading or a rule: https://github.github.com/gfm/#leaf-blocks
_START: Final = re.compile(r"[-+=#]|(\d{1,9})([.)])")


def plain(text: str, most: int = MOST) -> str:
    """Return one line of a text: no controls, nothing hidden, nothing that turns its direction, and not too long."""
    text = text[: 4 * most]
    if not text.isascii() or not text.isprintable():
        text = _SPACES.sub(" ", _HIDDEN.sub("", clean(text)))
    return cut(text.strip(), most)


def escaped(text: str, most: int = MOST) -> str:
    """Return a text as markdown that is read as this text: no HTML, no link, no start of a list, heading or table."""
    text = plain(text, most)
    if _SUSPECT.search(text):
        text = text.translate(_TABLE)
    if ":" in text or "/" in text or "." in text:
        text = _DOMAIN.sub("&#46;", _ADDRESS.sub(JOINER, text))
    start = _START.match(text)
    if start is None:
        return text
    return f"{start[1]}&#{ord(start[2])};{text[start.end() :]}" if start[1] else f"\\{text}"


def cut(text: str, most: int) -> str:
    """Return at most so many characters of a text, as clients count them, whole words if there is room for any."""
    if units(text) <= most:
        return text
    kept = text[: most - 1]
    while units(kept) > most - 1:
        kept = kept[:-1]
    if not text[len(kept)].isspace():
        word = kept.rfind(" ")
        if word > len(kept) // 2:
            kept = kept[:word]
    return f"{kept.rstrip(' ,;:-(')}…"


def units(text: str) -> int:
    """Count a text in UTF-16 units, as JavaScript does; never fewer than its code points."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
