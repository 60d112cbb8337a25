"""QuestionnaireResponse: which answers count, and what the items mean."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import facts, rules

from kneecds.fhir.concept_map import concept_mapping
from kneecds.fhir.questionnaire import Form
from kneecds.fhir.read import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.concepts import Concepts
    from kneecds.fhir.read import Reading

OURS = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
CHOICE = "https://kneecds.org/fhir/CodeSystem/kneecds-choice"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
UCUM = "http://unitsofmeasure.org"
URL = "http://example.org/Questionnaire/knee"


def ask(link_id: str, kind: str, code: str = "", system: str = OURS, **more: Any) -> dict[str, Any]:
    codes = [{"system": system, "code": code or link_id.rpartition(".")[2]}]
    return {"linkId": link_id, "type": kind, "code": codes, **more}


FORM = {
    "resourceType": "Questionnaire",
    "url": URL,
    "item": [
        ask("fever", "boolean"),
        ask("rigors", "boolean", enableWhen=[{"question": "fever", "operator": "=", "answerBoolean": True}]),
        ask("age_years", "decimal"),
        {
            "linkId": "group.right",
            "type": "group",
            "item": [
                ask("right.effusion", "boolean"),
                ask("right.onset", "choice"),
                ask("right.symptom_duration_days", "quantity"),
                ask("right.pain_nrs_0_10", "integer"),
            ],
        },
        ask("loinc-crp", "decimal", "1988-5", "http://loinc.org"),
        {"linkId": "own", "type": "boolean", "code": [{"system": "http://host/codes", "code": "SWOLLEN"}]},
        {"linkId": "why", "type": "choice", "code": [{"system": "http://host/codes", "code": "WHY"}]},
        {
            "linkId": "two",
            "type": "boolean",
            "code": [{"system": OURS, "code": "fever"}, {"system": OURS, "code": "limp"}],
        },
    ],
}


def answered(link_id: str, *answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, "answer": list(answers), **more}


def yes(link_id: str) -> dict[str, Any]:
    return answered(link_id, {"valueBoolean": True})


def qr(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    head = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "questionnaire": f"{URL}|1.0.0"}
    return {**head, "authored": "2026-03-14T09:00:00Z", "item": list(items), **more}


CASES: list[Any] = [
    pytest.param(qr(yes("fever")), {("fever", "person", True)}, set(), id="yes"),
    pytest.param(qr(answered("fever", {"valueBoolean": False})), {("fever", "person", False)}, set(), id="false is an answer"),
    pytest.param(qr(answered("right.pain_nrs_0_10", {"valueInteger": 0})), {("pain_nrs_0_10", "right", Decimal(0))}, set(), id="0 is an answer"),
    pytest.param(qr({"linkId": "fever"}), set(), {"resource-without-finding"}, id="not answered"),
    pytest.param(
        qr(answered("fever", {"valueCoding": {"system": ABSENT, "code": "asked-unknown"}})), {("fever", "person", None)}, set(), id="not sure"
    ),
    pytest.param(qr({"linkId": "group.right", "item": [yes("right.effusion")]}), {("effusion", "right", True)}, set(), id="in a group, of one side"),
    pytest.param(
        qr(answered("fever", {"valueBoolean": True, "item": [yes("rigors")]})), {("fever", "person", True), ("rigors", "person", True)}, set(), id="below an answer"
    ),
    pytest.param(
        qr(answered("fever", {"valueBoolean": False}), yes("rigors")), {("fever", "person", False)}, {"item-not-enabled"}, id="not enabled, so ignored"
    ),
    pytest.param(qr(yes("elsewhere")), set(), {"item-unknown"}, id="an item the form does not have"),
    pytest.param(qr(answered("age_years", {"valueDecimal": Decimal("1.5")})), {("age_years", "person", Decimal("1.5"))}, set(), id="a number of ours"),
    pytest.param(
        qr(answered("right.symptom_duration_days", {"valueQuantity": {"value": 2, "system": UCUM, "code": "wk"}})),
        {("symptom_duration_days", "right", Decimal(14))}, set(), id="weeks",
    ),
    pytest.param(
        qr(answered("right.onset", {"valueCoding": {"system": CHOICE, "code": "gradual", "display": "Slowly"}})), {("onset", "right", "gradual")},
        set(), id="a choice",
    ),
    pytest.param(qr(yes("fever"), status="in-progress"), {("fever", "person", True)}, {"status-in-progress"}, id="in progress"),
    pytest.param(qr(yes("fever"), status="stopped"), {("fever", "person", True)}, {"status-stopped"}, id="stopped"),
    pytest.param(qr(yes("fever"), status="entered-in-error"), set(), {"status-no-result"}, id="entered in error"),
    pytest.param(
        qr(answered("fever", {"valueBoolean": True}, {"valueBoolean": True})), {("fever", "person", True)}, set(), id="the same answer twice"
    ),
    pytest.param(qr(answered("fever", {"_valueBoolean": {"extension": [{"url": "x"}]}})), {("fever", "person", None)}, set(), id="no value, with a reason"),
    pytest.param(
        qr(yes("fever"), questionnaire="#form", contained=[{**FORM, "id": "form"}]), {("fever", "person", True)}, set(), id="the form is contained"
    ),
]  # fmt: skip

REFUSED: list[Any] = [
    pytest.param(
        qr(answered("fever", {"valueBoolean": True}, {"valueBoolean": False})), "answer-several", id="yes and no"
    ),
    pytest.param(qr(answered("fever", {"valueString": "yes"})), "value-type", id="free text"),
    pytest.param(qr(answered("right.onset", {"valueString": "gradual"})), "value-type", id="text for a choice"),
    pytest.param(
        qr(answered("right.onset", {"valueCoding": {"display": "Slowly"}})), "answer-unknown", id="a display only"
    ),
    pytest.param(qr(answered("loinc-crp", {"valueDecimal": 5})), "unit-missing", id="a bare number, not ours"),
    pytest.param(qr(yes("fever"), authored="2026-03-16T09:00:00Z"), "future", id="of tomorrow"),
    pytest.param(qr(yes("fever"), modifierExtension=[{"url": "http://x"}]), "modifier-extension", id="modifier"),
    pytest.param(
        qr({**yes("fever"), "modifierExtension": [{"url": "http://x"}]}), "modifier-extension", id="modifier on an item"
    ),
    pytest.param(qr(yes("fever"), questionnaire="http://example.org/other"), "form-unknown", id="an unknown form"),
    pytest.param(qr(yes("two")), "codings-differ", id="an item of two meanings"),
]


@pytest.fixture(scope="module")
def forms() -> dict[str, Form]:
    return {URL: Form(FORM)}


@pytest.mark.parametrize(("resource", "expected", "said"), CASES)
def test_taken(
    take: Callable[..., Reading], forms: dict[str, Form], resource: dict[str, Any], expected: set[Any], said: set[str]
) -> None:
    reading = take(resource, forms=forms)
    assert facts(reading) == expected
    assert rules(reading) == said
    assert reading.unusable is False


@pytest.mark.parametrize(("resource", "rule"), REFUSED)
def test_refused(take: Callable[..., Reading], forms: dict[str, Form], resource: dict[str, Any], rule: str) -> None:
    reading = take(resource, forms=forms)
    assert reading.facts == ()
    assert rule in {issue.rule for issue in reading.issues if issue.severity == "error"}
    assert reading.unusable is True


def test_origin(take: Callable[..., Reading], forms: dict[str, Form]) -> None:
    (fact,) = take(qr({"linkId": "group.right", "item": [yes("right.effusion")]}), forms=forms).facts
    assert fact.origin.expression == "QuestionnaireResponse.item[0].item[0].answer[0].value"
    assert (fact.origin.link_id, fact.origin.time) == ("right.effusion", "2026-03-14T09:00:00Z")


def mapping(source: str, code: str, target: str, equivalence: str = "equivalent") -> dict[str, Any]:
    element = {"code": code, "target": [{"code": target, "equivalence": equivalence}]}
    return {
        "resourceType": "ConceptMap",
        "status": "active",
        "group": [{"source": source, "target": OURS, "element": [element]}],
    }


HOST = "http://host/codes"
CAUSE = answered("why", {"valueCoding": {"system": HOST, "code": "TWIST"}})


@pytest.mark.parametrize(
    ("concept_map", "item", "expected", "said"),
    [
        pytest.param(
            mapping(URL, "own", "left.knee_swelling"),
            yes("own"),
            {("knee_swelling", "left", True)},
            set(),
            id="by form and linkId",
        ),
        pytest.param(
            mapping(HOST, "SWOLLEN", "knee_swelling"),
            yes("own"),
            {("knee_swelling", "unspecified", True)},
            {"laterality-missing"},
            id="by code",
        ),
        pytest.param(
            mapping(HOST, "SWOLLEN", "right.limp", "wider"),
            answered("own", {"valueBoolean": False}),
            set(),
            {"narrower-absent"},
            id="wider target",
        ),
        pytest.param(
            mapping(HOST, "SWOLLEN", "limp", "narrower"), yes("own"), set(), {"code-broader"}, id="narrower target"
        ),
        pytest.param(
            mapping(HOST, "SWOLLEN", "limp", "unmatched"),
            yes("own"),
            set(),
            {"resource-without-finding"},
            id="unmatched",
        ),
        pytest.param(
            mapping(URL, "why#TWIST", "right.pivot_mechanism"),
            CAUSE,
            {("pivot_mechanism", "right", True)},
            set(),
            id="one answer",
        ),
        pytest.param(
            mapping(HOST, "WHY#TWIST", "right.pivot_mechanism"),
            CAUSE,
            {("pivot_mechanism", "right", True)},
            set(),
            id="one answer, by code",
        ),
        pytest.param(
            mapping(HOST, "WHY#FALL", "right.fall"),
            CAUSE,
            set(),
            {"resource-without-finding"},
            id="another answer says nothing",
        ),
    ],
)
def test_concept_map(
    take: Callable[..., Reading], concepts: Concepts, forms: dict[str, Form], concept_map: dict[str, Any],
    item: dict[str, Any], expected: set[Any], said: set[str],
) -> None:  # fmt: skip
    ready, issues = concept_mapping(concept_map, concepts)
    assert issues == ()
    reading = take(qr(item), forms=forms, maps=(ready,))
    assert facts(reading) == expected
    assert rules(reading) == said


def test_map_without_the_form(take: Callable[..., Reading], concepts: Concepts) -> None:
    ready, _ = concept_mapping(mapping("http://example.org/other", "7", "fever"), concepts)
    reading = take(qr(yes("7"), questionnaire="http://example.org/other|2"), maps=(ready,))
    assert facts(reading) == {("fever", "person", True)}


@pytest.mark.parametrize(
    ("concept_map", "rule"),
    [
        (mapping(URL, "own", "no_such_finding"), "map-unknown-finding"),
        (mapping(URL, "own", "limp", "relatedto"), "map-inexact"),
        ({**mapping(URL, "own", "limp"), "modifierExtension": [{"url": "http://x"}]}, "map-unusable"),
        ({**mapping(URL, "own", "limp"), "group": 3}, "map-unusable"),
        ({**mapping(URL, "own", "limp"), "group": [{"element": [{"code": 3}]}]}, "map-unusable"),
        ({"resourceType": "ConceptMap", "group": [{"source": URL, "target": "http://snomed.info/sct"}]}, "map-other-target"),
        (
            {"resourceType": "ConceptMap", "group": [{"source": URL, "target": OURS, "element": [
                {"code": "own", "target": [{"code": c, "equivalence": "equal"} for c in ("limp", "fever")]}]}]},
            "map-several-targets",
        ),
    ],
)  # fmt: skip
def test_map_said(concepts: Concepts, concept_map: dict[str, Any], rule: str) -> None:
    _, issues = concept_mapping(concept_map, concepts)
    assert [issue.rule for issue in issues] == [rule]


# ---- denials: what is not chosen is absent --------------------------------------------------------

DENIES = "https://kneecds.org/fhir/StructureDefinition/kneecds-denies"
ALONE = {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive", "valueBoolean": True}


def denying(link_id: str, **denies: list[str]) -> dict[str, Any]:
    """A question of several options; each denies these findings when it is not chosen."""
    options: list[dict[str, Any]] = [{"valueCoding": {"system": CHOICE, "code": code}} for code in denies]
    declared = [
        {"url": DENIES, "extension": [
            {"url": "option", "valueCoding": {"system": CHOICE, "code": code}},
            *({"url": "finding", "valueCoding": {"system": OURS, "code": finding}} for finding in findings),
        ]}
        for code, findings in denies.items()
    ]  # fmt: skip
    none = {"extension": [ALONE], "valueCoding": {"system": CHOICE, "code": "none"}}
    return {
        "linkId": link_id,
        "type": "choice",
        "repeats": True,
        "answerOption": [*options, none],
        "extension": declared,
    }


DENYING: dict[str, Any] = {
    **FORM,
    "item": [
        denying("gate", ill=["chills"], chest=["chest_symptoms", "confusion"]),
        ask("chills", "boolean"),
        ask("confusion", "boolean", enableWhen=[
            {"question": "gate", "operator": "=", "answerCoding": {"system": CHOICE, "code": "chest"}}]),
        denying("right.gate", hot=["warmth"], calf=["severe_leg_pain"], thigh=["severe_leg_pain"]),
        denying("left.gate", hot=["warmth"]),
    ],
}  # fmt: skip


def chose(link_id: str, *codes: str, **more: Any) -> dict[str, Any]:
    return answered(link_id, *({"valueCoding": {"system": CHOICE, "code": code}} for code in codes), **more)


NO = {"valueBoolean": False}
NOT_ILL = {("chills", "person", False), ("chest_symptoms", "person", False), ("confusion", "person", False)}


@pytest.mark.parametrize(
    ("items", "expected", "said"),
    [
        pytest.param([chose("gate", "none")], NOT_ILL, set(), id="none of these"),
        pytest.param([chose("gate", "chest")], {("chills", "person", False)}, set(), id="what is chosen stays unknown"),
        pytest.param([chose("gate", "chest", "ill")], set(), set(), id="all chosen"),
        pytest.param([{"linkId": "gate"}], set(), set(), id="not answered"),
        pytest.param([answered("chills", NO)], {("chills", "person", False)}, set(), id="not answered, another question is"),
        pytest.param(
            [chose("right.gate", "hot")], {("severe_leg_pain", "right", False)}, set(), id="of its side only"
        ),
        pytest.param([chose("right.gate", "calf")], {("warmth", "right", False)}, set(), id="two options name it, one is chosen"),
        pytest.param(
            [chose("left.gate", "none"), chose("right.gate", "hot", "calf")], {("warmth", "left", False)}, set(), id="both sides"
        ),
        pytest.param(
            [chose("gate", "none"), yes("chills")], NOT_ILL - {("chills", "person", False)} | {("chills", "person", True)},
            {"denial-contradicted"}, id="a direct yes wins, and it is said",
        ),
        pytest.param([chose("gate", "none"), answered("chills", NO)], NOT_ILL, set(), id="a direct no says the same"),
        pytest.param(
            [chose("gate", "none"), answered("chills", {"valueCoding": {"system": ABSENT, "code": "asked-unknown"}})],
            NOT_ILL - {("chills", "person", False)} | {("chills", "person", None)}, set(), id="a direct 'not sure' wins",
        ),
        pytest.param(
            [chose("gate", "none"), yes("confusion")], NOT_ILL - {("confusion", "person", False)},
            {"item-not-enabled", "denial-contradicted"}, id="a yes that does not count leaves it unknown",
        ),
        pytest.param([chose("gate", "none"), answered("confusion", NO)], NOT_ILL, {"item-not-enabled"}, id="a no that does not count"),
        pytest.param([chose("gate", "none", "ill")], set(), {"option-not-alone"}, id="none, and one"),
        pytest.param([chose("gate", "strange")], set(), set(), id="no option of the question"),
        pytest.param([answered("gate", {"valueString": "none"})], set(), set(), id="free text"),
        pytest.param([answered("gate", {"extension": [{"url": "x"}]})], set(), set(), id="no value"),
        pytest.param(
            [answered("gate", {"valueCoding": {"system": "http://host", "code": "none"}})], set(), set(), id="a code of others"
        ),
        pytest.param([chose("gate", "chest"), chose("gate", "ill")], set(), set(), id="one item for each answer"),
    ],
)  # fmt: skip
def test_denials(take: Callable[..., Reading], items: list[dict[str, Any]], expected: set[Any], said: set[str]) -> None:
    reading = take(qr(*items), forms={URL: Form(DENYING)})
    assert facts(reading) == expected
    assert rules(reading, "resource-without-finding") == said


@pytest.mark.parametrize("status", ["in-progress", "stopped"])
def test_of_an_unfinished_form_only_none_of_these_denies(take: Callable[..., Reading], status: str) -> None:
    forms = {URL: Form(DENYING)}
    assert facts(take(qr(chose("gate", "chest"), status=status), forms=forms)) == set()
    assert facts(take(qr(chose("gate", "none"), status=status), forms=forms)) == NOT_ILL


def test_a_denial_names_the_answer(take: Callable[..., Reading]) -> None:
    (fact,) = take(qr(chose("left.gate", "none")), forms={URL: Form(DENYING)}).facts
    assert fact.origin.expression == "QuestionnaireResponse.item[0].answer.value"
    assert (fact.origin.resource, fact.origin.link_id) == ("QuestionnaireResponse/q", "left.gate")
    assert fact.origin.time == "2026-03-14T09:00:00Z"


def test_a_modified_answer_denies_nothing(take: Callable[..., Reading]) -> None:
    item = chose("gate", "chest", "ill")
    item["answer"][1]["modifierExtension"] = [{"url": "http://x"}]
    assert take(qr(item), forms={URL: Form(DENYING)}).facts == ()


def test_a_stored_form_is_enough(take: Callable[..., Reading]) -> None:
    contained = [{**DENYING, "id": "form"}]
    assert facts(take(qr(chose("gate", "none"), questionnaire="#form", contained=contained))) == NOT_ILL


def test_a_form_without_the_declaration_denies_nothing(take: Callable[..., Reading]) -> None:
    gate = {key: value for key, value in denying("gate", ill=["chills"]).items() if key != "extension"}
    assert take(qr(chose("gate", "none")), forms={URL: Form({**FORM, "item": [gate]})}).facts == ()


def test_a_denial_of_what_is_not_known_here_is_said(take: Callable[..., Reading]) -> None:
    form = Form({**FORM, "item": [denying("gate", ill=["no_such_finding"], chest=["confusion"])]})
    reading = take(qr(chose("gate", "none")), forms={URL: form})
    assert facts(reading) == {("confusion", "person", False)}
    assert rules(reading) == {"denial-unknown"}


@given(st.lists(st.sampled_from(["ill", "chest", "none", "strange"]), max_size=4), st.sampled_from([None, True, False]))
@settings(max_examples=60, deadline=None)
def test_a_denial_makes_nothing_present(concepts: Concepts, chosen: list[str], direct: bool | None) -> None:
    said = [] if direct is None else [answered("chills", {"valueBoolean": direct})]
    reading = read(
        qr(chose("gate", *chosen), *said),
        concepts=concepts,
        as_of=date(2026, 3, 15),
        release="R4",
        forms={URL: Form(DENYING)},
    )
    assert {fact.finding for fact in reading.facts if fact.value is True} <= ({"chills"} if direct else set())
    assert len({(fact.finding, fact.scope) for fact in reading.facts}) == len(reading.facts)
