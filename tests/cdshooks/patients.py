"""Patients who are sick on purpose, as the resources that a client sends."""

from __future__ import annotations

from typing import Any

from kneecds.fhir.concepts import FINDING_SYSTEM
from kneecds.pipeline import INTAKE

Json = dict[str, Any]
SITES = {"left": "82169009", "right": "6757004"}
DAY = "2026-01-14"


def patient(born: str = "1980-05-05", sex: str = "male") -> Json:
    return {"resourceType": "Patient", "id": "p", "gender": sex, "birthDate": born}


def seen(finding: str, value: Any = True, side: str = "", **changes: Any) -> Json:
    """Return an Observation of a finding; of a knee if a side is given."""
    name = "valueBoolean" if isinstance(value, bool) else "valueQuantity" if isinstance(value, dict) else "valueString"
    resource: Json = {
        "resourceType": "Observation",
        "id": f"{finding.replace('_', '-')}-{side or 'person'}"[:64],
        "status": "final",
        "code": {"coding": [{"system": FINDING_SYSTEM, "code": finding}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": DAY,
        name: value,
    }
    if side:
        resource["bodySite"] = {"coding": [{"system": "http://snomed.info/sct", "code": SITES[side]}]}
    return {name: value for name, value in (resource | changes).items() if value is not None}


def days(finding: str, count: int, side: str) -> Json:
    return amount(finding, count, "d", side)


def amount(finding: str, value: int, unit: str, side: str = "") -> Json:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return seen(finding, quantity, side)


def septic(side: str = "left") -> list[Json]:
    """A hot swollen knee with fever that does not move: emergency."""
    return [
        patient(),
        seen("fever"),
        *[seen(one, True, side) for one in ("knee_pain", "knee_swelling", "warmth", "erythema", "reduced_rom")],
        seen("unable_to_bear_weight", True, side),
        days("symptom_duration_days", 2, side),
    ]


def answered(status: str, authored: str, *answers: tuple[str, bool]) -> Json:
    """Return a response to the intake form."""
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "form",
        "questionnaire": INTAKE,
        "status": status,
        "subject": {"reference": "Patient/p"},
        "authored": authored,
        "item": [{"linkId": link, "answer": [{"valueBoolean": value}]} for link, value in answers],
    }
