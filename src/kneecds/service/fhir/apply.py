"""`PlanDefinition/$apply`: the assessment as a proposal for one patient, whose record comes along as `data`.

R4 (https://hl7.org/fhir/R4/plandefinition-operation-apply.html) returns a CarePlan; `data` is from R5, for this server
keeps no records. R5 returns a Bundle: it is the guidance as `$kneecds-evaluate` gives it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from kneecds.core.knowledge import SETTINGS
from kneecds.fhir.emit import to_bytes
from kneecds.fhir.emit.codes import MODULE
from kneecds.service.fhir.call import Answer, refused
from kneecds.service.fhir.care_plan import care_plan
from kneecds.service.fhir.evaluate import assessed
from kneecds.service.fhir.parameters import Declared, place, read

if TYPE_CHECKING:
    from kneecds.core.facts import Subject
    from kneecds.service.fhir.call import Call
    from kneecds.service.fhir.parameters import Given

_NO_EFFECT: Final = (
    "practitioner", "organization", "userType", "userLanguage", "userTaskContext", "settingContext",
)  # fmt: skip
_REFERENCE: Final = re.compile(r"(?:https?://[^\s<>\"|#]{1,1900}/)?([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})")

PARAMETERS: Final = (
    Declared("planDefinition", "PlanDefinition", 0, "1", "the plan to apply, at the type level: ours, by its url"),
    Declared("subject", "string", 1, "1", "the reference of the one patient, Patient/id"),
    Declared("encounter", "string", 0, "1", "the reference of the encounter"),
    Declared("practitioner", "string", 0, "1", "who asks"),
    Declared("organization", "string", 0, "1", "for whom it is asked"),
    Declared("userType", "CodeableConcept", 0, "1", "the kind of user"),
    Declared("userLanguage", "CodeableConcept", 0, "1", "the language of the user"),
    Declared("userTaskContext", "CodeableConcept", 0, "1", "what the user is doing"),
    Declared("settingContext", "CodeableConcept", 0, "1", "more on the setting"),
    Declared("setting", "CodeableConcept", 0, "1", f"where the patient is seen: {', '.join(SETTINGS)}"),
    Declared("data", "Bundle", 0, "1", "what is known of the patient; this server keeps no records"),
    Declared("asOf", "date", 0, "1", "the day for which the answer holds; by default today"),
    Declared("map", "ConceptMap", 0, "*", "how codes of your own stand to ours"),
)


def apply(call: Call) -> Answer:
    """Return the CarePlan (R4) or the guidance Bundle (R5) of one patient."""
    given = read(call, PARAMETERS, alone="data", kinds=("Bundle",))
    _check_plan(call, given)
    subject = _reference(given, "subject") or ""
    encounter = _reference(given, "encounter")
    if _named(subject)[0] != "Patient":
        raise refused(422, "not-supported", "subject-not-patient", "the subject is not a Patient", place("subject"))
    data = given.resource("data")
    if data is None:
        message = "this server keeps no records: send what is known of the patient as `data`"
        raise refused(422, "required", "parameter-missing", message, place("data"))
    as_of = given.day("asOf", call.today)
    answer = assessed(call, given, data, as_of)
    _check_subject(subject, answer.subject)
    if call.release == "R5":
        return Answer(answer.to_fhir_bytes("R5", knowledge=call.knowledge), "R5")
    notes = [f"{name} was given and has no effect on the proposal." for name in _NO_EFFECT if given.value(name)]
    guidance = answer.to_fhir("R4", knowledge=call.knowledge)
    return Answer(to_bytes(care_plan(guidance, as_of=as_of.isoformat(), encounter=encounter, notes=notes)))


def _check_plan(call: Call, given: Given) -> None:
    """Refuse every plan but the assessment, which is the only one that works without an order or a form in hand."""
    identifier = call.path.get("id")
    sent = given.resource("planDefinition")
    if identifier is None:
        if sent is None:
            raise refused(400, "required", "parameter-missing", "which plan is to be applied?", place("planDefinition"))
        url = _url(sent)
    else:
        if sent is not None:  # R4: not allowed at the instance level
            message = "the plan is named by the address already"
            raise refused(400, "invalid", "parameter-unknown", message, place("planDefinition"))
        found = call.shelf(call.release).find("PlanDefinition", identifier)
        if found is None:
            raise refused(404, "not-found", "not-found", "there is no such PlanDefinition here")
        url = found.head.url
    if url != MODULE:
        message = f"only {MODULE} can be applied; the other plans are CDS Hooks services"
        raise refused(422, "not-supported", "plan-not-applicable", message, place("planDefinition"))


def _url(plan: bytes) -> str:
    found = msgspec.json.decode(plan).get("url")
    return found if isinstance(found, str) else ""


def _reference(given: Given, name: str) -> str | None:
    said = given.value(name)
    if said is not None and not _REFERENCE.fullmatch(said):
        raise refused(400, "value", "parameter-value", f"{name} is a reference such as Patient/123", place(name))
    return said


def _named(reference: str) -> tuple[str, str]:
    found = _REFERENCE.fullmatch(reference)
    return (found[1], found[2]) if found is not None else ("", "")


def _check_subject(subject: str, known: Subject) -> None:
    """Refuse data of somebody else, and of nobody: a proposal is for one patient, who has to be the one asked for."""
    elsewhere = "://" in subject and "://" in known.reference and subject != known.reference
    if elsewhere or _named(known.reference)[1] != _named(subject)[1]:
        message = "the data are not of the subject, or do not say of whom they are"
        raise refused(422, "conflict", "patient-mismatch", message, place("subject"))
