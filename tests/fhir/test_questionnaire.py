"""The intake form: everything can be asked, little is asked, and only enabled answers count."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

import kneecds.knowledge
from kneecds.core.knowledge import Finding
from kneecds.errors import KnowledgeError
from kneecds.fhir.form import ASSERTING
from kneecds.fhir.questionnaire import CHOICE_SYSTEM, FINDING_SYSTEM, URL, Form, build
from kneecds.fhir.sdc.extensions import BODY_SITE, CATEGORY, EXTRACT, SHORT_TEXT
from kneecds.knowledge import strict_yaml

KNOWLEDGE = Path(kneecds.knowledge.__file__).parent
CONTENT: Any = strict_yaml.read(KNOWLEDGE / "intake" / "intake.yaml")
FINDINGS = {
    entry["id"]: msgspec.convert(entry, Finding)
    for path in sorted((KNOWLEDGE / "findings").glob("*.yaml"))
    for entry in strict_yaml.read(path)["findings"]  # type: ignore[index]
}
INTAKE: Any = build(CONTENT, FINDINGS, "0.1.0")
FORM = Form(INTAKE)


def walk(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for item in items for inner in [item, *walk(item.get("item", []))]]


ITEMS = {item["linkId"]: item for item in walk(INTAKE["item"])}
QUESTIONS = {link_id: item for link_id, item in ITEMS.items() if item["type"] not in ("group", "display")}
ASKED_OF_PATIENT = [finding for finding in FINDINGS.values() if finding.asked_of == "patient"]

# ---- the content ---------------------------------------------------------------------------------


OFFERED = {
    (link_id, option["valueCoding"]["code"])
    for link_id, item in QUESTIONS.items()
    for option in item.get("answerOption", [])
    if option["valueCoding"]["system"] == FINDING_SYSTEM
}
"""Findings that are stated by choosing them, with the question that offers them."""


@pytest.mark.parametrize("finding", ASKED_OF_PATIENT, ids=lambda finding: finding.id)
def test_every_finding_of_the_patient_is_asked_with_its_code(finding: Finding) -> None:
    sides = ("left.", "right.") if finding.scope == "knee" else ("",)
    for side in sides:
        offering = [link_id for link_id, code in OFFERED if code == finding.id and link_id.startswith(f"{side}gate.")]
        if offering:
            (link_id,) = offering
            assert f"{side}{finding.id}" not in ITEMS, "asked twice"
            assert set(FORM.codes[link_id]) <= ASSERTING
            assert finding.id in FORM.states[link_id]
        else:
            item = ITEMS[link_id := f"{side}{finding.id}"]
            assert {"system": FINDING_SYSTEM, "code": finding.id, "display": finding.label} == item["code"][0]
        assert FORM.sides[link_id] == side.rstrip(".")
        if finding.value_type == "choice":
            codes = [o["valueCoding"] for o in item["answerOption"] if o["valueCoding"]["system"] == CHOICE_SYSTEM]
            assert sorted(coding["code"] for coding in codes) == sorted(finding.choices)


def test_published_codes_beside_ours_mean_the_same_finding() -> None:
    for item in ITEMS.values():
        ours, *others = item.get("code", [{}])
        for coding in others:
            finding = FINDINGS[ours["code"]]
            (known,) = [
                code for code in finding.codes if (code.system, code.code) == (coding["system"], coding["code"])
            ]
            assert (known.means, known.side, known.emit) == ("same", "", True)
    assert {"system": "http://loinc.org", "code": "72514-3"}.items() <= ITEMS["left.pain_nrs_0_10"]["code"][1].items()


def test_nothing_else_carries_a_finding_code() -> None:
    patient = {finding.id for finding in ASKED_OF_PATIENT}
    coded = {c["code"] for item in ITEMS.values() for c in item.get("code", []) if c["system"] == FINDING_SYSTEM}
    assert coded | {code for _, code in OFFERED} == patient


def test_the_form_says_how_it_is_extracted() -> None:
    root = {extension["url"]: extension for extension in INTAKE["extension"]}
    assert root[EXTRACT]["valueBoolean"] is True
    assert root[CATEGORY]["valueCodeableConcept"]["coding"][0]["code"] == "survey"
    for link_id, item in ITEMS.items():
        sites = [e["valueCodeableConcept"] for e in item.get("extension", []) if e["url"] == BODY_SITE]
        if link_id in ("left.group.knee", "right.group.knee", "left.hip_pain", "right.calf_pain"):
            assert len(sites) == 1
            assert link_id.partition(".")[0] in str(sites).lower()
        if item["type"] == "display":
            assert not {EXTRACT, CATEGORY, BODY_SITE} & {e["url"] for e in item["extension"]}


def test_a_clinician_label_stands_at_every_question_with_a_finding() -> None:
    for link_id, item in QUESTIONS.items():
        if any(coding["system"] == FINDING_SYSTEM for coding in item.get("code", [])):
            labels = [e["valueString"] for e in item["extension"] if e["url"] == SHORT_TEXT]
            assert len(labels) == 1, link_id


def test_link_ids_are_unique() -> None:
    assert len(walk(INTAKE["item"])) == len(ITEMS)


def test_both_knees_are_asked_the_same() -> None:
    def mirrored(side: str) -> str:
        items = [item for link_id, item in ITEMS.items() if link_id.startswith(f"{side}.")]
        text = repr([{key: value for key, value in item.items() if key != "item"} for item in items])
        return re.sub(rf"\b({side}|82169009|6757004|7771000|24028007)\b", "one", text, flags=re.IGNORECASE)

    assert mirrored("left") == mirrored("right")


def test_conditions_look_back() -> None:
    """So no circle is possible, and a form that is filled in from top to bottom never jumps back."""
    place = {link_id: position for position, link_id in enumerate(ITEMS)}
    for link_id, item in ITEMS.items():
        for condition in item.get("enableWhen", []):
            assert place[condition["question"]] < place[link_id]
            assert condition["question"] in QUESTIONS


def test_conditions_do_not_rest_on_not_equal() -> None:
    """Renderers differ on whether an unanswered question is "not equal"; R4 says it is."""
    operators = {when["operator"] for item in ITEMS.values() for when in item.get("enableWhen", [])}
    assert operators <= {"=", "<", "<=", ">="}


def test_a_question_waits_for_codes_that_are_offered() -> None:
    for item in ITEMS.values():
        for when in item.get("enableWhen", []):
            if "answerCoding" in when:
                options = [option["valueCoding"] for option in ITEMS[when["question"]]["answerOption"]]
                assert when["answerCoding"] in [{"system": o["system"], "code": o["code"]} for o in options]


def test_each_choice_code_has_one_text() -> None:
    texts: dict[str, set[str]] = {}
    for item in ITEMS.values():
        for option in item.get("answerOption", []):
            coding = option["valueCoding"]
            if coding["system"] == CHOICE_SYSTEM:
                texts.setdefault(coding["code"], set()).add(coding["display"])
    assert all(len(displays) == 1 for displays in texts.values())


def test_quantities_and_numbers_name_their_unit_as_renderers_take_it() -> None:
    for link_id, item in QUESTIONS.items():
        urls = [extension["url"].rpartition("/")[2] for extension in item.get("extension", [])]
        assert ("questionnaire-unitOption" in urls) == (item["type"] == "quantity"), link_id
        assert ("questionnaire-unit" in urls) == (item["type"] in ("integer", "decimal")), link_id


def test_it_is_a_valid_r4_questionnaire() -> None:
    Questionnaire.model_validate(INTAKE)
    assert (INTAKE["url"], INTAKE["version"], INTAKE["name"]) == (URL, "0.1.0", "KneecdsIntake")
    for item in ITEMS.values():
        assert ("enableBehavior" in item) == (len(item.get("enableWhen", [])) > 1)
        assert (item["type"] == "group") <= bool(item.get("item"))


def test_texts_are_short() -> None:
    for link_id, item in QUESTIONS.items():
        assert len(item["text"].split()) <= 25, link_id


def test_the_same_content_gives_the_same_form() -> None:
    assert msgspec.json.encode(build(CONTENT, FINDINGS, "0.1.0")) == msgspec.json.encode(INTAKE)


def test_the_form_carries_what_its_options_deny() -> None:
    alarm = {denial.finding.code: denial.options for denial in FORM.denials["gate.alarm"].denied}
    assert alarm["chills"] == {"alarm.ill"}
    assert alarm["confusion"] == {"alarm.heart_lungs"}
    assert FORM.denials["gate.alarm"].alone == {"alarm.none"}
    leg = {denial.finding.code: denial.options for denial in FORM.denials["left.gate.leg_alarm"].denied}
    assert leg["severe_leg_pain"] == {"leg_alarm.calf", "leg_alarm.hip_thigh"}
    assert (FORM.sides["left.gate.leg_alarm"], FORM.sides["gate.alarm"]) == ("left", "")


def asked_below(side: str, finding: str) -> bool:
    """Whether a question that the option opens offers the finding."""
    return any(code == finding and link_id.startswith(f"{side}gate.") for link_id, code in OFFERED)


def test_what_is_denied_is_also_asked_where_the_option_is_chosen() -> None:
    """Or else choosing an option would say less than leaving it out."""
    for link_id, denials in FORM.denials.items():
        side = f"{FORM.sides[link_id]}." if FORM.sides[link_id] else ""
        for finding, options in denials.denied:
            assert FINDINGS[finding.code].value_type == "boolean"
            assert (
                f"{side}{finding.code}" in QUESTIONS
                or (link_id, finding.code) in OFFERED
                or asked_below(side, finding.code)
            )
            assert options <= denials.offered.keys() - denials.alone


def test_an_option_that_denies_is_short() -> None:
    for link_id in FORM.denials:
        for option in ITEMS[link_id]["answerOption"]:
            assert len(option["valueCoding"]["display"].split()) <= 21, option


# ---- how much is asked ---------------------------------------------------------------------------

UNITS = {"symptom_duration_days": "d", "morning_stiffness_minutes": "min", "exercise_to_onset_hours": "h"}


def answer_of(link_id: str, said: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer as the patient says; what is not said is denied, or `none`, or left open."""
    item = QUESTIONS[link_id]
    side = FORM.sides[link_id] + "." * bool(FORM.sides[link_id])
    name = link_id.removeprefix("left.").removeprefix("right.").removeprefix("gate.")
    value = said.get(link_id, said.get(name))
    if item["type"] == "boolean":
        return [{"valueBoolean": bool(value)}]
    if item["type"] == "choice":
        wanted = {value} if isinstance(value, str) else set(value or ())
        options = [option["valueCoding"] for option in item["answerOption"]]
        for coding in options:
            if (
                coding["system"] == FINDING_SYSTEM
                and said.get(f"{side}{coding['code']}", said.get(coding["code"])) is True
            ):
                wanted.add(coding["code"])
        unknown = wanted - {coding["code"].rpartition(".")[2] for coding in options}
        assert not unknown, f"{link_id} does not offer {unknown}"
        chosen = [coding for coding in options if coding["code"].rpartition(".")[2] in (wanted or {"none"})]
        return [{"valueCoding": coding} for coding in chosen]
    if value is None:
        return []
    if item["type"] == "quantity":
        return [{"valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": UNITS[name]}}]
    return [{f"value{item['type'].capitalize()}": value}]


