"""Members of what a service sent: there, and of the right type. A blank one is the business of one check for all."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from kneecds.conformance import parts, requests
from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.conformance.parts import Part
    from kneecds.conformance.suite import Suite

_NAMES: Final = {str: "a string", dict: "an object", list: "an array", bool: "a boolean"}
_BLANK: Final[tuple[object, ...]] = (None, "", [], {})
_REVERSE_DOMAIN: Final = re.compile(r"[a-z0-9-]+(\.[A-Za-z0-9_-]+)+")
_WEB: Final = ("http", "https")


def required(kind: str, name: str, type_: type, suite: Suite) -> Iterator[Problem]:
    """Yield the parts that have no such member of this type."""
    for part in parts.parts(kind, suite):
        if not isinstance(part.value, dict):
            yield part.problem(f"must be an object ({kind})")
        elif name not in part.value:
            yield part.problem(f"has no {name}")
        elif _wrong(part, name, type_):
            yield part.problem(f"has a {name} that is not {_NAMES[type_]}")


def optional(kind: str, name: str, type_: type, suite: Suite) -> Iterator[Problem]:
    """Yield the parts in which this member is of another type."""
    for part in parts.with_member(kind, name, suite):
        if _wrong(part, name, type_):
            yield part.problem(f"has a {name} that is not {_NAMES[type_]}")


def one_of(kind: str, name: str, allowed: tuple[str, ...], suite: Suite) -> Iterator[Problem]:
    """Yield the parts in which this member is a string, but none of those allowed."""
    for part in parts.with_member(kind, name, suite):
        value = part.of(name)
        if isinstance(value, str) and value and value not in allowed:
            yield part.problem(f"has the {name} {value[:40]!r}, which is none of {', '.join(allowed)}")


def present(kind: str, name: str, suite: Suite) -> Iterator[Problem]:
    """Yield the parts without a member that is useful."""
    for part in parts.parts(kind, suite):
        if isinstance(part.value, dict) and name not in part.value:
            yield part.problem(f"has no {name}")


def absolute(kind: str, name: str, suite: Suite) -> Iterator[Problem]:
    """Yield the parts in which this member is no absolute address of the web."""
    for part in parts.with_member(kind, name, suite):
        value = part.of(name)
        if isinstance(value, str) and value and not is_absolute(value):
            yield part.problem(f"has a {name} that is not absolute: {value[:80]!r}")


def is_absolute(text: str) -> bool:
    """Tell whether a text is an absolute address of the web."""
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    return address.scheme in _WEB and bool(address.netloc) and not re.search(r"[\s<>\"]", text)


def uuid_form(kind: str, name: str, suite: Suite) -> Iterator[Problem]:
    """Yield the parts in which this member is a string, but not written as a UUID."""
    for part in parts.with_member(kind, name, suite):
        value = part.of(name)
        if isinstance(value, str) and value and not is_uuid(value):
            yield part.problem(f"has the {name} {value[:60]!r}, which is not a UUID")


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID as RFC 9562 writes it."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def blank(suite: Suite) -> Iterator[Problem]:
    """Yield where the service sent null or something empty that no rule permits (R-3)."""
    found = [("discovery", suite.discovery)]
    with suppress(Unseen):  # discovery can be looked at nevertheless
        found += [(str(call.offered), call.exchange) for call in suite.answered]
    for name, exchange in found:
        document = exchange.document
        allowed = ("cards",) if exchange is not suite.discovery else ("services",)
        for place in requests.blanks(document):
            if place not in allowed:
                yield Problem(f"{name}: {place or 'the body'} is null or empty", exchange)


def extension_objects(suite: Suite) -> Iterator[Problem]:
    """Yield extensions whose values are not objects."""
    for part, name, value in _extensions(suite):
        if not isinstance(value, dict):
            yield part.problem(f"has an extension {name[:60]!r} whose value is not an object")


def extension_names(suite: Suite) -> Iterator[Problem]:
    """Yield extensions whose names could be those of others."""
    for part, name, _ in _extensions(suite):
        if name and not (_REVERSE_DOMAIN.fullmatch(name) or is_absolute(name)):
            yield part.problem(f"has an extension {name[:60]!r}, which is no reverse-domain name")


def _extensions(suite: Suite) -> list[tuple[Part, str, Any]]:
    found = []
    for kind in ("service", "response", "card", "suggestion", "link"):
        try:
            seen = parts.parts(kind, suite)
        except Unseen:
            continue
        for part in seen:
            extension = part.of("extension")
            if isinstance(extension, dict):
                found += [(part, name, value) for name, value in extension.items()]
            elif extension is not None:
                found.append((part, "", extension))
    if not found:
        msg = "no extension was seen"
        raise Unseen(msg)
    return found


def _wrong(part: Part, name: str, type_: type) -> bool:
    value = part.of(name)
    return value not in _BLANK and not isinstance(value, type_)
