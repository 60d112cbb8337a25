"""When there is a card and when there is none, what comes first, and what a failure is."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cdshooks.calls import AS_OF, asked, body_of, called, patient_id, resources_of, response, searchset, service_of
from cdshooks.patients import amount, answered, days, patient, seen, septic
from cdshooks.response_rules import problems

from kneecds.cdshooks import wire
from kneecds.cdshooks.advise import advise, concerns_the_knee
from kneecds.cdshooks.model import Presentation
from kneecds.cdshooks.record import Lacking, Record
from kneecds.errors import InputError
from kneecds.knowledge import shipped

if TYPE_CHECKING:
    from cdshooks.calls import Json

    from kneecds.cdshooks.model import Advice

OUTCOME: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
PATIENT = patient()


def cards(resources: list[Json], kind: str = "assessment", **how: Any) -> list[Json]:
    found = called(service_of(kind), resources, **how)
    assert problems(found, resources=True) == []
    answer: list[Json] = found["cards"]
    return answer


def roles(found: list[Json]) -> list[tuple[str, str]]:
    return [(card["source"]["topic"]["code"], card["indicator"]) for card in found]


MISSING = [("missing-data", "info")]


class TestWhenThereIsACard:
    @pytest.mark.parametrize(
        ("resources", "expected"),
        [
            pytest.param([], [], id="a patient and nothing else"),
            pytest.param([seen("fever")], [], id="fever, and no knee"),
            pytest.param([seen("known_osteoarthritis")], [], id="osteoarthritis somewhere"),
            pytest.param([seen("knee_pain", False, "left")], [], id="nothing but a denial"),
            pytest.param([seen("knee_pain", True, "left")], MISSING, id="pain, and nothing that tells what"),
            pytest.param(
                [seen("knee_pain", True, "left", effectiveDateTime="2025-10-01")], MISSING, id="too old to count"
            ),
            pytest.param([seen("knee_pain", "rather", "left")], MISSING, id="a statement that cannot be read"),
            pytest.param(
                [seen("knee_pain", None, "left", dataAbsentReason={"text": "asked, not known"})],
                MISSING,
                id="asked, and not known",
            ),
            pytest.param([seen("knee_pain", True, "left", effectiveDateTime="2019-03-01")], [], id="history"),
            pytest.param([seen("knee_pain", True, "left", effectiveDateTime=None)], MISSING, id="undated"),
            pytest.param([amount("pain_nrs_0_10", 5, "{score}")], [], id="a pain scale without a site"),
            pytest.param([seen("previous_knee_injury", True, effectiveDateTime="2017-03-01")], [], id="an old injury"),
            pytest.param([seen("direct_blow", True, "left")], MISSING, id="a blow to the knee, and no complaint yet"),
            pytest.param(
                [seen("knee_swelling", True, "left")], [("differential", "info"), ("options", "info")], id="swelling"
            ),
            pytest.param(
                [seen("saddle_numbness")], [("red-flag", "critical")], id="a red flag of the person, without a knee"
            ),
            pytest.param(
                septic(), [("red-flag", "critical"), ("differential", "info"), ("options", "info")], id="an emergency"
            ),
        ],
    )
    def test_cards(self, resources: list[Json], expected: list[tuple[str, str]]) -> None:
        sent = resources if any(one["resourceType"] == "Patient" for one in resources) else [PATIENT, *resources]
        assert roles(cards(sent)) == expected

    def test_an_unreadable_resource_without_a_code_of_a_knee_is_no_knee(self) -> None:
        code = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
        assert cards([PATIENT, seen("fever", "high", code=code)]) == []

    def test_a_response_that_cannot_be_read_is_about_a_knee(self) -> None:
        broken = answered("completed", "2026-01-10") | {
            "questionnaire": "https://kneecds.org/fhir/Questionnaire/unknown"
        }
        assert roles(cards([PATIENT, broken])) == MISSING

    def test_no_more_cards_than_a_site_wants(self) -> None:
        assert roles(cards(septic(), presentation=Presentation(most_cards=1))) == [("red-flag", "critical")]


class TestWhatIsUrgent:
    def test_other_knee_waits(self) -> None:
        both = [*septic("left"), *[seen(one, True, "right") for one in ("crepitus", "bony_enlargement")]]
        found = cards(both)
        assert found[0]["summary"].startswith("Emergency: possible septic arthritis, left knee")
        options = next(card for card in found if card["source"]["topic"]["code"] == "options")
        assert "right knee" not in options["detail"] + options["summary"]
        assert not [one for one in options["suggestions"] if "right knee" in one["label"]]
        assert not [one for one in found[0]["suggestions"] if "right knee" in one["label"]]

    def test_left_is_not_right(self) -> None:
        left, right = cards(septic("left")), cards(septic("right"))
        for one, other in zip(left, right, strict=True):
            turned = other["detail"].replace("right knee", "left knee").replace("Right knee", "Left knee")
            assert (turned, other["indicator"]) == (one["detail"], one["indicator"])
            assert "right" not in one["summary"].lower()
            assert "left" not in other["summary"].lower()
        assert {card["uuid"] for card in left}.isdisjoint(card["uuid"] for card in right)

    def test_what_could_cancel_it_is_said(self) -> None:
        swollen = [
            PATIENT,
            seen("knee_swelling", True, "left"),
            seen("warmth", False, "left"),
            days("symptom_duration_days", 9, "left"),
        ]
        first = cards(swollen)[0]
        assert (first["indicator"], "unless an open answer cancels it" in first["summary"]) == ("warning", True)
        assert "Would be cancelled by: Fever: present" in first["detail"]


class TestWhatIsNotKnown:
    @pytest.mark.parametrize("kind", ["assessment", "intake"])
    @pytest.mark.parametrize("sent", ["missing", "failed"])
    def test_what_was_not_supplied_is_said(self, kind: str, sent: str) -> None:
        pain = [PATIENT, seen("knee_pain", True, "left")]
        how: Json = {"without": ["medicines"]} if sent == "missing" else {"prefetch": {"medicines": OUTCOME}}
        detail = cards(pain, kind, **how)[0]["detail"]
        assert "**Not supplied:** medicines" in detail
        assert ("the query failed (timeout)" in detail) is (sent == "failed")
        assert "Not supplied" not in cards(pain, kind)[0]["detail"]

    def test_nothing_is_not_the_same_as_not_supplied(self) -> None:
        assert (
            "Not supplied" not in cards(septic(), prefetch={"medicines": None, "allergies": searchset([])})[0]["detail"]
        )

    def test_it_is_said_with_the_options_too(self) -> None:
        options = cards(septic(), without=["allergies"])[2]
        assert "**Not supplied:** allergies and intolerances" in options["detail"]

    def test_a_contraindication_that_is_unknown_is_in_the_description(self) -> None:
        described = [
            action["description"]
            for card in cards(resources_of("input_with_errors"))
            for one in card.get("suggestions", ())
            for action in one["actions"]
            if "Review first: not known:" in action["description"]
        ]
        assert described

    def test_errors_in_part_of_the_data_are_said(self) -> None:
        first = cards([*septic(), seen("knee_pain", "rather", "right")])[0]
        assert "**Could not be used:** knee\\_pain is a yes or no" in first["detail"]
        assert "(Observation/knee-pain-right)" in first["detail"]

    def test_required_data_are_asked_for(self) -> None:
        with pytest.raises(Lacking):
            cards(septic(), without=["observations"])

    def test_the_evaluation_knows_what_went_wrong_in_gathering(self) -> None:
        made = asked(
            service_of("assessment"), body_of(service_of("assessment"), septic(), prefetch={"conditions": OUTCOME})
        )
        assert made.evaluation is not None
        assert made.evaluation.assessment.status == "data-required"
        assert any(issue.rule == "query-failed" for issue in made.evaluation.issues)


class TestFailure:
    def request(self) -> Any:
        service = service_of("assessment")
        return service, wire.read_request(msgspec.json.encode(body_of(service, septic())), service.id)

    def advised(self, record: Record | None) -> Advice:
        service, request = self.request()
        return advise(
            service,
            request,
            record,
            knowledge=shipped(),
            as_of=AS_OF,
            setting="primary_care",
            presentation=Presentation(),
        )

    def test_nothing_that_can_be_read_is_no_empty_answer(self) -> None:
        with pytest.raises(InputError) as refused:
            self.advised(Record(b'{"resourceType":"Bundle","type":"collection","entry":[', (), (), ()))
        assert refused.value.issues

    def test_another_patient_is_an_error(self) -> None:
        other = b'{"resourceType":"Patient","id":"q","gender":"male"}'
        with pytest.raises(InputError) as refused:
            self.advised(
                Record(b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":%b}]}' % other, (), (), ())
            )
        assert [issue.rule for issue in refused.value.issues] == ["patient-mismatch"]

    def test_without_a_record_there_is_nothing_to_say(self) -> None:
        assert self.advised(None) == ((), (), None)


class TestMade:
    def test_each_card_is_known_to_the_audit_trail(self) -> None:
        advice = asked(service_of("assessment"), body_of(service_of("assessment"), septic()))
        answered_cards = json.loads(response(advice))["cards"]
        assert [made.uuid for made in advice.made] == [card["uuid"] for card in answered_cards]
        assert [made.role for made in advice.made] == ["red_flag", "differential", "options"]
        assert "rf_febrile_swollen_joint" in advice.made[0].rules
        assert "septic_arthritis" in advice.made[1].rules
        for made, card in zip(advice.made, answered_cards, strict=True):
            assert [uuid for uuid, _ in made.suggestions] == [one["uuid"] for one in card.get("suggestions", ())]
        assert advice.made[0].suggestions[0][1].endswith(":left")

    def test_uuids_do_not_depend_on_the_call(self) -> None:
        service = service_of("assessment")
        again = body_of(service, septic()) | {"hookInstance": "00000000-0000-4000-8000-000000000000"}
        assert asked(service, body_of(service, septic())).made == asked(service, again).made

    @pytest.mark.parametrize("changed", ["as_of", "patient", "data"])
    def test_uuids_depend_on_what_the_answer_rests_on(self, changed: str) -> None:
        service = service_of("assessment")
        before = {made.uuid for made in asked(service, body_of(service, septic())).made}
        if changed == "as_of":
            after = asked(service, body_of(service, septic()), as_of=date(2026, 1, 16))
        elif changed == "patient":
            text = json.dumps(septic()).replace("Patient/p", "Patient/q").replace('"id": "p"', '"id": "q"')
            after = asked(service, body_of(service, json.loads(text)))
        else:
            after = asked(service, body_of(service, septic(), without=["medicines"]))
        assert after.made[0].uuid not in before


def begun(status: str, authored: str) -> list[Json]:
    """Somebody who answered a part of the form about the left knee."""
    sent = resources_of("incomplete_form")
    return [
        one | {"status": status, "authored": authored} if one["resourceType"] == "QuestionnaireResponse" else one
        for one in sent
    ]


PAIN = seen("knee_pain", True, "left")
INCOMPLETE = {"reference": "Patient/incomplete"}


class TestIntake:
    @pytest.mark.parametrize(
        ("resources", "summary"),
        [
            pytest.param([PATIENT], None, id="no knee"),
            pytest.param(
                [PATIENT, PAIN], "Knee intake form not answered lately: 79 red flags wait", id="never answered"
            ),
            pytest.param(
                begun("completed", "2025-11-01"), "Knee intake form not answered lately", id="answered long ago"
            ),
            pytest.param(begun("completed", "2026-01-10"), None, id="answered"),
            pytest.param(
                begun("in-progress", "2026-01-10"),
                "Knee intake form unfinished, open answers could raise the urgency: ",
                id="unfinished",
            ),
            pytest.param(begun("stopped", "2026-01-10"), "Knee intake form unfinished", id="stopped"),
            pytest.param(
                begun("in-progress", "2025-11-01"), "Knee intake form not answered lately", id="begun long ago"
            ),
        ],
    )
    def test_offer(self, resources: list[Json], summary: str | None) -> None:
        found = cards(resources, "intake")
        assert [card["source"]["topic"]["code"] for card in found] == ([] if summary is None else ["intake"])
        if summary is not None:
            assert found[0]["summary"].startswith(summary)
            task = found[0]["suggestions"][0]["actions"][0]["resource"]
            assert (task["resourceType"], task["for"]) == ("Task", {"reference": f"Patient/{patient_id(resources)}"})
            assert task["input"][0]["valueCanonical"] == "https://kneecds.org/fhir/Questionnaire/kneecds-intake"

    def test_whether_it_was_answered_may_be_unknown(self) -> None:
        found = cards([PATIENT, seen("knee_pain", True, "left")], "intake", without=["responses"])
        assert found[0]["summary"].startswith("Knee intake form may be unanswered")

    @pytest.mark.parametrize(
        ("resources", "indicator", "summary", "first_line"),
        [
            pytest.param(
                septic(),
                "critical",
                "Emergency, left knee: a red flag is met; the intake form can wait",
                "**A red flag is met (emergency assessment now):** Swollen knee with fever",
                id="emergency",
            ),
            pytest.param(
                resources_of("acl_pivot_injury"),
                "warning",
                "Same day, right knee: a red flag is met; the intake form can wait",
                "**A red flag is met (assessment the same day):** Rapid swelling",
                id="same day",
            ),
            pytest.param(
                resources_of("both_knees"),
                "warning",
                "Same day, right knee: a condition that should not wait is probable; the intake form can wait",
                "**A condition that should not wait is probable (assessment the same day):** Septic bursitis (right knee)",
                id="same day by probability",
            ),
            pytest.param(
                [PATIENT, seen("saddle_numbness")],
                "critical",
                "Emergency, whole patient: a red flag is met; the intake form can wait",
                "**A red flag is met (emergency assessment now):** Saddle numbness, new bladder or bowel change, or "
                "bilateral leg pain/weakness (whole patient); see the knee assessment.",
                id="without a knee",
            ),
            pytest.param(
                [PATIENT, PAIN, seen("giving_way", True, "left")],
                "info",
                "Knee intake form not answered lately: 51 red flags wait",
                "**A red flag is met (assessment within days):** Knee gives way or buckles (left knee); see the",
                id="within days, never answered",
            ),
            pytest.param(
                [*begun("completed", "2026-01-10"), seen("giving_way", True, "left", subject=INCOMPLETE)],
                "info",
                "Within days, left knee: a red flag is met",
                "**A red flag is met (assessment within days):** Knee gives way or buckles (left knee); see the",
                id="within days, answered",
            ),
            pytest.param(
                [*begun("in-progress", "2026-01-10"), seen("giving_way", True, "left", subject=INCOMPLETE)],
                "info",
                "Knee intake form unfinished, open answers could raise the urgency: ",
                "**A red flag is met (assessment within days):** Knee gives way or buckles (left knee); see the",
                id="within days, unfinished",
            ),
            pytest.param(
                [
                    PATIENT,
                    seen("knee_swelling", True, "left"),
                    seen("warmth", False, "left"),
                    days("symptom_duration_days", 9, "left"),
                ],
                "info",
                "Knee intake form not answered lately",
                "**A red flag is met (assessment within days), unless an open answer cancels it:** Marked",
                id="unless",
            ),
        ],
    )
    def test_a_red_flag_is_told_of_and_not_repeated(
        self, resources: list[Json], indicator: str, summary: str, first_line: str
    ) -> None:
        assert roles(cards(resources))[0][0] == "red-flag"
        (card,) = cards(resources, "intake")
        assert (card["source"]["topic"]["code"], card["indicator"]) == ("intake", indicator)
        assert card["summary"].startswith(summary)
        assert card["detail"].startswith(first_line)
        assert ("suggestions" in card) is card["summary"].startswith("Knee intake form")
        assert "Sources: " not in card["detail"]

    def test_what_is_wrong_with_the_data_is_said_although_the_form_can_wait(self) -> None:
        (card,) = cards([*septic(), seen("knee_pain", "rather", "right")], "intake", without=["medicines"])
        assert "**Not supplied:** medicines" in card["detail"]
        assert "**Could not be used:** knee\\_pain is a yes or no" in card["detail"]


ORDER: Json = {
    "resourceType": "ServiceRequest",
    "id": "o1",
    "status": "draft",
    "intent": "order",
    "code": {"coding": [{"system": "http://loinc.org", "code": "26257-6"}]},
    "subject": {"reference": "Patient/p"},
}


class TestOrders:
    def call(self, hook: Any, resources: list[Json], *orders: Json, **how: Any) -> list[Json]:
        drafts = {"resourceType": "Bundle", "type": "collection",
                  "entry": [{"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{n}", "resource": one} for n, one in enumerate(orders)]}  # fmt: skip
        context: Json = {"draftOrders": drafts}
        if hook == "order-select":
            context["selections"] = [f"ServiceRequest/{one['id']}" for one in orders]
        return cards_of(service_of("orders", hook), resources, context=context, **how)

    def test_a_red_flag_comes_first(self) -> None:
        found = self.call("order-sign", septic(), ORDER)
        assert roles(found)[0] == ("red-flag", "critical")
        assert roles(found)[1][0] == "order-appropriateness"

    def test_signing_replaces_selecting(self) -> None:
        pain = [PATIENT, seen("knee_pain", True, "left")]
        select, sign = (self.call(hook, pain, ORDER) for hook in ("order-select", "order-sign"))
        assert [card["uuid"] for card in select] == [card["uuid"] for card in sign] != []

    def test_what_was_not_supplied_is_said(self) -> None:
        found = self.call("order-sign", [PATIENT, seen("knee_pain", True, "left")], ORDER, without=["conditions"])
        assert "**Not supplied:** diagnoses and problems" in found[-1]["detail"]

    def test_what_does_not_fit_is_named(self) -> None:
        orders = [ORDER | {"id": f"o{n}"} for n in range(3)]
        found = self.call("order-sign", septic(), *orders, presentation=Presentation(most_cards=2))
        assert len(found) == 2
        assert found[-1]["detail"].count("- Also rated: ") == 2

    @pytest.mark.parametrize(
        ("code", "expected"),
        [pytest.param("26257-6", True, id="MRI of the left knee"), pytest.param("24725-4", False, id="CT of the head")],
    )
    def test_whether_orders_are_for_a_knee(self, code: str, expected: bool) -> None:
        service = service_of("orders", "order-sign")
        order = ORDER | {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}}
        drafts = {
            "resourceType": "Bundle",
            "entry": [{"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000000", "resource": order}],
        }
        body = body_of(service, septic(), context={"draftOrders": drafts | {"type": "collection"}})
        assert concerns_the_knee(service, wire.read_request(msgspec.json.encode(body), service.id)) is expected


def cards_of(service: Any, resources: list[Json], **how: Any) -> list[Json]:
    found = called(service, resources, **how)
    assert problems(found, resources=True, most=3) == []
    answer: list[Json] = found["cards"]
    return answer
