"""The short way: documents so plain that no room can have anything to say of them, shown at the speed of C.

A plain document is an R4 collection of one Patient, Observations and responses to forms, written with nothing but the
elements below: no extensions, no narrative, no contained resources. Types say most of it; what they cannot say
(references that hit, ids that differ, units and codes that exist, answers that fit their form) is looked up here. What
is called plain has no issue of structure, codes, invariants, references, profiles or forms; of anything else nothing is
concluded, and the rooms decide. A test gives both ways the same documents.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from kneecds.fhir import strict_json
from kneecds.fhir.structure import gate
from kneecds.fhir.structure.r4_structs import Date, DateTime, Instant
from kneecds.fhir.terminology import ucum
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.questionnaires import answers
from kneecds.fhir.validate.questionnaires.find import supplied_form
from kneecds.fhir.validate.questionnaires.run import Run

if TYPE_CHECKING:
    from kneecds.fhir.validate.supplied import Supplied

Text = Annotated[str, Meta(min_length=1, max_length=1_000)]
Some = Meta(min_length=1)

FINDINGS: Final = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
CHOICES: Final = "https://kneecds.org/fhir/CodeSystem/kneecds-choice"
LOINC: Final = "http://loinc.org"

VITAL_SIGNS: Final[dict[str, frozenset[str]]] = {
    "9279-1": frozenset({"/min"}),
    "8867-4": frozenset({"/min"}),
    "2708-6": frozenset({"%"}),
    "8310-5": frozenset({"Cel", "[degF]"}),
    "8302-2": frozenset({"cm", "[in_i]"}),
    "29463-7": frozenset({"kg", "g", "[lb_av]"}),
    "39156-5": frozenset({"kg/m2"}),
    "8480-6": frozenset({"mm[Hg]"}),
    "8462-4": frozenset({"mm[Hg]"}),
}
"""https://hl7.org/fhir/R4/observation-vitalsigns.html: units that each of these is measured in."""

NOT_PLAIN: Final = frozenset({"85353-1", "85354-9", "9843-4"})
"""Vital signs whose profiles ask for more than a value with a unit."""