def interview(yes: str = "", **said: Any) -> list[str]:
    """Return the questions that this patient is asked, in order, when every one of them is answered."""
    said |= dict.fromkeys(yes.split(), True)
    asked: list[str] = []
    while True:
        answers = {link_id: answer_of(link_id, said) for link_id in asked}
        now = [link_id for link_id in FORM.enabled(answers) if link_id in QUESTIONS]
        if now == asked:
            offered = {code for link_id, code in OFFERED if link_id in asked}
            unheard = set(yes.split()) - {link_id.rpartition(".")[2] for link_id in asked} - offered
            assert not unheard, f"never asked: {unheard}"
            return asked
        asked = now


PATIENTS: dict[str, tuple[int, str, dict[str, Any]]] = {
    "desk worker, pain around the kneecap": (
        15,
        "knee_pain diffuse_peripatellar_pain pain_on_stairs pain_on_squatting theatre_sign",
        {
            "age_years": 29,
            "sex": "female",
            "which_knee": "right",
            "onset": "gradual",
            "symptom_duration_days": 60,
            "pain_nrs_0_10": 3,
        },
    ),
    "runner, pain around the kneecap, more training": (
        15,
        (
            "knee_pain diffuse_peripatellar_pain pain_on_stairs pain_on_squatting theatre_sign pain_with_running "
            "pain_downhill running_or_cycling recent_training_increase"
        ),
        {
            "age_years": 24,
            "sex": "female",
            "which_knee": "left",
            "onset": "gradual",
            "symptom_duration_days": 45,
            "pain_nrs_0_10": 3,
        },
    ),
    "volleyball player, pain below the kneecap": (
        15,
        "knee_pain pain_below_patella pain_with_jump_land_sprint warm_up_phenomenon jumping_or_kicking_sport",
        {
            "age_years": 21,
            "sex": "male",
            "which_knee": "left",
            "onset": "gradual",
            "symptom_duration_days": 90,
            "pain_nrs_0_10": 4,
        },
    ),
    "osteoarthritis at 64": (
        30,
        (
            "knee_pain anteromedial_knee_pain pain_on_stairs pain_on_weight_bearing pain_rising_from_seat "
            "relieved_by_rest morning_stiffness overweight"
        ),
        {
            "age_years": 64,
            "sex": "female",
            "which_knee": "left",
            "onset": "gradual",
            "symptom_duration_days": 700,
            "pain_nrs_0_10": 6,
            "morning_stiffness_minutes": 15,
            "health": ["weight"],
        },
    ),
    "pivot injury yesterday": (
        45,
        (
            "knee_pain knee_swelling effusion_within_2h pivot_mechanism landing_mechanism pop_at_injury giving_way "
            "pain_on_pivoting limp difficulty_bearing_weight pain_on_weight_bearing jumping_or_kicking_sport"
        ),
        {
            "age_years": 22,
            "sex": "female",
            "which_knee": "right",
            "onset": "sudden_traumatic",
            "symptom_duration_days": 1,
            "pain_nrs_0_10": 7,
            "injury_how": ["twist", "landing"],
            "pain_site": ["deep"],
            "swelling_site": ["whole"],
        },
    ),
    "fever and a hot swollen knee": (
        45,
        (
            "fever systemically_unwell chills rigors knee_swelling warmth erythema unable_to_bear_weight knee_pain "
            "severe_pain diabetes rest_pain night_pain"
        ),
        {
            "age_years": 67,
            "sex": "male",
            "which_knee": "left",
            "onset": "sudden_atraumatic",
            "symptom_duration_days": 2,
            "pain_nrs_0_10": 6,
            "alarm": ["ill"],
            "leg_alarm": ["hot_red"],
            "pain_site": ["deep"],
            "swelling_site": ["whole"],
            "health": ["immunity"],
        },
    ),
    "limping boy of 12 with thigh pain": (
        35,
        "thigh_pain limp overweight obesity knee_pain",
        {
            "age_years": 12,
            "sex": "male",
            "which_knee": "left",
            "onset": "gradual",
            "symptom_duration_days": 21,
            "pain_nrs_0_10": 4,
            "pain_site": ["deep"],
            "leg_alarm": ["hip_thigh"],
            "health": ["weight"],
        },
    ),
    "both knees, pain around the kneecaps": (
        45,
        "knee_pain bilateral_knee_pain diffuse_peripatellar_pain pain_on_stairs pain_on_squatting",
        {
            "age_years": 16,
            "sex": "female",
            "which_knee": "both",
            "onset": "gradual",
            "symptom_duration_days": 60,
            "pain_nrs_0_10": 3,
        },
    ),
}


