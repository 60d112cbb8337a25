"""Who may call: TLS and JSON Web Tokens (https://cds-hooks.hl7.org/2.0/#trusting-cds-clients)."""

from __future__ import annotations

import socket
import ssl
import warnings
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from kneecds.conformance.listener import Listener
from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.suite import Call, Suite
    from kneecds.conformance.tokens import Signer

_HTTPS: Final = 443
_HOUR: Final = 3600
_UNAUTHORIZED: Final = 401


def _now(signer: Signer) -> int:
    return int(signer.now().timestamp())


TOKENS: Final[dict[str, Callable[[Signer, str], str]]] = {
    "none": lambda signer, url: signer.unsigned(url),
    "HS256": lambda signer, url: signer.symmetric(url),
    "changed after signing": lambda signer, url: signer.tampered(url),
    "signed by another key": lambda signer, url: signer.stranger().token(url),
    "for another address": lambda signer, _: signer.token("https://other.example.org/cds-services/other"),
    "without audience": lambda signer, url: signer.token(url, {"aud": None}),
    "expired": lambda signer, url: signer.token(url, {"iat": _now(signer) - 2 * _HOUR, "exp": _now(signer) - _HOUR}),
    "without expiry": lambda signer, url: signer.token(url, {"exp": None}),
    "not valid yet": lambda signer, url: signer.token(
        url, {"nbf": _now(signer) + _HOUR, "exp": _now(signer) + 2 * _HOUR}
    ),
    "of another issuer": lambda signer, url: signer.token(url, {"iss": "https://other.example.org"}),
    "without issuer": lambda signer, url: signer.token(url, {"iss": None}),
    "no token at all": lambda signer, url: f"{signer.kid[:8]}.{len(url)}.x",
    "missing": lambda _, __: "",
}
"""Tokens that must not open anything."""


def tls(suite: Suite) -> Iterator[Problem]:
    """Yield if data travels unprotected, or under a TLS older than 1.2."""
    target = suite.target
    address = urlsplit(target.url)
    if address.scheme == "http":
        if target.on_loopback:
            msg = "plain HTTP on loopback does not leave the machine"
            raise Unseen(msg)
        yield Problem("the service is called over plain HTTP")
        return
    version = _old_handshake(address.hostname or "", address.port or _HTTPS, target.timeout)
    if version:
        yield Problem(f"the service accepts {version}")


def _old_handshake(host: str, port: int, timeout: float) -> str:
    """Return the version agreed on with a client that knows nothing newer than TLS 1.1; none if it is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT@SECLEVEL=0")
    try:
        with (
            socket.create_connection((host, port), timeout) as raw,
            context.wrap_socket(raw, server_hostname=host) as one,
        ):
            return one.version() or ""
    except (ssl.SSLError, ConnectionError):
        return ""


def refused(name: str, suite: Suite) -> Iterator[Problem]:
    """Yield calls that are answered although their token is worth nothing."""
    call, exchange = _with_token(suite, name)
    if not exchange.refused:
        yield Problem(f"{call.offered}: a call with a token ({name}) was answered {exchange.status}", exchange)


def status(suite: Suite) -> Iterator[Problem]:
    """Yield if a call without token is refused by something else than 401 with a challenge."""
    _, exchange = _with_token(suite, "missing")
    if not exchange.refused:
        msg = "a call without token is not refused"
        raise Unseen(msg)
    if exchange.status != _UNAUTHORIZED:
        yield Problem(f"a call without token was answered {exchange.status} instead of 401", exchange)
    elif not exchange.headers.get("www-authenticate"):
        yield Problem("401 comes without the header WWW-Authenticate", exchange)


def kept(suite: Suite) -> Iterator[Problem]:
    """Yield refusals that repeat the token."""
    for name in ("for another address", "expired", "of another issuer"):
        signer, call = _signer(suite)
        token = TOKENS[name](signer, call.offered.url)
        exchange = suite.call(call.offered, suite.sound_request(call.offered), token=token).exchange
        if token in exchange.body.decode(errors="replace"):
            yield Problem(f"the answer to a token ({name}) repeats it", exchange)


def replayed(suite: Suite) -> Iterator[Problem]:
    """Yield if a token opens twice."""
    signer, call = _signer(suite)
    token = signer.token(call.offered.url)
    first, second = (suite.call(call.offered, suite.sound_request(call.offered), token=token).exchange for _ in "12")
    if first.good and not second.refused:
        yield Problem(f"{call.offered}: a token was taken twice", second)


def accepted(name: str, suite: Suite) -> Iterator[Problem]:
    """Yield if a sound token of an unusual form is refused."""
    signer, call = _signer(suite)
    url = call.offered.url
    claims: dict[str, dict[str, Any]] = {
        "audience array": {"aud": [url]},
        "unknown claims": {"tenant": "ward-7", "org.example.more": {"a": [1]}},
    }
    token = signer.token(url, claims[name])
    exchange = suite.call(call.offered, suite.sound_request(call.offered), token=token).exchange
    if not exchange.good:
        yield Problem(f"{call.offered}: a sound token ({name}) was answered {exchange.status}", exchange)


def algorithm(alg: str, suite: Suite) -> Iterator[Problem]:
    """Yield if no call with this algorithm, which is recommended, is answered."""
    signer = suite.target.signer
    if signer is None or signer.alg != alg:
        msg = "no --jwt-key" if signer is None else f"the key given is for {signer.alg}"
        raise Unseen(msg)
    if not any(call.exchange.good for call in suite.sound):
        yield Problem(f"no call with a token of {alg} was answered", suite.sound[0].exchange)


def foreign_jku(suite: Suite) -> Iterator[Problem]:
    """Yield if the key set of a stranger is fetched, or even trusted."""
    signer, call = _signer(suite)
    stranger = signer.stranger()._replace(kid="stranger")
    with Listener(lambda _: stranger.key_set(), suite.target.listen) as listener:
        token = stranger.token(call.offered.url, header={"jku": f"{listener.url}/jwks.json"})
        exchange = suite.call(call.offered, suite.sound_request(call.offered), token=token).exchange
        asked = bool(listener.asked)
    if not exchange.refused:
        yield Problem(f"{call.offered}: a token was taken whose key is at an address nobody allowed", exchange)
    elif asked:
        yield Problem("the service fetched a key set from an address nobody allowed", exchange, "SHOULD")
    elif not suite.target.on_loopback:
        yield Problem("the suite's key set is on this machine: the service could not have fetched it", exchange, "MAY")


def _with_token(suite: Suite, name: str) -> tuple[Call, Exchange]:
    signer, call = _signer(suite)

    def send() -> Exchange:
        token = TOKENS[name](signer, call.offered.url)
        return suite.call(call.offered, suite.sound_request(call.offered), token=token).exchange

    return call, suite.once(f"token: {name}", send)


def _signer(suite: Suite) -> tuple[Signer, Call]:
    if suite.target.signer is None:
        msg = "no --jwt-key"
        raise Unseen(msg)
    return suite.target.signer, suite.answered[0]
