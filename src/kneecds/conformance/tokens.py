"""JSON Web Tokens as a client signs them, and as nobody should (https://cds-hooks.hl7.org/2.0/#trusting-cds-clients)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from kneecds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from joserfc.jwk import ECKey, RSAKey

Algorithm = Literal["ES384", "RS384"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("ES384", "RS384")
_LIFETIME: Final = 300  # seconds


class Signer(NamedTuple):
    """A client with its key."""

    key: ECKey | RSAKey
    alg: Algorithm
    kid: str
    issuer: str
    now: Callable[[], datetime]
    fresh: Callable[[], str]
    jku: str = ""

    def header(self) -> dict[str, Any]:
        """Return the header of every token."""
        found = {"alg": self.alg, "kid": self.kid, "typ": "JWT"}
        return found | {"jku": self.jku} if self.jku else found

    def claims(self, audience: str) -> dict[str, Any]:
        """Return the claims of a token for one address."""
        now = int(self.now().timestamp())
        return {"iss": self.issuer, "aud": audience, "iat": now, "exp": now + _LIFETIME, "jti": self.fresh()}

    def token(
        self, audience: str, claims: Mapping[str, Any] | None = None, header: Mapping[str, Any] | None = None
    ) -> str:
        """Sign a token for one address; `claims` and `header` replace members, and None takes one away."""
        return signed(self.key, _changed(self.header(), header), _changed(self.claims(audience), claims))

    def unsigned(self, audience: str) -> str:
        """Write a token of the algorithm `none`."""
        return f"{_part(self.header() | {'alg': 'none'})}.{_part(self.claims(audience))}."

    def symmetric(self, audience: str) -> str:
        """Write a token of HS256 that takes our public key, which everybody knows, for the secret."""
        head = f"{_part(self.header() | {'alg': 'HS256'})}.{_part(self.claims(audience))}"
        secret: bytes = self.key.as_pem(private=False)
        return f"{head}.{_base64(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"

    def tampered(self, audience: str) -> str:
        """Sign a token, then change a claim."""
        head, _, signature = self.token(audience).split(".")
        return f"{head}.{_part(self.claims(audience) | {'tenant': 'changed'})}.{signature}"

    def stranger(self) -> Signer:
        """Return a client with the same names and a key of its own."""
        return self._replace(key=new_key(self.alg))

    def key_set(self) -> bytes:
        """Return the public key as a JWK Set."""
        public = self.key.as_dict(private=False) | {"kid": self.kid, "alg": self.alg, "use": "sig"}
        return msgspec.json.encode({"keys": [public]})


def signed(key: ECKey | RSAKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Sign claims."""
    from joserfc import jwt  # noqa: PLC0415 - only with a key

    return jwt.encode(dict(header), dict(claims), key, algorithms=[str(header["alg"])])


def new_key(alg: Algorithm) -> ECKey | RSAKey:
    """Make a key of the kind an algorithm needs."""
    from joserfc import jwk  # noqa: PLC0415 - only with a key

    return jwk.ECKey.generate_key("P-384") if alg == "ES384" else jwk.RSAKey.generate_key(2048)


def read_key(content: bytes) -> tuple[ECKey | RSAKey, Algorithm, str]:
    """Read a private key, PEM or JWK; return it with its algorithm and its id, if it has one."""
    from joserfc import errors, jwk  # noqa: PLC0415 - only with a key

    text = content.strip()
    kid = ""
    try:
        if text.startswith(b"{"):
            given = msgspec.json.decode(text)
            kid = str(given.get("kid", ""))
            key: Any = jwk.import_key(given)
        else:
            key = jwk.import_key(text, "EC" if b"EC PRIVATE" in text else _kind(text))
    except (ValueError, TypeError, msgspec.DecodeError, errors.JoseError) as problem:
        msg = f"the key cannot be read: {type(problem).__name__}; PEM or JWK of a private key is needed"
        raise UsageError(msg) from problem
    if not isinstance(key, jwk.ECKey | jwk.RSAKey) or not key.is_private:
        msg = "the key must be a private EC (P-384) or RSA key"
        raise UsageError(msg)
    alg: Algorithm = "RS384" if isinstance(key, jwk.RSAKey) else "ES384"
    if isinstance(key, jwk.ECKey) and key.curve_name != "P-384":
        msg = f"the curve of the key is {key.curve_name}; ES384 needs P-384"
        raise UsageError(msg)
    return key, alg, kid or key.thumbprint()


def _kind(pem: bytes) -> Literal["EC", "RSA"]:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    return "EC" if isinstance(load_pem_private_key(pem, None), EllipticCurvePrivateKey) else "RSA"


def _changed(of: dict[str, Any], by: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (of | dict(by or {})).items() if value is not None}


def _part(value: Mapping[str, Any]) -> str:
    return _base64(msgspec.json.encode(value))


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