@pytest.mark.parametrize("patient", PATIENTS)
def test_a_typical_patient_is_asked_little(patient: str) -> None:
    most, yes, said = PATIENTS[patient]
    assert len(interview(yes, **said)) <= most


def test_urgent_signs_come_first() -> None:
    _, yes, said = PATIENTS["fever and a hot swollen knee"]
    asked = interview(yes, **said)
    assert asked[:5] == ["gate.alarm", "confusion", "systemically_unwell", "chills", "rigors"]
    knee = [link_id.removeprefix("left.") for link_id in asked if link_id.startswith("left.")]
    assert knee[:2] == ["gate.leg_alarm", "onset"]
    assert max(knee.index(sign) for sign in ("warmth", "erythema")) < knee.index("symptom_duration_days")


@pytest.mark.parametrize("pain", range(1, 11))
def test_simple_pain_at_the_front_of_one_knee_takes_15_questions_at_most(pain: int) -> None:
    """However bad the pain is, and whatever of the usual loads brings it on."""
    loads = "pain_on_stairs pain_on_squatting theatre_sign pain_with_running pain_downhill relieved_by_rest"
    asked = interview(
        f"knee_pain diffuse_peripatellar_pain running_or_cycling recent_training_increase {loads}",
        age_years=28, sex="female", which_knee="left", onset="gradual", symptom_duration_days=60, pain_nrs_0_10=pain,
    )  # fmt: skip
    assert len(asked) <= 15


