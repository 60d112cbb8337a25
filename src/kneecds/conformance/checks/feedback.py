"""Feedback: https://cds-hooks.hl7.org/2.0/#feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.cdshooks.model import Json
    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.suite import Suite

_NOT_THERE: Final = (404, 405, 501)
_REASON: Final = {
    "code": "cds-not-applicable",
    "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
    "display": "PC CDS does not apply to patient",
}


class About(NamedTuple):
    """The card that feedback is given on."""

    url: str
    card: str
    suggestion: str
    at: str

    def entry(self, outcome: str, **more: object) -> Json:
        """Return feedback on it."""
        return {"card": self.card, "outcome": outcome, "outcomeTimestamp": self.at, **more}

    def accepted(self) -> Json:
        """Return feedback that a suggestion was taken."""
        return self.entry("accepted", acceptedSuggestions=[{"id": self.suggestion}])


SOUND: Final[dict[str, Callable[[About], list[Json]]]] = {
    "accepted": lambda about: [about.accepted()],
    "overridden with a reason": lambda about: [about.entry("overridden", overrideReason={"reason": _REASON})],
    "overridden with a comment": lambda about: [about.entry("overridden", overrideReason={"userComment": "seen"})],
    "overridden without a reason": lambda about: [about.entry("overridden")],
    "several": lambda about: [about.accepted(), about.entry("overridden")],
}
"""Feedback as the rules have it; the sandbox sends an override without a reason."""

FAULTY: Final[dict[str, Callable[[About], Any]]] = {
    "no array": lambda _: {},
    "array is an object": lambda about: {"feedback": about.entry("overridden")},
    "no card": lambda about: {"feedback": [_without(about.accepted(), "card")]},
    "null card": lambda about: {"feedback": [about.accepted() | {"card": None}]},
    "no outcome": lambda about: {"feedback": [_without(about.accepted(), "outcome")]},
    "other outcome": lambda about: {"feedback": [about.entry("ignored")]},
    "nothing accepted": lambda about: {"feedback": [about.entry("accepted")]},
    "empty reason": lambda about: {"feedback": [about.entry("overridden", overrideReason={})]},
    "no time": lambda about: {"feedback": [_without(about.accepted(), "outcomeTimestamp")]},
    "no time of day": lambda about: {"feedback": [about.accepted() | {"outcomeTimestamp": about.at[:10]}]},
    "no JSON": lambda _: b'{"feedback": [',
}
"""Feedback that breaks one rule."""


def taken(name: str, suite: Suite) -> Iterator[Problem]:
    """Yield if sound feedback is not taken."""
    about = _about(suite)
    exchange = suite.client.post(about.url, {"feedback": SOUND[name](about)})
    if not exchange.good:
        yield Problem(f"feedback ({name}) was answered {exchange.status}", exchange)


def refused(name: str, suite: Suite) -> Iterator[Problem]:
    """Yield if faulty feedback is not refused."""
    about = _about(suite)
    exchange = suite.client.post(about.url, FAULTY[name](about))
    if not exchange.refused:
        failed = exchange.status >= 500  # noqa: PLR2004
        said = f"faulty feedback ({name}) was answered {exchange.status}"
        yield Problem(said, exchange, "SHALL" if failed else None)


def unknown_service(suite: Suite) -> Iterator[Problem]:
    """Yield if feedback for a service that is not there is not answered with 404."""
    about = _about(suite)
    url = f"{suite.target.discovery}/kneecds-conformance-no-such-service/feedback"
    exchange = suite.client.post(url, {"feedback": [about.accepted()]})
    if exchange.status != 404:  # noqa: PLR2004
        yield Problem(f"feedback for a service that is not there was answered {exchange.status}", exchange)


def wrong_method(suite: Suite) -> Iterator[Problem]:
    """Yield if feedback can be asked for."""
    exchange = suite.client.get(_about(suite).url)
    if exchange.status not in (404, 405):
        yield Problem(f"GET of feedback was answered {exchange.status} instead of 405", exchange)


def without_token(suite: Suite) -> Iterator[Problem]:
    """Yield if feedback is taken from anybody, although calls are not."""
    if suite.target.signer is None:
        msg = "no --jwt-key"
        raise Unseen(msg)
    about = _about(suite)
    exchange = suite.client.post(about.url, {"feedback": [about.accepted()]}, token="")
    if not exchange.refused:
        yield Problem(f"feedback without a token was answered {exchange.status}", exchange)


def _about(suite: Suite) -> About:
    """Return the first card that can be given feedback on; Unseen if there is none, or no place for it."""
    now = suite.target.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    for call in suite.advised:
        for card in call.exchange.cards:
            if isinstance(card, dict) and isinstance(card.get("uuid"), str) and card["uuid"]:
                given = card.get("suggestions")
                first = given[0] if isinstance(given, list) and given and isinstance(given[0], dict) else {}
                suggestion = str(first.get("uuid") or suite.target.fresh())
                about = About(f"{call.offered.url}/feedback", card["uuid"], suggestion, now)
                _need_endpoint(suite, about)
                return about
    msg = "no card with a uuid was seen, and without one there is no feedback (R-163)"
    raise Unseen(msg)


def _need_endpoint(suite: Suite, about: About) -> None:
    exchange: Exchange = suite.once(
        "feedback", lambda: suite.client.post(about.url, {"feedback": [about.entry("overridden")]})
    )
    if exchange.status in _NOT_THERE:
        msg = f"there is no feedback endpoint (it answers {exchange.status}); R-148 permits that"
        raise Unseen(msg)


def _without(entry: Json, name: str) -> Json:
    return {key: value for key, value in entry.items() if key != name}
