"""A patient with a knee complaint, as a FHIR server would hold her: what prefetch templates are answered from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import date

    from kneecds.cdshooks.model import Json

SNOMED, LOINC, RXNORM = "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
_TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_UCUM: Final = "http://unitsofmeasure.org"

# id, code, display, days ago
_CONDITIONS: Final = (
    ("knee-pain", "1003722009", "Pain of knee region", 3),
    ("knee-arthrosis", "239873007", "Osteoarthritis of knee", 900),
    ("hypertension", "38341003", "Hypertensive disorder", 2000),
)
# id, category, code, display, value, unit, days ago
_MEASURED: Final = (
    ("temperature", "vital-signs", "8310-5", "Body temperature", 38.9, "Cel", 0),
    ("pulse", "vital-signs", "8867-4", "Heart rate", 96, "/min", 0),
    ("weight", "vital-signs", "29463-7", "Body weight", 84.0, "kg", 1),
    ("height", "vital-signs", "8302-2", "Body height", 168.0, "cm", 1),
    ("crp", "laboratory", "1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", 96.0, "mg/L", 0),
    ("haemoglobin", "laboratory", "718-7", "Hemoglobin [Mass/volume] in Blood", 13.4, "g/dL", 1),
)
# id, SNOMED CT code, display; each answered yes today
_SEEN: Final = (
    ("swollen", "202381003", "Effusion of knee joint"),
    ("painful", "30989003", "Knee pain"),
    ("fever", "386661006", "Fever"),
)
_RIGHT: Final = (SNOMED, "6757004", "Structure of right knee region")


def coded(system: str, code: str, display: str) -> Json:
    """Return a CodeableConcept."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def resources(patient_id: str, user: str, encounter_id: str, today: date) -> tuple[Json, ...]:
    """Return all that is known of the patient."""
    subject = {"reference": f"Patient/{patient_id}"}

    def day(ago: int) -> str:
        return (today - timedelta(days=ago)).isoformat()

    name: Json = {"family": "Example", "given": ["Kim"]}
    found: list[Json] = [
        {"resourceType": "Patient", "id": patient_id, "active": True, "name": [name], "gender": "female",
         "birthDate": f"{today.year - 66}-05-04"},
        {"resourceType": "Encounter", "id": encounter_id, "status": "in-progress", "subject": subject,
         "class": {"system": f"{_TERMS}/v3-ActCode", "code": "AMB"}, "period": {"start": day(0)}},
        {"resourceType": "AllergyIntolerance", "id": "penicillin", "patient": subject,
         "clinicalStatus": {"coding": [{"system": f"{_TERMS}/allergyintolerance-clinical", "code": "active"}]},
         "code": coded(SNOMED, "764146007", "Penicillin")},
        {"resourceType": "MedicationRequest", "id": "lisinopril", "status": "active", "intent": "order",
         "subject": subject, "authoredOn": day(30), "medicationCodeableConcept": coded(RXNORM, "29046", "lisinopril")},
        {"resourceType": "MedicationStatement", "id": "naproxen", "status": "active", "subject": subject,
         "effectiveDateTime": day(2), "medicationCodeableConcept": coded(RXNORM, "7258", "naproxen")},
        {"resourceType": "Procedure", "id": "appendix", "status": "completed", "subject": subject,
         "performedDateTime": day(8000), "code": coded(SNOMED, "80146002", "Appendectomy")},
        {"resourceType": "Immunization", "id": "tetanus", "status": "completed", "patient": subject,
         "occurrenceDateTime": day(700), "vaccineCode": coded(SNOMED, "333621002", "Tetanus vaccine")},
        {"resourceType": "DiagnosticReport", "id": "blood", "status": "final", "subject": subject,
         "effectiveDateTime": day(1), "code": coded(LOINC, "58410-2", "CBC panel")},
        {"resourceType": "Coverage", "id": "insurance", "status": "active", "beneficiary": subject,
         "payor": [{"display": "Example insurance"}]},
    ]  # fmt: skip
    kind, _, identifier = user.partition("/")
    person: Json = {"resourceType": kind, "id": identifier}
    if kind in ("Practitioner", "RelatedPerson"):
        person["name"] = [{"family": "Example", "given": ["Alex"]}]
    if kind == "RelatedPerson":
        person["patient"] = subject
    if user != f"Patient/{patient_id}":
        found.append(person)
    for identifier, code, display, ago in _CONDITIONS:
        found.append({
            "resourceType": "Condition", "id": identifier, "subject": subject, "recordedDate": day(ago),
            "clinicalStatus": {"coding": [{"system": f"{_TERMS}/condition-clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": f"{_TERMS}/condition-ver-status", "code": "confirmed"}]},
            "category": [coded(f"{_TERMS}/condition-category", "problem-list-item", "Problem List Item")],
            "code": coded(SNOMED, code, display), "onsetDateTime": day(ago),
            **({"bodySite": [coded(*_RIGHT)]} if "knee" in identifier else {}),
        })  # fmt: skip
    for identifier, category, code, display, value, unit, ago in _MEASURED:
        quantity = {"value": value, "unit": unit, "system": _UCUM, "code": unit}
        said = _observation(identifier, category, coded(LOINC, code, display), subject, day(ago))
        found.append(said | {"valueQuantity": quantity, "note": [{"text": "measured at rest"}]})
    for identifier, code, display in _SEEN:
        said = _observation(identifier, "exam", coded(SNOMED, code, display), subject, day(0))
        side = {} if identifier == "fever" else {"bodySite": coded(*_RIGHT)}
        found.append(said | side | {"valueBoolean": True})
    return tuple(found)


def _observation(identifier: str, category: str, code: Json, subject: Json, day: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": identifier, "status": "final", "subject": subject,
        "category": [coded(f"{_TERMS}/observation-category", category, category)], "code": code,
        "effectiveDateTime": day,
    }  # fmt: skip


def knee_orders(patient_id: str, user: str, today: date) -> tuple[Json, ...]:
    """Return drafts of the imaging of a knee."""
    return (
        _order("xray", coded(LOINC, "37758-0", "XR Knee - right Views"), patient_id, user, today),
        _order("mri", coded(SNOMED, "241641004", "Magnetic resonance imaging of knee"), patient_id, user, today),
    )


def other_orders(patient_id: str, user: str, today: date) -> tuple[Json, ...]:
    """Return a draft that has nothing to do with a knee."""
    return (
        _order("eyes", coded(SNOMED, "36228007", "Ophthalmic examination and evaluation"), patient_id, user, today),
    )


def _order(identifier: str, code: Json, patient_id: str, user: str, today: date) -> Json:
    return {
        "resourceType": "ServiceRequest", "id": identifier, "status": "draft", "intent": "order", "code": code,
        "subject": {"reference": f"Patient/{patient_id}"}, "requester": {"reference": user},
        "authoredOn": today.isoformat(), **({"bodySite": [coded(*_RIGHT)]} if identifier != "eyes" else {}),
    }  # fmt: skip
