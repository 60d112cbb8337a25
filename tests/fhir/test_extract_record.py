"""Patient, Condition, Procedure, medicines and allergies: what an entry in the record says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from readings import facts, rules

from kneecds.fhir.extract.condition import LASTING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.core.knowledge import Finding
    from kneecds.fhir.read import Reading

SCT = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RX = "http://www.nlm.nih.gov/research/umls/rxnorm"
OURS = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
YES = True


def cc(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


RIGHT = [cc(SCT, "6757004")]


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", **more}


@pytest.mark.parametrize(
    ("resource", "expected", "said"),
    [
        pytest.param(patient(birthDate="1986-03-15", gender="male"), {("age_years", "person", Decimal(40)), ("sex", "person", "male")}, set(), id="40 today"),
        pytest.param(patient(birthDate="1986-03-16"), {("age_years", "person", Decimal(39))}, set(), id="40 tomorrow"),
        pytest.param(patient(birthDate="2024-09-15"), {("age_years", "person", Decimal("1.49"))}, set(), id="under three, with a fraction"),
        pytest.param(patient(birthDate="2023-03-15"), {("age_years", "person", Decimal(3))}, set(), id="three"),
        pytest.param(patient(birthDate="1986-02"), {("age_years", "person", Decimal(40))}, set(), id="a month, one age"),
        pytest.param(patient(birthDate="2026-03-15"), {("age_years", "person", Decimal(0))}, set(), id="born today"),
        pytest.param(patient(gender="unknown"), {("sex", "person", None)}, {"birth-date-missing"}, id="nothing known"),
        pytest.param(
            patient(birthDate="1986-01-01", deceasedBoolean=True), {("age_years", "person", Decimal(40))}, {"deceased"}, id="deceased"
        ),
        pytest.param(patient(birthDate="2026-03-16"), set(), {"birth-date-future"}, id="not yet born"),
        pytest.param(patient(birthDate="1850-01-01"), set(), {"implausible"}, id="too old"),
        pytest.param(patient(birthDate="1986-13"), set(), {"birth-date-invalid"}, id="no date"),
        pytest.param(patient(birthDate="1986-01-01", modifierExtension=[{"url": "x"}]), set(), {"modifier-extension"}, id="modifier"),
    ],
)  # fmt: skip
def test_patient(take: Callable[..., Reading], resource: dict[str, Any], expected: set[Any], said: set[str]) -> None:
    reading = take(resource)
    assert facts(reading) == expected
    assert rules(reading) == said


def test_partial_birth_date(take: Callable[..., Reading]) -> None:
    reading = take(patient(birthDate="1950"))
    assert ("age_years", "person", None) in facts(reading)
    assert {issue.rule for issue in reading.issues} == {"birth-date-partial"}
    held = {fact.finding for fact in reading.facts if fact.value is True}
    assert held, "75 and 76 agree on some comparisons"


STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def condition(code: dict[str, Any], status: str = "active", verified: str = "confirmed", **more: Any) -> dict[str, Any]:
    head = {"resourceType": "Condition", "id": "c", "code": code}
    if status:
        head["clinicalStatus"] = cc(STATUS, status)
    if verified:
        head["verificationStatus"] = cc(VERIFIED, verified)
    return {**head, **more}


EFFUSION, MENISCUS, GOUT, DVT = cc(SCT, "202381003"), cc(SCT, "239720000"), cc(SCT, "161451004"), cc(ICD, "Z79.01")
OLD = {"onsetDateTime": "2020-05-01"}

CONDITIONS: list[Any] = [
    pytest.param(condition(EFFUSION, bodySite=RIGHT), {("effusion", "right", YES)}, set(), id="active"),
    pytest.param(condition(EFFUSION, "recurrence", "", bodySite=RIGHT), {("effusion", "right", YES)}, set(), id="recurrence, verification not stated"),
    pytest.param(condition(EFFUSION, "resolved", bodySite=RIGHT), set(), {"condition-past"}, id="resolved is not absent"),
    pytest.param(condition(EFFUSION, verified="refuted", bodySite=RIGHT), set(), {"condition-not-there"}, id="refuted"),
    pytest.param(condition(EFFUSION, verified="entered-in-error"), set(), {"condition-not-there"}, id="entered in error"),
    pytest.param(condition(EFFUSION, verified="provisional"), set(), {"condition-unconfirmed"}, id="provisional"),
    pytest.param(condition(EFFUSION, "", bodySite=RIGHT), {("effusion", "right", YES)}, {"clinical-status-missing"}, id="no status"),
    pytest.param(condition(EFFUSION, "", bodySite=RIGHT, abatementDateTime="2026-01-01"), set(), {"condition-past"}, id="no status, abated"),
    pytest.param(
        condition(EFFUSION, "active", bodySite=RIGHT, abatementDateTime="2026-01-01"), set(), {"condition-past", "condition-abated"}, id="active, abated"
    ),
    pytest.param(condition(EFFUSION, bodySite=[*RIGHT, cc(SCT, "82169009")]), {("effusion", "left", YES), ("effusion", "right", YES)}, set(), id="both knees"),
    pytest.param(condition(EFFUSION), {("effusion", "unspecified", YES)}, {"laterality-missing"}, id="no side"),
    pytest.param(condition(MENISCUS, "resolved", bodySite=RIGHT), {("previous_knee_injury", "right", YES)}, set(), id="a past tear"),
    pytest.param(condition(MENISCUS, bodySite=RIGHT, **OLD), {("previous_knee_injury", "right", YES)}, set(), id="an old tear, still there"),
    pytest.param(
        condition(MENISCUS, bodySite=RIGHT, onsetDateTime="2026-03-10"), set(), {"condition-of-this-episode"}, id="a tear of this week is no earlier one"
    ),
    pytest.param(condition(GOUT, "inactive"), {("known_gout", "person", YES)}, set(), id="history of gout"),
    pytest.param(condition(DVT), {("on_anticoagulant", "person", YES)}, set(), id="takes an anticoagulant"),
    pytest.param(condition(DVT, "resolved"), set(), {"condition-past"}, id="took an anticoagulant"),
    pytest.param(condition(cc(ICD, "Z96.651")), {("knee_prosthesis", "right", YES)}, set(), id="a prosthesis of the right knee"),
    pytest.param(condition(cc(ICD, "Z96.653")), {("knee_prosthesis", "left", YES), ("knee_prosthesis", "right", YES)}, set(), id="of both"),
    pytest.param(condition(cc(SCT, "161679004")), set(), {"code-broader"}, id="some artificial joint"),
    pytest.param(condition(cc(SCT, "161679004"), bodySite=RIGHT), {("knee_prosthesis", "right", YES)}, set(), id="artificial joint, the knee"),
    pytest.param(condition(cc(SCT, "60001007")), {("pregnant", "person", False)}, set(), id="not pregnant"),
    pytest.param(condition(cc(SCT, "430725003")), set(), {"condition-not-finding"}, id="a diagnosis is no finding"),
    pytest.param(condition(cc(SCT, "37796009")), set(), {"resource-without-finding"}, id="another illness"),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "expected", "said"), CONDITIONS)
def test_condition(take: Callable[..., Reading], resource: dict[str, Any], expected: set[Any], said: set[str]) -> None:
    reading = take(resource)
    assert facts(reading) == expected
    assert rules(reading) == said


def test_dvt_now_and_then(take: Callable[..., Reading]) -> None:
    dvt = cc(SCT, "404223003")
    now, then = take(condition(dvt, bodySite=RIGHT)), take(condition(dvt, "resolved", bodySite=RIGHT))
    assert ("current_dvt", "right", YES) in facts(now)
    assert facts(then) == {("previous_dvt", "person", YES)}


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        (condition(EFFUSION, recordedDate="2026-03-16"), "future"),
        (condition(EFFUSION, onsetDateTime="2026-04"), "future"),
        (condition(EFFUSION, modifierExtension=[{"url": "x"}]), "modifier-extension"),
        (condition(EFFUSION, "odd"), "clinical-status-unknown"),
        (condition(cc(ICD, "M25.462"), bodySite=RIGHT), "laterality-conflict"),
    ],
)
def test_condition_refused(take: Callable[..., Reading], resource: dict[str, Any], rule: str) -> None:
    reading = take(resource)
    assert (reading.facts, reading.unusable) == ((), True)
    assert rule in rules(reading)


def test_lasting_findings_exist(findings: dict[str, Finding]) -> None:
    assert findings.keys() >= LASTING


def procedure(code: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "id": "x",
        "status": "completed",
        "code": cc(SCT, code),
        "bodySite": RIGHT,
        **more,
    }


SURGERY = ("previous_knee_surgery", "right", YES)


@pytest.mark.parametrize(
    ("resource", "expected", "said"),
    [
        (procedure("309431009", performedDateTime="2026-02-01"), {SURGERY, ("recent_knee_surgery", "right", YES)}, set()),
        (procedure("309431009", performedDateTime="2019"), {SURGERY}, set()),
        (procedure("309431009"), {SURGERY}, set()),
        (procedure("239431009", performedPeriod={"end": "2019-01-01"}), {SURGERY, ("previous_knee_injury", "right", YES)}, set()),
        (procedure("443681002", bodySite=[]), {("knee_prosthesis", "left", YES)}, set()),
        (procedure("301877006", performedDateTime="2026-03-01"), {("recent_joint_injection", "right", YES)}, set()),
        (procedure("301877006", performedDateTime="2025-03-01"), set(), {"resource-without-finding"}),
        (procedure("301877006"), set(), {"procedure-undated"}),
        (procedure("309431009", status="not-done"), set(), {"procedure-not-done"}),
        (procedure("309431009", status="in-progress"), set(), {"procedure-not-done"}),
        (procedure("309431009", performedDateTime="2026-04-01"), set(), {"future"}),
        (procedure("309431009", modifierExtension=[{"url": "x"}]), set(), {"modifier-extension"}),
        (procedure("309431009", occurrenceDateTime="2026-02-01"), {SURGERY, ("recent_knee_surgery", "right", YES)}, set()),
    ],
)  # fmt: skip
def test_procedure(take: Callable[..., Reading], resource: dict[str, Any], expected: set[Any], said: set[str]) -> None:
    reading = take(resource)
    assert facts(reading) == expected
    assert rules(reading) == said


def statement(code: str, status: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": status,
        "medicationCodeableConcept": cc(RX, code),
        **more,
    }


def request(code: str, status: str = "active", intent: str = "order", **more: Any) -> dict[str, Any]:
    head = {"resourceType": "MedicationRequest", "id": "m", "status": status, "intent": intent}
    return {**head, "medicationCodeableConcept": cc(RX, code), **more}


IBUPROFEN, WARFARIN, CIPRO, ALLOPURINOL = "5640", "11289", "2551", "519"
NSAID = {("nsaid_use", "person", YES)}
MEDICATION = {"resourceType": "Medication", "id": "med", "ingredient": [{"itemCodeableConcept": cc(RX, WARFARIN)}]}


@pytest.mark.parametrize(
    ("resource", "expected", "said"),
    [
        (statement(IBUPROFEN), NSAID, set()),
        (statement(IBUPROFEN, "completed"), set(), {"medication-not-taken"}),
        (statement(IBUPROFEN, "intended"), set(), {"medication-not-taken"}),
        (statement(IBUPROFEN, "on-hold"), set(), {"medication-not-taken"}),
        (statement(IBUPROFEN, "not-taken"), set(), {"medication-not-taken"}),
        (statement(IBUPROFEN, "entered-in-error"), set(), {"status-no-result"}),
        (statement(IBUPROFEN, effectivePeriod={"end": "2026-02-01"}), set(), {"medication-not-taken"}),
        (statement(IBUPROFEN, effectivePeriod={"start": "2026-05-01"}), set(), {"medication-not-taken"}),
        (statement(IBUPROFEN, dosage=[{"route": {"text": "topical"}}]), set(), {"medication-route"}),
        (statement(IBUPROFEN, dosage=[{"route": cc(SCT, "26643006")}]), NSAID, set()),
        (statement(CIPRO, "completed", effectivePeriod={"end": "2026-02-01"}), {("fluoroquinolone_use", "person", YES)}, set()),
        (statement(CIPRO, "completed", effectivePeriod={"end": "2024-02-01"}), set(), {"medication-not-taken"}),
        (statement(ALLOPURINOL), set(), {"code-broader"}),
        (statement("999"), set(), {"resource-without-finding"}),
        (request(WARFARIN), {("on_anticoagulant", "person", YES)}, set()),
        (request(WARFARIN, "stopped"), set(), {"medication-not-taken"}),
        (request(WARFARIN, intent="proposal"), set(), {"medication-not-taken"}),
        (request(WARFARIN, doNotPerform=True), set(), {"medication-not-taken"}),
        (request(WARFARIN, authoredOn="2026-03-16"), set(), {"future"}),
        (request(WARFARIN, modifierExtension=[{"url": "x"}]), set(), {"modifier-extension"}),
        (
            {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "contained": [MEDICATION],
             "medicationReference": {"reference": "#med"}},
            {("on_anticoagulant", "person", YES)}, set(),
        ),
        (
            {"resourceType": "MedicationStatement", "status": "recorded", "medication": {"concept": cc(RX, IBUPROFEN)}},
            NSAID, set(),
        ),
        (
            {"resourceType": "MedicationStatement", "status": "recorded", "medication": {"concept": cc(RX, IBUPROFEN)},
             "adherence": {"code": cc("http://x", "not-taking")}},
            set(), {"medication-not-taken"},
        ),
        (
            [MEDICATION, {"resourceType": "MedicationRequest", "status": "active", "intent": "order",
                          "medicationReference": {"reference": "Medication/med"}}],
            {("on_anticoagulant", "person", YES)}, set(),
        ),
        (
            {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "medicationReference": {"reference": "Medication/q"}},
            set(), {"medication-missing"},
        ),
    ],
)  # fmt: skip
def test_medication(take: Callable[..., Reading], resource: Any, expected: set[Any], said: set[str]) -> None:
    reading = take(resource)
    assert facts(reading) == expected
    assert rules(reading) == said


def allergy(code: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "AllergyIntolerance", "id": "a", "code": cc(RX, code), **more}


CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VER = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
ALLERGIC = {("nsaid_hypersensitivity", "person", YES)}


@pytest.mark.parametrize(
    ("resource", "expected", "said"),
    [
        (allergy(IBUPROFEN, clinicalStatus=cc(CLINICAL, "active"), verificationStatus=cc(VER, "confirmed")), ALLERGIC, set()),
        (allergy("1191"), ALLERGIC, set()),
        (allergy(WARFARIN), set(), {"resource-without-finding"}),
        (allergy("0", reaction=[{"substance": cc(RX, IBUPROFEN)}]), ALLERGIC, set()),
        (allergy(IBUPROFEN, clinicalStatus=cc(CLINICAL, "resolved")), set(), {"allergy-not-there"}),
        (allergy(IBUPROFEN, verificationStatus=cc(VER, "refuted")), set(), {"allergy-not-there"}),
        (allergy(IBUPROFEN, verificationStatus=cc(VER, "entered-in-error")), set(), {"allergy-not-there"}),
        (allergy(IBUPROFEN, verificationStatus=cc(VER, "unconfirmed")), ALLERGIC, {"allergy-unconfirmed"}),
        (allergy(IBUPROFEN, type="intolerance"), ALLERGIC, {"allergy-intolerance"}),
        (allergy(IBUPROFEN, recordedDate="2027"), set(), {"future"}),
        (allergy(IBUPROFEN, modifierExtension=[{"url": "x"}]), set(), {"modifier-extension"}),
    ],
)  # fmt: skip
def test_allergy(take: Callable[..., Reading], resource: dict[str, Any], expected: set[Any], said: set[str]) -> None:
    reading = take(resource)
    assert facts(reading) == expected
    assert rules(reading) == said


def test_age_on_the_leap_day(take: Callable[..., Reading]) -> None:
    reading = take(patient(birthDate="2008-02-29"), as_of=date(2026, 2, 28))
    assert facts(reading) == {("age_years", "person", Decimal(17))}
