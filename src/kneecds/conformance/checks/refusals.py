"""Faulty requests, and what they are refused with: https://cds-hooks.hl7.org/2.0/#http-status-codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kneecds.conformance import changes, requests
from kneecds.conformance.result import Problem, Unseen
from kneecds.conformance.suite import ACCESS_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.cdshooks.model import Json
    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.suite import Suite

_DEEP: Final = 100_000
_SERVER_FAULT: Final = 500
_NOWHERE: Final = "kneecds-conformance-no-such-service"


def refused(place: str, value: object, suite: Suite) -> Iterator[Problem]:
    """Yield calls that are answered although one member of the request is wrong."""
    for call in suite.called_with(place.removeprefix("context.") if place.startswith("context.") else ""):
        made = suite.changed(f"{place}={value!r}", call.offered, lambda one: changes.at(one, place, value))
        yield from _not_refused(made.exchange, f"{call.offered}: a request with {_said(place, value)}")


def other_hook(suite: Suite) -> Iterator[Problem]:
    """Yield services that answer to a hook they are not offered for."""
    for call in suite.answered:
        made = suite.changed("other hook", call.offered, lambda one: changes.at(one, "hook", "kneecds-no-hook"))
        yield from _not_refused(made.exchange, f"{call.offered}: a request for another hook")


def authorization_rule(member: str, value: object, suite: Suite) -> Iterator[Problem]:
    """Yield calls that are answered although the access token that they bring is badly described."""

    def change(made: Json) -> Json:
        allowed = requests.authorization(ACCESS_TOKEN, str(made["context"].get("patientId", "")))
        given = changes.at({"fhirAuthorization": allowed}, f"fhirAuthorization.{member}", value)
        return {"fhirServer": "https://ehr.example.org/fhir"} | made | given

    for call in suite.answered:
        made = suite.changed(f"authorization.{member}", call.offered, change)
        yield from _not_refused(made.exchange, f"{call.offered}: fhirAuthorization with {_said(member, value)}")


def authorization_alone(suite: Suite) -> Iterator[Problem]:
    """Yield calls that are answered although there is a token and no server to show it to (cds-r-1)."""

    def change(made: Json) -> Json:
        allowed = requests.authorization(ACCESS_TOKEN, str(made["context"].get("patientId", "")))
        return changes.at(made, "fhirServer", changes.GONE) | {"fhirAuthorization": allowed}

    for call in suite.answered:
        made = suite.changed("authorization alone", call.offered, change)
        yield from _not_refused(made.exchange, f"{call.offered}: fhirAuthorization without fhirServer")


def not_an_object(body: bytes, media_type: str, suite: Suite) -> Iterator[Problem]:
    """Yield services that answer to something that is no JSON object, or is not declared as JSON."""
    for call in suite.answered:
        content = body or msgspec.json.encode(suite.sound_request(call.offered))
        made = suite.call(call.offered, content, headers={"content-type": media_type})
        yield from _not_refused(made.exchange, f"{call.offered}: a body of {media_type}, {content[:20]!r}")


def repeated_name(suite: Suite) -> Iterator[Problem]:
    """Yield services that take one of two members of the same name: of two patients, that is."""
    for call in suite.answered:
        sent = msgspec.json.encode(suite.sound_request(call.offered))
        body = sent.replace(b'"context":{', b'"context":{"patientId":"somebody-else",', 1)
        yield from _not_refused(suite.call(call.offered, body).exchange, f"{call.offered}: two members of one name")


def deep(suite: Suite) -> Iterator[Problem]:
    """Yield services that fail on a body nested very deeply."""
    body = b'{"hook":' + b"[" * _DEEP + b"]" * _DEEP + b"}"
    for call in suite.answered[:1]:
        yield from _not_refused(suite.call(call.offered, body).exchange, f"{call.offered}: {_DEEP} levels")


def unknown_service(suite: Suite) -> Iterator[Problem]:
    """Yield if a service that is not there is not answered with 404."""
    request = suite.sound_request(suite.offered[0])
    exchange = suite.client.post(f"{suite.target.discovery}/{_NOWHERE}", request)
    if exchange.status != 404:  # noqa: PLR2004
        yield Problem(f"a service that is not there was answered {exchange.status} instead of 404", exchange)


def wrong_method(suite: Suite) -> Iterator[Problem]:
    """Yield addresses that answer to methods they do not have."""
    exchanges = [suite.client.get(suite.offered[0].url), suite.client.send("DELETE", suite.target.discovery)]
    for exchange in exchanges:
        if exchange.status not in (404, 405):
            yield Problem(f"{exchange.method} was answered {exchange.status} instead of 405", exchange)
        elif exchange.status == 405 and not exchange.headers.get("allow"):  # noqa: PLR2004
            yield Problem(f"{exchange.method} was answered 405 without the header Allow", exchange)


def outcome_bodies(suite: Suite) -> Iterator[Problem]:
    """Yield refusals that are not explained by an OperationOutcome (3.0 asks for it; 2.0 is silent)."""
    request = suite.sound_request(suite.offered[0])
    exchanges = [
        suite.client.post(f"{suite.target.discovery}/{_NOWHERE}", request),
        suite.call(suite.offered[0], b"{").exchange,
        *(suite.changed("no context", one, lambda made: changes.at(made, "context", changes.GONE)).exchange
          for one in suite.offered),
    ]  # fmt: skip
    looked = [exchange for exchange in exchanges if not exchange.good]
    for exchange in looked:
        if not exchange.is_outcome:
            yield Problem(f"the status {exchange.status} comes without an OperationOutcome", exchange)
    if not looked:
        msg = "no refusal was seen"
        raise Unseen(msg)


def no_trace(suite: Suite) -> Iterator[Problem]:
    """Yield refusals that show the inside of the service."""
    request = suite.sound_request(suite.offered[0])
    for exchange in (
        suite.client.post(f"{suite.target.discovery}/{_NOWHERE}", request),
        suite.call(suite.offered[0], b"{").exchange,
        suite.call(suite.offered[0], b'{"hook": 1, "context": 2, "prefetch": [3]}').exchange,
    ):
        text = exchange.body.decode(errors="replace")
        for mark in ("Traceback (most recent", 'File "/', "\tat ", "at java.", "node_modules", "stack trace"):
            if mark in text:
                yield Problem(f"the answer shows the inside of the service ({mark.strip()!r})", exchange)


def _not_refused(exchange: Exchange, what: str) -> Iterator[Problem]:
    if exchange.status >= _SERVER_FAULT:
        yield Problem(
            f"{what} was answered {exchange.status}: it must be refused as the client's fault", exchange, "SHALL"
        )
    elif not exchange.refused:
        yield Problem(f"{what} was answered {exchange.status} instead of being refused", exchange)


def _said(place: str, value: object) -> str:
    return f"no {place}" if value is changes.GONE else f"{place} = {str(value)[:40]!r}"
