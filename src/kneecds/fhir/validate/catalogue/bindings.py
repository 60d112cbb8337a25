"""Codes, their systems and value sets, and units."""

from __future__ import annotations

from typing import Final

from kneecds.fhir.validate.catalogue.examples import TERMS, UCUM, Json, coded, held, held_at, observation, patient
from kneecds.fhir.validate.rule import Rule

_TERMINOLOGY: Final = "http://hl7.org/fhir/R4/terminologies.html"
_TYPES: Final = "http://hl7.org/fhir/R4/datatypes.html"
_HEART_RATE: Final = coded("http://loinc.org", "8867-4")
_CONDITION: Final[Json] = {"resourceType": "Condition", "subject": {"display": "a patient"}}
_TAG: Final[Json] = {"system": "https://example.org/fhir/CodeSystem/tags", "code": "a"}
_LABEL: Final[Json] = {"system": f"{TERMS}/v3-Confidentiality", "code": "R"}
_ABSENT: Final[Json] = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
_FILE: Final[Json] = {"contentType": "text/plain", "data": "a25lZQ=="}


def _amount(code: str) -> Json:
    return {"value": 72, "unit": code, "system": UCUM, "code": code}


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        id="binding-required", layer="binding", severity="error",
        says="An element that takes its codes from a value set has a code of it.",
        source=f"{_TERMINOLOGY}#required", fix="Take a code from the value set.",
        accepted=_CONDITION | {"clinicalStatus": coded(f"{TERMS}/condition-clinical", "active")},
        refused=_CONDITION | {"clinicalStatus": coded("https://example.org/fhir/CodeSystem/c", "active")}, at="Condition.clinicalStatus",
    ),
    Rule(
        id="binding-extensible", layer="binding", severity="warning",
        says="An element that takes its codes from a value set where one fits has a code of it.",
        source=f"{_TERMINOLOGY}#extensible", fix="Look whether a code of the value set fits.",
        accepted=patient(maritalStatus=coded(f"{TERMS}/v3-MaritalStatus", "M")),
        refused=patient(maritalStatus=coded("https://example.org/fhir/CodeSystem/c", "M")), at="Patient.maritalStatus",
    ),
    Rule(
        id="code-unknown", layer="binding", severity="error", says="A code is one of its code system.",
        source=f"{_TERMINOLOGY}#code", fix="Look the code up in the code system.",
        accepted=observation(category=[coded(f"{TERMS}/observation-category", "exam")]),
        refused=observation(category=[coded(f"{TERMS}/observation-category", "knee")]), at="Observation.category[0].coding[0].code",
    ),
    Rule(
        id="coding-system-missing", layer="binding", severity="warning", says="A code has the system that says what it means.",
        source=f"{_TYPES}#Coding", fix="Give the system.",
        accepted=observation(meta={"tag": [_TAG]}), refused=observation(meta={"tag": [{"code": "a"}]}), at="Observation.meta.tag[0]",
    ),
    Rule(
        id="coding-system-relative", layer="binding", severity="error", says="The system of a code is an absolute URI.",
        source=f"{_TYPES}#Coding", fix="Give the URI of the system, such as http://snomed.info/sct.",
        accepted=observation(meta={"tag": [_TAG]}), refused=observation(meta={"tag": [_TAG | {"system": "tags"}]}),
        at="Observation.meta.tag[0].system",
    ),
    Rule(
        id="coding-system-value-set", layer="binding", severity="error", says="The system of a code is a code system, not a value set.",
        source=f"{_TYPES}#Coding", fix="Give the code system.",
        accepted=observation(meta={"tag": [_TAG]}),
        refused=observation(meta={"tag": [_TAG | {"system": "http://hl7.org/fhir/ValueSet/observation-status"}]}),
        at="Observation.meta.tag[0].system",
    ),
    Rule(
        id="ucum-unit", layer="binding", severity="error", says="A code of UCUM is a unit.",
        source="https://ucum.org/ucum", fix="Spell the unit as UCUM does: mm[Hg], not mmHg.",
        accepted=observation(valueQuantity=_amount("mm[Hg]")), refused=observation(valueQuantity=_amount("mmHg")),
        at="Observation.value.ofType(Quantity).code",
    ),
    Rule(
        id="unit-dimension", layer="binding", severity="error", says="The unit of a vital sign measures what the vital sign is.",
        source="http://hl7.org/fhir/R4/observation-vitalsigns.html", fix="Look at code and unit: one of them is wrong.",
        accepted=observation(code=_HEART_RATE, valueQuantity=_amount("/min"), category=[coded(f"{TERMS}/observation-category", "vital-signs")], subject={"reference": "Patient/p"}, effectiveDateTime="2026-01-15"),
        refused=observation(code=_HEART_RATE, valueQuantity=_amount("kg"), category=[coded(f"{TERMS}/observation-category", "vital-signs")], subject={"reference": "Patient/p"}, effectiveDateTime="2026-01-15"),
        at="Observation.value.ofType(Quantity).code",
    ),
    Rule(
        id="language-tag", layer="binding", severity="warning", says="A language is a tag such as de or en-US.",
        source="https://www.rfc-editor.org/rfc/rfc5646", fix="Write the tag with hyphens.",
        accepted=patient(language="en-US"), refused=patient(language="en_US"), at="Patient.language",
    ),
    Rule(
        id="language-required", layer="binding", severity="error", says="Where a release requires a language, it is a tag such as de or en-US.",
        source="http://hl7.org/fhir/R5/valueset-all-languages.html", fix="Write the tag with hyphens, with the system urn:ietf:bcp:47 where there is one.",
        accepted=patient(language="en-US"), refused=patient(language="english"), at="Patient.language", release="R5", releases=("R5",),
    ),
    Rule(
        id="code-absent", layer="binding", severity="error", says="Where a code of a value set is required, no extension stands for it.",
        source=f"{_TERMINOLOGY}#required", fix="Give a code; most value sets have one for what is not known.",
        accepted=patient(gender="unknown"), refused=patient(_gender={"extension": [_ABSENT]}), at="Patient.gender",
    ),
    Rule(
        id="media-type", layer="binding", severity="warning", says="A content type is a media type such as text/plain.",
        source="https://www.rfc-editor.org/rfc/rfc6838#section-4.2", fix="Write type and subtype with / between.",
        accepted=held("Attachment", {"contentType": "text/plain", "url": "https://example.org/a"}),
        refused=held("Attachment", {"contentType": "text", "url": "https://example.org/a"}), at=held_at("Attachment", ".contentType"),
    ),
    Rule(
        id="currency-code", layer="binding", severity="error", says="A currency is a code of ISO 4217.",
        source=f"{_TYPES}#Money", fix="Write three capital letters.",
        accepted=held("Money", {"value": 1, "currency": "EUR"}), refused=held("Money", {"value": 1, "currency": "eur"}),
        at=held_at("Money", ".currency"),
    ),
    Rule(
        id="identifier-system", layer="binding", severity="error", says="The system of an identifier is an absolute URI.",
        source=f"{_TYPES}#Identifier", fix="Give the URL or OID (urn:oid:) of whoever gives the identifiers.",
        accepted=patient(identifier=[{"system": "https://example.org/mrn", "value": "1"}]),
        refused=patient(identifier=[{"system": "mrn", "value": "1"}]), at="Patient.identifier[0].system",
    ),
    Rule(
        id="identifier-uri", layer="binding", severity="error", says="An identifier whose system is urn:ietf:rfc:3986 is a URI.",
        source=f"{_TYPES}#Identifier", fix="Write the whole URI, such as urn:oid: before an OID.",
        accepted=patient(identifier=[{"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.16.840.1.113883.4.1"}]),
        refused=patient(identifier=[{"system": "urn:ietf:rfc:3986", "value": "2.16.840.1.113883.4.1"}]), at="Patient.identifier[0].value",
    ),
    Rule(
        id="uri-oid-short", layer="binding", severity="error", says="An OID is long enough to be that of a system.",
        source=f"{_TYPES}#oid", fix="Give the whole OID.",
        accepted=patient(identifier=[{"system": "urn:oid:2.16.840.1.113883.4.1", "value": "1"}]),
        refused=patient(identifier=[{"system": "urn:oid:1.2.3", "value": "1"}]), at="Patient.identifier[0].system",
    ),
    Rule(
        id="meta-security-twice", layer="binding", severity="error", says="A resource has each security label once.",
        source="http://hl7.org/fhir/R4/resource.html#Meta", fix="Take the second one out.",
        accepted=observation(meta={"security": [_LABEL]}), refused=observation(meta={"security": [_LABEL, _LABEL]}),
        at="Observation.meta.security[1]",
    ),
    Rule(
        id="attachment-size", layer="binding", severity="error", says="The size of a file is that of its data.",
        source=f"{_TYPES}#Attachment", fix="Count the bytes before base64, or leave the size out.",
        accepted=held("Attachment", _FILE | {"size": 4}), refused=held("Attachment", _FILE | {"size": 8}), at=held_at("Attachment", ".size"),
    ),
    Rule(
        id="attachment-hash", layer="binding", severity="error", says="The hash of a file is the SHA-1 of its data, in base64.",
        source=f"{_TYPES}#Attachment", fix="Make the hash of the bytes before base64, or leave it out.",
        accepted=held("Attachment", _FILE | {"hash": "0i3aRMi8IGkZ8SQr96NelzxaTTc="}),
        refused=held("Attachment", _FILE | {"hash": "29e2dcfb"}), at=held_at("Attachment", ".hash"),
    ),
)  # fmt: skip
