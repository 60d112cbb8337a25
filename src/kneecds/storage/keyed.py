"""Ids of others, made unreadable before they are kept.

A card's uuid is worked out from the advice and the patient's id, a request holds the record itself: whoever has only a
plain hash could try patient ids until one fits. So everything of that kind is kept as an HMAC. With the site's secret,
which is not in the database, a stolen copy of the database tells nothing. Without one, a random key of this database,
kept in it, still makes copies of two sites incomparable and tables made in advance useless, but does not stop
somebody who holds the copy and guesses.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

import msgspec

_pack = msgspec.msgpack.Encoder().encode


def digest(content: str | bytes) -> str:
    """Return the SHA-256 of an id or a body, as the rows take it."""
    return sha256(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content).hexdigest()


def keyed(key: bytes, *parts: object) -> str:
    """Return the HMAC-SHA256 (RFC 2104) of ids; nobody without the key can tell from it what they were."""
    try:
        packed = _pack(parts)
    except UnicodeEncodeError:  # a lone surrogate in a text from outside
        packed = repr(parts).encode("utf-8", "backslashreplace")
    return hmac.digest(key, packed, "sha256").hex()


def legible(text: str) -> str:
    """Return text that every database takes: no NUL, which PostgreSQL refuses, and no half characters."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
