"""The outside of a hook call, opened without looking into what was prefetched.

Repeated names, bad encoding and depth are refused as in `fhir/strict_json.py`. What was prefetched stays bytes: its
syntax is checked here, the rest by whoever reads the resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import msgspec

from kneecds.errors import InputError, Issue, fatal
from kneecds.fhir import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOTHING: Final = msgspec.Raw()


class _Plain(msgspec.Struct, omit_defaults=True):
    """A request with nothing but what the specification names; anything more makes it longer than this is written."""

    hook: msgspec.Raw = _NOTHING
    hookInstance: msgspec.Raw = _NOTHING  # noqa: N815 - as in the specification
    context: msgspec.Raw = _NOTHING
    fhirServer: msgspec.Raw = _NOTHING  # noqa: N815
    fhirAuthorization: msgspec.Raw = _NOTHING  # noqa: N815
    prefetch: dict[str, msgspec.Raw] = {}
    extension: msgspec.Raw = _NOTHING


_PLAIN: Final = msgspec.json.Decoder(_Plain)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER: Final = msgspec.json.Encoder()
_MARK: Final = b"\xef\xbb\xbf"
UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


class Envelope(NamedTuple):
    """A body in two parts."""

    rest: dict[str, Any]
    prefetch: dict[str, bytes] | bytes | None  # bytes: it is not an object; None: there is none


def opened(body: bytes, *, max_bytes: int, max_depth: int) -> Envelope:
    """Open a body; InputError if it is no JSON object or not strict JSON."""
    body = body.removeprefix(_MARK)
    if len(body) > max_bytes or not is_text(body):
        raise _refused(body, max_bytes, max_depth)
    plain = _plain(body)
    if plain is not None:
        rest_text, prefetch, sure = plain
    else:
        try:
            rest_text, prefetch, sure = _any(body)
        except UNREADABLE as problem:
            raise _refused(body, max_bytes, max_depth) from problem
    if not sure:
        _refuse(strict_json.parse(body, max_bytes=max_bytes)[1])
    rest, issues = strict_json.parse(rest_text, max_depth=max_depth)
    _refuse(issues)
    assert isinstance(rest, dict)  # it was just written as an object
    return Envelope(rest, prefetch)


_Parts: TypeAlias = "tuple[bytes, dict[str, bytes] | bytes | None, bool]"  # the rest, the prefetch, whether that is all


def _plain(body: bytes) -> _Parts | None:
    """Open a plain request in one go; None where it may not be one."""
    try:
        top = _PLAIN.decode(body)
    except UNREADABLE:
        return None
    prefetch = top.prefetch
    if not prefetch or not keeps_all(body, top):
        return None
    top.prefetch = {}
    return _ENCODER.encode(top), {name: bytes(value) for name, value in prefetch.items()}, True


def _any(body: bytes) -> _Parts:
    top = _OBJECT.decode(body)
    sure = keeps_all(body, top)
    prefetched = top.pop("prefetch", None)
    rest = _ENCODER.encode(top)
    if prefetched is None:
        return rest, None, sure
    raw = bytes(prefetched)
    if not raw.startswith(b"{"):
        return rest, raw, sure
    values = _OBJECT.decode(raw)
    return rest, {name: bytes(value) for name, value in values.items()}, sure and keeps_all(raw, values)


def is_text(body: bytes) -> bool:
    """Whether bytes are UTF-8."""
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def keeps_all(text: bytes, parts: object) -> bool:
    """Show that nothing of a text was lost to a repeated name; False only means that this cannot tell.

    Each name has a colon. Written anew from its parts, an object with a repeated name lacks at least one, unless an
    escape spells a colon. A text without space between its tokens has the same length, too, which is quicker to see.
    """
    written = _ENCODER.encode(parts)
    if len(written) == len(text):
        return True
    if b"\\" in text and (b"\\u003a" in text or b"\\u003A" in text):
        return False
    return written.count(b":") == text.count(b":")


def loses(text: bytes, parts: object) -> bool:
    """Whether something of a text was lost when it was taken apart; looked at closely where the short way cannot tell."""
    return not keeps_all(text, parts) and any(issue.is_error for issue in strict_json.parse(text)[1])


def strict(body: bytes, *, max_bytes: int, max_depth: int) -> dict[str, Any]:
    """Read a small body whole; InputError if it is not strict JSON or no object."""
    value, issues = strict_json.parse(body, max_bytes=max_bytes, max_depth=max_depth)
    _refuse(issue for issue in issues if issue.is_error)
    if not isinstance(value, dict):
        raise InputError((_no_object(),))
    return value


def _refuse(issues: Iterable[Issue]) -> None:
    placed = tuple(_placed(issue) for issue in issues)
    if placed:
        raise InputError(placed)


def _refused(body: bytes, max_bytes: int, max_depth: int) -> InputError:
    issues = strict_json.parse(body, max_bytes=max_bytes, max_depth=max_depth)[1]
    return InputError(tuple(_placed(issue) for issue in issues) or (_no_object(),))


def _no_object() -> Issue:
    return fatal("structure", "request-object", "Request", "the body is not a JSON object (R-18)")


def _placed(issue: Issue) -> Issue:
    """Name the body as its reader does."""
    inside = issue.expression.removeprefix("$this")
    return msgspec.structs.replace(issue, expression=f"Request{inside}" if inside != issue.expression else "Request")
