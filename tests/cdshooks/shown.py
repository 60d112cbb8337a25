"""What a host shows of a piece of markdown, by a real renderer with HTML, tables and strikethrough on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from markdown_it.token import Token

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

# https://github.github.com/gfm/#autolinks-extension-, which renderers look for in the finished text; and mentions
AUTOLINKS = (
    re.compile(r"www\.", re.IGNORECASE),
    re.compile(r"(?:https?|ftp)://", re.IGNORECASE),
    re.compile(r"(?:mailto|xmpp|javascript|data):[\w+/]", re.IGNORECASE),
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"(?<!\w)@\w"),
    re.compile(r":[A-Za-z+][\w+-]*:"),
)
OUR_MARKUP = frozenset({
    "text", "softbreak", "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close",
    "ordered_list_open", "ordered_list_close", "list_item_open", "list_item_close", "strong_open", "strong_close",
    "link_open", "link_close", "inline",
})  # fmt: skip
"""What our cards are written with. No HTML, image, code, table, heading, quotation, rule, emphasis or line break."""


class Shown(NamedTuple):
    text: str  # all that is read, blocks and lines parted by a space
    kinds: frozenset[str]
    links: tuple[str, ...]
    bare: str  # the text outside of links


def flat(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type != "inline":
            yield token
        yield from flat(token.children or ())


def shown(markdown: str) -> Shown:
    text, bare, inside = [], [], 0
    tokens = list(flat(RENDERER.parse(markdown)))
    for token in tokens:
        inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        piece = token.content if not token.nesting else ""
        if token.type == "softbreak" or (token.block and token.nesting):
            piece = " "
        text.append(piece)
        if not inside:
            bare.append(piece)
    links = tuple(str(token.attrs["href"]) for token in tokens if token.type == "link_open")
    return Shown("".join(text), frozenset(token.type for token in tokens), links, "".join(bare))


def markup(markdown: str) -> list[str]:
    """Return what is more than text, and what a renderer would make a link of."""
    found = shown(markdown)
    autolinks = [match[0] for pattern in AUTOLINKS if (match := pattern.search(found.bare))]
    return sorted(found.kinds - OUR_MARKUP) + autolinks
