"""What the problem list, the medicines and the allergies of a record say, and that no anti-inflammatory is offered against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from readings import facts, rules

import kneecds
from kneecds.core.knowledge import Finding
from kneecds.errors import KnowledgeError
from kneecds.fhir.concepts import Concepts, Meaning

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.read import Reading

SCT = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_OID = "urn:oid:2.16.840.1.113883.6.90"
RX = "http://www.nlm.nih.gov/research/umls/rxnorm"
STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
OSTEOARTHRITIS = Path(__file__).resolve().parents[2] / "examples" / "osteoarthritis_at_62" / "input.json"
AS_OF = "2026-01-15"
NSAIDS = {"otc_nsaid_short", "oral_nsaid_ppi_oa", "topical_nsaid"}


def concept(*codings: tuple[str, str]) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in codings]}


def condition(*codings: tuple[str, str], status: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c",
        "code": concept(*codings),
        "clinicalStatus": concept((STATUS, status)),
        **more,
    }


def medicine(code: str, system: str = RX, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "active",
        "medicationCodeableConcept": concept((system, code)),
        **more,
    }


def product(display: str, system: str = RX) -> dict[str, Any]:
    """Return a medicine coded as a product that is not among our codes."""
    coding = {"system": system, "code": "99999999", "display": display}
    return medicine("") | {"medicationCodeableConcept": {"coding": [coding]}}


def allergy(code: str, system: str = RX) -> dict[str, Any]:
    return {"resourceType": "AllergyIntolerance", "id": "a", "code": concept((system, code))}


def verified(code: str) -> dict[str, Any]:
    return {"verificationStatus": concept((VERIFICATION, code))}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(condition((SCT, "431857002")), {"chronic_kidney_disease"}, id="CKD 4"),
        pytest.param(condition((ICD, "N18.4")), {"chronic_kidney_disease"}, id="CKD 4, ICD"),
        pytest.param(condition((SCT, "431857002"), (ICD, "N18.4")), {"chronic_kidney_disease"}, id="CKD 4, both"),
        pytest.param(condition((ICD, "N18.32")), {"chronic_kidney_disease"}, id="CKD 3b, below a category"),
        pytest.param(condition((ICD, "N1832")), {"chronic_kidney_disease"}, id="CKD 3b, no dot"),
        pytest.param(condition((ICD_OID, "N18.32")), {"chronic_kidney_disease"}, id="CKD 3b, system as OID"),
        pytest.param(condition((SCT, "431856006")), set(), id="CKD 2 is no contraindication"),
        pytest.param(condition((ICD, "N18.2")), set(), id="CKD 2, ICD"),
        pytest.param(condition((ICD, "N18")), set(), id="the category says less"),
        pytest.param(condition((ICD, "N18.4"), status="resolved"), set(), id="CKD 4 resolved"),
        pytest.param(condition((ICD, "N18.4"), **verified("refuted")), set(), id="CKD 4 refuted"),
        pytest.param(condition((ICD, "N18.4"), **verified("provisional")), set(), id="CKD 4 provisional"),
        pytest.param(condition((ICD, "I11.0")), {"hypertension", "heart_failure"}, id="hypertensive heart failure"),
        pytest.param(condition((ICD, "I11.9")), {"hypertension"}, id="hypertensive heart disease"),
        pytest.param(
            condition((ICD, "I11.0"), (SCT, "84114007")), {"hypertension", "heart_failure"}, id="and heart failure"
        ),
        pytest.param(
            condition((ICD, "I13.2")), {"chronic_kidney_disease", "hypertension", "heart_failure"}, id="all three"
        ),
        pytest.param(condition((ICD, "I50.22")), {"heart_failure"}, id="systolic failure"),
        pytest.param(condition((SCT, "38341003")), {"hypertension"}, id="hypertension"),
        pytest.param(condition((ICD, "I25.10")), {"ischaemic_heart_disease_or_stroke"}, id="coronary disease"),
        pytest.param(condition((SCT, "230690007")), {"ischaemic_heart_disease_or_stroke"}, id="stroke"),
        pytest.param(condition((ICD, "Z86.73")), {"ischaemic_heart_disease_or_stroke"}, id="history of stroke"),
        pytest.param(condition((ICD, "G45.4")), set(), id="transient global amnesia"),
        pytest.param(condition((ICD, "K25.4")), {"active_peptic_ulcer_or_gi_bleed"}, id="bleeding ulcer"),
        pytest.param(condition((ICD, "Z87.11")), {"past_peptic_ulcer"}, id="history of ulcer"),
        pytest.param(condition((SCT, "266998003")), {"past_peptic_ulcer"}, id="history of ulcer, SNOMED CT"),
        pytest.param(condition((SCT, "19943007")), {"severe_liver_disease"}, id="cirrhosis"),
        pytest.param(condition((ICD, "K76.0")), set(), id="fatty liver"),
        pytest.param(condition((ICD, "J45.909")), {"asthma"}, id="asthma"),
        pytest.param(condition((ICD, "D66")), {"bleeding_disorder"}, id="haemophilia A"),
        pytest.param(condition((ICD, "D68.51")), set(), id="thrombophilia is no bleeding disorder"),
        pytest.param(condition((ICD, "Z94.0")), {"immunosuppressed", "chronic_kidney_disease"}, id="kidney transplant"),
        pytest.param(condition((ICD, "Z94.7")), set(), id="corneal transplant"),
        pytest.param(condition((ICD, "B20")), {"hiv_infection"}, id="HIV disease"),
        pytest.param(condition((SCT, "44054006")), {"diabetes"}, id="type 2 diabetes"),
        pytest.param(
            condition((SCT, "44054006"), (ICD, "E11.22")),
            {"diabetes", "chronic_kidney_disease"},
            id="diabetic kidney disease",
        ),
        pytest.param(condition((ICD, "E11.3211")), {"diabetes"}, id="diabetic retinopathy"),
        pytest.param(condition((ICD, "E10.A1")), set(), id="antibodies only"),
        pytest.param(condition((ICD, "C50.911")), {"prior_cancer"}, id="breast cancer"),
        pytest.param(
            condition((ICD, "C50.911"), status="remission"), {"prior_cancer"}, id="breast cancer in remission"
        ),
        pytest.param(condition((ICD, "C78.00")), {"active_cancer"}, id="metastasis"),
        pytest.param(condition((ICD, "C44.311")), set(), id="basal cell carcinoma"),
        pytest.param(condition((ICD, "Z86.718")), {"previous_dvt"}, id="history of thrombosis"),
        pytest.param(
            condition((ICD, "O09.93"), recordedDate="2026-03-10"), {"pregnancy_20_weeks_or_more"}, id="third trimester"
        ),
        pytest.param(condition((ICD, "O09.91"), recordedDate="2026-03-10"), {"pregnant"}, id="first trimester"),
        pytest.param(condition((ICD, "M81.0")), {"osteoporosis_or_osteopenia"}, id="osteoporosis"),
        pytest.param(condition((ICD, "M1A.0710")), {"known_gout"}, id="chronic gout of the ankle"),
        pytest.param(condition((ICD, "L40.0")), {"current_psoriasis"}, id="psoriasis"),
        pytest.param(condition((ICD, "M05.79")), {"known_rheumatoid_arthritis"}, id="rheumatoid arthritis"),
        pytest.param(condition((ICD, "M06.1")), {"known_inflammatory_arthritis"}, id="Still's disease"),
        pytest.param(condition((ICD, "D57.1")), {"sickle_cell_disease"}, id="sickle cell disease"),
        pytest.param(condition((ICD, "D57.3")), set(), id="sickle cell trait"),
        pytest.param(condition((ICD, "F10.20")), {"high_alcohol_intake"}, id="alcohol dependence"),
        pytest.param(condition((ICD, "F10.21")), set(), id="alcohol dependence in remission"),
        pytest.param(condition((ICD, "Z68.35")), {"obesity"}, id="BMI 35"),
        pytest.param(condition((SCT, "226034001")), {"injecting_drug_use"}, id="injects drugs"),
        pytest.param(medicine("154"), {"on_anticoagulant"}, id="acenocoumarol"),
        pytest.param(medicine("321208"), {"on_anticoagulant"}, id="fondaparinux"),
        pytest.param(medicine("321208", status="stopped"), set(), id="fondaparinux stopped"),
        pytest.param(medicine("8356"), {"nsaid_use"}, id="piroxicam"),
        pytest.param(medicine("372665008", SCT), {"nsaid_use"}, id="an anti-inflammatory, unnamed"),
        pytest.param(medicine("327361"), {"immunosuppressed"}, id="adalimumab"),
        pytest.param(medicine("22396"), {"oral_corticosteroid_use"}, id="deflazacort"),
        pytest.param(medicine("29046"), {"interacting_medicine"}, id="lisinopril"),
        pytest.param(medicine("4603"), {"takes_diuretic", "interacting_medicine"}, id="furosemide"),
        pytest.param(medicine("7517"), {"fluoroquinolone_use"}, id="norfloxacin"),
        pytest.param(medicine("387458008", SCT), {"interacting_medicine"}, id="aspirin as a medicine"),
        pytest.param(allergy("387458008", SCT), {"nsaid_hypersensitivity"}, id="aspirin as an allergy"),
        pytest.param(allergy("372665008", SCT), {"nsaid_hypersensitivity"}, id="allergy to the class"),
        pytest.param(allergy("293586001", SCT), {"nsaid_hypersensitivity"}, id="the finding of an aspirin allergy"),
        pytest.param(allergy("8356"), {"nsaid_hypersensitivity"}, id="allergy to piroxicam"),
        pytest.param(allergy("29046"), set(), id="allergy to lisinopril"),
    ],
)
def test_entry(take: Callable[..., Reading], entry: dict[str, Any], expected: set[str]) -> None:
    reading = take(entry)
    assert {finding for finding, _, _ in facts(reading)} == expected
    assert all(value is True for _, _, value in facts(reading))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (product("warfarin sodium 5 MG Oral Tablet"), {"on_anticoagulant"}),
        (product("ibuprofen 600 MG Oral Tablet"), {"nsaid_use"}),
        (product("ibuprofen 50 MG/ML Topical Gel"), set()),
        (product("lisinopril 10 MG Oral Tablet"), {"interacting_medicine"}),
        (product("cetirizine 10 MG Oral Tablet"), set()),
        (product("warfarinlike 5 MG Oral Tablet"), set()),
        (product("warfarin sodium 5 MG Oral Tablet", "urn:other"), set()),
        (product("warfarin sodium 5 MG Oral Tablet") | {"status": "stopped"}, set()),
        (product("warfarin sodium 5 MG Oral Tablet") | {"status": "entered-in-error"}, set()),
    ],
)
def test_a_product_is_read_by_its_rxnorm_name(
    take: Callable[..., Reading], entry: dict[str, Any], expected: set[str]
) -> None:
    reading = take(entry)
    assert {finding for finding, _, _ in facts(reading)} == expected
    if expected:
        assert "medication-by-name" in rules(reading)


def test_two_unlike_diagnoses_in_one_entry_are_said(take: Callable[..., Reading]) -> None:
    reading = take(condition((ICD, "J45.909"), (ICD, "D66")))
    assert facts(reading) == set()
    assert rules(reading)


def osteoarthritis(*entries: dict[str, Any]) -> kneecds.Assessment:
    bundle = json.loads(OSTEOARTHRITIS.read_text(encoding="utf-8"))
    subject = f"Patient/{bundle['entry'][0]['resource']['id']}"
    for number, entry in enumerate(entries):
        of = "patient" if entry["resourceType"] == "AllergyIntolerance" else "subject"
        bundle["entry"].append({"resource": {**entry, "id": f"more-{number}", of: {"reference": subject}}})
    return kneecds.assess(bundle, as_of=AS_OF)


def test_the_anti_inflammatories_are_offered_where_nothing_forbids_them() -> None:
    assert {option.action for option in osteoarthritis().options} & NSAIDS


@pytest.mark.parametrize(
    ("entry", "because"),
    [
        pytest.param(condition((SCT, "431857002")), "chronic_kidney_disease", id="CKD 4"),
        pytest.param(condition((ICD, "N18.4")), "chronic_kidney_disease", id="CKD 4, ICD"),
        pytest.param(condition((ICD, "I50.9")), "heart_failure", id="heart failure"),
        pytest.param(condition((ICD, "I25.10")), "ischaemic_heart_disease_or_stroke", id="coronary disease"),
        pytest.param(condition((ICD, "I63.9")), "ischaemic_heart_disease_or_stroke", id="stroke"),
        pytest.param(condition((ICD, "K92.2")), "active_peptic_ulcer_or_gi_bleed", id="gut bleeding"),
        pytest.param(condition((ICD, "Z87.11")), "past_peptic_ulcer", id="history of ulcer"),
        pytest.param(condition((ICD, "K74.60")), "severe_liver_disease", id="cirrhosis"),
        pytest.param(condition((ICD, "D66")), "bleeding_disorder", id="haemophilia"),
        pytest.param(condition((ICD, "Z79.01")), "on_anticoagulant", id="anticoagulated"),
        pytest.param(
            condition((ICD, "Z34.93"), recordedDate="2026-01-10"), "pregnancy_20_weeks_or_more", id="third trimester"
        ),
        pytest.param(condition((SCT, "407674008")), "nsaid_hypersensitivity", id="aspirin-induced asthma"),
        pytest.param(medicine("8150"), "on_anticoagulant", id="phenprocoumon"),
        pytest.param(medicine("8356"), "nsaid_use", id="piroxicam"),
        pytest.param(product("warfarin sodium 5 MG Oral Tablet"), "on_anticoagulant", id="a product of warfarin"),
        pytest.param(allergy("1191"), "nsaid_hypersensitivity", id="aspirin allergy"),
        pytest.param(allergy("372665008", SCT), "nsaid_hypersensitivity", id="allergy to the class"),
    ],
)
def test_no_anti_inflammatory_against_the_record(entry: dict[str, Any], because: str) -> None:
    found = osteoarthritis(entry)
    assert not {option.action for option in found.options} & NSAIDS
    assert any(because in blocked.because for blocked in found.blocked if blocked.action in NSAIDS)


def finding(id_: str, *codes: dict[str, Any]) -> Finding:
    return msgspec.convert(
        {
            "id": id_, "label": id_, "definition": "x.", "category": "history", "value_type": "boolean", "scope": "person",
            "asked_of": "patient", "codes": codes,
        },
        Finding,
    )  # fmt: skip


def icd(code: str, **more: Any) -> dict[str, Any]:
    return {"system": ICD, "code": code, "display": code, "means": "narrower", **more}


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        pytest.param(ICD, "E11", "sweet", id="the category itself"),
        pytest.param(ICD, "E11.9", "sweet", id="a code below"),
        pytest.param(ICD, "E119", "sweet", id="without the dot"),
        pytest.param(ICD, "E11.22", "kidney", id="the longest listed wins"),
        pytest.param(ICD, "E11.229", "kidney", id="and below it"),
        pytest.param(ICD, "E1", None, id="shorter than a category"),
        pytest.param(ICD, "E12.9", None, id="another category"),
        pytest.param(ICD, "I10.9", None, id="a code that is no subtree"),
        pytest.param(ICD, "E11.65AAAA", None, id="longer than any code"),
        pytest.param(ICD, "", None, id="empty"),
        pytest.param(ICD, None, None, id="no code"),
        pytest.param(SCT, "E11.9", None, id="another system"),
        pytest.param(None, "E11.9", None, id="no system"),
    ],
)
def test_subtree(system: str | None, code: str | None, expected: str | None) -> None:
    concepts = Concepts(
        [
            finding("sweet", icd("E11", subtree=True)),
            finding("kidney", icd("E11.22", subtree=True)),
            finding("pressure", icd("I10")),
        ]
    )
    meaning = concepts.of_coding({"system": system, "code": code})
    assert (meaning.target.id if isinstance(meaning, Meaning) and meaning.target else None) == expected


def test_a_category_of_two_findings_is_an_error() -> None:
    with pytest.raises(KnowledgeError):
        Concepts([finding("one", icd("E11", subtree=True)), finding("two", icd("E11", subtree=True))])
