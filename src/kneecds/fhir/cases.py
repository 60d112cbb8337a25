"""One line of the compact case format, written as the FHIR a record system would send."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kneecds.errors import InputError, Issue, error
from kneecds.fhir.concepts import CHOICE_SYSTEM, FINDING_SYSTEM, LOINC, SNOMED
from kneecds.fhir.dates import born_before
from kneecds.fhir.units import UCUM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from kneecds.core.knowledge import Finding

Json = dict[str, Any]

_SITES: Final = {
    "left": ("82169009", "Structure of left knee region"),
    "right": ("6757004", "Structure of right knee region"),
    "bilateral": ("36701003", "Both knees (body structure)"),
    "both": ("36701003", "Both knees (body structure)"),
}
_PRESENT: Final = {"system": SNOMED, "code": "52101004", "display": "Present (qualifier value)"}
_ABSENT: Final = {"system": SNOMED, "code": "2667000", "display": "Absent (qualifier value)"}
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"


def unknown_ids(case: Mapping[str, Any], findings: Mapping[str, Finding]) -> tuple[Issue, ...]:
    """List what a case names that is no finding, or no finding of that kind."""
    aliases = _aliases(findings)
    issues: list[Issue] = []
    for name, value, path in _stated(case):
        finding = findings.get(aliases.get(name, name))
        wanted = "boolean" if isinstance(value, bool) else "choice" if isinstance(value, str) else "quantity"
        if finding is None:
            issues.append(error("not-found", "case-unknown-finding", path, f"{name!r} is not a finding"))
        elif finding.value_type != wanted:
            message = f"{name!r} is a {finding.value_type} finding, and a {wanted} is given"
            issues.append(error("value", "case-wrong-kind", path, message))
        elif isinstance(value, str) and value not in finding.choices:
            issues.append(error("value", "case-unknown-choice", path, f"{value!r} is not a choice of {name}"))
    if case.get("side") not in (*_SITES, "unknown", "unspecified", "", None):
        issues.append(error("value", "case-unknown-side", "side", f"{case['side']!r} is not a side"))
    return tuple(issues)


def to_bundle(case: Mapping[str, Any], findings: Mapping[str, Finding], as_of: date) -> Json:
    """Write a case as an R4 collection of a Patient and Observations; InputError with every unknown id."""
    issues = unknown_ids(case, findings)
    if issues:
        raise InputError(issues)
    name = str(case.get("id", "case")).replace("_", "-")
    patient: Json = {"resourceType": "Patient", "id": name}
    if case.get("sex") in ("female", "male", "other", "unknown"):
        patient["gender"] = case["sex"]
    if case.get("age_years") is not None:
        patient["birthDate"] = born_before(as_of, Decimal(str(case["age_years"]))).isoformat()
    aliases = _aliases(findings)
    entries = [patient]
    for finding_name, value, _ in _stated(case):
        finding = findings[aliases.get(finding_name, finding_name)]
        entries.append(_observation(f"{name}-{len(entries)}", name, finding, value, str(case.get("side") or ""), as_of))
    base = "https://kneecds.org/fhir"
    return {
        "resourceType": "Bundle",
        "id": name,
        "type": "collection",
        "entry": [{"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r} for r in entries],
    }


def _aliases(findings: Mapping[str, Finding]) -> dict[str, str]:
    return {alias: finding.id for finding in findings.values() for alias in finding.aliases}


def _stated(case: Mapping[str, Any]) -> Iterator[tuple[str, bool | str | float | Decimal, str]]:
    """Yield each finding with its value and its place in the case; age and sex are the Patient's."""
    if case.get("duration_days") is not None:
        yield "symptom_duration_days", case["duration_days"], "duration_days"
    if case.get("onset") not in (None, "", "unknown"):
        yield "onset", case["onset"], "onset"
    for name, value in (case.get("measurements") or {}).items():
        if value is not None:
            yield name, value, f"measurements.{name}"
    stated = case.get("findings") or {}
    for present in (True, False):
        key = "present" if present else "absent"
        for index, name in enumerate(stated.get(key) or ()):
            yield name, present, f"findings.{key}[{index}]"


def _observation(
    id_: str, patient: str, finding: Finding, value: bool | str | float | Decimal, side: str, as_of: date
) -> Json:
    observation: Json = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": _category(finding)}]}],
        "code": {"coding": [*_published(finding), _ours(finding)], "text": finding.label},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": as_of.isoformat(),
    }
    if isinstance(value, bool):
        if finding.asked_of == "patient":
            observation["valueBoolean"] = value
        else:
            observation["valueCodeableConcept"] = {"coding": [_PRESENT if value else _ABSENT]}
    elif isinstance(value, str):
        observation["valueCodeableConcept"] = {"coding": [{"system": CHOICE_SYSTEM, "code": value}]}
    else:
        number = value if isinstance(value, int) else Decimal(str(value))
        observation["valueQuantity"] = {"value": number, "unit": finding.unit, "system": UCUM, "code": finding.unit}
    if finding.scope == "knee" and side in _SITES:
        code, display = _SITES[side]
        observation["bodySite"] = {"coding": [{"system": SNOMED, "code": code, "display": display}]}
    return observation


def _ours(finding: Finding) -> Json:
    return {"system": FINDING_SYSTEM, "code": finding.id, "display": finding.label}


def _published(finding: Finding) -> list[Json]:
    """Return the first published code that means the same on either side."""
    for code in finding.codes:
        if code.means == "same" and code.emit and not code.side and code.system in (LOINC, SNOMED):
            return [{"system": code.system, "code": code.code, "display": code.display}]
    return []


def _category(finding: Finding) -> str:
    if finding.category == "vital":
        return "vital-signs"
    if finding.category in ("lab", "imaging"):
        return {"lab": "laboratory", "imaging": "imaging"}[finding.category]
    return "survey" if finding.asked_of == "patient" else "exam"
