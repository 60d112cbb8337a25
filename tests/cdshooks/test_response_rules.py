"""The checker of responses sees each rule broken: one change to a response that keeps them all, one problem."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest
from cdshooks.response_rules import problems

if TYPE_CHECKING:
    from collections.abc import Callable

UUID = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
GOOD: dict[str, Any] = {
    "cards": [
        {
            "uuid": UUID,
            "summary": "x" * 139,
            "detail": "y",
            "indicator": "warning",
            "source": {
                "label": "z",
                "url": "https://a.example/",
                "topic": {"system": "https://a.example", "code": "t"},
            },
            "suggestions": [
                {
                    "label": "s",
                    "uuid": UUID.replace("d", "e"),
                    "actions": [
                        {
                            "type": "create",
                            "description": "d",
                            "resource": {"resourceType": "CommunicationRequest", "id": "t", "status": "draft"},
                        }
                    ],
                }
            ],
            "selectionBehavior": "any",
            "overrideReasons": [{"system": "https://a.example", "code": "r", "display": "R"}],
            "links": [{"label": "l", "url": "https://a.example/", "type": "smart", "appContext": "c"}],
        }
    ]
}


def without(name: str, *path: Any) -> Callable[[Any], None]:
    def change(response: Any) -> None:
        del at(response, path)[name]

    return change


def put(value: Any, *path: Any) -> Callable[[Any], None]:
    def change(response: Any) -> None:
        at(response, path[:-1])[path[-1]] = value

    return change


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


CARD = ("cards", 0)
SUGGESTION = (*CARD, "suggestions", 0)
ACTION = (*SUGGESTION, "actions", 0)


def test_a_good_response_has_no_problem() -> None:
    assert problems(GOOD, resources=True) == []
    assert problems({"cards": []}) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(put(None, "cards"), "R-74", id="no cards"),
        pytest.param(put(1, "card"), "response.card is no field", id="unknown field of the response"),
        pytest.param(put("", *CARD, "detail"), "R-1", id="empty text"),
        pytest.param(put([], *CARD, "links"), "R-1", id="empty array"),
        pytest.param(put({}, *CARD, "extension"), "R-1", id="empty object"),
        pytest.param(put(None, *CARD, "extension"), "R-1", id="null"),
        pytest.param(put("x" * 140, *CARD, "summary"), "R-77", id="140 characters"),
        pytest.param(put("\U0001f9b5" * 70, *CARD, "summary"), "R-77", id="140 UTF-16 units"),
        pytest.param(put("**bold**", *CARD, "summary"), "not plain", id="markup in the summary"),
        pytest.param(without("summary", *CARD), "summary is missing", id="no summary"),
        pytest.param(put("hard-stop", *CARD, "indicator"), "indicator", id="indicator of 1.0"),
        pytest.param(without("uuid", *CARD), "uuid", id="no uuid"),
        pytest.param(put("1", *SUGGESTION, "uuid"), "uuid", id="no UUID"),
        pytest.param(put(UUID, *SUGGESTION, "uuid"), "twice", id="one uuid for two"),
        pytest.param(without("source", *CARD), "source is missing", id="no source"),
        pytest.param(without("label", *CARD, "source"), "label is missing", id="no label of the source"),
        pytest.param(put("a/b", *CARD, "source", "url"), "no absolute URL", id="relative address"),
        pytest.param(without("topic", *CARD, "source"), "topic is missing", id="no topic"),
        pytest.param(without("selectionBehavior", *CARD), "cds-resp-6", id="suggestions without behaviour"),
        pytest.param(without("suggestions", *CARD), "cds-resp-6", id="behaviour without suggestions"),
        pytest.param(put("all", *CARD, "selectionBehavior"), "cds-resp-6", id="unknown behaviour"),
        pytest.param(
            without("display", *CARD, "overrideReasons", 0), "display is missing", id="reason without display"
        ),
        pytest.param(put("absolute", *CARD, "links", 0, "type"), "cds-resp-3", id="appContext of an absolute link"),
        pytest.param(put("other", *CARD, "links", 0, "type"), "type is 'other'", id="unknown type of link"),
        pytest.param(
            put(True, *CARD, "links", 0, "autolaunchable"), "no field of a link", id="ballot's field of a link"
        ),
        pytest.param(
            put("all", *SUGGESTION, "actionSelectionBehavior"), "no field", id="ballot's field of a suggestion"
        ),
        pytest.param(without("actions", *SUGGESTION), "does nothing", id="suggestion without action"),
        pytest.param(without("label", *SUGGESTION), "label is missing", id="suggestion without label"),
        pytest.param(without("description", *ACTION), "description is missing", id="action without description"),
        pytest.param(put("replace", *ACTION, "type"), "type is 'replace'", id="unknown action"),
        pytest.param(put("delete", *ACTION, "type"), "cds-resp-2", id="delete with a resource"),
        pytest.param(without("id", *ACTION, "resource"), "no whole resource", id="resource without an id"),
        pytest.param(put("{}", *ACTION, "resource"), "no whole resource", id="resource as text"),
        pytest.param(
            put("no", *ACTION, "resource", "status"), "resource CommunicationRequest", id="resource that is no FHIR"
        ),
    ],
)
def test_each_rule_is_seen_broken(change: Callable[[Any], None], expected: str) -> None:
    response = copy.deepcopy(GOOD)
    change(response)
    found = problems(response, resources=True) if "resource" in expected else problems(response)
    assert [one for one in found if re.search(re.escape(expected), one)], found


def test_the_loudest_card_comes_first() -> None:
    quiet = GOOD["cards"][0] | {"uuid": UUID.replace("d1", "c1"), "indicator": "info"}
    for name in ("suggestions", "selectionBehavior"):
        del quiet[name]
    assert problems({"cards": [GOOD["cards"][0], quiet]}) == []
    assert problems({"cards": [quiet, GOOD["cards"][0]]}) == ["the loudest card does not come first"]


def test_no_more_than_three_cards() -> None:
    assert any("more than 3" in one for one in problems({"cards": GOOD["cards"] * 4}))
