"""Keys and tokens of CDS clients, sound ones and others."""

from __future__ import annotations

import base64
import hmac
import json
import time
import uuid
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

Json = dict[str, Any]

ISSUER = "https://ehr.example.org"
JKU = "https://ehr.example.org/.well-known/jwks.json"
AWAY: Any = object()


def key(kind: str = "ES384", kid: str = "k1") -> Any:
    """Return the private key of a name, always the same."""
    return _made(kind, kid)


@lru_cache
def _made(kind: str, kid: str) -> Any:
    if kind.startswith("ES"):
        return ECKey.generate_key({"ES384": "P-384", "ES256": "P-256", "ES512": "P-521"}[kind], {"kid": kid})
    return RSAKey.generate_key(2048, {"kid": kid})


def jwks(*keys: Any) -> Json:
    return {"keys": [{**one.as_dict(private=False), "use": "sig"} for one in keys]}


def claims(aud: Any, **changes: Any) -> Json:
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": aud, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4()), **changes}
    return {name: value for name, value in whole.items() if value is not AWAY}


def token(aud: Any, *, alg: str = "ES384", signer: Any = None, header: Json | None = None, **changes: Any) -> str:
    """Return a token that is sound but for the changes."""
    signer = signer or key(alg if alg != "RS256" else "RS384")
    whole = {"alg": alg, "typ": "JWT", "kid": signer.kid, **(header or {})}
    head = {name: value for name, value in whole.items() if value is not AWAY}
    signed = f"{_part(head)}.{_part(claims(aud, **changes))}"
    signature = jws.JWSRegistry.algorithms[alg].sign(signed.encode(), signer)
    return f"{signed}.{_encoded(signature)}"


def unsigned(aud: Any, **changes: Any) -> str:
    """Return a token without a signature, as `none` says."""
    head, body = {"alg": "none", "typ": "JWT", "kid": "k1"}, claims(aud, **changes)
    return f"{_part(head)}.{_part(body)}."


def keyed_with_public_key(aud: Any) -> str:
    """Return a token signed symmetrically, with what everybody knows: the public key."""
    public = key().as_pem(private=False)
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{_part(claims(aud))}"
    return f"{signed}.{_encoded(hmac.digest(public, signed.encode(), 'sha256'))}"


def header(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def _part(value: Json) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