def test_simple_pain_at_the_front_of_both_knees() -> None:
    asked = interview(
        "knee_pain bilateral_knee_pain diffuse_peripatellar_pain pain_on_stairs pain_on_squatting pain_with_running",
        age_years=28, sex="female", which_knee="both", onset="gradual", symptom_duration_days=60, pain_nrs_0_10=3,
    )  # fmt: skip
    assert len(asked) <= 24
    assert [link_id for link_id in asked if "left." in link_id] == [
        link_id.replace("right.", "left.") for link_id in asked if "right." in link_id
    ]


RED_FLAGS = {
    "cauda equina": ("saddle_numbness", {"alarm": ["nerves"]}),
    "clot": ("leg_swelling calf_pain", {"leg_alarm": ["calf"]}),
    "infected joint": ("fever warmth erythema knee_swelling", {"leg_alarm": ["hot_red"]}),
    "foot without blood": ("cold_or_pale_foot", {"leg_alarm": ["foot"]}),
    "open wound": ("recent_skin_break open_wound", {"leg_alarm": ["wound"]}),
}


@pytest.mark.parametrize("flag", RED_FLAGS)
def test_a_patient_with_red_flags_is_asked_about_them_first(flag: str) -> None:
    yes, said = RED_FLAGS[flag]
    facts: dict[str, Any] = {"age_years": 50, "sex": "male", "which_knee": "left", "onset": "gradual", **said}
    asked = interview(f"knee_pain {yes}", **facts)
    places = [
        place
        for place, link_id in enumerate(asked)
        if link_id.removeprefix("left.") in yes.split() or any((link_id, name) in OFFERED for name in yes.split())
    ]
    assert max(places) < asked.index("left.symptom_duration_days")


