"""Strict JSON: what RFC 8259 leaves to the reader is refused or said, and every refusal is an issue.

An object never has two members of one name, 3.20 stays 3.20, depth, size and exponents are bounded, and text is
Unicode. A UTF-8 byte order mark is skipped with a warning, as RFC 8259 section 8.1 allows a reader to.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any, Final

import msgspec

from kneecds.errors import Issue, fatal, warning

MAX_BYTES: Final = 20_000_000
MAX_DEPTH: Final = 200
MAX_EXPONENT: Final = 6144  # of IEEE 754 decimal128; beyond it a number is a mistake or an attack
MAX_DIGITS: Final = 1000

_NOT_BRACKET_OR_QUOTE: Final = bytes(set(range(256)) - set(b'[]{}"'))
_ESCAPED_COLON: Final = re.compile(rb"\\u003[aA]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_BYTE_OFFSET: Final = re.compile(r" ?\(byte (\d+)\)$")
_WIDE_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_SHORT: Final = 20  # a number this short, without exponent, needs no second look; nor is a longer exponent read
_SIMPLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _NumberOutOfBoundsError(Exception):  # not a ValueError: msgspec would wrap that
    """A number whose exponent or length no clinical value has."""


def _decimal(text: str) -> Decimal:
    if len(text) > _SHORT or "e" in text or "E" in text:
        mantissa, _, exponent = text.lower().partition("e")
        if len(mantissa) > MAX_DIGITS or len(exponent) > _SHORT or abs(int(exponent or "0")) > MAX_EXPONENT:
            shown = text if len(text) <= 2 * _SHORT else f"{text[: 2 * _SHORT]}…"
            raise _NumberOutOfBoundsError(shown)
    return Decimal(text)


_DECODER: Final = msgspec.json.Decoder(float_hook=_decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def parse(
    body: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH
) -> tuple[object | None, tuple[Issue, ...]]:
    """Read JSON text as plain Python values, numbers with a point as Decimal; never raises on bad input."""
    value, issues, _ = parse_and_write(body, max_bytes=max_bytes, max_depth=max_depth)
    return value, issues


def parse_and_write(
    body: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH
) -> tuple[object | None, tuple[Issue, ...], bytes]:
    """Read JSON text, and return it also as written anew: without space between tokens; empty where it is refused."""
    if isinstance(body, str):
        try:
            body = body.encode()
        except UnicodeEncodeError as problem:
            return _refused("value", "json-encoding", f"a lone surrogate at character {problem.start} is not text")
    issues: tuple[Issue, ...] = ()
    if len(body) > max_bytes:
        return _refused("too-long", "json-size", f"{len(body)} bytes; at most {max_bytes} are read")
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
        issues = (
            warning("structure", "json-byte-order-mark", "", "a UTF-8 byte order mark was skipped; JSON has none"),
        )
    refusal = _refuse_encoding(body) or _refuse_depth(body, max_depth)
    if refusal is not None:
        return None, (*issues, refusal), b""
    try:
        value = _DECODER.decode(body)
    except RecursionError:
        return None, (*issues, _too_deep(max_depth, None)), b""
    except _NumberOutOfBoundsError as problem:
        message = f"the number {problem} has an exponent beyond ±{MAX_EXPONENT} or more than {MAX_DIGITS} digits"
        return None, (*issues, fatal("value", "json-number", "", message)), b""
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        return None, (*issues, _malformed(body, problem)), b""
    text = _ENCODER.encode(value)
    if text != body and not _surely_unrepeated(body, value, text):
        repeated = _repeated_keys(body)
        if repeated:
            return None, (*issues, *repeated), b""
    return value, issues, text


def quickly(body: bytes) -> object | None:
    """Read JSON that is known to repeat no name and not to be deep; None if there is anything else about it."""
    try:
        value: object = _DECODER.decode(body)
    except (RecursionError, _NumberOutOfBoundsError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return value


def _refused(code: str, rule: str, message: str) -> tuple[None, tuple[Issue, ...], bytes]:
    return None, (fatal(code, rule, "", message),), b""


def _refuse_encoding(body: bytes) -> Issue | None:
    if body.isascii() and b"\x00" not in body[:4]:
        return None
    wide = next(
        (name for mark, name in _WIDE_MARKS if body.startswith(mark)), "UTF-16 or UTF-32" if b"\x00" in body[:4] else ""
    )
    if wide:
        return fatal("structure", "json-encoding", "", f"the bytes are {wide}; JSON is exchanged as UTF-8")
    try:
        body.decode()
    except UnicodeDecodeError as problem:
        return _fatal_at("json-encoding", "not UTF-8 at", body, problem.start)
    return None


def _refuse_depth(body: bytes, max_depth: int) -> Issue | None:
    """Bound the nesting before anything recurses.

    Only brackets and quotes are kept, strings taken out (two quotes that meet cancel without changing which bracket
    lies inside a string), then innermost pairs removed: each pass takes away at least one level of nesting.
    """
    text = body
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = text.translate(None, _NOT_BRACKET_OR_QUOTE)
    if len(brackets) <= max_depth:
        return None
    brackets = brackets.replace(b'""', b"")
    if b'"' in brackets:
        brackets = b"".join(brackets.split(b'"')[::2])
    left = brackets
    for done in range(1, min(max_depth // 2, 16) + 1):
        left = left.replace(b"{}", b"").replace(b"[]", b"")
        if len(left) // 2 + 2 * done <= max_depth:  # each pass takes at most two levels from around what is left
            return None
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            return _too_deep(max_depth, body)
    return None


def _too_deep(max_depth: int, body: bytes | None) -> Issue:
    where = "" if body is None else f" ({len(body)} bytes)"
    return fatal("structure", "json-depth", "", f"nested more than {max_depth} levels deep{where}")


def _malformed(body: bytes, problem: Exception) -> Issue:
    text = str(problem)
    if isinstance(problem, UnicodeDecodeError):
        return fatal("structure", "json-encoding", "", "a string is not UTF-8")
    if not body.strip(b" \t\r\n"):
        return fatal("structure", "json-empty", "", "there is no JSON value, only white space or nothing")
    rule = "json-surrogate" if "surrogate" in text else "json-syntax"
    place = _BYTE_OFFSET.search(text)
    text = text.removeprefix("JSON is malformed: ")
    if "out of range" in text:
        return fatal("value", "json-number", "", f"a number has too many digits: {text}")
    if place:
        return _fatal_at(rule, f"{_BYTE_OFFSET.sub('', text)} at", body, int(place[1]))
    if "truncated" in text:
        # msgspec also says so of a string whose high surrogate is the last thing in it
        return _truncated(body)
    return fatal("structure", rule, "", text)


def _truncated(body: bytes) -> Issue:
    try:
        json.loads(body)
    except ValueError:
        return _fatal_at("json-syntax", "the text ends before the value does, at", body, len(body))
    return fatal("structure", "json-surrogate", "", "a string holds half of a surrogate pair")


def _fatal_at(rule: str, message: str, body: bytes, offset: int) -> Issue:
    """Return a fault with the place of a byte, in its message and in line and column."""
    before = body[:offset]
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    line = before.count(b"\n") + 1
    said = f"{message} line {line}, column {column} (byte {offset})"
    return Issue("fatal", "structure", rule, "", said, line=line, column=column)


def _surely_unrepeated(body: bytes, value: object, text: bytes = b"") -> bool:
    """Show that no object repeats a key, by counting colons; False only means that the count cannot tell.

    In JSON text a colon stands once per key, and else only inside strings. Written anew, the value has the same
    strings with the same colons, but of a repeated key one member only: so a repeated key loses a colon, and equal
    counts mean that nothing was lost. Only an escape that spells a colon could make up for the loss.
    """
    if b"\\" in body and _ESCAPED_COLON.search(body):
        return False
    return body.count(b":") == (text or _ENCODER.encode(value)).count(b":")


def _repeated_keys(body: bytes) -> tuple[Issue, ...]:
    """List every key that an object has twice, by reading again with the members of each object in hand."""
    seen: dict[int, tuple[dict[str, Any], list[tuple[str, Any]], list[str]]] = {}

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            counted = Counter(name for name, _ in pairs)
            seen[id(built)] = (built, pairs, [name for name, count in counted.items() if count > 1])
        return built

    root = json.loads(body, object_pairs_hook=build, parse_float=str, parse_int=str)
    if not seen:
        return ()
    found: list[Issue] = []
    waiting: list[tuple[str, Any]] = [(_root_name(root), root)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed([(f"{path}[{index}]", inner) for index, inner in enumerate(value)]))
        elif isinstance(value, dict):
            _, pairs, names = seen.get(id(value), (value, list(value.items()), []))
            found.extend(
                fatal(
                    "duplicate",
                    "json-duplicate-key",
                    _member(path, name),
                    f"the key {name!r} appears twice in one object; FHIR allows it once",
                )
                for name in names
            )
            waiting.extend(reversed([(_member(path, name), inner) for name, inner in pairs]))
    return tuple(found)


def _root_name(root: object) -> str:
    kind = root.get("resourceType") if isinstance(root, dict) else None
    return kind if isinstance(kind, str) and _SIMPLE_NAME.fullmatch(kind) else "$this"


def _member(path: str, name: str) -> str:
    if not name.isascii() or not _SIMPLE_NAME.fullmatch(name):
        escaped = json.dumps(_SURROGATE.sub("�", name))[1:-1].replace("`", "\\`")
        name = f"`{escaped}`"
    return f"{path}.{name}"
