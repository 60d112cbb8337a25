"""The frame of a card: what a site configures is there, what it does not is left out, and nothing is too long."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cdshooks.calls import service_of
from cdshooks.response_rules import problems

from kneecds.cdshooks.card import Draft, Frame, Suggestion
from kneecds.cdshooks.model import Presentation
from kneecds.core.assessment import Software

RESOURCE = {"resourceType": "CommunicationRequest", "id": "t", "status": "draft"}
SUGGESTIONS = tuple(
    Suggestion(f"label {n}", f"action {n}", "description", RESOURCE | {"id": f"t{n}"}) for n in range(3)
)
DRAFT = Draft("options", "info", "A summary", "A detail", ("rule",), SUGGESTIONS)


def card(draft: Draft = DRAFT, patient_id: str = "p", version: str = "1", **presentation: Any) -> dict[str, Any]:
    software = Software("0", version, "abc")
    made, _ = Frame(service_of("assessment"), patient_id, software, "2026-01-15", Presentation(**presentation)).card(
        draft
    )
    assert problems({"cards": [made]}, ballot=presentation.get("ballot", False)) == []
    return made


@pytest.mark.parametrize(
    ("presentation", "links"),
    [
        pytest.param({}, None, id="no page"),
        pytest.param(
            {"guidance_url": "https://a.example/g"},
            [{"label": "Full guidance", "url": "https://a.example/g", "type": "absolute"}],
            id="a page",
        ),
    ],
)
def test_link(presentation: dict[str, Any], links: Any) -> None:
    assert card(**presentation).get("links") == links


def test_a_smart_app_is_told_which_card_it_comes_from() -> None:
    made = card(guidance_url="https://a.example/launch", guidance_type="smart")
    assert json.loads(made["links"][0]["appContext"]) == {"service": "kneecds-assessment", "card": made["uuid"]}


def test_source() -> None:
    bare = card(source_url="")["source"]
    assert bare == {
        "label": "kneecds, knowledge 1",
        "topic": {
            "system": "https://kneecds.org/fhir/CodeSystem/kneecds-card-topic",
            "code": "options",
            "display": "Options",
        },
    }
    full = card(source_icon="https://a.example/i.png")["source"]
    assert (full["url"], full["icon"]) == ("https://kneecds.org/", "https://a.example/i.png")


def test_what_only_the_ballot_knows() -> None:
    assert "actionSelectionBehavior" not in json.dumps(card())
    assert [one["actionSelectionBehavior"] for one in card(ballot=True)["suggestions"]] == ["all"] * 3


def test_a_card_without_suggestions_says_nothing_of_choosing() -> None:
    assert not {"suggestions", "selectionBehavior"} & set(card(DRAFT._replace(suggestions=())))


@pytest.mark.parametrize(
    "summary",
    ["word " * 100, "x" * 500, "\U0001f9b5 " * 100, "a\nb\tc\x00", "x" * 139, "x" * 140],
    ids=["words", "one word", "beyond the basic plane", "controls", "139", "140"],
)
def test_a_summary_fits_on_a_line(summary: str) -> None:
    assert card(DRAFT._replace(summary=summary))["summary"]


def test_a_summary_is_cut_between_words() -> None:
    made = card(DRAFT._replace(summary="word " * 100))["summary"]
    assert made.endswith("word…")


class TestUuid:
    def test_it_is_that_of_the_content(self) -> None:
        assert card()["uuid"] == card(source_icon="https://a.example/i.png")["uuid"]

    @pytest.mark.parametrize(
        "changed",
        [
            pytest.param({"summary": "Another"}, id="summary"),
            pytest.param({"detail": "Another"}, id="detail"),
            pytest.param({"indicator": "warning"}, id="indicator"),
            pytest.param({"role": "differential"}, id="role"),
            pytest.param({"about": "ServiceRequest/o1"}, id="order"),
            pytest.param({"suggestions": SUGGESTIONS[:1]}, id="suggestions"),
        ],
    )
    def test_other_content_other_uuid(self, changed: dict[str, Any]) -> None:
        assert card(DRAFT._replace(**changed))["uuid"] != card()["uuid"]

    def test_other_patient_other_uuid(self) -> None:
        assert card(patient_id="q")["uuid"] != card()["uuid"]

    def test_a_suggestion_keeps_its_own(self) -> None:
        uuids = [one["uuid"] for one in card()["suggestions"]]
        assert len({*uuids, card()["uuid"]}) == 4


def test_an_action_that_removes_names_what_it_removes() -> None:
    removing = Suggestion("Remove", "remove", "Remove the draft", None, removes="ServiceRequest/o1")
    (action,) = card(DRAFT._replace(suggestions=(removing,)))["suggestions"][0]["actions"]
    assert action == {"type": "delete", "description": "Remove the draft", "resourceId": "ServiceRequest/o1"}
