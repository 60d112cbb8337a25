"""Every example, sent as a client would: all rules of a response hold, and all that is suggested is sound FHIR."""

from __future__ import annotations

from typing import Any

import pytest
from cdshooks.calls import CASES, called, resources_of, service_of, setting_of, shown_cards
from cdshooks.response_rules import INDICATORS, created, problems
from cdshooks.shown import markup
from test_examples import assessed

from kneecds.api import assess
from kneecds.cdshooks.model import Presentation

PRESENTATIONS = {
    "plain": Presentation(),
    "linked": Presentation(guidance_url="https://hospital.example/guidance?a=1", source_icon="https://a.example/i.png"),
    "smart": Presentation(guidance_url="https://hospital.example/launch", guidance_type="smart", source_url=""),
    "ballot": Presentation(ballot=True),
    "one card": Presentation(most_cards=1),
}
INDICATOR = {"emergency": "critical", "urgent_same_day": "warning", "soon_within_days": "warning"}


def tier(case: str) -> str:
    return assessed(case).tier or ""


@pytest.mark.parametrize("kind", ["assessment", "intake"])
@pytest.mark.parametrize("case", CASES)
def test_rules_hold(case: str, kind: str) -> None:
    response = called(service_of(kind), resources_of(case), setting=setting_of(case))
    assert problems(response, resources=True) == []
    assert [markup(card["detail"]) for card in response["cards"]] == [[] for _ in response["cards"]]


@pytest.mark.parametrize("name", PRESENTATIONS)
def test_rules_hold_however_a_site_wants_its_cards(name: str) -> None:
    presentation = PRESENTATIONS[name]
    for case in CASES:
        response = called(service_of("assessment"), resources_of(case), presentation=presentation)
        assert problems(response, ballot=presentation.ballot, most=presentation.most_cards) == [], case


@pytest.mark.parametrize("case", CASES)
def test_the_first_card_is_as_loud_as_the_answer(case: str) -> None:
    cards = shown_cards(case)
    assert cards[0]["indicator"] == INDICATOR.get(tier(case), "info")
    assert [card["indicator"] for card in cards[1:]] == ["info"] * (len(cards) - 1)
    assert [card["source"]["topic"]["code"] for card in cards] == sorted(
        (card["source"]["topic"]["code"] for card in cards),
        key=["red-flag", "differential", "missing-data", "options"].index,
    )


@pytest.mark.parametrize("case", CASES)
def test_what_is_blocked_is_never_suggested(case: str) -> None:
    answer = assess({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources_of(case)]},
                    as_of="2026-01-15", setting=setting_of(case))  # fmt: skip
    blocked = {one.text for one in answer.blocked}
    labels = [one["label"] for card in shown_cards(case) for one in card.get("suggestions", ())]
    assert not [label for label in labels for text in blocked if text[:60] in label]


@pytest.mark.parametrize("case", CASES)
def test_same_call_same_bytes(case: str) -> None:
    assert shown_cards(case) == shown_cards(case)


@pytest.mark.parametrize("case", CASES)
def test_what_is_suggested_is_about_this_patient_and_visit_and_no_order(case: str) -> None:
    sent = resources_of(case)
    who = next(one["id"] for one in sent if one["resourceType"] == "Patient")
    for resource in created({"cards": [*shown_cards(case), *shown_cards(case, "intake")]}):
        subject = resource.get("subject") or resource["for"]
        assert subject == {"reference": f"Patient/{who}"}
        assert resource["encounter"] == {"reference": "Encounter/visit"}
        assert resource["status"] == "draft"
        assert resource.get("intent", "proposal") == "proposal"
        assert "requester" not in resource


def test_indicators_are_those_of_the_specification() -> None:
    seen: set[Any] = {card["indicator"] for case in CASES for card in shown_cards(case)}
    assert seen == set(INDICATORS)
