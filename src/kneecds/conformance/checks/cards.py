"""Cards, their sources and links: https://cds-hooks.hl7.org/2.0/#card-attributes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from kneecds.conformance import changes, parts, requests
from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.cdshooks.model import Json
    from kneecds.conformance.suite import Call, Suite

SUMMARY_MOST: Final = 139


def summary_length(suite: Suite) -> Iterator[Problem]:
    """Yield summaries of 140 characters and more, as JavaScript counts them."""
    for part in parts.with_member("card", "summary", suite):
        summary = part.of("summary")
        if isinstance(summary, str):
            length = len(summary.encode("utf-16-le", "surrogatepass")) // 2
            if length > SUMMARY_MOST:
                yield part.problem(f"has a summary of {length} characters")


def selection_present(suite: Suite) -> Iterator[Problem]:
    """Yield cards with suggestions that do not say how many may be chosen."""
    for part in parts.with_member("card", "suggestions", suite):
        if "selectionBehavior" not in part.value:
            yield part.problem("has suggestions and no selectionBehavior")


def uuids(suite: Suite) -> Iterator[Problem]:
    """Yield identifiers that two cards or suggestions of one answer share."""
    seen: list[tuple[str, str]] = []
    for found in (parts.parts("card", suite), list(parts.PARTS["suggestion"](suite))):
        seen += [(part.exchange.url + str(id(part.exchange)), part.of("uuid")) for part in found if part.of("uuid")]
    if not seen:
        msg = "no uuid was seen"
        raise Unseen(msg)
    for (_, name), times in Counter((where, str(name)) for where, name in seen).items():
        if times > 1:
            yield Problem(f"the uuid {name[:60]} stands {times} times in one answer")


def uuid_of_patient(suite: Suite) -> Iterator[Problem]:
    """Yield cards about another patient that have the uuid of one about this."""
    looked = False
    for call in suite.advised:
        uuids_of = (card.get("uuid") for card in call.exchange.cards if isinstance(card, dict))
        mine = {one for one in uuids_of if isinstance(one, str)}
        old = str(call.request["context"].get("patientId", ""))

        def change(made: Json, old: str = old) -> Json:
            found: Json = changes.of_patient(made, old, requests.OTHER_PATIENT)
            return found

        other = suite.changed("other patient", call.offered, change)
        looked |= bool(mine and other.exchange.cards)
        for card in other.exchange.cards:
            if isinstance(card, dict) and isinstance(card.get("uuid"), str) and card["uuid"] in mine:
                yield Problem(f"{call.offered}: two patients have the card {card['uuid']}", other.exchange)
    if not looked:
        msg = "no card with a uuid was seen for another patient"
        raise Unseen(msg)


def app_context(suite: Suite) -> Iterator[Problem]:
    """Yield links that are absolute and have a context for a SMART app."""
    for part in parts.with_member("link", "appContext", suite):
        if part.of("type") == "absolute":
            yield part.problem("is absolute and has an appContext")


def guidance(suite: Suite) -> Iterator[Problem]:
    """Yield if no sound call was answered with a card or an action."""
    if not any(call.exchange.cards or call.exchange.document.get("systemActions") for call in _objects(suite)):
        yield Problem("no call was answered with a card: nothing of cards could be checked", suite.answered[0].exchange)


def _objects(suite: Suite) -> list[Call]:
    return [call for call in suite.answered if isinstance(call.exchange.document, dict)]
