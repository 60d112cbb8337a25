"""The cards of draft orders: a rating with its criteria, or none with what is unknown, and what can be done."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from calls import asked, body_of, called, service_of
from patients import days, patient, seen, septic
from response_rules import created, problems
from shown import shown

from kneecds.cdshooks.orders import WORDS
from kneecds.core.knowledge import OrderKind

Json = dict[str, Any]
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
FILM, FILM_LEFT, MRI, MRI_LEFT, MRI_RIGHT, MRI_BOTH = (
    (LOINC, code) for code in ("28565-0", "36636-9", "24802-1", "26257-6", "26258-4", "26256-8")
)
ARTHROSCOPY, PHYSIOTHERAPY = (SNOMED, "309431009"), (SNOMED, "308447003")
LEFT, RIGHT = "82169009", "6757004"


def order(code: tuple[str, str], identity: str = "o1", site: str = "", **more: Any) -> Json:
    found = {
        "resourceType": "ServiceRequest",
        "id": identity,
        "status": "draft",
        "intent": "order",
        "code": {"coding": [{"system": code[0], "code": code[1]}]},
        "subject": {"reference": "Patient/p"},
        **more,
    }
    return found | ({"bodySite": [{"coding": [{"system": SNOMED, "code": site}]}]} if site else {})


def context(hook: str, orders: tuple[Json, ...]) -> Json:
    found: Json = {
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in orders]}
    }
    if hook == "order-select":
        found["selections"] = [f"ServiceRequest/{one['id']}" for one in orders]
    return found


def cards(resources: list[Json], *orders: Json, hook: Any = "order-sign", **how: Any) -> list[Json]:
    answered = called(service_of("orders", hook), resources, context=context(hook, orders), **how)
    assert problems(answered, resources=True, most=3) == []
    return list(answered["cards"])


def knee_of(
    present: tuple[str, ...], absent: tuple[str, ...], day: int, side: str = "left", born: str = "2000-01-01"
) -> list[Json]:
    return [
        patient(born),
        *[seen(one, True, side) for one in present],
        *[seen(one, False, side) for one in absent],
        days("symptom_duration_days", day, side),
    ]


def kneecap(side: str = "left", **changes: bool) -> list[Json]:
    """Front pain for two months, no film, nothing else."""
    known = dict.fromkeys(
        ("knee_injury", "effusion", "locking", "catching", "clicking", "persists_despite_treatment", "knee_film_taken",
         "recurrent_swelling", "patella_displaced", "focal_bony_tenderness", "unexplained_bone_pain", "high_energy_injury"),
        False,
    ) | dict.fromkeys(("anterior_knee_pain", "gradual_onset"), True) | changes  # fmt: skip
    present = tuple(name for name, value in known.items() if value)
    return knee_of(present, tuple(name for name, value in known.items() if not value), 60, side)


def tender(side: str = "left") -> list[Json]:
    """A fall two days ago, a tender head of the fibula: the Ottawa rule is met."""
    return knee_of(("knee_injury", "fibular_head_tenderness", "knee_pain"), ("knee_film_taken",), 2, side)


def test_not_appropriate() -> None:
    (card,) = cards(kneecap(), order(MRI_LEFT))
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Not appropriate: MRI, left knee - ")
    assert card["source"]["topic"]["code"] == "order-appropriateness"
    assert card["overrideReasons"]
    text = shown(card["detail"]).text
    for part in (
        "speaks against it",
        "No locking, catching or clicking",
        "AMSSM 2014",
        "American College of Radiology 2018",
    ):
        assert part in text


def test_it_can_be_replaced_or_removed() -> None:
    (card,) = cards(kneecap(), order(MRI_LEFT))
    assert card["selectionBehavior"] == "at-most-one"
    replaced, removed = card["suggestions"]
    assert [one["type"] for one in replaced["actions"]] == ["delete", "create"]
    assert {one["resourceId"] for one in (*replaced["actions"], *removed["actions"]) if one["type"] == "delete"} == {
        "ServiceRequest/o1"
    }
    drafted = replaced["actions"][1]["resource"]
    assert drafted["code"]["coding"][0]["code"] == PHYSIOTHERAPY[1]
    assert (drafted["status"], drafted["intent"]) == ("draft", "proposal")
    assert drafted["bodySite"][0]["coding"][0]["code"] == LEFT
    assert drafted["id"] != "o1"
    assert "isRecommended" not in replaced


def test_a_film_comes_first() -> None:
    """Pain that is not at the front, six weeks, no film: the film can be drafted instead of the MRI."""
    absent = (
        "anterior_knee_pain", "knee_film_taken", "knee_injury", "effusion", "recurrent_swelling", "patella_displaced",
        "focal_bony_tenderness", "unexplained_bone_pain", "locking", "catching", "clicking",
    )  # fmt: skip
    (card,) = cards(knee_of(("knee_pain",), absent, 60), order(MRI, site=LEFT))
    replaced = card["suggestions"][0]
    assert [one["code"] for one in replaced["actions"][1]["resource"]["code"]["coding"]] == [FILM_LEFT[1]]


def test_what_is_drafted_already_is_not_drafted_again() -> None:
    """With the physiotherapy among the drafts, the MRI can only be removed."""
    found = cards(kneecap(), order(MRI_LEFT), order(PHYSIOTHERAPY, "o2", LEFT))
    mri = next(card for card in found if "MRI" in card["summary"])
    assert [one["label"] for one in mri["suggestions"]] == ["Remove the draft: MRI, left knee"]


def test_an_order_without_an_id_can_only_be_rated() -> None:
    body = body_of(service_of("orders", "order-sign"), kneecap(), context=context("order-sign", (order(MRI_LEFT),)))
    del body["context"]["draftOrders"]["entry"][0]["resource"]["id"]
    (card,) = asked(service_of("orders", "order-sign"), body).cards
    assert card["summary"].startswith("Not appropriate")
    assert "suggestions" not in card


def test_appropriate() -> None:
    red_flag, card = cards(tender(), order(FILM_LEFT))
    assert red_flag["source"]["topic"]["code"] == "red-flag"
    assert (card["indicator"], card["summary"]) == ("info", "Appropriate: radiograph, left knee - Ottawa knee rule met")
    assert "suggestions" not in card
    assert "Ottawa knee rule: The head of the fibula is tender" in card["detail"]


def test_undetermined_has_no_rating() -> None:
    """Unknown criteria are listed, and nothing is rated."""
    (card,) = cards([patient(), seen("anterior_knee_pain", True, "left")], order(MRI_LEFT))
    assert (card["indicator"], "suggestions" in card) == ("info", False)
    assert card["summary"] == "Not rated: MRI, left knee - not everything that decides it is known"
    for part in ("No rating: what is not known is not taken as absent", "Unknown: ", "Would decide it: ", "Sources: "):
        assert part in card["detail"]
    assert "Appropriate" not in card["detail"]


def test_no_criteria_apply() -> None:
    """Pain at the front for ten days, nothing swollen or stiff, is no matter for rheumatology."""
    absent = ("knee_swelling", "knee_injury", "morning_stiffness", "effusion")
    resources = knee_of(("anterior_knee_pain",), absent, 10)
    *_, card = cards([*resources, seen("other_joint_swelling", False)], order((SNOMED, "306290009"), site=LEFT))
    assert card["summary"] == "No criteria apply: referral to rheumatology, left knee"
    assert card["indicator"] == "info"


def test_the_red_flag_comes_first() -> None:
    first, second = cards(septic(), order(PHYSIOTHERAPY, site=LEFT))
    assert (first["indicator"], first["source"]["topic"]["code"]) == ("critical", "red-flag")
    assert second["summary"].startswith(
        "Not rated: referral to physiotherapy, left knee - a rule that is urgent is met"
    )


def test_left_is_not_right() -> None:
    (card,) = cards(kneecap("left"), order(MRI_RIGHT))
    assert card["summary"] == "Not rated: MRI, right knee - what is recorded is of the left knee"
    assert "suggestions" not in card


def test_an_order_without_a_side_is_of_the_only_knee_in_play() -> None:
    (card,) = cards(kneecap("right"), order(MRI))
    assert card["summary"].startswith("Not appropriate: MRI, right knee")
    assert "The order does not say which knee; rated for the right knee, the only one in play" in card["detail"]


def test_an_order_without_a_side_where_two_knees_are_in_play() -> None:
    (card,) = cards([*kneecap("left"), seen("anterior_knee_pain", True, "right")], order(MRI))
    assert (
        card["summary"]
        == "Not rated: MRI, knee, side not stated - the order does not say which knee, and more than one is in play"
    )


def test_an_order_that_contradicts_itself() -> None:
    (card,) = cards(kneecap(), order(MRI_LEFT, site=RIGHT))
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Not rated: MRI")
    assert "its code says left and its body site right" in card["detail"]
    assert "suggestions" not in card


def test_both_knees_are_rated_together() -> None:
    resources = [*kneecap("left"), *kneecap("right")[1:]]
    (card,) = cards(resources, order(MRI_BOTH))
    assert card["summary"].startswith("Not appropriate: MRI, both knees")
    assert [one["label"] for one in card["suggestions"]] == ["Remove the draft: MRI, both knees"]
    (differs,) = cards([*kneecap("left"), seen("anterior_knee_pain", True, "right")], order(MRI_BOTH))
    assert differs["summary"].startswith("Not rated: MRI, both knees - the two knees differ")


def test_the_order_of_cards() -> None:
    """What is not appropriate comes before what is not rated, and that before what is appropriate."""
    found = cards(kneecap(), order(PHYSIOTHERAPY, "o1", LEFT), order(ARTHROSCOPY, "o2", LEFT), order(MRI_LEFT, "o3"))
    assert [card["summary"].split(":")[0] for card in found] == ["Not appropriate", "Not rated", "Appropriate"]


def test_select_and_sign_give_the_same_cards() -> None:
    """The same advice on the same order has the same uuid, and so replaces rather than repeats."""
    select, sign = (cards(kneecap(), order(MRI_LEFT), hook=hook) for hook in ("order-select", "order-sign"))
    assert select == sign


def test_two_orders_have_two_cards() -> None:
    first, second = cards(kneecap(), order(MRI_LEFT), order(MRI_LEFT, "o2"))
    assert first["uuid"] != second["uuid"]
    ids = [one["id"] for one in created({"cards": [first, second]})]
    assert len(set(ids)) == 2


def test_the_audit_trail_names_the_statements() -> None:
    service = service_of("orders", "order-sign")
    advice = asked(service, body_of(service, kneecap(), context=context("order-sign", (order(MRI_LEFT),))))
    (made,) = advice.made
    assert (made.role, made.rules) == ("rating", ("first_film_long_pain", "mri_kneecap_pain_early"))
    assert [action for _, action in made.suggestions] == ["replace:knee_mri:physiotherapy_referral", "remove:knee_mri"]


@pytest.mark.parametrize("name", ["display", "text"])
def test_words_of_the_order_are_not_repeated(name: str) -> None:
    """Nothing that an order says in words reaches a card: its code decides, and our words name it."""
    hostile = "<img src=x onerror=alert(1)> [x](javascript:1)"
    one = order(MRI_LEFT)
    if name == "text":
        one["code"]["text"] = hostile
    else:
        one["code"]["coding"][0]["display"] = hostile
    assert "onerror" not in msgspec.json.encode(cards(kneecap(), one)).decode()


def test_every_kind_has_words() -> None:
    assert set(WORDS) == set(get_args(OrderKind))
