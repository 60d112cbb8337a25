"""The XHTML of a narrative: what the specification lets it hold, and what in it others can point at.

The text comes from strangers. It is read by expat, which resolves nothing; a document type declaration ends the reading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Mapping

# https://hl7.org/fhir/R4/narrative.html#xhtml: chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, links, images, style
XHTML: Final = "http://www.w3.org/1999/xhtml"
_XML: Final = "http://www.w3.org/XML/1998/namespace"

_EVERYWHERE: Final = frozenset(
    [
        "abbr", "accesskey", "align", "axis", "char", "charoff", "class", "colspan", "dir", "headers", "id",
        "lang", "rowspan", "scope", "span", "style", "tabindex", "title", "valign", "width"
    ]
)  # fmt: skip
_IN_XML: Final = frozenset({"lang", "space"})
_OWN: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "a": "charset coords href hreflang name rel rev shape type",
        "area": "alt coords href nohref shape",
        "blockquote": "cite",
        "img": "alt border height ismap longdesc src usemap",
        "map": "name",
        "q": "cite",
        "table": "border cellpadding cellspacing frame rules summary",
        "td": "nowrap",
    }.items()
}

_PHRASES: Final = frozenset(
    [
        "a", "abbr", "acronym", "b", "bdo", "big", "cite", "code", "dfn", "em", "i", "kbd", "q", "samp",
        "small", "strong", "sub", "sup", "tt", "var"
    ]
)  # fmt: skip
"""Elements inside a line of text; none stands in another of its own name."""
_LINES: Final = _PHRASES | frozenset(
    [
        "address", "caption", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "span"
    ]
)  # fmt: skip
"""Elements that hold lines of text, and no blocks."""
_BLOCKS: Final = frozenset(["div", "ol", "pre", "table", "ul"])
_NOT_IN_PARAGRAPH: Final = frozenset({"blockquote", "p"})
_VOID: Final = frozenset({"area", "br", "hr", "img"})
_PARENTS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(parents.split())
    for name, parents in {
        "caption": "table",
        "col": "colgroup table",
        "colgroup": "table",
        "dd": "dl",
        "dt": "dl",
        "li": "ol ul",
        "tbody": "table",
        "td": "tr",
        "tfoot": "table",
        "th": "tr",
        "thead": "table",
        "tr": "table tbody tfoot thead",
    }.items()
}
_CHILDREN: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(children.split())
    for name, children in {
        "dl": "dd dt",
        "map": "area",
        "ol": "li",
        "table": "caption col colgroup tbody tfoot thead tr",
        "tbody": "tr",
        "tfoot": "tr",
        "thead": "tr",
        "tr": "td th",
        "ul": "li",
    }.items()
}
"""Elements that hold only these, and no text."""
_ALLOWED: Final = (
    _LINES | _BLOCKS | _NOT_IN_PARAGRAPH | _VOID | _PARENTS.keys() | _CHILDREN.keys()
)  # https://www.w3.org/TR/REC-html40/index/elements.html, those of the chapters above

_SPACE: Final = " \t\r\n"
_SHOWN: Final = 40
_MOST: Final = 10  # problems of one narrative; who repairs these finds the rest
_UNDEFINED_ENTITY: Final = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
_ENTITY: Final = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,31});")
_PREDEFINED: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})


class Problem(NamedTuple):
    """One thing that is wrong with a narrative."""

    rule: str
    """`txt-1`: not the XHTML that is allowed; `txt-2`: nothing for a reader in it."""
    message: str


class Narrative(NamedTuple):
    """What was read of a narrative."""

    problems: list[Problem]
    anchors: tuple[str, ...]
    """Every id of an element and name of an anchor."""
    links: tuple[str, ...]
    """The href of every link."""
    images: tuple[str, ...]
    """The src of every image."""


def problems(div: str) -> list[Problem]:
    """List what is wrong with the XHTML of a narrative; nothing if it may stand so."""
    return read(div).problems


def read(div: str) -> Narrative:
    """Read the XHTML of a narrative as far as it can be read."""
    reader = _Reader()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.buffer_text = True
    try:
        parser.Parse(div.encode("utf-8", "replace"), True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as problem:
        reader.say(_malformed(div, problem))
    except _DoctypeError:
        reader.say("a document type declaration is not allowed in a narrative")
    else:
        if not reader.has_content:
            reader.found.append(Problem("txt-2", "the narrative has no text and no image in it"))
    return Narrative(reader.found, tuple(reader.anchors), tuple(reader.links), tuple(reader.images))


class _DoctypeError(Exception):
    """The text declares a document type; what it may declare is not looked at."""


def _malformed(div: str, problem: expat.ExpatError) -> str:
    if problem.code == _UNDEFINED_ENTITY:
        name = next((one for one in _ENTITY.findall(div) if one not in _PREDEFINED), None)
        shown = f"&{name};" if name else "an entity"
        return f"{shown} is no entity of XML; write the character itself"
    return f"not well-formed XML: {expat.ErrorString(problem.code)} at column {problem.offset + 1}"


def _shown(name: str) -> str:
    plain = name.rpartition(" ")[2]
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"


class _Reader:
    """What expat calls; every step costs the same however deep it stands."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.images: list[str] = []
        self.has_content = False
        self._open: list[str] = []
        self._times: dict[str, int] = {}
        self._lines = 0

    def say(self, message: str) -> None:
        problem = Problem("txt-1", message)
        if len(self.found) < _MOST and problem not in self.found:
            self.found.append(problem)

    def doctype(self, *_: object) -> None:
        raise _DoctypeError

    def start(self, full: str, attributes: dict[str, str]) -> None:
        space, _, name = full.rpartition(" ")
        if space != XHTML:
            what = f"the namespace {_shown(space)}" if space else "no namespace"
            self.say(f"<{_shown(name)}> has {what}; xmlns must be {XHTML}")
        if not self._open and name != "div":
            self.say(f"the narrative is a <{_shown(name)}>, not a <div>")
        if name not in _ALLOWED:
            self.say(f"<{_shown(name)}> is not allowed in a narrative")
        elif self._open:
            self._placed(name)
        self._attributes(name, attributes)
        if name == "img":
            self.has_content = True
        self._open.append(name)
        self._times[name] = self._times.get(name, 0) + 1
        self._lines += name in _LINES

    def end(self, full: str) -> None:
        name = full.rpartition(" ")[2]
        self._open.pop()
        self._times[name] -= 1
        self._lines -= name in _LINES

    def text(self, text: str) -> None:
        if text.strip(_SPACE):
            self.has_content = True
            holder = self._open[-1] if self._open else ""
            if holder in _CHILDREN or holder in _VOID:
                self.say(f"text stands directly in <{holder}>")

    def _placed(self, name: str) -> None:
        """Look at where an element stands (the content models of HTML 4.0)."""
        holder = self._open[-1]
        parents = _PARENTS.get(name)
        if holder in _VOID:
            self.say(f"<{holder}> holds a <{name}>; it cannot hold anything")
        elif parents is not None and holder not in parents:
            self.say(
                f"<{name}> stands in <{_shown(holder)}>, not in {' or '.join(f'<{one}>' for one in sorted(parents))}"
            )
        elif holder in _CHILDREN and name not in _CHILDREN[holder]:
            self.say(f"<{name}> stands directly in <{holder}>")
        elif self._lines and name in _BLOCKS:
            self.say(f"the block <{name}> stands inside a paragraph or line of text")
        elif name in _NOT_IN_PARAGRAPH and self._times.get("p"):
            self.say(f"<{name}> stands inside a paragraph")
        elif name in _PHRASES and self._times.get(name):
            self.say(f"<{name}> stands inside another <{name}>")

    def _attributes(self, name: str, attributes: dict[str, str]) -> None:
        own = _OWN.get(name, frozenset())
        for full, value in attributes.items():
            space, _, attribute = full.rpartition(" ")
            allowed = (
                attribute in _IN_XML if space == _XML else not space and (attribute in _EVERYWHERE or attribute in own)
            )
            if not allowed and name in _ALLOWED:
                self.say(f"the attribute {_shown(attribute)} is not allowed on <{name}>")
            if space:
                continue
            if attribute == "id" or (attribute == "name" and name in ("a", "map")):
                self.anchors.append(value)
            elif attribute == "href" and name in ("a", "area"):
                self.links.append(value)
            elif attribute == "src" and name == "img":
                self.images.append(value)
