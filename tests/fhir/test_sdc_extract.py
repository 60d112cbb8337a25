"""Observation-based extraction: which answers become Observations, what they say, and that nothing is lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B.observation import Observation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kneecds import knowledge, pipeline
from kneecds.errors import Issue
from kneecds.fhir.read import Reading, read
from kneecds.fhir.sdc.extensions import BODY_SITE, CATEGORY, EXTRACT, HIDDEN, UNIT
from kneecds.fhir.sdc.extract import bundle, observations
from kneecds.fhir.structure import check

SCT = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
YES = {"url": EXTRACT, "valueBoolean": True}
NO = {"url": EXTRACT, "valueBoolean": False}


def item(link_id: str, kind: str = "boolean", **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, "type": kind, "text": f"{link_id}?", "code": [{"system": SCT, "code": link_id}], **more}


def form(*items: dict[str, Any], extension: Any = (YES,), **more: Any) -> dict[str, Any]:
    return {"resourceType": "Questionnaire", "url": "http://host/form", "status": "active", "extension": list(extension),
            "item": list(items), **more}  # fmt: skip


def says(link_id: str, *answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, **({"answer": list(answers)} if answers else {}), **more}


def response(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse", "id": "r1", "questionnaire": "http://host/form", "status": "completed",
        "subject": {"reference": "Patient/p"}, "encounter": {"reference": "Encounter/e"},
        "authored": "2026-03-14T09:00:00Z", "author": {"reference": "Practitioner/d"}, "item": list(items), **more,
    }  # fmt: skip


def taken(questionnaire: dict[str, Any], given_: dict[str, Any]) -> list[dict[str, Any]]:
    return list(observations(questionnaire, given_).observations)


def rules(questionnaire: dict[str, Any], given_: dict[str, Any]) -> set[str]:
    return {issue.rule for issue in observations(questionnaire, given_).issues}


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [one["code"]["coding"][0]["code"] for one in found]


TRUE, FALSE = {"valueBoolean": True}, {"valueBoolean": False}
IF_A: dict[str, Any] = {"enableWhen": [{"question": "a", "operator": "=", "answerBoolean": True}]}


def test_an_observation_says_who_whom_when_and_what_it_comes_from() -> None:
    (found,) = taken(form(item("a", code=[{"system": SCT, "code": "1", "display": "A"}, {"system": "b", "code": "2"}])),
                     response(says("a", TRUE)))  # fmt: skip
    assert {key: value for key, value in found.items() if key != "id"} == {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": SCT, "code": "1", "display": "A"}, {"system": "b", "code": "2"}], "text": "a?"},
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
        "effectiveDateTime": "2026-03-14T09:00:00Z",
        "issued": "2026-03-14T09:00:00Z",
        "performer": [{"reference": "Practitioner/d"}],
        "valueBoolean": True,
        "derivedFrom": [{"reference": "QuestionnaireResponse/r1"}],
    }


KG = {"url": UNIT, "valueCoding": {"system": UCUM, "code": "kg", "display": "kilo"}}


@pytest.mark.parametrize(
    ("answer", "extension", "expected"),
    [
        pytest.param(FALSE, [], FALSE, id="false is an answer"),
        pytest.param({"valueInteger": 0}, [], {"valueInteger": 0}, id="so is 0"),
        pytest.param({"valueDecimal": Decimal("0.0")}, [], {"valueQuantity": {"value": Decimal("0.0")}}, id="and 0.0"),
        pytest.param({"valueInteger": 0}, [KG], {"valueQuantity": {"value": 0, "unit": "kilo", "system": UCUM, "code": "kg"}}, id="an integer with a unit"),
        pytest.param({"valueDecimal": Decimal("1.50")}, [KG], {"valueQuantity": {"value": Decimal("1.50"), "unit": "kilo", "system": UCUM, "code": "kg"}}, id="a decimal with a unit"),
        pytest.param({"valueQuantity": {"value": 1, "comparator": "<"}}, [], {"valueQuantity": {"value": 1, "comparator": "<"}}, id="quantity"),
        pytest.param({"valueCoding": {"code": "x"}}, [], {"valueCodeableConcept": {"coding": [{"code": "x"}]}}, id="coding"),
        pytest.param({"valueCoding": {"display": "x"}}, [], {"valueCodeableConcept": {"text": "x"}}, id="a coding of words"),
        pytest.param({"valueString": "x"}, [], {"valueString": "x"}, id="string"),
        pytest.param({"valueUri": "urn:x"}, [], {"valueString": "urn:x"}, id="uri"),
        pytest.param({"valueDate": "2026-01"}, [], {"valueDateTime": "2026-01"}, id="date"),
        pytest.param({"valueDateTime": "2026-01-01T00:00:00Z"}, [], {"valueDateTime": "2026-01-01T00:00:00Z"}, id="dateTime"),
        pytest.param({"valueTime": "12:00:00"}, [], {"valueTime": "12:00:00"}, id="time"),
    ],
)  # fmt: skip
def test_values(answer: dict[str, Any], extension: list[Any], expected: dict[str, Any]) -> None:
    (found,) = taken(form(item("a", "choice", extension=extension)), response(says("a", answer)))
    assert {key: value for key, value in found.items() if key.startswith("value")} == expected
    Observation.model_validate_json(msgspec.json.Encoder(decimal_format="number").encode(found))


def test_i_do_not_know_is_why_there_is_no_value() -> None:
    unknown = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "asked-unknown"}
    (found,) = taken(form(item("a", "choice")), response(says("a", {"valueCoding": unknown})))
    assert found["dataAbsentReason"] == {"coding": [unknown]}
    assert not [key for key in found if key.startswith("value")]


@pytest.mark.parametrize("kind", ["Attachment", "Reference"])
def test_what_no_observation_can_say_is_told(kind: str) -> None:
    what = form(item("a")), response(says("a", {f"value{kind}": {"display": "x"}}))
    assert taken(*what) == []
    assert rules(*what) == {"extract-value"}


@pytest.mark.parametrize(
    ("questionnaire", "given_", "expected"),
    [
        pytest.param(form(item("a")), response(says("a")), [], id="unanswered: none"),
        pytest.param(form(item("a")), response(says("a", {"extension": []})), [], id="an answer without a value: none"),
        pytest.param(form(item("a")), response(says("a", TRUE, FALSE)), ["a", "a"], id="one for each answer"),
        pytest.param(form(item("a")), response(says("a", TRUE), says("a", TRUE)), ["a", "a"], id="of each repetition"),
        pytest.param(form(item("a"), extension=()), response(says("a", TRUE)), [], id="not asked for"),
        pytest.param(form(item("a", extension=[YES]), item("b"), extension=()), response(says("a", TRUE), says("b", TRUE)), ["a"], id="asked for by one item"),
        pytest.param(form(item("a", extension=[NO]), item("b")), response(says("a", TRUE), says("b", TRUE)), ["b"], id="all but one"),
        pytest.param(form(item("g", "group", item=[item("a"), item("b", extension=[NO])], extension=[YES]), extension=()), response(says("g", item=[says("a", TRUE), says("b", TRUE)])), ["a"], id="below a group"),
        pytest.param(form(item("g", "group", item=[item("a", extension=[YES])], extension=[NO])), response(says("g", item=[says("a", TRUE)])), ["a"], id="again below a group that is not"),
        pytest.param(form(item("a", code=[{"code": "1", "extension": [YES]}, {"code": "2"}]), extension=()), response(says("a", TRUE)), ["1"], id="one code of two"),
        pytest.param(form(item("a", code=[{"code": "1", "extension": [NO]}, {"code": "2"}])), response(says("a", TRUE)), ["2"], id="all codes but one"),
        pytest.param(form({"linkId": "a", "type": "boolean"}), response(says("a", TRUE)), [], id="without a code"),
        pytest.param(form(item("a", extension=[{"url": HIDDEN, "valueBoolean": True}])), response(says("a", TRUE)), [], id="hidden"),
        pytest.param(form(item("g", "group", item=[item("a")], extension=[{"url": HIDDEN, "valueBoolean": True}])), response(says("g", item=[says("a", TRUE)])), [], id="in a hidden group"),
        pytest.param(form(item("a"), item("b", **IF_A)), response(says("a", FALSE), says("b", TRUE)), ["a"], id="disabled"),
        pytest.param(form(item("a"), item("g", "group", item=[item("b")], **IF_A)), response(says("a", FALSE), says("g", item=[says("b", TRUE)])), ["a"], id="in a disabled group"),
        pytest.param(form(item("a"), item("b", **IF_A)), response(says("a", TRUE), says("b", FALSE)), ["a", "b"], id="enabled"),
        pytest.param(form(item("a", item=[item("b")])), response(says("a", {**TRUE, "item": [says("b", TRUE)]})), ["a", "b"], id="below an answer"),
        pytest.param(form(item("a")), response(says("z", TRUE)), [], id="not in the form"),
        pytest.param(form(item("a")), response(says("a", TRUE), status="entered-in-error"), [], id="entered in error"),
        pytest.param(form(item("a"), item("a")), response(says("a", TRUE)), [], id="a form with a linkId twice"),
        pytest.param(form(item("a", extension=[{"url": EXTRACT, "valueCode": "component"}]), extension=()), response(says("a", TRUE)), ["a"], id="SDC 4: a component is written on its own"),
    ],
)  # fmt: skip
def test_what_is_extracted(questionnaire: dict[str, Any], given_: dict[str, Any], expected: list[str]) -> None:
    found = taken(questionnaire, given_)
    assert codes(found) == expected
    assert len({one["id"] for one in found}) == len(found)


@pytest.mark.parametrize(
    ("questionnaire", "given_", "rule"),
    [
        (form(item("a"), extension=()), response(says("a", TRUE)), "extract-nothing"),
        (form(item("a"), item("b", **IF_A)), response(says("b", TRUE)), "item-not-enabled"),
        (form(item("a")), response(says("z", TRUE)), "item-unknown"),
        (form(item("a"), item("a")), response(), "form-invalid"),
        (form(item("a")), response(status="entered-in-error"), "status-no-result"),
        (form(item("a")), response(author={"reference": "Device/x"}), "author-no-performer"),
        (form(item("a")), {k: v for k, v in response().items() if k != "authored"}, "authored-missing"),
        (form(item("a")), {k: v for k, v in response().items() if k != "id"}, "response-without-id"),
        (form(item("a", extension=[{"url": EXTRACT, "valueCode": "member"}])), response(says("a", TRUE)), "extract-related"),
    ],
)  # fmt: skip
def test_what_is_left_out_is_said(questionnaire: dict[str, Any], given_: dict[str, Any], rule: str) -> None:
    assert rule in rules(questionnaire, given_)


def test_category_and_site_come_from_the_nearest_that_says_so() -> None:
    def concept(code: str) -> dict[str, Any]:
        return {"coding": [{"code": code}]}

    survey, exam = ({"url": CATEGORY, "valueCodeableConcept": concept(code)} for code in ("survey", "exam"))
    left = {"url": BODY_SITE, "valueCodeableConcept": concept("left")}
    what = form(item("a"), item("g", "group", item=[item("b")], extension=[exam, left]), extension=[YES, survey])
    first, second = taken(what, response(says("a", TRUE), says("g", item=[says("b", TRUE)])))
    assert (first["category"], first.get("bodySite")) == ([concept("survey")], None)
    assert (second["category"], second["bodySite"]) == ([concept("exam")], concept("left"))


def test_a_day_is_no_instant_and_a_device_no_performer() -> None:
    (found,) = taken(
        form(item("a")), response(says("a", TRUE), authored="2026-03-14", author={"reference": "Device/1"})
    )
    assert found["effectiveDateTime"] == "2026-03-14"
    assert not {"issued", "performer"} & found.keys()


def test_an_unfinished_form_is_preliminary() -> None:
    (found,) = taken(form(item("a")), response(says("a", TRUE), status="in-progress"))
    assert found["status"] == "preliminary"


def test_the_same_response_gives_the_same_ids_and_another_gives_others() -> None:
    what = form(item("a"))
    first, again = (taken(what, response(says("a", TRUE))) for _ in range(2))
    other = taken(what, response(says("a", TRUE), id="r2"))
    assert first == again
    assert first[0]["id"] != other[0]["id"]


def test_a_very_deep_response() -> None:
    inner, said = item("leaf"), says("leaf", TRUE)
    for depth in range(2000):
        inner, said = item(f"g{depth}", "group", item=[inner]), says(f"g{depth}", item=[said])
    assert codes(taken(form(inner), response(said))) == ["leaf"]


def test_the_bundle_can_be_sent_twice() -> None:
    found = taken(form(item("a")), response(says("a", TRUE)))
    sent = bundle(found)
    assert sent["entry"][0]["request"] == {"method": "PUT", "url": f"Observation/{found[0]['id']}"}
    assert check.issues(sent) == []
    assert check.issues(bundle([])) == []


# ---- our own form: nothing is lost ---------------------------------------------------------------

PREPARED = pipeline.Prepared(knowledge.shipped())
INTAKE: Any = PREPARED.questionnaire
PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1990-01-01"}


def walk(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for one in items for inner in [one, *walk(one.get("item", []))]]


QUESTIONS = [one for one in walk(INTAKE["item"]) if one["type"] not in ("group", "display")]
UNITS = {
    one["linkId"]: [e["valueCoding"] for e in one.get("extension", []) if "unitOption" in e["url"]] for one in QUESTIONS
}


def answers_to(one: dict[str, Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    if one["type"] == "boolean":
        return st.sampled_from([[TRUE], [FALSE]])
    if one["type"] == "choice":
        options = [{"valueCoding": option["valueCoding"]} for option in one["answerOption"]]
        alone = [[option] for option in options]
        several = st.lists(st.sampled_from(options[:-1]), min_size=1, max_size=4, unique_by=str)
        return st.sampled_from(alone) | several if one.get("repeats") else st.sampled_from(alone)
    if one["type"] == "quantity":
        units = st.sampled_from(UNITS[one["linkId"]])
        return st.builds(
            lambda unit, n: [
                {"valueQuantity": {"value": n, "unit": unit["display"], "system": UCUM, "code": unit["code"]}}
            ],
            units,
            st.integers(0, 30),
        )
    return st.integers(0, 10).map(lambda n: [{f"value{one['type'].capitalize()}": n}])


@st.composite
def filled(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Answer from the top, what is enabled, most of it."""
    form_ = PREPARED.form
    which = draw(st.sampled_from(["left", "right", "both"]))
    given_: dict[str, list[dict[str, Any]]] = {}
    for one in QUESTIONS:
        if one["linkId"] not in form_.heeded({**given_, one["linkId"]: []}) or draw(st.integers(0, 5)) == 0:
            continue
        if one["linkId"] == "gate.which_knee":
            options = [option["valueCoding"] for option in one["answerOption"]]
            given_["gate.which_knee"] = [{"valueCoding": o} for o in options if o["code"] == f"which_knee.{which}"]
        else:
            given_[one["linkId"]] = draw(answers_to(one))
    return given_


