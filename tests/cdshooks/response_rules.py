"""The rules of a CDS Hooks response (requirements 3a, https://cds-hooks.hl7.org/2.0/#cds-service-response), each with its name.

`problems(response)` lists what a response breaks; empty for one that keeps them all. `resources=True` also validates
every resource that a suggestion would create.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kneecds.api import validate

if TYPE_CHECKING:
    from collections.abc import Iterator

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
INDICATORS = ["info", "warning", "critical"]
SUMMARY_MOST = 139
CARDS_MOST = 3

KNOWN = {
    "response": {"cards", "systemActions", "extension"},
    "card": {
        "uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior", "overrideReasons",
        "links", "extension",
    },
    "source": {"label", "url", "icon", "topic"},
    "coding": {"system", "code", "display"},
    "suggestion": {"label", "uuid", "isRecommended", "actions"},
    "action": {"type", "description", "resource", "resourceId", "extension"},
    "link": {"label", "url", "type", "appContext"},
}  # fmt: skip
"""Fields of 2.0; what only the ballot of 3.0 has stands below."""
BALLOT = {"suggestion": {"actionSelectionBehavior"}, "link": {"autolaunchable"}}


def problems(response: Any, *, ballot: bool = False, resources: bool = False, most: int = CARDS_MOST) -> list[str]:
    found = [*_blanks(response, "response"), *_response(response, ballot=ballot, most=most)]
    if resources:
        found += [problem for resource in created(response) for problem in _invalid(resource)]
    return found


def created(response: Any) -> list[dict[str, Any]]:
    return [
        action["resource"]
        for card in response["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion.get("actions", ())
        if isinstance(action.get("resource"), dict)
    ]


def _invalid(resource: dict[str, Any]) -> Iterator[str]:
    for issue in validate(resource):
        if issue.is_error or issue.severity == "warning":
            yield f"resource {resource['resourceType']}: {issue.rule} at {issue.expression}: {issue.message}"


def _blanks(value: Any, where: str) -> Iterator[str]:
    """R-1: no null, "", [] or {} but for `cards: []`."""
    if value is None or (isinstance(value, (str, list, dict)) and not value):
        if where != "response.cards":
            yield f"R-1 {where} is {value!r}"
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _blanks(part, f"{where}.{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _blanks(part, f"{where}[{number}]")


def _fields(what: str, value: Any, where: str, *, ballot: bool) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    known = KNOWN[what] | (BALLOT.get(what, set()) if ballot else set())
    yield from (f"{where}.{name} is no field of a {what}" for name in value if name not in known)


def _text(holder: dict[str, Any], name: str, where: str, *, required: bool = True) -> Iterator[str]:
    if name not in holder:
        if required:
            yield f"{where}.{name} is missing"
    elif not isinstance(holder[name], str):
        yield f"{where}.{name} is no string"


def _response(response: Any, *, ballot: bool, most: int) -> Iterator[str]:
    yield from _fields("response", response, "response", ballot=ballot)
    cards = response.get("cards")
    if not isinstance(cards, list):
        yield "R-74 cards is no array"
        return
    if len(cards) > most:
        yield f"{len(cards)} cards are more than {most}"
    for number, card in enumerate(cards):
        yield from _card(card, f"cards[{number}]", ballot=ballot)
    loudness = [INDICATORS.index(card["indicator"]) for card in cards if card.get("indicator") in INDICATORS]
    if loudness and loudness[0] != max(loudness):
        yield "the loudest card does not come first"
    uuids = [one.get("uuid") for card in cards for one in (card, *card.get("suggestions", ()))]
    if len(uuids) != len(set(uuids)):
        yield "a uuid stands twice"
    ids = [f"{resource.get('resourceType')}/{resource.get('id')}" for resource in created(response)]
    if len(ids) != len(set(ids)):
        yield "a temporary id stands twice"


def _card(card: Any, where: str, *, ballot: bool) -> Iterator[str]:
    yield from _fields("card", card, where, ballot=ballot)
    for name in ("summary", "detail", "uuid"):
        yield from _text(card, name, where)
    summary = card.get("summary", "")
    if len(summary) > SUMMARY_MOST or len(summary.encode("utf-16-le")) // 2 > SUMMARY_MOST:
        yield f"R-77 {where}.summary has {len(summary)} characters"
    if re.search(r"<[A-Za-z/!?]|[*`\[\]\n]|&\w+;", summary):
        yield f"{where}.summary is not plain: {summary}"
    if card.get("indicator") not in INDICATORS:
        yield f"{where}.indicator is {card.get('indicator')!r}"
    yield from _uuid(card, where)
    yield from _source(card.get("source"), f"{where}.source", ballot=ballot)
    suggestions = card.get("suggestions", [])
    behaviour = card.get("selectionBehavior")
    if bool(suggestions) != (behaviour is not None) or behaviour not in ("any", "at-most-one", None):
        yield f"cds-resp-6 {where}.selectionBehavior is {behaviour!r} with {len(suggestions)} suggestions"
    if behaviour == "at-most-one" and sum(one.get("isRecommended") is True for one in suggestions) > 1:
        yield f"cds-resp-1 {where} recommends more than one"
    for number, one in enumerate(suggestions):
        yield from _suggestion(one, f"{where}.suggestions[{number}]", ballot=ballot)
    for number, one in enumerate(card.get("overrideReasons", [])):
        yield from _coding(one, f"{where}.overrideReasons[{number}]", display=True, ballot=ballot)  # cds-resp-4
    for number, one in enumerate(card.get("links", [])):
        yield from _link(one, f"{where}.links[{number}]", ballot=ballot)


def _uuid(holder: dict[str, Any], where: str) -> Iterator[str]:
    if not UUID.fullmatch(str(holder.get("uuid"))):
        yield f"{where}.uuid is {holder.get('uuid')!r}"


def _absolute(holder: dict[str, Any], name: str, where: str) -> Iterator[str]:
    parts = urlsplit(str(holder.get(name, "https://a")))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        yield f"{where}.{name} is no absolute URL"


def _source(source: Any, where: str, *, ballot: bool) -> Iterator[str]:
    if not isinstance(source, dict):
        yield f"{where} is missing"
        return
    yield from _fields("source", source, where, ballot=ballot)
    yield from _text(source, "label", where)
    yield from _absolute(source, "url", where)
    yield from _absolute(source, "icon", where)
    yield from _coding(source.get("topic"), f"{where}.topic", display=False, ballot=ballot)


def _coding(coding: Any, where: str, *, display: bool, ballot: bool) -> Iterator[str]:
    if not isinstance(coding, dict):
        yield f"{where} is missing"
        return
    yield from _fields("coding", coding, where, ballot=ballot)
    for name in ("system", "code", *(["display"] if display else [])):
        yield from _text(coding, name, where)


def _suggestion(one: Any, where: str, *, ballot: bool) -> Iterator[str]:
    yield from _fields("suggestion", one, where, ballot=ballot)
    yield from _text(one, "label", where)
    yield from _uuid(one, where)
    if not isinstance(one.get("isRecommended", False), bool):
        yield f"{where}.isRecommended is no boolean"
    if not one.get("actions"):
        yield f"{where} does nothing"
    for number, action in enumerate(one.get("actions", [])):
        yield from _action(action, f"{where}.actions[{number}]", ballot=ballot)


def _action(action: Any, where: str, *, ballot: bool) -> Iterator[str]:
    yield from _fields("action", action, where, ballot=ballot)
    yield from _text(action, "description", where)
    kind, resource = action.get("type"), action.get("resource")
    if kind not in ("create", "update", "delete"):
        yield f"{where}.type is {kind!r}"
    if kind == "delete":
        if resource is not None or not RELATIVE.fullmatch(str(action.get("resourceId"))):
            yield f"cds-resp-2 {where} does not name what to delete"
        return
    if not isinstance(resource, dict) or not resource.get("resourceType") or not resource.get("id"):
        yield f"{where}.resource is no whole resource with an id"


def _link(link: Any, where: str, *, ballot: bool) -> Iterator[str]:
    yield from _fields("link", link, where, ballot=ballot)
    for name in ("label", "url", "type"):
        yield from _text(link, name, where)
    yield from _absolute(link, "url", where)
    if link.get("type") not in ("absolute", "smart"):
        yield f"{where}.type is {link.get('type')!r}"
    if "appContext" in link and link.get("type") != "smart":
        yield f"cds-resp-3 {where}.appContext without smart"


def decoded(body: bytes) -> Any:
    return json.loads(body)