class _Coding(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    system: Literal[
        "https://kneecds.org/fhir/CodeSystem/kneecds-finding",
        "https://kneecds.org/fhir/CodeSystem/kneecds-choice",
        "http://loinc.org",
        "http://snomed.info/sct",
    ]
    code: Text
    display: Text | UnsetType = UNSET


class _Concept(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    coding: Annotated[list[_Coding], Some]
    text: Text | UnsetType = UNSET


class _CategoryCoding(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    system: Literal["http://terminology.hl7.org/CodeSystem/observation-category"]
    code: Literal[
        "activity", "exam", "imaging", "laboratory", "procedure", "social-history", "survey", "therapy", "vital-signs"
    ]  # fmt: skip
    display: Text | UnsetType = UNSET


class _Category(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    coding: Annotated[list[_CategoryCoding], Some]


class _Reference(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    reference: Text


class _Quantity(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    value: float
    unit: Text
    system: Literal["http://unitsofmeasure.org"]
    code: Text


class _Patient(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, tag_field="resourceType", tag="Patient"):
    id: Text
    gender: Literal["female", "male", "other", "unknown"] | UnsetType = UNSET
    birthDate: Date | UnsetType = UNSET  # noqa: N815 - FHIR's name


class _Observation(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, tag_field="resourceType", tag="Observation"
):
    id: Text
    status: Literal["final", "preliminary", "amended", "corrected", "registered", "cancelled", "entered-in-error"]
    category: Annotated[list[_Category], Some] | UnsetType = UNSET
    code: _Concept
    subject: _Reference
    effectiveDateTime: DateTime  # noqa: N815
    issued: Instant | UnsetType = UNSET
    valueBoolean: bool | UnsetType = UNSET  # noqa: N815
    valueInteger: Annotated[int, Meta(ge=-2_147_483_648, le=2_147_483_647)] | UnsetType = UNSET  # noqa: N815
    valueQuantity: _Quantity | UnsetType = UNSET  # noqa: N815
    valueCodeableConcept: _Concept | UnsetType = UNSET  # noqa: N815
    bodySite: _Concept | UnsetType = UNSET  # noqa: N815


class _Answer(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    valueBoolean: bool | UnsetType = UNSET  # noqa: N815
    valueCoding: _Coding | UnsetType = UNSET  # noqa: N815
    valueInteger: Annotated[int, Meta(ge=-2_147_483_648, le=2_147_483_647)] | UnsetType = UNSET  # noqa: N815
    valueDecimal: float | UnsetType = UNSET  # noqa: N815
    valueQuantity: _Quantity | UnsetType = UNSET  # noqa: N815


class _Item(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    linkId: Text  # noqa: N815
    text: Text | UnsetType = UNSET
    answer: Annotated[list[_Answer], Some] | UnsetType = UNSET
    item: Annotated[list[_Item], Some] | UnsetType = UNSET


class _Response(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, tag_field="resourceType", tag="QuestionnaireResponse"
):
    id: Text
    questionnaire: Text
    status: Literal["completed", "amended", "in-progress", "stopped"]
    subject: _Reference
    authored: DateTime
    item: Annotated[list[_Item], Some]


class _Entry(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    fullUrl: Text  # noqa: N815
    resource: Union[_Patient, _Observation, _Response]  # noqa: UP007 - msgspec reads it on 3.11


class _Bundle(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, tag_field="resourceType", tag="Bundle"):
    id: Text | UnsetType = UNSET
    type: Literal["collection"]
    timestamp: Instant | UnsetType = UNSET
    entry: Annotated[list[_Entry], Some]


_DECODER: Final = msgspec.json.Decoder(_Bundle)
_ENCODER: Final = msgspec.json.Encoder()
_BASE: Final = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::\d{1,5})?/(?:[A-Za-z0-9_-]+/)*")
_IDS: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,64}\n)+")
_DAY: Final = 10  # characters of a date with its day


def plain(body: bytes, supplied: Supplied) -> dict[str, Any] | None:
    """Return a plain document, parsed; None concludes nothing."""
    if supplied.applied or b"\\" in body or len(body) > strict_json.MAX_BYTES:
        return None
    try:
        bundle = _DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    text = _ENCODER.encode(bundle)
    if body.count(b":") != text.count(b":"):  # a name that stands twice in one object would be one colon less
        return None
    if not (gate.holds_no_hidden_space(text) and _one_patient(bundle) and _known(bundle, supplied)):
        return None
    document = strict_json.quickly(body)
    return document if isinstance(document, dict) and _answered(document, supplied) else None


def _one_patient(bundle: _Bundle) -> bool:
    """Whether every entry is where its URL says, all ids are ids, and everything is of the one Patient here."""
    entries = bundle.entry
    names = [f"{type(entry.resource).__name__[1:]}/{entry.resource.id}" for entry in entries]
    first, name = entries[0].fullUrl, _named(names[0])
    base = first[: len(first) - len(name)]
    if not _BASE.fullmatch(base) or len(set(names)) != len(names):
        return False
    if not _IDS.fullmatch("".join([f"{entry.resource.id}\n" for entry in entries])):
        return False
    if (bundle.id is not UNSET and not _IDS.fullmatch(f"{bundle.id}\n")) or [base + _named(name) for name in names] != [
        entry.fullUrl for entry in entries
    ]:
        return False
    patients = [name for name in names if name.startswith("Patient/")]
    if len(patients) != 1:
        return False
    (patient,) = patients
    return all(
        entry.resource.subject.reference == patient for entry in entries if not isinstance(entry.resource, _Patient)
    )


def _named(name: str) -> str:
    """Return type and id as a URL has them."""
    return f"Questionnaire{name}" if name.startswith("Response/") else name


def _known(bundle: _Bundle, supplied: Supplied) -> bool:
    """Whether codes of ours and units exist, vital signs have their units, and no choice is made twice."""
    ours = _codes(supplied, FINDINGS)
    for entry in bundle.entry:
        resource = entry.resource
        if isinstance(resource, _Observation):
            given = (
                resource.valueBoolean,
                resource.valueInteger,
                resource.valueQuantity,
                resource.valueCodeableConcept,
            )
            if given.count(UNSET) < len(given) - 1:
                return False
            quantity = resource.valueQuantity
            unit = "" if quantity is UNSET else quantity.code
            if unit and not _is_unit(unit):
                return False
            for coding in resource.code.coding:
                if coding.system == FINDINGS:
                    if coding.code not in ours:
                        return False
                elif coding.system == LOINC and (coding.code in VITAL_SIGNS or coding.code in NOT_PLAIN):
                    if not _is_plain_vital_sign(resource, coding.code, unit):
                        return False
                elif coding.system == CHOICES:
                    return False
            for concept in (resource.valueCodeableConcept, resource.bodySite):
                if concept is not UNSET and any(coding.system in (FINDINGS, CHOICES) for coding in concept.coding):
                    return False
        elif isinstance(resource, _Response) and not _plain_items(resource.item, 0):
            return False
    return True


def _is_plain_vital_sign(resource: _Observation, code: str, unit: str) -> bool:
    units = VITAL_SIGNS.get(code)
    if units is None or unit not in units or len(resource.effectiveDateTime) < _DAY or resource.category is UNSET:
        return False
    kinds = [coding.code for category in resource.category for coding in category.coding]
    return kinds.count("vital-signs") == 1 and [coding.code for coding in resource.code.coding].count(code) == 1


def _plain_items(items: list[_Item], depth: int) -> bool:
    """Whether each item holds answers or items, and each answer one value; few levels deep."""
    if depth > 20:  # noqa: PLR2004 - deeper than any form; the rooms decide
        return False
    for item in items:
        if item.answer is not UNSET:
            if item.item is not UNSET:
                return False
            for answer in item.answer:
                given = (
                    answer.valueBoolean, answer.valueCoding, answer.valueInteger, answer.valueDecimal, answer.valueQuantity,
                )  # fmt: skip
                if given.count(UNSET) != len(given) - 1:
                    return False
                if answer.valueQuantity is not UNSET and not _is_unit(answer.valueQuantity.code):
                    return False
        elif item.item is not UNSET and not _plain_items(item.item, depth + 1):
            return False
    return True


@lru_cache(maxsize=512)
def _is_unit(code: str) -> bool:
    return ucum.parse(code) is not None


def _codes(supplied: Supplied, system: str) -> frozenset[str]:
    """Return the codes of a system of ours, worked out once; none where it is not at hand, so that rooms decide."""
    found: frozenset[str] | None = supplied.kept.get(f"plain {system}")
    if found is None:
        known = supplied.find("CodeSystem", system)
        listed = known.get("concept", ()) if known is not None and known.get("content") == "complete" else ()
        found = supplied.kept[f"plain {system}"] = frozenset(concept["code"] for concept in listed)
    return found


def _answered(document: Any, supplied: Supplied) -> bool:  # noqa: ANN401
    """Whether every response fits its form, which must be at hand and not in the document."""
    context: Context | None = None
    for entry in document["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] != "QuestionnaireResponse":
            continue
        form = supplied.find("Questionnaire", resource["questionnaire"])
        if form is None:
            return False
        if context is None:
            context = Context(document, "R4", supplied)
        answers.check(Run(context, resource, supplied_form(context, form), ""))
        if context.found:
            return False
    return True
