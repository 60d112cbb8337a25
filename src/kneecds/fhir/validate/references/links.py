"""Links and images in narratives: whether they lead somewhere, and nowhere dangerous."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from kneecds.fhir import narrative

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node
    from kneecds.fhir.validate.context import Context

_SHOWN: Final = 60
_FORBIDDEN: Final = re.compile(r'[\s"<>\\^`{}\x00-\x1f]')  # RFC 3986, section 2: not in any URL
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_ACTIVE: Final = ("javascript", "vbscript")
_OF_BASE64: Final = re.compile("[A-Za-z0-9+/=_-]")
_WORTH_READING: Final = ("href", "src")


def check_links(context: Context, texts: list[Node]) -> None:
    """Look at every narrative that has links; what they point at may stand anywhere in the document."""
    if not any(word in node.value for node in texts for word in _WORTH_READING):
        return
    read = [(node, narrative.read(node.value)) for node in texts]
    known: set[str] | None = None
    for node, found in read:
        for link, what in [(one, "link") for one in found.links] + [(one, "image") for one in found.images]:
            reason = _reason(link, what)
            if reason:
                context.error("security" if "active" in reason else "value", "narrative-url", node.path, reason)
            elif link.startswith("#") and link != "#":
                if known is None:
                    known = _ids(context).union(*(one.anchors for _, one in read))
                if link[1:] not in known:
                    message = f"the {what} {link[:_SHOWN]} leads to no element of this document"
                    context.error("not-found", "narrative-link", node.path, message)


def _reason(link: str, what: str) -> str:
    if not link:
        return f"the URL of a {what} is empty"
    scheme = _SCHEME.match(link.strip())
    name = scheme[1].lower() if scheme is not None else ""
    if name in _ACTIVE:
        return f"a {what} has active content ({name}:), which is a danger to the reader"
    if _FORBIDDEN.search(link):
        return f"the {what} {link[:_SHOWN]!r} holds characters that no URL has"
    if name == "urn" and what == "link":
        return f"the link {link[:_SHOWN]!r} is a name, not an address that can be followed"
    if name == "data" and ";base64," in link and len(_OF_BASE64.findall(unquote(link.partition(",")[2]))) % 4:
        return f"the data: URL of a {what} is not base64"
    return ""


def _ids(context: Context) -> set[str]:
    """Return every id of a resource or element of the document."""
    known: set[str] = set()
    for node in context.nodes:
        for part in (node.value, node.companion):
            own = part.get("id") if isinstance(part, dict) else None
            if isinstance(own, str):
                known.add(own)
    return known
