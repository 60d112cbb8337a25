"""Every example, sent as a client would: all rules of a response hold, and all that is suggested is sound FHIR."""

from __future__ import annotations

import json
import re
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


def told(detail: str) -> list[str]:
    """Return what a card lists, whichever knee it is said of."""
    lines = [line for line in detail.split("\n") if line.startswith("- ") and not line.startswith("- and ")]
    return [re.sub("(left|right) knee( and (left|right) knee)?", "", line) for line in lines]


@pytest.mark.parametrize("case", CASES)
def test_options_say_nothing_twice(case: str) -> None:
    for detail in [card["detail"] for card in shown_cards(case) if card["source"]["topic"]["code"] == "options"]:
        assert len(set(told(detail))) == len(told(detail))


def test_what_is_left_out_for_both_knees_is_said_once_with_both() -> None:
    one = resources_of("anticoagulated_osteoarthritis")
    other = json.loads(json.dumps([each for each in one if "bodySite" in each]).replace("6757004", "82169009"))
    cards = called(service_of("assessment"), [*one, *[each | {"id": f"{each['id']}-b"} for each in other]])["cards"]
    detail = next(card["detail"] for card in cards if card["source"]["topic"]["code"] == "options")
    left_out = told(detail[detail.index("**Left out**") :])
    assert len(set(left_out)) == len(left_out)
    assert "(left knee and right knee): because of Moderate or severe kidney disease" in detail


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
