"""Invariants of every element and resource, and of the datatypes."""

from __future__ import annotations

from typing import Any, Final

from kneecds.fhir.validate.catalogue.examples import (
    EXTENSION,
    TERMS,
    UCUM,
    Json,
    coded,
    held,
    held_at,
    invariant,
    observation,
    patient,
)  # fmt: skip
from kneecds.fhir.validate.rule import Rule

_QUANTITY: Final = "datatypes.html#quantity"
_TIMING: Final = "datatypes.html#Timing"
_DOMAIN: Final = "http://hl7.org/fhir/R4/domainresource.html"
_YEARS: Final[Json] = {"value": 40, "unit": "years", "system": UCUM, "code": "a"}
_INNER: Final[Json] = {"resourceType": "Organization", "id": "o", "name": "Knee clinic"}
_DIV: Final = '<div xmlns="http://www.w3.org/1999/xhtml"><p>A knee.</p></div>'


def _timed(**repeat: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return observation(effectiveTiming={"repeat": repeat})


def _contains(*inner: Json) -> Json:
    return patient(contained=list(inner), managingOrganization={"reference": "#o"})


def _timing(key: str, fix: str, accepted: Json, refused: Json, below: str = "") -> Rule:
    at = f"Observation.effective.ofType(Timing).repeat{below}"
    return invariant(key, _TIMING, fix, _timed(**accepted), _timed(**refused), at)


def _trigger(key: str, fix: str, accepted: Json, refused: Json, below: str = "") -> Rule:
    at = held_at("TriggerDefinition", below)
    page = "metadatatypes.html#TriggerDefinition"
    return invariant(key, page, fix, held("TriggerDefinition", accepted), held("TriggerDefinition", refused), at)


def _anywhere(key: str, says: str, fix: str, accepted: Json, refused: Json, at: str, source: str = _DOMAIN) -> Rule:
    return Rule(
        id=key, layer="invariant", severity="error", says=says, source=source, fix=fix, accepted=accepted,
        refused=refused, at=at,
    )  # fmt: skip


RULES: Final[tuple[Rule, ...]] = (
    _anywhere(
        "ele-1", "An element has a value or something in it.", "Leave the element out, or give its value.",
        patient(birthDate="1991"), patient(_birthDate={"id": "b"}), "Patient.birthDate",
        "http://hl7.org/fhir/R4/element.html",
    ),
    _anywhere(
        "dom-2", "A contained resource contains no resources.", "Contain all of them in the outermost resource.",
        _contains(_INNER), _contains(_INNER | {"contained": [{"resourceType": "Location", "id": "l"}]}),
        "Patient.contained[0].contained",
    ),
    _anywhere(
        "dom-3", "Something refers to each contained resource, or it refers to its container.",
        "Refer to it by its id, or take it out.",
        _contains(_INNER), patient(contained=[_INNER]), "Patient.contained[0]",
    ),
    _anywhere(
        "dom-4", "A contained resource has no version of its own.", "Leave its meta.versionId and meta.lastUpdated out.",
        _contains(_INNER), _contains(_INNER | {"meta": {"versionId": "1"}}), "Patient.contained[0].meta.versionId",
    ),
    _anywhere(
        "dom-5", "A contained resource has no security label of its own.", "Put the label on the resource around it.",
        _contains(_INNER), _contains(_INNER | {"meta": {"security": [{"system": f"{TERMS}/v3-Confidentiality", "code": "R"}]}}),
        "Patient.contained[0].meta.security",
    ),
    Rule(
        id="dom-6", layer="invariant", severity="warning", says="A resource has a narrative.",
        source=_DOMAIN, fix="Give text with a div that says what the resource says.",
        accepted=patient(text={"status": "generated", "div": _DIV}), refused=patient(), at="Patient", best_practice=True,
    ),
    Rule(
        id="dom-r4b", layer="invariant", severity="warning",
        says="A resource that is as in R4 contains none of the types that R4B changed.",
        source="http://hl7.org/fhir/R4B/domainresource.html", fix="Refer to it as a resource of its own.",
        accepted=_contains(_INNER),
        refused=patient(contained=[{"resourceType": "SubstanceDefinition", "id": "o"}], extension=[{"url": EXTENSION, "valueReference": {"reference": "#o"}}]),
        at="Patient.contained[0]", release="R4B", releases=("R4B",),
    ),
    _anywhere(
        "txt-1", "The narrative is XHTML of the elements and attributes that FHIR allows.", "Leave scripts, forms, styles out.",
        patient(text={"status": "generated", "div": _DIV}),
        patient(text={"status": "generated", "div": _DIV.replace("<p>", "<script>x</script><p>")}),
        "Patient.text.div", "http://hl7.org/fhir/R4/narrative.html",
    ),
    _anywhere(
        "txt-2", "The narrative has content: text or an image.", "Say something, or leave the narrative out.",
        patient(text={"status": "generated", "div": _DIV}),
        patient(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"> </div>'}),
        "Patient.text.div", "http://hl7.org/fhir/R4/narrative.html",
    ),
    _anywhere(
        "sqty-1", "A SimpleQuantity has no comparator.", "Leave the comparator out, or say it in text.",
        observation(referenceRange=[{"low": {"value": 1}}]),
        observation(referenceRange=[{"low": {"value": 1, "comparator": "<"}}]),
        "Observation.referenceRange[0].low.comparator", "http://hl7.org/fhir/R4/datatypes.html#SimpleQuantity",
    ),
    Rule(
        id="constraint", layer="invariant", severity="error",
        says="What the specification says of a type as FHIRPath holds, where it has no rule of its own here.",
        source="http://hl7.org/fhir/R4/conformance-rules.html#constraints", fix="Look the key up on the page of the type.",
        accepted={"resourceType": "AppointmentResponse", "appointment": {"display": "a"}, "actor": {"display": "b"}, "participantStatus": "accepted"},
        refused={"resourceType": "AppointmentResponse", "appointment": {"display": "a"}, "participantStatus": "accepted"},
        at="AppointmentResponse",
    ),
    invariant(
        "qty-3", _QUANTITY, "Give the system, http://unitsofmeasure.org for UCUM.",
        observation(valueQuantity={"value": 1, "system": UCUM, "code": "cm"}),
        observation(valueQuantity={"value": 1, "code": "cm"}), "Observation.value.ofType(Quantity)",
    ),
    invariant("age-1", "datatypes.html#age", "Give code and system of the unit, such as a for years.", held("Age", _YEARS), held("Age", {"value": 40}), held_at("Age")),
    invariant(
        "cnt-3", "datatypes.html#count", "Write a whole number and the code 1.",
        held("Count", {"value": 2, "system": UCUM, "code": "1"}), held("Count", {"value": 2, "system": UCUM, "code": "a"}),
        held_at("Count", ".code"),
    ),
    invariant(
        "dis-1", "datatypes.html#distance", "Give code and system of the unit.",
        held("Distance", {"value": 2, "system": UCUM, "code": "m"}), held("Distance", {"value": 2}), held_at("Distance"),
    ),
    invariant("drt-1", "datatypes.html#duration", "Give value, code and system.", held("Duration", _YEARS), held("Duration", {"system": UCUM, "code": "a"}), held_at("Duration")),
    invariant(
        "rng-2", "datatypes.html#range", "Exchange the ends, or state both in the same unit.",
        observation(valueRange={"low": {"value": 1}, "high": {"value": 2}}),
        observation(valueRange={"low": {"value": 3}, "high": {"value": 2}}), "Observation.value.ofType(Range)",
    ),
    invariant(
        "rat-1", "datatypes.html#ratio", "Give both parts.",
        observation(valueRatio={"numerator": {"value": 1}, "denominator": {"value": 2}}),
        observation(valueRatio={"numerator": {"value": 1}}), "Observation.value.ofType(Ratio)",
    ),
    invariant(
        "ratrng-1", "datatypes.html#RatioRange", "Give a numerator and a denominator.",
        held("RatioRange", {"lowNumerator": {"value": 1}, "denominator": {"value": 2}}),
        held("RatioRange", {"lowNumerator": {"value": 1}}), held_at("RatioRange"), "R5",
    ),
    invariant(
        "ratrng-2", "datatypes.html#RatioRange", "Exchange the numerators.",
        held("RatioRange", {"lowNumerator": {"value": 1}, "highNumerator": {"value": 2}, "denominator": {"value": 2}}),
        held("RatioRange", {"lowNumerator": {"value": 3}, "highNumerator": {"value": 2}, "denominator": {"value": 2}}),
        held_at("RatioRange"), "R4B",
    ),
    invariant(
        "sdd-1", "datatypes.html#SampledData", "Keep the one that applies.",
        observation(valueSampledData={"origin": {"value": 0}, "interval": 1, "intervalUnit": "s", "dimensions": 1}),
        observation(valueSampledData={"origin": {"value": 0}, "intervalUnit": "s", "dimensions": 1}),
        "Observation.value.ofType(SampledData)", "R5",
    ),
    invariant(
        "att-1", "datatypes.html#attachment", "Give the media type, such as text/plain.",
        held("Attachment", {"contentType": "text/plain", "data": "a25lZQ=="}), held("Attachment", {"data": "a25lZQ=="}),
        held_at("Attachment"),
    ),
    invariant(
        "cpt-2", "datatypes.html#contactpoint", "Give the system.",
        patient(telecom=[{"system": "phone", "value": "1"}]), patient(telecom=[{"value": "1"}]), "Patient.telecom[0]",
    ),
    invariant(
        "per-1", "datatypes.html#period", "Exchange them, or state both to the same precision.",
        observation(effectivePeriod={"start": "2026-01-01", "end": "2026-01-02"}),
        observation(effectivePeriod={"start": "2026-01-03", "end": "2026-01-02"}), "Observation.effective.ofType(Period)",
    ),
    invariant(
        "ref-1", "references.html", "Contain the resource, or refer to it where it is.",
        _contains(_INNER), patient(managingOrganization={"reference": "#o"}), "Patient.managingOrganization.reference",
    ),
    invariant(
        "ref-2", "references.html", "Say what is meant, be it by a display.",
        patient(managingOrganization={"display": "Knee clinic"}), patient(managingOrganization={"type": "Organization"}),
        "Patient.managingOrganization", "R5",
    ),
    _timing("tim-1", "Give the unit.", {"duration": 1, "durationUnit": "h"}, {"duration": 1}),
    _timing("tim-2", "Give the unit.", {"period": 1, "periodUnit": "d"}, {"period": 1}),
    _timing("tim-4", "Give how long it lasts.", {"duration": 1, "durationUnit": "h"}, {"duration": -1, "durationUnit": "h"}, ".duration"),
    _timing("tim-5", "Give how long it is from one to the next.", {"period": 1, "periodUnit": "d"}, {"period": -1, "periodUnit": "d"}, ".period"),
    _timing("tim-6", "Give the period too.", {"period": 1, "periodMax": 2, "periodUnit": "d"}, {"periodMax": 2, "periodUnit": "d"}),
    _timing("tim-7", "Give the duration too.", {"duration": 1, "durationMax": 2, "durationUnit": "h"}, {"durationMax": 2, "durationUnit": "h"}),
    _timing("tim-8", "Give the count too.", {"count": 1, "countMax": 2}, {"countMax": 2}),
    _timing("tim-9", "Say when with a code such as ACM, before breakfast.", {"offset": 30, "when": ["ACM"]}, {"offset": 30, "when": ["C"]}, ".offset"),
    _timing(
        "tim-10", "Keep one of them.", {"when": ["MORN"]}, {"timeOfDay": ["08:00:00"], "when": ["MORN"]}, ".when"
    ),
    _trigger("trd-1", "Keep one of them.", {"type": "data-added", "data": [{"type": "Observation"}]}, {"type": "data-added", "data": [{"type": "Observation"}], "timingDate": "2026"}),
    _trigger(
        "trd-2", "Say which data.", {"type": "named-event", "name": "a"},
        {"type": "named-event", "name": "a", "condition": {"language": "text/fhirpath", "expression": "true"}},
    ),
    _trigger("trd-3", "Give what the type asks for.", {"type": "named-event", "name": "a"}, {"type": "named-event"}),
    invariant(
        "exp-1", "metadatatypes.html#Expression", "Give the expression.",
        held("Expression", {"language": "text/fhirpath", "expression": "true"}), held("Expression", {"language": "text/fhirpath"}),
        held_at("Expression"),
    ),
    invariant(
        "exp-2", "metadatatypes.html#Expression", "Give a name such as painScore.",
        held("Expression", {"language": "text/fhirpath", "expression": "true", "name": "pain"}),
        held("Expression", {"language": "text/fhirpath", "expression": "true", "name": "1"}), held_at("Expression", ".name"),
        "R5",
    ),
    *(
        invariant(
            key, "metadatatypes.html#DataRequirement", "Keep the one that applies.",
            held("DataRequirement", {"type": "Observation", part: [{"path": "code"}]}),
            held("DataRequirement", {"type": "Observation", part: [{"path": "code", "searchParam": "code"}]}),
            held_at("DataRequirement", f".{part}[0]"),
        )
        for key, part in (("drq-1", "codeFilter"), ("drq-2", "dateFilter"))
    ),
    invariant(
        "dos-1", "dosage.html", "Leave asNeeded out, or make it true.",
        held("Dosage", {"asNeededFor": [{"text": "pain"}]}),
        held("Dosage", {"asNeeded": False, "asNeededFor": [{"text": "pain"}]}), held_at("Dosage", ".asNeeded"), "R5",
    ),
    invariant(
        "av-1", "metadatatypes.html#Availability", "Leave the times out.",
        held("Availability", {"availableTime": [{"allDay": True}]}),
        held("Availability", {"availableTime": [{"allDay": True, "availableStartTime": "08:00:00"}]}),
        held_at("Availability", ".availableTime[0].allDay"), "R5",
    ),
    invariant(
        "ident-1", "datatypes.html#Identifier", "Give the value.",
        patient(identifier=[{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:00000000-0000-4000-8000-000000000001"}]),
        patient(identifier=[{"use": "official"}]), "Patient.identifier[0]", "R5",
    ),
    invariant(
        "cod-1", "datatypes.html#Coding", "Give the code, or put the words into text.",
        observation(code=coded("http://snomed.info/sct", "30989003")),
        observation(code={"coding": [{"system": "http://snomed.info/sct", "display": "Knee pain"}]}),
        "Observation.code.coding[0]", "R5",
    ),
)  # fmt: skip
