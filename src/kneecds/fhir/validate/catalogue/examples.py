"""Small whole resources for the examples of rules, and how an invariant becomes a rule of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.structure.facts import RELEASES
from kneecds.fhir.validate.invariants.table import ROWS
from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release

Json = dict[str, Any]

UCUM: Final = "http://unitsofmeasure.org"
TERMS: Final = "http://terminology.hl7.org/CodeSystem"
EXTENSION: Final = "https://example.org/fhir/StructureDefinition/example"


def coded(system: str, code: str) -> Json:
    """Return a CodeableConcept of one code."""
    return {"coding": [{"system": system, "code": code}]}


def observation(**more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    """Return an Observation that says what more is given."""
    return {"resourceType": "Observation", "status": "final", "code": {"text": "knee"}, **more}


def patient(**more: Any) -> Json:  # noqa: ANN401
    """Return a Patient."""
    return {"resourceType": "Patient", "id": "p", **more}


def held(kind: str, value: object) -> Json:
    """Return a Patient with an extension that holds a value of some type."""
    return patient(extension=[{"url": EXTENSION, f"value{kind}": value}])


def held_at(kind: str, below: str = "") -> str:
    """Return the place of that value."""
    return f"Patient.extension[0].value.ofType({kind}){below}"


def invariant(key: str, page: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    """Return the rule of an invariant that has a function of its own."""
    rows = [row for row in ROWS if row.id == key]
    row = next(one for one in rows if release in one.releases)
    return Rule(
        id=key,
        layer="invariant",
        severity=row.severity,
        says=f"{row.message[0].upper()}{row.message[1:]}.",
        source=f"http://hl7.org/fhir/{release}/{page}",
        fix=fix,
        accepted=accepted,
        refused=refused,
        at=at,
        release=release,
        releases=tuple(one for one in RELEASES if any(one in several.releases for several in rows)),
        best_practice=row.best_practice,
    )