def nested(items: list[dict[str, Any]], given_: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for one in items:
        inner = nested(one.get("item", []), given_) if one["type"] == "group" else []
        if one["linkId"] in given_ or inner:
            found.append(says(one["linkId"], *given_.get(one["linkId"], ()), **({"item": inner} if inner else {})))
    return found


def read_as(*resources: dict[str, Any]) -> Reading:
    return read(
        [PATIENT, *resources], concepts=PREPARED.concepts, as_of=date(2026, 3, 15), release="R4", forms=PREPARED.forms
    )


def known(reading: Reading) -> set[tuple[str, str, object, str]]:
    return {(fact.finding, fact.scope, fact.value, fact.origin.time) for fact in reading.facts}


@given(given_=filled(), status=st.sampled_from(["completed", "in-progress", "stopped", "amended"]))
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
def test_the_observations_say_what_the_response_says(given_: dict[str, Any], status: str) -> None:
    answered = response(
        *nested(INTAKE["item"], given_), questionnaire=INTAKE["url"], status=status, author={"reference": "Patient/p"}
    )
    answered.pop("encounter")
    found = list(observations(INTAKE, answered).observations)
    assert known(read_as(*found)) == known(read_as(answered))
    for one in found:
        assert check.issues(one, "R4") == []
        assert check.issues(one, "R5") == []


def test_each_knee_keeps_its_side_without_the_form() -> None:
    given_ = {
        "gate.which_knee": [{"valueCoding": {"system": INTAKE["url"].replace("Questionnaire/kneecds-intake", "CodeSystem/kneecds-choice"), "code": "which_knee.both"}}],
        "left.pain_nrs_0_10": [{"valueInteger": 0}],
    }  # fmt: skip
    options = {
        o["valueCoding"]["code"]: o["valueCoding"]
        for q in QUESTIONS
        if q["linkId"] == "left.gate.leg_alarm"
        for o in q["answerOption"]
    }
    given_["left.gate.leg_alarm"] = [{"valueCoding": options["knee_pain"]}]
    given_["right.gate.leg_alarm"] = [{"valueCoding": options["knee_swelling"]}]
    answered = response(*nested(INTAKE["item"], given_), questionnaire=INTAKE["url"])
    answered.pop("encounter")
    facts = {
        (name, scope, value) for name, scope, value, _ in known(read_as(*observations(INTAKE, answered).observations))
    }
    assert {
        ("knee_pain", "left", True),
        ("knee_swelling", "right", True),
        ("pain_nrs_0_10", "left", Decimal(0)),
    } <= facts
    assert ("knee_pain", "right", False) in facts
    plain = observations(INTAKE, answered, denials=False).observations
    assert len(plain) == 3  # one for each answer to a question with a code; which knee it is has none


def test_issue_is_a_value() -> None:
    assert all(isinstance(issue, Issue) for issue in observations(form(), response()).issues)
