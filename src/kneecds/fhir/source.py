"""Where in the text of a document a FHIRPath points: line and column, for whoever has to mend it."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.errors import Issue

_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_STEP: Final = re.compile(
    r"\.?(?:ofType\((?P<type>[A-Za-z0-9]+)\)|(?P<name>[A-Za-z_$][A-Za-z0-9_-]*)|`(?P<quoted>(?:[^`\\]|\\.)*)`)"
    r"|\[(?P<index>\d+)\]"
)


class _Span:
    """One JSON value in the text: where it, and each member's name, begins."""

    __slots__ = ("items", "keys", "members", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.members: dict[bytes, _Span] | None = None
        self.keys: dict[bytes, int] | None = None
        self.items: list[_Span] | None = None


class Source:
    """The text of a document; it is indexed when the first place is asked for."""

    def __init__(self, text: bytes) -> None:
        """Keep the text."""
        self.text = text

    def locate(self, issues: Iterable[Issue]) -> tuple[Issue, ...]:
        """Return the issues with line and column; the nearest element around it where what is meant is not there."""
        return tuple(issue if issue.line or not issue.expression else self._placed(issue) for issue in issues)

    def _placed(self, issue: Issue) -> Issue:
        line, column = self.place(issue.expression)
        return msgspec.structs.replace(issue, line=line, column=column)

    def place(self, expression: str) -> tuple[int, int]:
        """Return line and column, from 1, of what a FHIRPath names; (0, 0) if there is no text to point at."""
        if self._root is None:
            return 0, 0
        return self.at(self._offset(expression))

    def at(self, offset: int) -> tuple[int, int]:
        """Return line and column of a byte; a column counts characters."""
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        inside = self._inside_characters
        return line, offset - start - (bisect_left(inside, offset) - bisect_left(inside, start)) + 1

    def line(self, number: int) -> str:
        """Return one line of the text."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].decode("utf-8", "replace").rstrip("\r\n")

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(rb"\n", self.text))]

    @cached_property
    def _inside_characters(self) -> array[int]:
        """The bytes that do not begin a character of UTF-8, in order."""
        if self.text.isascii():
            return array("I")
        return array("I", (match.start() for match in re.finditer(rb"[\x80-\xbf]", self.text)))

    @cached_property
    def _root(self) -> _Span | None:
        """The outermost value, or None where the text is not JSON."""
        root: _Span | None = None
        stack: list[_Span] = []
        name: bytes | None = None
        name_at = 0
        wants_name = False
        for match in _TOKEN.finditer(self.text):
            token = match[0]
            if token in (b",", b":"):
                wants_name = token == b"," and bool(stack) and stack[-1].members is not None
                continue
            if token in (b"}", b"]"):
                if not stack:
                    return root
                stack.pop()
                wants_name = False
                continue
            if wants_name and token[:1] == b'"':
                name, name_at, wants_name = token[1:-1], match.start(), False
                continue
            span = _Span(match.start())
            if not stack:
                if root is not None:
                    return root
                root = span
            else:
                self._put(stack[-1], span, name, name_at)
            if token == b"{":
                span.members, span.keys = {}, {}
                stack.append(span)
                wants_name = True
            elif token == b"[":
                span.items = []
                stack.append(span)
        return root

    @staticmethod
    def _put(parent: _Span, span: _Span, name: bytes | None, name_at: int) -> None:
        if parent.items is not None:
            parent.items.append(span)
        elif parent.members is not None and parent.keys is not None and name is not None:
            parent.members[name] = span  # of a name that stands twice, the later one
            parent.keys[name] = name_at

    def _offset(self, expression: str) -> int:
        """Follow the steps as far as they lead; a member is shown at its name, an item at its beginning."""
        span = self._root
        at = span.start if span is not None else 0
        for kind, step in _steps(expression):
            if span is None:
                break
            if kind == "index":
                if span.items is None:
                    if step == "0":
                        continue
                    break
                number = int(step)
                if number >= len(span.items):
                    break
                span = span.items[number]
                at = span.start
                continue
            found = _member(span, step)
            if found is None or span.members is None or span.keys is None:
                break
            at, span = span.keys[found], span.members[found]
        return at


def _steps(expression: str) -> list[tuple[str, str]]:
    """Split a FHIRPath into names and indexes; `value.ofType(Quantity)` is the name valueQuantity."""
    found: list[tuple[str, str]] = []
    for match in _STEP.finditer(expression):
        if match["index"] is not None:
            found.append(("index", match["index"]))
        elif match["type"] is not None:
            if found and found[-1][0] == "name":
                type_name = match["type"]
                found[-1] = ("name", f"{found[-1][1]}{type_name[0].upper()}{type_name[1:]}")
        else:
            name = match["name"] if match["name"] is not None else match["quoted"].replace("\\`", "`")
            found.append(("name", name))
    if found and found[0][0] == "name" and (found[0][1][:1].isupper() or found[0][1] == "$this"):
        del found[0]
    return found


def _member(span: _Span, name: str) -> bytes | None:
    """Return the member that an element's name stands for: itself, its companion, or a choice of any type."""
    members = span.members
    if members is None:
        return None
    wanted = name.encode("utf-8", "surrogatepass")
    for candidate in (wanted, b"_" + wanted):
        if candidate in members:
            return candidate
    size = len(wanted)
    return next((key for key in members if key.startswith(wanted) and key[size : size + 1].isupper()), None)
