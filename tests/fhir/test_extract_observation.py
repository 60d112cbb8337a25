"""Observation: a change to a base resource, and the facts or the refusal it leads to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from readings import facts, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.read import Reading

OURS = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
CHOICE = "https://kneecds.org/fhir/CodeSystem/kneecds-choice"
SCT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
NULL = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def cc(*pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in pairs], **more}


RIGHT = cc((SCT, "6757004"))


def obs(*codes: tuple[str, str] | str, **elements: Any) -> dict[str, Any]:
    """Return a final Observation of these codes, a bare name being one of ours."""
    pairs = [(OURS, code) if isinstance(code, str) else code for code in codes]
    return {"resourceType": "Observation", "id": "o", "status": "final", "code": cc(*pairs), **elements}


def q(value: float | str, code: str | None = None, **more: Any) -> dict[str, Any]:
    unit = {} if code is None else {"system": UCUM, "code": code}
    return {"value": Decimal(str(value)), **unit, **more}


def flag(code: str) -> list[dict[str, Any]]:
    return [cc((INTERPRETATION, code))]


CRP, DDIMER, CK = (LOINC, "1988-5"), (LOINC, "48065-7"), (LOINC, "2157-6")
EFFUSION_RIGHT = {("effusion", "right", True)}

TAKEN: list[Any] = [
    pytest.param(obs("effusion", valueBoolean=True, bodySite=RIGHT), EFFUSION_RIGHT, set(), id="yes, right knee"),
    pytest.param(obs("effusion", valueBoolean=False, bodySite=RIGHT), {("effusion", "right", False)}, set(), id="false is an answer"),
    pytest.param(obs((SCT, "202381003"), valueBoolean=True, bodySite=RIGHT), EFFUSION_RIGHT, set(), id="SNOMED code"),
    pytest.param(
        obs(("urn:oid:2.16.840.1.113883.6.96", "202381003"), valueBoolean=True, bodySite=RIGHT), EFFUSION_RIGHT, set(), id="system as OID"
    ),
    pytest.param(obs("crp", valueQuantity=q(5, "mg/L")), {("crp_mg_l", "person", Decimal(5))}, set(), id="an alias"),
    pytest.param(
        obs((SCT, "299322007"), (SCT, "202381003"), valueBoolean=True, bodySite=RIGHT), EFFUSION_RIGHT, set(), id="the narrowest of two"
    ),
    *(
        pytest.param(obs("fever", valueCodeableConcept=cc(pair)), {("fever", "person", value)}, set(), id=f"{pair[1]} is {value}")
        for pair, value in (
            ((SCT, "373066001"), True), ((SCT, "373067005"), False), ((SCT, "52101004"), True), ((SCT, "2667000"), False),
            ((SCT, "10828004"), True), ((SCT, "260385009"), False), ((LOINC, "LA33-6"), True), ((LOINC, "LA32-8"), False),
            (("http://terminology.hl7.org/CodeSystem/v2-0136", "Y"), True),
            (("http://terminology.hl7.org/CodeSystem/v2-0136", "N"), False), ((CHOICE, "yes"), True), ((CHOICE, "no"), False),
            ((NULL, "UNK"), None), ((NULL, "ASKU"), None), ((ABSENT, "asked-unknown"), None),
        )
    ),
    pytest.param(obs("fever", dataAbsentReason=cc((ABSENT, "asked-unknown"))), {("fever", "person", None)}, set(), id="asked, not known"),
    pytest.param(obs("fever", interpretation=flag("NEG")), {("fever", "person", False)}, set(), id="negative by interpretation"),
    pytest.param(obs((SCT, "422868009"), valueBoolean=True), {("weight_loss_or_night_sweats", "person", True)}, set(), id="narrower, present"),
    pytest.param(obs((SCT, "422868009"), valueBoolean=False), set(), {"narrower-absent"}, id="narrower, absent says nothing"),
    pytest.param(obs((SCT, "60001007"), valueBoolean=True), {("pregnant", "person", False)}, set(), id="opposite"),
    pytest.param(obs((SCT, "8510008"), valueBoolean=True, bodySite=RIGHT), set(), {"code-broader"}, id="broader establishes nothing"),
    pytest.param(obs((SCT, "707793005"), valueBoolean=True, bodySite=RIGHT), {("warmth", "right", True)}, set(), id="hot skin, of the knee"),
    pytest.param(obs((SCT, "707793005"), valueBoolean=True), set(), {"code-broader"}, id="hot skin, somewhere"),
    pytest.param(
        obs((SCT, "44077006"), valueBoolean=False, bodySite=cc((SCT, "61685007"), (SCT, "7771000"))), set(), {"narrower-absent"},
        id="no numbness there is not no numbness",
    ),
    # sides
    pytest.param(
        obs("warmth", valueBoolean=True, bodySite=cc((SCT, "36701003"))), {("warmth", "left", True), ("warmth", "right", True)}, set(), id="both knees"
    ),
    pytest.param(obs("warmth", valueBoolean=True, bodySite=cc((SCT, "72696002"), (SCT, "7771000"))), {("warmth", "left", True)}, set(), id="a second coding"),
    pytest.param(obs("warmth", valueBoolean=True, bodySite={"text": "left knee"}), {("warmth", "left", True)}, set(), id="site as text"),
    pytest.param(obs("warmth", valueBoolean=True), {("warmth", "unspecified", True)}, {"laterality-missing"}, id="no side"),
    pytest.param(obs(("http://hl7.org/fhir/sid/icd-10-cm", "M25.562"), valueBoolean=True), {("knee_pain", "left", True)}, set(), id="side in the code"),
    pytest.param(obs((SCT, "36163009"), valueBoolean=True, bodySite={"text": "shoulder"}), set(), {"site-unknown"}, id="another place"),
    # amounts
    pytest.param(obs((LOINC, "8310-5"), valueQuantity=q("100.4", "[degF]")), {("temperature_c", "person", Decimal(38))}, set(), id="Fahrenheit"),
    pytest.param(obs(CRP, valueQuantity=q("2.5", "mg/dL")), {("crp_mg_l", "person", Decimal(25))}, set(), id="mg/dL"),
    pytest.param(
        obs(CRP, valueQuantity=q(25, unit="mg/L")), {("crp_mg_l", "person", Decimal(25))}, {"unit-not-coded"}, id="a unit as text is taken, and said"
    ),
    pytest.param(obs((LOINC, "72514-3"), valueInteger=7, bodySite=RIGHT), {("pain_nrs_0_10", "right", Decimal(7))}, set(), id="a bare score"),
    pytest.param(
        obs(CRP, valueQuantity=q(200, "mg/L", comparator=">")),
        {("crp_mg_l", "person", None), ("crp_raised", "person", True), ("crp_over_20", "person", True), ("crp_over_100", "person", True)},
        {"comparator"}, id="over 200 is certainly over 20",
    ),
    pytest.param(
        obs(CRP, valueQuantity=q(5, "mg/L", comparator="<")),
        {("crp_mg_l", "person", None), ("crp_raised", "person", False), ("crp_over_20", "person", False), ("crp_over_100", "person", False)},
        {"comparator"}, id="under 5 is certainly not raised",
    ),
    pytest.param(
        obs(CRP, valueQuantity=q(8, "mg/L"), interpretation=flag("H")),
        {("crp_mg_l", "person", Decimal(8)), ("crp_raised", "person", True)}, set(), id="raised by the laboratory's flag",
    ),
    pytest.param(
        obs(CRP, valueQuantity=q(4, "mg/L"), referenceRange=[{"high": q(5, "mg/L")}]),
        {("crp_mg_l", "person", Decimal(4)), ("crp_raised", "person", False)}, set(), id="not raised by its limit",
    ),
    pytest.param(
        obs(CRP, valueQuantity=q(12, "mg/L"), interpretation=flag("N")), {("crp_mg_l", "person", Decimal(12))}, set(),
        id="a normal flag does not fight our own limit",
    ),
    pytest.param(obs(DDIMER, valueQuantity=q(800, "ng/mL{FEU}"), interpretation=flag("H")), {("d_dimer_raised", "person", True)}, set(), id="D-dimer flag"),
    pytest.param(
        obs(DDIMER, valueQuantity=q(300, "ng/mL{FEU}"), referenceRange=[{"high": q(500, "ng/mL{FEU}")}]), {("d_dimer_raised", "person", False)},
        set(), id="D-dimer limit",
    ),
    pytest.param(
        obs(DDIMER, valueQuantity=q(300, "ng/mL{DDU}"), referenceRange=[{"high": q(500, "ng/mL{FEU}")}]), {("d_dimer_raised", "person", None)},
        {"limit-unknown"}, id="D-dimer limit in another unit",
    ),
    pytest.param(obs(DDIMER, valueQuantity=q(300, "ng/mL{FEU}")), {("d_dimer_raised", "person", None)}, {"limit-unknown"}, id="D-dimer, no limit"),
    pytest.param(
        obs(CK, valueQuantity=q(1001, "U/L"), referenceRange=[{"high": q(200, "U/L")}]), {("ck_over_5x_uln", "person", True)}, set(), id="CK over five limits"
    ),
    pytest.param(
        obs(CK, valueQuantity=q(1000, "U/L"), referenceRange=[{"high": q(200, "U/L")}]), {("ck_over_5x_uln", "person", False)}, set(), id="CK of five limits"
    ),
    pytest.param(obs(CK, valueQuantity=q(900, "U/L"), interpretation=flag("H")), {("ck_over_5x_uln", "person", None)}, {"limit-unknown"}, id="CK high"),
    # special readings
    pytest.param(obs((LOINC, "82810-3"), valueCodeableConcept=cc((SCT, "77386006"))), {("pregnant", "person", True)}, set(), id="pregnancy status"),
    pytest.param(obs((LOINC, "82810-3"), valueCodeableConcept=cc((LOINC, "LA26683-5"))), {("pregnant", "person", False)}, set(), id="not pregnant"),
    pytest.param(
        obs((LOINC, "5781-0"), valueCodeableConcept={"text": "Monosodium urate"}, bodySite=RIGHT), {("msu_crystals", "right", True)}, set(), id="urate"
    ),
    pytest.param(
        obs((LOINC, "38458-6"), valueCodeableConcept=cc((LOINC, "LA9634-2")), bodySite=RIGHT),
        {("msu_crystals", "right", False), ("cpp_crystals", "right", False)}, set(), id="no crystals",
    ),
    pytest.param(obs((LOINC, "38458-6"), valueCodeableConcept=cc((LOINC, "LA9633-4")), bodySite=RIGHT), set(), {"crystals-which"}, id="some crystals"),
    pytest.param(
        obs((LOINC, "664-3"), valueCodeableConcept=cc((SCT, "10828004")), specimen={"display": "Synovial fluid"}, bodySite=RIGHT),
        {("gram_stain_positive", "right", True)}, set(), id="Gram stain of joint fluid",
    ),
    pytest.param(obs((LOINC, "664-3"), valueCodeableConcept=cc((SCT, "10828004"))), set(), {"specimen-unknown"}, id="Gram stain of something"),
    pytest.param(obs((LOINC, "38214-3"), valueQuantity=q(72, "mm"), bodySite=RIGHT), {("pain_nrs_0_10", "right", Decimal("7.2"))}, set(), id="scale in mm"),
    pytest.param(obs((LOINC, "38214-3"), valueQuantity=q(6, "{score}"), bodySite=RIGHT), {("pain_nrs_0_10", "right", None)}, {"scale-unknown"}, id="which scale"),
    pytest.param(
        obs((LOINC, "75325-1"), valueCodeableConcept=cc((SCT, "386661006"))), {("fever", "person", True)}, set(), id="symptom: fever"
    ),
    pytest.param(obs((LOINC, "8302-2"), valueCodeableConcept=cc((SCT, "386661006"))), set(), {"resource-without-finding"}, id="some other question: fever"),
    pytest.param(obs("sex", valueCodeableConcept=cc(("http://hl7.org/fhir/administrative-gender", "female"))), {("sex", "person", "female")}, set(), id="sex"),
    pytest.param(obs("onset", valueCodeableConcept=cc((CHOICE, "gradual")), bodySite=RIGHT), {("onset", "right", "gradual")}, set(), id="a choice"),
    # components and members
    pytest.param(
        obs((LOINC, "85354-9"), component=[{"code": cc((LOINC, "8480-6")), "valueQuantity": q(120, "mm[Hg]")}]),
        {("systolic_bp_mmhg", "person", Decimal(120))}, set(), id="a component",
    ),
    pytest.param(
        obs((LOINC, "85354-9"), component=[{"code": cc((LOINC, "8480-6")), "dataAbsentReason": cc((ABSENT, "error"))}]),
        {("systolic_bp_mmhg", "person", None)}, set(), id="a component not known",
    ),
    pytest.param(obs((LOINC, "58410-2"), hasMember=[{"reference": "Observation/x"}]), set(), {"resource-without-finding"}, id="a panel is no finding"),
    pytest.param(obs("feverr", valueBoolean=True), set(), {"resource-without-finding", "finding-unknown"}, id="a finding of ours that is none"),
    # status and time
    pytest.param(obs("fever", valueBoolean=True, status="preliminary"), {("fever", "person", True)}, {"status-preliminary"}, id="preliminary"),
    pytest.param(obs("fever", valueBoolean=True, status="cancelled"), set(), {"status-no-result"}, id="cancelled"),
    pytest.param(obs("fever", valueBoolean=True, status="registered"), set(), {"status-no-result"}, id="registered"),
    pytest.param(obs("fever", valueBoolean=True, status="entered-in-error"), set(), {"status-no-result"}, id="entered in error"),
    pytest.param(obs("fever", valueBoolean=True, effectiveDateTime="2026-03"), {("fever", "person", True)}, set(), id="this month"),
    pytest.param(obs("fever", valueBoolean=True, effectiveDateTime="2026-03-16T00:30:00+14:00"), {("fever", "person", True)}, set(), id="still today in UTC"),
    pytest.param(obs("fever"), set(), {"value-missing"}, id="a code alone"),
    pytest.param(obs("fever", valueBoolean=True, focus=[{"reference": "Patient/mother"}]), set(), {"observation-focus"}, id="about another"),
]  # fmt: skip

REFUSED: list[Any] = [
    pytest.param(obs("fever", valueBoolean=True, effectiveDateTime="2026-03-16"), "future", "Observation.effective", id="tomorrow"),
    pytest.param(obs("fever", valueBoolean=True, status="unknown"), "status-unknown", "Observation.status", id="status unknown"),
    pytest.param(obs("fever", valueBoolean=True, modifierExtension=[{"url": "http://x/not"}]), "modifier-extension", "Observation.modifierExtension", id="modifier"),
    pytest.param(obs("fever", valueBoolean=True, implicitRules="http://x"), "implicit-rules", "Observation.implicitRules", id="implicit rules"),
    pytest.param(
        obs("x", component=[{"code": cc((OURS, "fever")), "valueBoolean": True, "modifierExtension": [{"url": "http://x"}]}]),
        "modifier-extension", "Observation.component[0].modifierExtension", id="modifier on a component",
    ),
    pytest.param(obs("effusion", "fever", valueBoolean=True), "codings-differ", "Observation.code.coding", id="two meanings"),
    pytest.param(obs("fever", valueString="yes"), "value-type", "Observation.value", id="free text"),
    pytest.param(obs("fever", valueDateTime="2026-01-01"), "value-type", "Observation.value", id="a time"),
    pytest.param(obs("fever", valueQuantity=q(38, "Cel")), "value-type", "Observation.value", id="amount for a yes or no"),
    pytest.param(obs(CRP, valueBoolean=True), "value-type", "Observation.value", id="yes for an amount"),
    pytest.param(obs("fever", valueCodeableConcept=cc((SCT, "255604002"))), "answer-unknown", "Observation.value", id="mild is no yes"),
    pytest.param(obs("fever", valueCodeableConcept={"text": "yes"}), "answer-unknown", "Observation.value", id="text only"),
    pytest.param(obs("fever", valueCodeableConcept=cc((SCT, "52101004"), (SCT, "2667000"))), "answer-conflict", "Observation.value", id="yes and no"),
    pytest.param(obs("onset", valueCodeableConcept=cc((CHOICE, "slow"))), "answer-unknown", "Observation.value", id="no such choice"),
    pytest.param(obs(CRP, valueQuantity=q(5)), "unit-missing", "Observation.value", id="no unit"),
    pytest.param(obs("crp_mg_l", valueInteger=5), "unit-missing", "Observation.value", id="an integer has no unit"),
    pytest.param(obs(CRP, valueQuantity=q(5, "mm[Hg]")), "unit-wrong", "Observation.value.code", id="wrong dimension"),
    pytest.param(obs(CRP, valueQuantity=q(5, unit="furlongs")), "unit-wrong", "Observation.value", id="unknown unit text"),
    pytest.param(obs(CRP, valueQuantity={"value": 5, "system": "http://x", "code": "mg/L"}), "unit-system", "Observation.value.system", id="not UCUM"),
    pytest.param(obs((LOINC, "8310-5"), valueQuantity=q(98, "Cel")), "implausible", "Observation.value", id="98 degrees Celsius"),
    pytest.param(obs(CRP, valueQuantity=q("1e300", "mg/L")), "implausible", "Observation.value", id="absurd"),
    pytest.param(obs(CRP, valueQuantity=q(5, "mg/L", comparator="ad")), "comparator", "Observation.value.comparator", id="comparator ad"),
    pytest.param(obs("warmth", valueBoolean=True, bodySite=cc((SCT, "7771000"), (SCT, "24028007"))), "laterality-conflict", "Observation.bodySite", id="left and right"),
    pytest.param(
        obs("warmth", valueBoolean=True, bodySite=cc((SCT, "6757004"), text="left knee")), "laterality-conflict", "Observation.bodySite", id="text against code"
    ),
    pytest.param(
        obs(("http://hl7.org/fhir/sid/icd-10-cm", "M25.562"), valueBoolean=True, bodySite=RIGHT), "laterality-conflict", "Observation.bodySite", id="code left, site right"
    ),
    pytest.param(obs("fever", valueBoolean=True, subject={"reference": "Group/g"}), "subject-not-patient", "Observation.subject", id="of a group"),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "expected", "said"), TAKEN)
def test_taken(take: Callable[..., Reading], resource: dict[str, Any], expected: set[Any], said: set[str]) -> None:
    reading = take(resource)
    assert facts(reading) == expected
    assert rules(reading) == said
    assert reading.unusable is False


@pytest.mark.parametrize(("resource", "rule", "expression"), REFUSED)
def test_refused(take: Callable[..., Reading], resource: dict[str, Any], rule: str, expression: str) -> None:
    reading = take(resource)
    assert reading.facts == ()
    assert [(i.severity, i.expression) for i in reading.issues if i.rule == rule] == [("error", expression)]
    assert reading.unusable is True


@pytest.mark.parametrize(
    ("elements", "time"),
    [
        ({"effectiveDateTime": "2026-03-01T10:00:00Z", "issued": "2026-03-02T10:00:00Z"}, "2026-03-01T10:00:00Z"),
        ({"effectivePeriod": {"start": "2026-02-01", "end": "2026-02-03"}}, "2026-02-03"),
        ({"effectivePeriod": {"start": "2026-02-01"}}, "2026-02-01"),
        ({"effectiveInstant": "2026-03-01T10:00:00Z"}, "2026-03-01T10:00:00Z"),
        ({"effectiveTiming": {"event": ["2026-03-01", "2026-02-01"]}}, "2026-03-01"),
        ({"issued": "2026-03-02T10:00:00Z"}, "2026-03-02T10:00:00Z"),
        ({}, ""),
    ],
)
def test_time_and_origin(take: Callable[..., Reading], elements: dict[str, Any], time: str) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": obs("fever", valueBoolean=True, **elements)}],
    }
    (fact,) = take(bundle).facts
    assert (fact.origin.resource, fact.origin.time) == ("Observation/o", time)
    assert fact.origin.expression == "Bundle.entry[0].resource.value"


def test_contained_members_are_read(take: Callable[..., Reading]) -> None:
    member = {**obs("fever", valueBoolean=True), "id": "m"}
    panel = obs((LOINC, "85354-9"), contained=[member], hasMember=[{"reference": "#m"}])
    assert facts(take(panel)) == {("fever", "person", True)}
