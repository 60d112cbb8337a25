"""What a suggestion would create: whole resources about this knee of this patient, drafts and never orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from cdshooks.calls import CASES, asked, body_of, called, resources_of, service_of, shown_cards
from cdshooks.patients import patient, seen, septic
from cdshooks.response_rules import created

from kneecds.cdshooks import prefetch, suggestions, wire
from kneecds.cdshooks.case import case
from kneecds.cdshooks.model import Presentation
from kneecds.cdshooks.record import record
from kneecds.core.knowledge import TIER_RANK
from kneecds.fhir.emit.procedures import AT_THE_KNEE, BODY_SITE

if TYPE_CHECKING:
    from cdshooks.calls import Json

OWN = "https://kneecds.org/fhir/CodeSystem/kneecds-action"


def suggested(case: str) -> list[Json]:
    return created({"cards": shown_cards(case)})


def own_code(resource: Json) -> str:
    return next((one["code"] for one in resource.get("code", {}).get("coding", ()) if one["system"] == OWN), "")


@pytest.mark.parametrize(("side", "code"), [(side, BODY_SITE[side][1]) for side in ("left", "right")])
def test_left_is_not_right(side: str, code: str) -> None:
    """A request for something done at the knee names its side as a body site."""
    resources = created(called(service_of("assessment"), septic(side)))
    at_the_knee = [one for one in resources if own_code(one) in AT_THE_KNEE]
    assert at_the_knee
    assert {one["bodySite"][0]["coding"][0]["code"] for one in at_the_knee} == {code}


@pytest.mark.parametrize("case", CASES)
def test_requests_say_what_and_advice_says_it_to_the_patient(case: str) -> None:
    for resource in suggested(case):
        if resource["resourceType"] == "ServiceRequest":
            assert own_code(resource)
            assert resource["code"]["text"]
        else:
            assert resource["resourceType"] == "CommunicationRequest"
            assert resource["recipient"] == [resource["subject"]]
            assert resource["payload"][0]["contentString"]


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_suggested_twice(case: str) -> None:
    codes = [
        (own_code(one), str(one.get("bodySite"))) for one in suggested(case) if one["resourceType"] == "ServiceRequest"
    ]
    assert len(codes) == len(set(codes))


def test_what_the_first_card_names_is_suggested_first() -> None:
    first = called(service_of("assessment"), septic())["cards"][0]
    assert "possible septic arthritis" in first["summary"]
    assert "Septic arthritis" in first["suggestions"][0]["actions"][0]["description"]


@pytest.mark.parametrize("name", CASES)
def test_what_is_for_the_most_urgent_is_suggested_first(name: str) -> None:
    """The order is that of the tier of the rules that an option is for, by what they raise or by themselves."""
    advice = asked(service_of("assessment"), body_of(service_of("assessment"), resources_of(name)))
    assert advice.evaluation is not None
    answer = advice.evaluation.assessment
    met = [*answer.person_rules, *[rule for knee in answer.knees for rule in knee.rules]]
    tiers = {(rule.rule, rule.scope): rule.tier for rule in met}
    tiers |= {(name, rule.scope): rule.tier for rule in met for name in rule.raises if rule.tier == answer.tier}
    tiers |= {(knee.raised_by_probability, knee.side): knee.tier for knee in answer.knees if knee.tier}
    because = {f"{one.action}:{one.scope}": [(name, one.scope) for name in one.because] for one in answer.options}
    for made in advice.made:
        if made.role == "red_flag":
            ranks = [
                max(TIER_RANK[tiers[name]] for name in because[action] if name in tiers)
                for _, action in made.suggestions
            ]
            assert ranks == sorted(ranks, reverse=True)


def test_a_lesser_reason_comes_after_a_higher_one_whatever_the_order_of_the_options() -> None:
    """Not bearing weight is a reason for the same day, joint infection one for now."""
    service = service_of("assessment")
    body = body_of(service, septic())
    request = wire.read_request(msgspec.json.encode(body), service.id)
    evaluation = asked(service, body).evaluation
    assert evaluation is not None
    of = case(service, request, record(prefetch.supplies(service, request), request), evaluation, Presentation())
    labels = [one.text for one in of.answer.options]
    reasons = {
        ("septic_arthritis", "left"): 4,
        ("rf_unable_to_bear_weight", "left"): 3,
        ("septic_arthritis", "right"): 9,
    }
    found = [one.label for one in suggestions.requests(of, reasons, 9)]
    lesser = [label for label in found if "Cannot bear weight" in label]
    assert labels[0].startswith("Cannot bear weight")
    assert found[-len(lesser) :] == lesser
    assert 0 < len(lesser) < len(found)
    assert not suggestions.requests(of, {("septic_arthritis", "right"): 9}, 9), "left is not right"


def test_without_an_encounter_none_is_named() -> None:
    body = called(service_of("assessment"), septic(), context={"encounterId": "other"})
    assert {one["encounter"]["reference"] for one in created(body)} == {"Encounter/other"}


def test_temporary_ids_are_those_of_the_same_thing() -> None:
    before, after = (
        {own_code(one): one["id"] for one in created(called(service_of("assessment"), sent))}
        for sent in (septic(), [*septic(), seen("chills")])
    )
    both = before.keys() & after.keys()
    assert both
    assert all(before[code] == after[code] for code in both)


def test_the_form_is_named_by_its_canonical() -> None:
    task = created(called(service_of("assessment"), [patient(), seen("knee_pain", True, "left")]))[0]
    assert (task["resourceType"], task["status"], task["intent"]) == ("Task", "draft", "proposal")
    assert task["code"]["coding"][0]["code"] == "complete-questionnaire"
    assert task["input"][0]["valueCanonical"] == "https://kneecds.org/fhir/Questionnaire/kneecds-intake"


def test_safety_net_is_of_what_a_patient_can_tell() -> None:
    nets = [
        resource["payload"][0]["contentString"]
        for case in CASES
        for card in shown_cards(case)
        for one in card.get("suggestions", ())
        if one["label"] == "Draft safety-net advice for the patient"
        for resource in [one["actions"][0]["resource"]]
    ]
    assert nets
    assert not [text for text in nets if "on CT" in text or "Gram stain" in text]


@pytest.mark.parametrize("case", CASES)
def test_treatment_to_weigh_is_named_and_never_drafted(case: str) -> None:
    assert not [one for one in suggested(case) if one["resourceType"] in ("MedicationRequest", "DeviceRequest")]
    assert resources_of(case)
