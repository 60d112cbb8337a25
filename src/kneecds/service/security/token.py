"""A JSON Web Token: taken apart, looked at, verified; RFC 7515 and 7519, and no more of them than is needed."""

from __future__ import annotations

import binascii
import math
import re
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from kneecds.service.security.principal import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from joserfc.jwk import Key

_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SCHEME: Final = re.compile(
    rb"bearer +([\x21-\x7e]+) *", re.IGNORECASE
)  # https://www.rfc-editor.org/rfc/rfc6750#section-2.1
_LONGEST_ID: Final = 512


class Registry(jws.JWSRegistry):
    """What joserfc takes: headers with what a client adds of its own, and room for a `jku`."""

    max_header_length = 8192


class Token(NamedTuple):
    """A token that nothing is known of yet."""

    text: str
    header: dict[str, Any]
    claims: dict[str, Any]

    def word(self, name: str) -> str:
        """Return a claim that has to be a text; refuse the token without it."""
        value = self.claims.get(name)
        if not isinstance(value, str) or not value or len(value) > _LONGEST_ID:
            raise Refused(name)
        return value

    def moment(self, name: str) -> float | None:
        """Return a time in seconds, if it is there; refuse what is none."""
        value = self.claims.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise Refused(name)
        return float(value)


def sent(headers: Sequence[tuple[bytes, bytes]], most: int) -> str | None:
    """Return the bearer token of a request, None if there is no Authorization at all; refuse anything else."""
    found = [value for name, value in headers if name == b"authorization"]
    if not found:
        return None
    if len(found) > 1:
        raise Refused("authorization")  # noqa: EM101 - a word
    if len(found[0]) > most:
        raise Refused("too-long")  # noqa: EM101
    match = _SCHEME.fullmatch(found[0])
    if match is None:
        raise Refused("scheme")  # noqa: EM101
    return match[1].decode("ascii")


def parsed(text: str) -> Token:
    """Take a token apart."""
    if not _SHAPE.fullmatch(text):
        raise Refused("not-a-token")  # noqa: EM101
    header, claims, _ = text.split(".")
    return Token(text, _object(header), _object(claims))


def algorithm(token: Token, allowed: Collection[str], *, types: Collection[str]) -> str:
    """Return the algorithm; refuse what is not allowed (R-202), and every header that changes how a token is read."""
    header = token.header
    name = header.get("alg")
    if not isinstance(name, str) or name not in allowed:
        raise Refused("alg")  # noqa: EM101
    kind = header.get("typ", "")
    if not isinstance(kind, str) or kind.lower() not in types:
        raise Refused("typ")  # noqa: EM101
    if "crit" in header or "b64" in header:  # https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11
        raise Refused("crit")  # noqa: EM101
    return name


def audience(token: Token, accepted: Collection[str]) -> None:
    """Refuse a token that is for somebody else; `aud` is a text or a list of them."""
    value = token.claims.get("aud")
    named = value if isinstance(value, list) else [value]
    if not any(isinstance(one, str) and one in accepted for one in named):
        raise Refused("aud")  # noqa: EM101


def times(token: Token, now: float, leeway: float, longest: float | None) -> float:
    """Return when a token expires; refuse one that has, is not valid yet, or lasts too long."""
    expires, issued, begins = token.moment("exp"), token.moment("iat"), token.moment("nbf")
    if expires is None or expires + leeway <= now:
        raise Refused("exp")  # noqa: EM101
    if begins is not None and begins > now + leeway:
        raise Refused("nbf")  # noqa: EM101
    if issued is not None and issued > now + leeway:
        raise Refused("iat")  # noqa: EM101
    if longest is not None:
        if issued is None:
            raise Refused("iat")  # noqa: EM101
        if expires - issued > longest:
            raise Refused("lifetime")  # noqa: EM101
    return expires


def verify(token: Token, key: Key, name: str) -> None:
    """Refuse a token that the key did not sign with this algorithm."""
    try:
        jws.deserialize_compact(token.text, key, registry=_registry(name))
    except (JoseError, ValueError, TypeError):
        raise Refused("signature") from None  # noqa: EM101


def _registry(name: str) -> Registry:
    return Registry(algorithms=[name], strict_check_header=False)


def _object(part: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise Refused("not-a-token") from None  # noqa: EM101
    if not isinstance(value, dict):
        raise Refused("not-a-token")  # noqa: EM101
    return value
