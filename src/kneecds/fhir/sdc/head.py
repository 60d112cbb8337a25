"""What the intake form says of itself, and the codes that many of its questions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from kneecds.fhir.sdc.extensions import CATEGORY, EXTRACT, VERSION_ALGORITHM

if TYPE_CHECKING:
    from kneecds.fhir.form import Side
    from kneecds.fhir.sdc.content import Content

Json: TypeAlias = dict[str, Any]

URL = "https://kneecds.org/fhir/Questionnaire/kneecds-intake"

PUBLISHER = "kneecds project"
COPYRIGHT = (
    "Apache License 2.0. Codes of SNOMED CT, LOINC and UCUM belong to their owners, whose terms hold; "
    "use of SNOMED CT needs a licence in many countries."
)

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
SITES: dict[tuple[str, Side], Json] = {
    ("knee", "left"): {"coding": [{"system": SNOMED, "code": "82169009", "display": "Structure of left knee region"}]},
    ("knee", "right"): {"coding": [{"system": SNOMED, "code": "6757004", "display": "Structure of right knee region"}]},
    ("leg", "left"): {
        "coding": [{"system": SNOMED, "code": "7771000", "display": "Left (qualifier value)"}],
        "text": "left leg",
    },
    ("leg", "right"): {
        "coding": [{"system": SNOMED, "code": "24028007", "display": "Right (qualifier value)"}],
        "text": "right leg",
    },
}
"""Where on the body the answers of a group are about; for the leg no code of one side is on the verified list."""

MEANS: dict[str, Json] = {
    "symptom": {"system": LOINC, "code": "75325-1", "display": "Symptom"},
    "history": {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "code": "ASSERTION",
        "display": "Assertion",
    },
}
"""Codes of questions whose answer is itself the finding that is present."""

SURVEY = {
    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
    "code": "survey",
    "display": "Survey",
}
"""https://hl7.org/fhir/R4/valueset-observation-category.html: what a questionnaire gathered."""


def head(content: Content, version: str) -> Json:
    """Return what the form says of itself; what holds for every question stands here once."""
    year, month, *_ = [*version.split("."), "1", "1"]
    return {
        "resourceType": "Questionnaire",
        "id": "kneecds-intake",
        "language": "en",
        "extension": [
            {
                "url": VERSION_ALGORITHM,
                "valueCoding": {"system": "http://hl7.org/fhir/version-algorithm", "code": "semver"},
            },
            {"url": EXTRACT, "valueBoolean": True},
            {"url": CATEGORY, "valueCodeableConcept": {"coding": [SURVEY]}},
        ],
        "url": URL,
        "version": version,
        "name": "KneecdsIntake",
        "title": content.title,
        "status": "active",
        "experimental": False,
        "subjectType": ["Patient"],
        **({"date": f"{year}-{int(month):02d}"} if len(year) == len("2026") and month.isdigit() else {}),
        "publisher": PUBLISHER,
        "description": "What a patient with a knee complaint is asked before or during a visit, one knee at a time.",
        "jurisdiction": [
            {
                "coding": [
                    {"system": "http://unstats.un.org/unsd/methods/m49/m49.htm", "code": "001", "display": "World"}
                ]
            }
        ],
        "purpose": content.purpose,
        "copyright": COPYRIGHT,
    }