def test_only_the_knee_in_trouble_is_asked_about() -> None:
    _, yes, said = PATIENTS["pivot injury yesterday"]
    assert not [link_id for link_id in interview(yes, **said) if link_id.startswith("left.")]


def test_both_knees_are_told_apart() -> None:
    one_each: dict[str, Any] = {"left.knee_swelling": True, "right.knee_pain": True, "right.posterior_knee_pain": True}
    asked = interview(age_years=50, which_knee="both", **one_each)
    assert "left.warmth" in asked
    assert "right.gate.pain_site" in asked
    assert not {"right.warmth", "left.gate.pain_site", "left.pain_nrs_0_10"} & set(asked)


def unlock(link_id: str, answers: dict[str, list[dict[str, Any]]]) -> bool:
    """Give answers that enable this item, if there are any."""
    for around in [group for group in ITEMS if ITEMS[link_id] in walk(ITEMS[group].get("item", []))]:
        if not fulfil(around, answers):
            return False
    return fulfil(link_id, answers)


def fulfil(link_id: str, answers: dict[str, list[dict[str, Any]]]) -> bool:
    item = ITEMS[link_id]
    conditions = item.get("enableWhen", [])
    if link_id in FORM.enabled(answers) or not conditions:
        return True
    ways = [conditions] if item.get("enableBehavior") == "all" else [[condition] for condition in conditions]
    for way in ways:
        attempt = {key: list(value) for key, value in answers.items()}
        for when in way:
            if not unlock(when["question"], attempt):
                break
            satisfy(when, attempt)
        if link_id in FORM.enabled(attempt):
            answers.update(attempt)
            return True
    return False


def satisfy(when: dict[str, Any], answers: dict[str, list[dict[str, Any]]]) -> None:
    question = when["question"]
    key, value = next((key[6:], when[key]) for key in when if key.startswith("answer"))
    if key == "Coding" and ITEMS[question].get("repeats"):
        answers.setdefault(question, []).append({"valueCoding": value})
    elif when["operator"] != "<=" or question not in answers:
        answers[question] = [{f"value{key}": value - 1 if when["operator"] == "<" else value}]


