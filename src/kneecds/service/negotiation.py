"""Media types: what a body says it is, and what a client takes (RFC 9110, sections 8.3 and 12.5.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import Scope

_TAKEN: Final = frozenset({"*/*", "application/*", "application/json"})
_UTF_8: Final = frozenset({"utf-8", "utf8"})


def expect_json(scope: Scope) -> None:
    """Refuse a body that is not JSON."""
    if not is_json(_header(scope, b"content-type")):
        raise HTTPException(415)


def expect_taker(scope: Scope) -> None:
    """Refuse a client that does not take JSON."""
    accept = _header(scope, b"accept")
    if accept and not takes_json(accept):
        raise HTTPException(406)


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    """Whether a content type is that of JSON, in UTF-8 as JSON is; "utf-8" may be said."""
    kind, *parameters = content_type.lower().split(";")
    charsets = {
        value.strip().strip('"')
        for name, _, value in (one.partition("=") for one in parameters)
        if name.strip() == "charset"
    }
    return kind.strip() == "application/json" and charsets <= _UTF_8


@lru_cache(maxsize=64)
def takes_json(accept: str) -> bool:
    """Whether JSON is among what is accepted; the most specific range that fits decides."""
    found: dict[str, bool] = {}
    for entry in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        if kind in _TAKEN:
            found[kind] = not any(_is_zero(parameter) for parameter in parameters)
    return next((found[kind] for kind in ("application/json", "application/*", "*/*") if kind in found), False)


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")


def _header(scope: Scope, wanted: bytes) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)
