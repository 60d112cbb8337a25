"""Coded answers: which codes say yes, which say no, and which say that it is not known."""

from __future__ import annotations

from typing import Final

from kneecds.fhir.concepts import CHOICE_SYSTEM, LOINC, SNOMED

_THO = "http://terminology.hl7.org/CodeSystem"
ABSENT_REASON: Final = f"{_THO}/data-absent-reason"
NULL_FLAVOR: Final = f"{_THO}/v3-NullFlavor"
INTERPRETATION: Final = f"{_THO}/v3-ObservationInterpretation"

_YES: Final = {
    SNOMED: ("373066001", "52101004", "10828004", "260373001"),  # Yes, Present, Positive, Detected
    LOINC: ("LA33-6", "LA9633-4", "LA6576-8"),  # Yes, Present, Positive
    f"{_THO}/v2-0136": ("Y",),
    f"{_THO}/v2-0532": ("Y",),
    INTERPRETATION: ("POS", "DET"),
    CHOICE_SYSTEM: ("yes", "present"),
}
_NO: Final = {
    SNOMED: (
        "373067005",
        "2667000",
        "260385009",
        "260415000",
        "410516002",
    ),  # No, Absent, Negative, Not detected, Known absent
    LOINC: ("LA32-8", "LA9634-2", "LA6577-6"),  # No, Absent, Negative
    f"{_THO}/v2-0136": ("N",),
    f"{_THO}/v2-0532": ("N",),
    INTERPRETATION: ("NEG", "ND"),
    CHOICE_SYSTEM: ("no", "absent"),
}
_NOT_KNOWN: Final = {
    # https://hl7.org/fhir/R4/valueset-data-absent-reason.html
    ABSENT_REASON: (
        "unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable",
        "unsupported", "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity", "not-performed",
        "not-permitted",
    ),
    # https://terminology.hl7.org/CodeSystem-v3-NullFlavor.html
    NULL_FLAVOR: ("NI", "INV", "OTH", "UNC", "DER", "MSK", "NA", "UNK", "ASKU", "NAV", "NASK", "NAVU", "QS", "TRC", "NP"),
    f"{_THO}/v2-0532": ("UNK", "ASKU", "NASK", "NAV", "NI", "NA"),
    SNOMED: ("261665006",),  # Unknown
    LOINC: ("LA4489-6",),  # Unknown
    INTERPRETATION: ("IND", "E", "IE"),
    CHOICE_SYSTEM: ("unknown", "unsure"),
}  # fmt: skip

ANSWERS: Final[dict[tuple[str | None, str | None], bool | None]] = {
    (system, code): value
    for value, table in ((True, _YES), (False, _NO), (None, _NOT_KNOWN))
    for system, codes in table.items()
    for code in codes
}

GENDERS: Final = {"male": "male", "female": "female", "other": "other", "unknown": None}
GENDER_SYSTEM: Final = "http://hl7.org/fhir/administrative-gender"

PREGNANCY: Final[dict[tuple[str | None, str | None], bool | None]] = {
    (SNOMED, "77386006"): True,
    (SNOMED, "60001007"): False,
    (LOINC, "LA15173-0"): True,
    (LOINC, "LA26683-5"): False,
}
"""Answers to LOINC 82810-3 Pregnancy status (US Core and IPS use them)."""

# https://hl7.org/fhir/R4/valueset-observation-interpretation.html
ABOVE: Final = frozenset({"H", "HH", "H>", "HU", "HX", ">"})
WITHIN: Final = frozenset({"N", "L", "LL", "L<", "LU", "LX", "<"})

CRYSTALS_NONE: Final = frozenset(
    {
        "none seen",
        "none",
        "no crystals seen",
        "no crystals",
        "not seen",
        "negative",
        "none detected",
        "not detected",
        "absent",
    }
)
CRYSTALS_URATE: Final = frozenset(
    {
        "monosodium urate",
        "monosodium urate crystals",
        "msu",
        "msu crystals",
        "urate",
        "urate crystals",
        "uric acid crystals",
    }
)
CRYSTALS_PYROPHOSPHATE: Final = frozenset(
    {"calcium pyrophosphate", "calcium pyrophosphate crystals", "calcium pyrophosphate dihydrate", "cpp", "cpp crystals", "cppd",
     "cppd crystals", "calcium pyrophosphate dihydrate crystals"}
)  # fmt: skip