@pytest.mark.parametrize("link_id", QUESTIONS)
def test_every_question_can_be_reached(link_id: str) -> None:
    answers: dict[str, list[dict[str, Any]]] = {}
    assert unlock(link_id, answers)
    assert link_id in FORM.enabled(answers)
    assert link_id in FORM.heeded(answers | {link_id: [{"valueBoolean": True}]})


# ---- content that is refused ---------------------------------------------------------------------


_GATE: dict[str, Any] = {"text": "?", "gate": "a", "several": True, "options": {"b": "B", "none": "N"}}


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([{"text": "?"}], "needs one of group, finding and gate"),
        ([{"text": "?", "gate": "a", "finding": "fever", "options": {"b": "B"}}], "needs one of"),
        ([{"text": "?", "finding": "no_such"}], "no_such: no such finding"),
        ([{"text": "?", "finding": "knee_pain"}], "finding of the knee"),
        ([{"text": "?", "group": "k", "each": "knee", "items": [{"text": "?", "finding": "fever"}]}], "of the person"),
        ([{"text": "?", "finding": "fever"}] * 2, "fever: asked twice"),
        ([{"text": "?", "group": "g"}] * 2, "group.g: used twice"),
        (
            [{"text": "?", "group": "g", "each": "knee", "items": [{"text": "?", "group": "h", "each": "knee"}]}],
            "inside",
        ),
        ([{"text": "?", "gate": "a"}], "a: has no options"),
        ([{"text": "?", "finding": "sex", "options": {"female": "F"}}], "not the choices"),
        ([{"text": "?", "finding": "fever", "any": ["chills"]}], "not name an earlier question"),
        ([{"text": "?", "finding": "fever", "any": ["chills is yes"]}], "not name an earlier question"),
        ([{"text": "?", "finding": "fever"}, {"text": "?", "finding": "chills", "any": ["fever = 3"]}], "is no answer"),
        (
            [{"text": "?", "gate": "a", "options": {"b": "B"}}, {"text": "?", "finding": "fever", "any": ["a = c"]}],
            "'a = c' is no answer to gate.a",
        ),
        (
            [
                {"text": "?", "group": "k", "each": "knee", "items": [{"text": "?", "finding": "knee_pain"}]},
                {"text": "?", "finding": "fever", "all": ["knee_pain"]},
            ],
            "either knee",
        ),
        (
            [{"text": "?", "finding": "fever"}, {"text": "?", "finding": "chills", "any": ["fever"], "all": ["fever"]}],
            "both any and all",
        ),
        ([{**_GATE, "several": False, "denies": {"b": ["fever"]}}], "only a gate of several options denies"),
        ([{**_GATE, "denies": {"c": ["fever"]}}], "a: c is no option that denies"),
        ([{**_GATE, "denies": {"none": ["fever"]}}], "a: none is no option that denies"),
        ([{**_GATE, "denies": {"b": ["no_such"]}}], "no_such is nothing that a patient can deny"),
        ([{**_GATE, "denies": {"b": ["age_years"]}}], "age_years is nothing that a patient can deny"),
        ([{**_GATE, "denies": {"b": ["knee_pain"]}}], "knee_pain is a finding of the knee"),
        ([{**_GATE, "unsure": "?", "denies": {"b": ["fever"]}}], "do not know denies nothing"),
        ([], "fever: never asked"),
        ([{"text": "?", "finding": "fever", "txt": ""}], "unknown field"),
    ],
)
def test_wrong_content_is_refused(items: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(KnowledgeError, match=re.escape(problem)):
        build({"title": "t", "purpose": "p", "items": items}, FINDINGS, "1")


# ---- which answers count: any R4 form ------------------------------------------------------------


def form(*items: dict[str, Any]) -> Form:
    return Form({"resourceType": "Questionnaire", "status": "active", "item": list(items)})


def item(link_id: str, *when: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"linkId": link_id, "type": "boolean", **({"enableWhen": list(when)} if when else {}), **more}


def when(question: str, sign: str, **expected: Any) -> dict[str, Any]:
    return {"question": question, "operator": sign, **expected}


YES: dict[str, Any] = {"valueBoolean": True}
SCT = "http://snomed.info/sct"
KG = {"system": "http://unitsofmeasure.org", "code": "kg", "unit": "kg"}


@pytest.mark.parametrize(
    ("sign", "expected", "answers", "enabled"),
    [
        ("exists", {"answerBoolean": True}, [YES], True),
        ("exists", {"answerBoolean": True}, [{"valueBoolean": False}], True),
        ("exists", {"answerBoolean": True}, [{"extension": []}], False),
        ("exists", {"answerBoolean": True}, [], False),
        ("exists", {"answerBoolean": False}, [], True),
        ("exists", {"answerBoolean": False}, [YES], False),
        ("=", {"answerBoolean": True}, [YES], True),
        ("=", {"answerBoolean": False}, [{"valueBoolean": False}], True),
        ("=", {"answerBoolean": False}, [], False),
        ("!=", {"answerBoolean": True}, [], True),
        ("!=", {"answerBoolean": True}, [YES], False),
        ("!=", {"answerBoolean": True}, [{"valueBoolean": False}], True),
        ("=", {"answerInteger": 1}, [YES], False),
        ("=", {"answerInteger": 5}, [{"valueInteger": 4}, {"valueInteger": 5}], True),
        ("!=", {"answerInteger": 5}, [{"valueInteger": 4}, {"valueInteger": 5}], False),
        (">", {"answerInteger": 5}, [{"valueInteger": 5}], False),
        (">", {"answerInteger": 5}, [{"valueInteger": 1}, {"valueInteger": 6}], True),
        ("<", {"answerInteger": 5}, [{"valueInteger": 0}], True),
        ("<", {"answerInteger": 5}, [], False),
        (">=", {"answerDecimal": 38.1}, [{"valueDecimal": 38.1}], True),
        ("<=", {"answerDecimal": 38.1}, [{"valueDecimal": 38.2}], False),
        (">=", {"answerDecimal": 38}, [{"valueInteger": 39}], True),
        (">", {"answerDecimal": 1}, [{"valueDecimal": "2"}], False),
        ("=", {"answerCoding": {"system": SCT, "code": "1"}}, [{"valueCoding": {"system": SCT, "code": "1"}}], True),
        ("=", {"answerCoding": {"system": SCT, "code": "1"}}, [{"valueCoding": {"system": "b", "code": "1"}}], False),
        ("=", {"answerCoding": {"system": SCT, "code": "1"}}, [{"valueCoding": {"code": "1"}}], True),
        ("=", {"answerCoding": {"code": "1"}}, [{"valueCoding": {"code": "2"}}], False),
        ("=", {"answerCoding": {"display": "x"}}, [{"valueCoding": {"display": "x"}}], True),
        ("!=", {"answerCoding": {"code": "1"}}, [{"valueCoding": {"code": code}} for code in "21"], False),
        ("!=", {"answerCoding": {"code": "1"}}, [], True),
        (">", {"answerCoding": {"code": "1"}}, [{"valueCoding": {"code": "2"}}], False),
        (">", {"answerQuantity": {"value": 70, **KG}}, [{"valueQuantity": {"value": 71.5, **KG}}], True),
        (">", {"answerQuantity": {"value": 70, **KG}}, [{"valueQuantity": {"value": 71, "unit": "kg"}}], False),
        (">", {"answerQuantity": {"value": 7, "unit": "kg"}}, [{"valueQuantity": {"value": 8, "unit": "kg"}}], True),
        (">", {"answerQuantity": {"value": 7}}, [{"valueQuantity": {"value": 8, "comparator": "<"}}], False),
        ("=", {"answerString": "a"}, [{"valueString": "a"}], True),
        ("<", {"answerDate": "2026-02-01"}, [{"valueDate": "2026-01-31"}], True),
        ("<", {"answerDate": "2026-02-01"}, [{"valueDate": "2025"}], False),
        ("<", {"answerTime": "12:00:00"}, [{"valueTime": "08:00:00"}], True),
        (
            "=",
            {"answerDateTime": "2026-01-01T12:00:00Z"},
            [{"valueDateTime": "2026-01-01T13:00:00+01:00"}],
            True,
        ),
        ("=", {"answerDateTime": "2026-01-01T12:00:00Z"}, [{"valueDateTime": "T"}], False),
        ("=", {"answerReference": {"reference": "Device/1"}}, [{"valueReference": {"reference": "Device/1"}}], True),
        ("=", {"answerUnheardOf": 1}, [{"valueUnheardOf": 1}], False),
        ("~", {"answerBoolean": True}, [YES], False),
        (None, {}, [YES], False),
    ],
)
def test_operators(sign: str, expected: dict[str, Any], answers: list[dict[str, Any]], enabled: bool) -> None:
    any_form = form(item("a"), item("b", when("a", sign, **expected)))
    given = {"a": answers, "b": [YES]} if answers else {"b": [YES]}
    assert ("b" in any_form.heeded(given)) is enabled
    assert ("b" in any_form.enabled(given)) is enabled


IS_YES = {"answerBoolean": True}
A, B = when("a", "=", **IS_YES), when("b", "=", **IS_YES)


@pytest.mark.parametrize(
    ("items", "answered", "heeded"),
    [
        pytest.param([item("a"), item("b"), item("c", A, B, enableBehavior="all")], "ac", "a", id="all"),
        pytest.param([item("a"), item("b"), item("c", A, B, enableBehavior="all")], "abc", "abc", id="all met"),
        pytest.param([item("a"), item("b"), item("c", A, B, enableBehavior="any")], "bc", "bc", id="any"),
        pytest.param([item("a"), item("b"), item("c", A, B)], "bc", "bc", id="not said: any, which drops less"),
        pytest.param([item("a"), item("g", A, item=[item("c")])], "c", "", id="a disabled group disables"),
        pytest.param([item("a"), item("g", A, item=[item("h", item=[item("c")])])], "c", "", id="at any depth"),
        pytest.param([item("a"), item("g", A, item=[item("c")])], "ac", "ac", id="an enabled group enables"),
        pytest.param([item("a"), item("b", A), item("c", B)], "bc", "", id="the answer to a disabled question is none"),
        pytest.param([item("a"), item("b", A), item("c", B)], "abc", "abc", id="a chain"),
        pytest.param([item("c", A), item("a")], "ac", "ac", id="a later question"),
        pytest.param([item("c", B), item("b", A), item("a")], "bc", "", id="a chain of later questions"),
        pytest.param([item("a", B), item("b", A)], "ab", "ab", id="a circle takes answers as they stand"),
        pytest.param([item("a", A)], "a", "a", id="a question about itself"),
        pytest.param([item("g", A, item=[item("a"), item("c")])], "ac", "ac", id="a group opened from inside"),
        pytest.param([item("g", A, item=[item("a"), item("c")])], "c", "", id="a group not opened from inside"),
        pytest.param([item("a")], "az", "a", id="no such linkId"),
        pytest.param([item("c", when("z", "=", **IS_YES))], "cz", "", id="a condition on no such linkId"),
        pytest.param([item("c", when("z", "exists", answerBoolean=False))], "c", "c", id="which is unanswered"),
        pytest.param([item("a", item=[item("c")])], "c", "c", id="items under a question"),
    ],
)
def test_which_answers_count(items: list[dict[str, Any]], answered: str, heeded: str) -> None:
    for order in (answered, answered[::-1]):
        any_form = form(*items)
        answers = {link_id: [YES] for link_id in order}
        assert any_form.heeded(answers) == set(heeded)
        assert set(any_form.enabled(answers)) & set(answers) == set(heeded)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_very_long_chain(backwards: bool) -> None:
    chain = [item("0"), *(item(str(n), when(str(n - 1), "=", **IS_YES)) for n in range(1, 3000))]
    any_form = form(*(chain[::-1] if backwards else chain))
    answers = {str(n): [YES] for n in range(3000)}
    assert len(any_form.heeded(answers)) == 3000
    assert any_form.heeded({key: answers[key] for key in answers if key != "0"}) == set()


def test_a_very_deep_form() -> None:
    inner = item("leaf")
    for depth in range(3000):
        inner = item(str(depth), when("a", "=", **IS_YES), item=[inner])
    any_form = form(item("a"), inner)
    assert any_form.heeded({"leaf": [YES]}) == set()
    assert any_form.heeded({"leaf": [YES], "a": [YES]}) == {"leaf", "a"}


def test_a_side_is_read_only_from_our_own_items() -> None:
    any_form = form(item("left.x"), item("left.knee_pain", code=[{"system": FINDING_SYSTEM, "code": "knee_pain"}]))
    assert any_form.sides == {"left.x": "", "left.knee_pain": "left"}


@pytest.mark.parametrize("items", [[item("a"), item("a")], [{"type": "boolean"}], [item("a", item=[item("a")])]])
def test_a_form_without_sound_link_ids_is_refused(items: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="linkId"):
        form(*items)
