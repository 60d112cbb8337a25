"""Which FHIR release a document is written for, as far as it shows."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

Release = Literal["R4", "R4B", "R5"]

_NUMBER: Final = re.compile(r"^(4\.0|4\.1|4\.3|5\.0)(\.\d+)?(-.*)?$")
_BY_NUMBER: Final[dict[str, Release]] = {"4.0": "R4", "4.1": "R4B", "4.3": "R4B", "5.0": "R5"}
_IN_PROFILE: Final = re.compile(
    r"^http://hl7\.org/fhir/(4\.0|4\.3|5\.0)/|^http://hl7\.org/fhir/.*\|(4\.0|4\.3|5\.0)(\.\d+)?$"
)

_ONLY_R5: Final[dict[str, frozenset[str]]] = {
    "Observation": frozenset({"bodyStructure", "triggeredBy", "instantiatesCanonical", "instantiatesReference"}),
    "Condition": frozenset({"participant"}),
    "MedicationRequest": frozenset({"medication", "statusChanged", "effectiveDosePeriod", "renderedDosageInstruction"}),
    "MedicationStatement": frozenset({"medication", "adherence", "renderedDosageInstruction"}),
    "AllergyIntolerance": frozenset({"participant"}),
    "Procedure": frozenset(
        {"occurrenceDateTime", "occurrencePeriod", "occurrenceString", "occurrenceAge", "occurrenceRange",
         "occurrenceTiming", "reportedBoolean", "reportedReference"}
    ),
}  # fmt: skip
"""Elements that R4 and R4B do not have."""

_LIST_IN_R5: Final[dict[str, str]] = {"QuestionnaireResponse": "identifier"}
"""Elements that became lists in R5."""


def detect(document: object) -> Release:
    """Return the release that the first sign in a document speaks for; R4 if there is none."""
    resources = _resources(document)
    for resource in resources:
        if "meta" in resource or "fhirVersion" in resource:
            found = _stated(resource)
            if found is not None:
                return found
    for resource in resources:
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            continue
        added = _ONLY_R5.get(kind)
        if added is not None:
            if not added.isdisjoint(resource):
                return "R5"
        elif kind in _LIST_IN_R5 and isinstance(resource.get(_LIST_IN_R5[kind]), list):
            return "R5"
        if kind == "AllergyIntolerance" and isinstance(resource.get("type"), dict):
            return "R5"
    return "R4"


def _stated(resource: dict[str, Any]) -> Release | None:
    number = resource.get("fhirVersion")
    if isinstance(number, str) and (match := _NUMBER.match(number)):
        return _BY_NUMBER[match[1]]
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        match = _IN_PROFILE.match(profile) if isinstance(profile, str) else None
        if match is not None:
            return _BY_NUMBER[match[1] or match[2]]
    return None


def _resources(document: object) -> list[dict[str, Any]]:
    """Return every resource, each Bundle before what is in it, in the order of the document."""
    found: list[dict[str, Any]] = []
    waiting = [document]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            found.append(here)
            if here.get("resourceType") == "Bundle":
                entries = here.get("entry")
                if isinstance(entries, list):
                    waiting += [e.get("resource") for e in reversed(entries) if isinstance(e, dict)]
        elif isinstance(here, list):
            waiting += reversed(here)
    return found
