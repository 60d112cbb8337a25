"""Invariants of clinical and administrative resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.catalogue.examples import TERMS, UCUM, Json, coded, invariant, observation, patient

if TYPE_CHECKING:
    from kneecds.fhir.validate.rule import Rule

_SUBJECT: Final[Json] = {"display": "a patient"}
_A: Final[Json] = {"system": "http://snomed.info/sct", "code": "30989003"}


def _condition(**more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return {"resourceType": "Condition", "subject": _SUBJECT, **more}


def _allergy(**more: Any) -> Json:  # noqa: ANN401
    return {"resourceType": "AllergyIntolerance", "patient": _SUBJECT, **more}


def _clinical(code: str) -> Json:
    return coded(f"{TERMS}/condition-clinical", code)


def _certain(code: str) -> Json:
    return coded(f"{TERMS}/condition-ver-status", code)


def _allergic(code: str) -> Json:
    return coded(f"{TERMS}/allergyintolerance-clinical", code)


def _allergy_certain(code: str) -> Json:
    return coded(f"{TERMS}/allergyintolerance-verification", code)


def _order(**more: Any) -> Json:  # noqa: ANN401
    return {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": _SUBJECT, **more}


def _organization(**more: Any) -> Json:  # noqa: ANN401
    return {"resourceType": "Organization", "name": "Knee clinic", **more}


def _risk(**prediction: Any) -> Json:  # noqa: ANN401
    return {"resourceType": "RiskAssessment", "status": "final", "subject": _SUBJECT, "prediction": [prediction]}


def _group(action: Json) -> Json:
    return {"resourceType": "RequestGroup", "status": "active", "intent": "proposal", "action": [action]}


def _orchestration(action: Json) -> Json:
    return {"resourceType": "RequestOrchestration", "status": "active", "intent": "proposal", "action": [action]}


def _task(**more: Any) -> Json:  # noqa: ANN401
    return {"resourceType": "Task", "status": "requested", "intent": "order", **more}


def _composition(*sections: Json) -> Json:
    return {
        "resourceType": "Composition", "status": "final", "type": {"text": "note"}, "date": "2026-01-15", "title": "Knee",
        "author": [{"display": "a doctor"}], "subject": _SUBJECT, "section": list(sections),
    }  # fmt: skip


def _list(**more: Any) -> Json:  # noqa: ANN401
    return {"resourceType": "List", "status": "current", "mode": "working", **more}


def _family(**more: Any) -> Json:  # noqa: ANN401
    return {
        "resourceType": "FamilyMemberHistory", "status": "completed", "patient": _SUBJECT, "relationship": {"text": "mother"},
        **more,
    }  # fmt: skip


def _percent(code: str) -> Json:
    return {"low": {"value": 1, "system": UCUM, "code": code}, "high": {"value": 2, "system": UCUM, "code": code}}


_DIV: Final[Json] = {
    "status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>A knee.</p></div>',
}  # fmt: skip
_AUTHORED: Final = "2026-01-02T10:00:00Z"
_ENTERED: Final[Json] = {
    "resourceType": "Encounter", "status": "completed", "class": [{"text": "ambulatory"}], "participant": [{"type": [{"text": "doctor"}]}],
}  # fmt: skip

RULES: Final[tuple[Rule, ...]] = (
    invariant(
        "obs-3", "observation.html", "Give a limit, or say the range as text.",
        observation(referenceRange=[{"text": "up to 10"}]), observation(referenceRange=[{"type": {"text": "normal"}}]),
        "Observation.referenceRange[0]",
    ),
    invariant(
        "obs-6", "observation.html", "Leave the reason out where there is a value.",
        observation(valueBoolean=True), observation(valueBoolean=True, dataAbsentReason={"text": "not asked"}),
        "Observation.dataAbsentReason",
    ),
    invariant(
        "obs-7", "observation.html", "Leave the value of the observation, or the component, out.",
        observation(code={"coding": [_A]}, component=[{"code": {"coding": [_A]}, "valueBoolean": True}]),
        observation(code={"coding": [_A]}, valueBoolean=True, component=[{"code": {"coding": [_A]}, "valueBoolean": True}]),
        "Observation.component[0].code",
    ),
    invariant(
        "obs-8", "observation.html", "Keep one of them.", observation(bodySite={"text": "knee"}),
        observation(bodySite={"text": "knee"}, bodyStructure={"display": "knee"}), "Observation.bodyStructure", "R5",
    ),
    invariant(
        "ait-1", "allergyintolerance.html", "Give the clinicalStatus.", _allergy(clinicalStatus=_allergic("active")),
        _allergy(), "AllergyIntolerance",
    ),
    invariant(
        "ait-2", "allergyintolerance.html", "Leave the clinicalStatus out.",
        _allergy(verificationStatus=_allergy_certain("entered-in-error")),
        _allergy(verificationStatus=_allergy_certain("entered-in-error"), clinicalStatus=_allergic("active")),
        "AllergyIntolerance.clinicalStatus",
    ),
    invariant(
        "con-1", "condition.html", "Give a summary or an assessment.", _condition(stage=[{"summary": {"text": "II"}}]),
        _condition(stage=[{"type": {"text": "grade"}}]), "Condition.stage[0]",
    ),
    invariant(
        "con-2", "condition.html", "Give a code or a detail.", _condition(evidence=[{"code": [{"text": "swelling"}]}]),
        _condition(evidence=[{"extension": [{"url": "https://example.org/e", "valueBoolean": True}]}]), "Condition.evidence[0]",
    ),
    invariant(
        "con-2-r5", "condition.html", "Say whether the problem is active.",
        _condition(clinicalStatus=_clinical("active"), category=[coded(f"{TERMS}/condition-category", "problem-list-item")]),
        _condition(clinicalStatus=_clinical("unknown"), category=[coded(f"{TERMS}/condition-category", "problem-list-item")]),
        "Condition.clinicalStatus", "R5",
    ),
    invariant(
        "con-3", "condition.html", "Give the clinicalStatus.",
        _condition(clinicalStatus=_clinical("active"), verificationStatus=_certain("confirmed"), category=[coded(f"{TERMS}/condition-category", "problem-list-item")]),
        _condition(verificationStatus=_certain("confirmed"), category=[coded(f"{TERMS}/condition-category", "problem-list-item")]),
        "Condition", "R4B",
    ),
    invariant(
        "con-4", "condition.html", "Make the clinicalStatus resolved, remission or inactive.",
        _condition(clinicalStatus=_clinical("resolved"), abatementDateTime="2026"),
        _condition(clinicalStatus=_clinical("active"), abatementDateTime="2026"), "Condition",
    ),
    invariant(
        "con-5", "condition.html", "Leave the clinicalStatus out.", _condition(verificationStatus=_certain("entered-in-error")),
        _condition(verificationStatus=_certain("entered-in-error"), clinicalStatus=_clinical("active")), "Condition.clinicalStatus",
    ),
    invariant(
        "pat-1", "patient.html", "Say who it is, or how to reach them.", patient(contact=[{"name": {"text": "a friend"}}]),
        patient(contact=[{"gender": "female"}]), "Patient.contact[0]",
    ),
    invariant(
        "org-1", "organization.html", "Give a name or an identifier.", _organization(),
        {"resourceType": "Organization", "active": True}, "Organization",
    ),
    invariant(
        "org-2", "organization.html", "Use work.", _organization(address=[{"use": "work", "city": "A"}]),
        _organization(address=[{"use": "home", "city": "A"}]), "Organization.address[0].use",
    ),
    invariant(
        "org-3", "organization.html", "Use work.", _organization(telecom=[{"use": "work", "system": "phone", "value": "1"}]),
        _organization(telecom=[{"use": "home", "system": "phone", "value": "1"}]), "Organization.telecom[0].use",
    ),
    invariant(
        "enc-1", "encounter.html", "Say who, or in which part.", _ENTERED,
        _ENTERED | {"participant": [{"period": {"start": "2026"}}]}, "Encounter.participant[0]", "R5",
    ),
    invariant(
        "prr-1", "servicerequest.html", "Give the code of what is ordered.",
        _order(code={"text": "radiograph"}, orderDetail=[{"text": "standing"}]), _order(orderDetail=[{"text": "standing"}]),
        "ServiceRequest",
    ),
    invariant(
        "bdystr-1", "servicerequest.html", "Keep one of them.", _order(bodySite=[{"text": "knee"}]),
        _order(bodySite=[{"text": "knee"}], bodyStructure={"display": "knee"}), "ServiceRequest.bodyStructure", "R5",
    ),
    invariant(
        "cpl-3", "careplan.html", "Keep one of them.",
        {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": _SUBJECT, "activity": [{"reference": {"display": "exercise"}}]},
        {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": _SUBJECT, "activity": [{"reference": {"display": "exercise"}, "detail": {"status": "scheduled"}}]},
        "CarePlan.activity[0].detail",
    ),
    invariant(
        "rqg-1", "requestgroup.html", "Give the resource, or the actions it is made of.", _group({"resource": {"display": "radiograph"}}),
        _group({"title": "radiograph"}), "RequestGroup.action[0]",
    ),
    *(
        invariant(
            key, "requestorchestration.html", "Keep the one that applies.",
            _orchestration({"resource": {"display": "a"}, part: [{"relatedData": "a"}]}),
            _orchestration({"resource": {"display": "a"}, part: [{"title": "a"}]}),
            f"RequestOrchestration.action[0].{part}[0]", "R5",
        )
        for key, part in (("pld-0", "input"), ("pld-1", "output"))
    ),
    invariant(
        "ras-1", "riskassessment.html", "Give percentages.", _risk(probabilityRange=_percent("%")),
        _risk(probabilityRange=_percent("1")), "RiskAssessment.prediction[0].probability.ofType(Range).low",
    ),
    invariant(
        "ras-2", "riskassessment.html", "Give a percentage.", _risk(probabilityDecimal=20), _risk(probabilityDecimal=200),
        "RiskAssessment.prediction[0].probability.ofType(decimal)",
    ),
    invariant(
        "parameters-inv-1", "parameters.html", "Keep one of them.",
        {"resourceType": "Parameters", "parameter": [{"name": "a", "valueBoolean": True}]},
        {"resourceType": "Parameters", "parameter": [{"name": "a"}]}, "Parameters.parameter[0]",
    ),
    invariant(
        "dev-1", "device.html", "Mark one.",
        {"resourceType": "Device", "name": [{"value": "a", "type": "user-friendly-name", "display": True}, {"value": "b", "type": "user-friendly-name"}]},
        {"resourceType": "Device", "name": [{"value": "a", "type": "user-friendly-name", "display": True}, {"value": "b", "type": "user-friendly-name", "display": True}]},
        "Device.name[1].display", "R5",
    ),
    invariant(
        "task-inv-1", "task.html", "Put the times in order.", _task(authoredOn=_AUTHORED, lastModified=_AUTHORED),
        _task(authoredOn=_AUTHORED, lastModified="2026-01-01T10:00:00Z"), "Task.lastModified",
    ),
    invariant(
        "tsk-1", "task.html", "Say what is to be fulfilled.",
        _task(restriction={"repetitions": 1}, code=coded("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"), focus={"display": "an order"}),
        _task(restriction={"repetitions": 1}, code={"text": "do"}), "Task.restriction", "R5",
    ),
    invariant("cmp-1", "composition.html", "Give a text.", _composition({"title": "a", "text": _DIV}), _composition({"title": "a"}), "Composition.section[0]"),
    invariant(
        "cmp-2", "composition.html", "Leave the reason out.", _composition({"entry": [{"display": "a"}]}),
        _composition({"entry": [{"display": "a"}], "emptyReason": {"text": "none"}}), "Composition.section[0].emptyReason",
    ),
    invariant(
        "lst-1", "list.html", "Leave the reason out.", _list(entry=[{"item": {"display": "a"}}]),
        _list(entry=[{"item": {"display": "a"}}], emptyReason={"text": "none"}), "List.emptyReason",
    ),
    invariant("fhs-1", "familymemberhistory.html", "Keep one of them.", _family(ageString="60"), _family(ageString="60", bornString="1960"), "FamilyMemberHistory"),
    invariant(
        "fhs-2", "familymemberhistory.html", "Give the age.", _family(ageString="60", estimatedAge=True),
        _family(estimatedAge=True), "FamilyMemberHistory",
    ),
    invariant(
        "imm-1", "immunization.html", "Give one of them.",
        {"resourceType": "Immunization", "status": "completed", "vaccineCode": {"text": "a"}, "patient": _SUBJECT, "occurrenceString": "2026", "education": [{"documentType": "a"}]},
        {"resourceType": "Immunization", "status": "completed", "vaccineCode": {"text": "a"}, "patient": _SUBJECT, "occurrenceString": "2026", "education": [{"publicationDate": "2026"}]},
        "Immunization.education[0]",
    ),
    invariant(
        "sev-1", "auditevent.html", "Keep one of them.",
        {"resourceType": "AuditEvent", "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110100"}, "recorded": _AUTHORED, "agent": [{"requestor": True}], "source": {"observer": {"display": "a"}}, "entity": [{"name": "a"}]},
        {"resourceType": "AuditEvent", "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110100"}, "recorded": _AUTHORED, "agent": [{"requestor": True}], "source": {"observer": {"display": "a"}}, "entity": [{"name": "a", "query": "a25lZQ=="}]},
        "AuditEvent.entity[0].query",
    ),
    invariant(
        "grp-1", "group.html", "Make the group actual, or leave its members out.",
        {"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": {"display": "a"}}]},
        {"resourceType": "Group", "type": "person", "actual": False, "member": [{"entity": {"display": "a"}}]}, "Group.member",
    ),
    invariant(
        "lnk-1", "linkage.html", "Give what is linked.",
        {"resourceType": "Linkage", "item": [{"type": "source", "resource": {"display": "a"}}, {"type": "alternate", "resource": {"display": "b"}}]},
        {"resourceType": "Linkage", "item": [{"type": "source", "resource": {"display": "a"}}]}, "Linkage",
    ),
)  # fmt: skip
