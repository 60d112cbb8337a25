"""Public keys out of a JSON Web Key Set (RFC 7517): those that can verify what is taken here, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joserfc.jwk import Key

    KeySet = Mapping[tuple[str, str], Key]
    """Keys by `kid` and algorithm."""

# https://www.rfc-editor.org/rfc/rfc7518#section-3.1
ALGORITHMS: Final[dict[str, tuple[str, str]]] = {
    "ES384": ("EC", "P-384"),
    "RS384": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "RS256": ("RSA", ""),
}

_PUBLIC: Final = frozenset({"kty", "crv", "x", "y", "n", "e"})
_FEWEST_BITS: Final = 2048  # https://www.rfc-editor.org/rfc/rfc7518#section-3.3
_MOST_KEYS: Final = 100


class NoKeySetError(ValueError):
    """Something that is no key set."""


def read_key_set(body: bytes | str) -> KeySet:
    """Read a key set; keys that cannot be used are left out, as RFC 7517 section 5 asks."""
    try:
        return key_set(msgspec.json.decode(body))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        msg = "not JSON"
        raise NoKeySetError(msg) from None


def key_set(document: object) -> KeySet:
    """Return the keys of a key set that was read."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        msg = "not a JSON Web Key Set"
        raise NoKeySetError(msg)
    found: dict[tuple[str, str], Key] = {}
    for one in listed:
        if isinstance(one, dict) and isinstance(kid := one.get("kid"), str) and kid and (key := _key(one)) is not None:
            for name in _algorithms(one):
                found.setdefault((kid, name), key)
    return found


def _algorithms(jwk: dict[str, Any]) -> list[str]:
    """Return the algorithms that a key is for: those of its kind, unless it names one."""
    return [
        name
        for name, (kind, curve) in ALGORITHMS.items()
        if jwk.get("kty") == kind and (not curve or jwk.get("crv") == curve) and jwk.get("alg", name) == name
    ]


def _key(jwk: dict[str, Any]) -> Key | None:
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ("verify",)) or not _algorithms(jwk):
        return None
    public = {name: value for name, value in jwk.items() if name in _PUBLIC}
    try:
        if jwk["kty"] == "EC":
            key: Key = ECKey.import_key(public)
            key.get_op_key("verify")
            return key
        if len(public["n"]) * 3 // 4 * 8 < _FEWEST_BITS:
            return None
        key = RSAKey.import_key(public)
        return key if key.get_op_key("verify").key_size >= _FEWEST_BITS else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
