"""Clients in a browser: https://cds-hooks.hl7.org/2.0/#cross-origin-resource-sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.suite import Suite

_FOREIGN: Final = "https://foreign.example.org"
_ALLOW: Final = "access-control-allow-"


def preflight(suite: Suite) -> Iterator[Problem]:
    """Yield addresses whose preflight does not allow the client's origin, method and headers."""
    origin = _origin(suite)
    for url, method in _addresses(suite):
        exchange = _asked(suite, url, method, origin)
        if not exchange.good:
            yield Problem(f"the preflight of {method} was answered {exchange.status}", exchange)
        elif exchange.headers.get(f"{_ALLOW}origin") not in (origin, "*"):
            yield Problem(f"the preflight of {method} does not allow {origin}", exchange)
        elif method not in _listed(exchange, "methods") and method != "GET" and "*" not in _listed(exchange, "methods"):
            yield Problem(f"the preflight does not allow {method}", exchange)
        else:
            for name in ("AUTHORIZATION", "CONTENT-TYPE"):
                if name not in _listed(exchange, "headers"):
                    yield Problem(f"the preflight of {method} does not allow the header {name.lower()}", exchange)


def answers(suite: Suite) -> Iterator[Problem]:
    """Yield answers that the client's page may not read."""
    origin = _origin(suite)
    offered = suite.offered[0]
    exchanges = [
        suite.client.get(suite.target.discovery, headers={"origin": origin}),
        suite.call(offered, suite.sound_request(offered), headers={"origin": origin}).exchange,
    ]
    for exchange in exchanges:
        if exchange.headers.get(f"{_ALLOW}origin") not in (origin, "*"):
            yield Problem(f"the answer to {exchange.method} may not be read by {origin}", exchange)


def foreign(suite: Suite) -> Iterator[Problem]:
    """Yield addresses that allow the pages of anybody."""
    _origin(suite)
    for url, method in _addresses(suite):
        exchange = _asked(suite, url, method, _FOREIGN)
        if exchange.headers.get(f"{_ALLOW}origin") in (_FOREIGN, "*"):
            yield Problem(f"the preflight of {method} allows any origin", exchange)


def _origin(suite: Suite) -> str:
    if not suite.target.origin:
        msg = "no --origin"
        raise Unseen(msg)
    return suite.target.origin


def _addresses(suite: Suite) -> tuple[tuple[str, str], ...]:
    url = suite.offered[0].url
    return ((suite.target.discovery, "GET"), (url, "POST"), (f"{url}/feedback", "POST"))


def _asked(suite: Suite, url: str, method: str, origin: str) -> Exchange:
    headers = {
        "origin": origin, "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type",
    }  # fmt: skip
    return suite.client.send("OPTIONS", url, token="", headers=headers)


def _listed(exchange: Exchange, name: str) -> set[str]:
    return {one.strip().upper() for one in exchange.headers.get(f"{_ALLOW}{name}", "").split(",")}
