"""What observation-based extraction makes of each item of a Questionnaire, whoever wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from kneecds.fhir.sdc.extensions import BODY_SITE, CATEGORY, EXTRACT, HIDDEN, UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json: TypeAlias = dict[str, Any]

RELATED: Final = frozenset({"component", "member", "derived"})
"""Values of the flag in SDC 4 that tie an Observation to that of the item around it."""


class Question(NamedTuple):
    """An item whose answers become Observations."""

    codes: tuple[Json, ...]
    text: str
    unit: Json | None
    category: tuple[Json, ...]
    body_site: Json | None
    related: str  # how SDC 4 would tie it to the Observation around it; it is written on its own


class _Around(NamedTuple):
    """What an item has from the items around it."""

    flag: bool
    related: str
    hidden: bool
    category: tuple[Json, ...]
    body_site: Json | None


class Plan(NamedTuple):
    """By linkId, the items that are extracted; and where our options and denials stand on the body."""

    questions: dict[str, Question]
    surroundings: dict[str, tuple[tuple[Json, ...], Json | None]]  # by linkId, the category and the site in force


def plan(questionnaire: Mapping[str, Any]) -> Plan:
    """Note every item that is to be extracted.

    The flag, the category and the site hold for all that stands below, until something below says otherwise. An item
    without a code, a group, a display and what is hidden, also by a group around it, are not extracted.
    """
    found = Plan({}, {})
    nothing = _Around(flag=False, related="", hidden=False, category=(), body_site=None)
    waiting: list[tuple[Json, _Around]] = [
        (item, _below(questionnaire, nothing)) for item in reversed(_objects(questionnaire, "item"))
    ]
    while waiting:
        item, around = waiting.pop()
        here = _below(item, around)
        waiting += [(child, here) for child in reversed(_objects(item, "item"))]
        link_id = item.get("linkId")
        if not isinstance(link_id, str) or here.hidden:
            continue
        found.surroundings[link_id] = (here.category, here.body_site)
        codes = tuple(_codes(item, here.flag))
        if codes and item.get("type") not in ("group", "display"):
            unit = next((value for value in _values(item, UNIT, "valueCoding") if isinstance(value, dict)), None)
            text = item.get("text")
            found.questions[link_id] = Question(
                codes, text if isinstance(text, str) else "", unit, here.category, here.body_site, here.related
            )
    return found


def _below(holder: Mapping[str, Any], around: _Around) -> _Around:
    """Return what holds for an item, given what holds around it."""
    flag, related = around.flag, around.related
    for extension in _objects(holder, "extension"):
        if extension.get("url") == EXTRACT:
            if isinstance(extension.get("valueBoolean"), bool):
                flag, related = extension["valueBoolean"], ""
            elif isinstance(extension.get("valueCode"), str):
                flag = True
                related = extension["valueCode"] if extension["valueCode"] in RELATED else ""
    category = tuple(value for value in _values(holder, CATEGORY, "valueCodeableConcept") if isinstance(value, dict))
    sites = [value for value in _values(holder, BODY_SITE, "valueCodeableConcept") if isinstance(value, dict)]
    return _Around(
        flag,
        related,
        around.hidden or True in _values(holder, HIDDEN, "valueBoolean"),
        category or around.category,
        sites[0] if sites else around.body_site,
    )


def _codes(item: Json, flag: bool) -> Iterator[Json]:  # noqa: FBT001
    """Yield the codes of an item that its Observation is to carry; the flag may stand on single codes."""
    for coding in _objects(item, "code"):
        own = [value for value in _values(coding, EXTRACT, "valueBoolean") if isinstance(value, bool)]
        if own[0] if own else flag:
            yield {key: value for key, value in coding.items() if key not in ("extension", "id")}


def _values(holder: Mapping[str, Any], url: str, key: str) -> list[Any]:
    return [extension.get(key) for extension in _objects(holder, "extension") if extension.get("url") == url]


def _objects(holder: Mapping[str, Any], key: str) -> list[Json]:
    entries = holder.get(key)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
