"""Text of patients that means harm: it may come out as text, and as nothing else.

Hosts render the detail of a card as GitHub-flavoured markdown, some with raw HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kneecds.conformance import changes
from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.suite import Suite

_MARK: Final = "zqxv"
_HOST: Final = "hostile.example.org"
HTML: Final = f"{_MARK}<img src=x onerror=alert(1)><script>alert(2)</script>"
LINK: Final = f"{_MARK} [press](https://{_HOST}/a) ![see](https://{_HOST}/b.png) https://{_HOST}/c www.{_HOST}"
_OWN_LINE: Final = "zqxw"
BLOCK: Final = f"{_MARK}\n\n# {_OWN_LINE} heading\n\n- {_OWN_LINE} item\n\n| {_OWN_LINE} | b |\n|---|---|\n"

_RAW_HTML: Final = re.compile(r"(?<!\\)<\s*/?\s*(img|script)\b", re.IGNORECASE)
_ACTIVE: Final = re.compile(
    rf"(?<!\\)\]\(\s*<?https?://{re.escape(_HOST)}|(?<![\\\w])https?://{re.escape(_HOST)}|(?<![\\\w])www\.{re.escape(_HOST)}",
    re.IGNORECASE,
)
_HEADING: Final = re.compile(rf"^[ ]{{0,3}}(#{{1,6}}|[-*+]|\|)[ ]+{_OWN_LINE}", re.MULTILINE)
_CODE: Final = re.compile(r"(`+)[^`]+\1")
_LONGEST: Final = 20_000  # of a detail; longer ones are looked at so far
_SERVER_FAULT: Final = 500


def html(suite: Suite) -> Iterator[Problem]:
    """Yield details in which a patient's text is HTML."""
    for detail, exchange in _details(suite, HTML):
        if _RAW_HTML.search(detail):
            yield Problem("text of the patient comes out as HTML", exchange)


def links(suite: Suite) -> Iterator[Problem]:
    """Yield details in which a patient's text is a link or a picture."""
    for detail, exchange in _details(suite, LINK):
        if _ACTIVE.search(detail):
            yield Problem("text of the patient comes out as a link", exchange)


def blocks(suite: Suite) -> Iterator[Problem]:
    """Yield details in which a patient's text is a heading, a list or a table of its own."""
    for detail, exchange in _details(suite, BLOCK):
        if _HEADING.search(detail):
            yield Problem("text of the patient comes out as a heading, list or table", exchange)


def addresses(suite: Suite) -> Iterator[Problem]:
    """Yield cards that link to an address which a patient's text brought in."""
    for exchange in _answers(suite, LINK):
        for card in exchange.cards:
            if isinstance(card, dict) and any(_HOST in str(card.get(name)) for name in ("links", "source")):
                yield Problem("an address in the patient's text became a link of the card", exchange)


def survived(suite: Suite) -> Iterator[Problem]:
    """Yield calls with hostile text that end in a fault."""
    for text in (HTML, LINK, BLOCK):
        for exchange in _answers(suite, text):
            if exchange.status >= _SERVER_FAULT:
                yield Problem(f"hostile text was answered {exchange.status}", exchange)


def _details(suite: Suite, text: str) -> list[tuple[str, Exchange]]:
    """Return the details in which the text comes out, without code spans; Unseen if there are none."""
    found = [
        (_CODE.sub("", card["detail"][:_LONGEST]), exchange)
        for exchange in _answers(suite, text)
        for card in exchange.cards
        if isinstance(card, dict) and isinstance(card.get("detail"), str) and _MARK in card["detail"]
    ]
    if not found:
        msg = "no text of the patient comes out in a detail"
        raise Unseen(msg)
    return found


def _answers(suite: Suite, text: str) -> list[Exchange]:
    return [
        suite.changed(text, call.offered, lambda request: changes.written(request, text)).exchange
        for call in suite.answered
    ]  # fmt: skip
