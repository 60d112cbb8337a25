"""What the content of a document means for an assessment, and why some of it cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity

_R4: Final = "http://hl7.org/fhir/R4"
_OURS: Final = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
_SNOMED: Final = "http://snomed.info/sct"
_LOINC: Final = "http://loinc.org"
_UCUM: Final = "http://unitsofmeasure.org"
_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_HL7: Final = "http://terminology.hl7.org/CodeSystem"
_SUBJECT: Final = {"reference": "Patient/p1"}

Json = dict[str, Any]


def _concept(system: str, *codes: str, **more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return {"coding": [{"system": system, "code": code} for code in codes], **more}


_RIGHT: Final = _concept(_SNOMED, "6757004")
_PATIENT: Final[Json] = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1991-06-17"}


def _bundle(*resources: Json, patient: Json = _PATIENT, **more: Any) -> Json:  # noqa: ANN401
    entries = [
        {"fullUrl": f"https://example.org/fhir/{one['resourceType']}/{one['id']}", "resource": one}
        for one in ((patient, *resources) if patient else resources)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}


def _stated(code: str | Json = "fever", **more: Any) -> Json:  # noqa: ANN401
    """Return a Bundle with one Observation of a finding of ours, or of another code."""
    return _bundle(_observation(code, **more))


def _observation(code: str | Json = "fever", identifier: str = "o1", **more: Any) -> Json:  # noqa: ANN401
    concept = _concept(_OURS, code) if isinstance(code, str) else code
    head = {"resourceType": "Observation", "id": identifier, "status": "final", "code": concept, "subject": _SUBJECT}
    return {**head, "effectiveDateTime": "2026-01-15", **more}


def _condition(clinical: str = "active", verified: str = "confirmed", **more: Any) -> Json:  # noqa: ANN401
    head: Json = {"resourceType": "Condition", "id": "c1", "subject": _SUBJECT, "code": _concept(_SNOMED, "202381003")}
    if clinical:
        head["clinicalStatus"] = _concept(f"{_HL7}/condition-clinical", clinical)
    if verified:
        head["verificationStatus"] = _concept(f"{_HL7}/condition-ver-status", verified)
    return _bundle({**head, "bodySite": [_RIGHT], **more})


def _medicine(code: str = "5640", **more: Any) -> Json:  # noqa: ANN401
    head = {"resourceType": "MedicationStatement", "id": "m1", "status": "active", "subject": _SUBJECT}
    return _bundle({**head, "medicationCodeableConcept": _concept(_RXNORM, code), **more})


def _allergy(clinical: str = "active", verified: str = "confirmed", **more: Any) -> Json:  # noqa: ANN401
    head: Json = {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "patient": _SUBJECT,
        "code": _concept(_RXNORM, "5640"),
    }
    head["clinicalStatus"] = _concept(f"{_HL7}/allergyintolerance-clinical", clinical)
    head["verificationStatus"] = _concept(f"{_HL7}/allergyintolerance-verification", verified)
    return _bundle({**head, **more})


def _procedure(code: str = "309431009", **more: Any) -> Json:  # noqa: ANN401
    head = {"resourceType": "Procedure", "id": "x1", "status": "completed", "subject": _SUBJECT, "bodySite": [_RIGHT]}
    return _bundle({**head, "code": _concept(_SNOMED, code), "performedDateTime": "2025-12-20", **more})


def _rule(
    name: str, severity: Severity, says: str, source: str, fix: str, accepted: Json, refused: Json, at: str
) -> Rule:  # fmt: skip
    return Rule(
        id=name, layer="meaning", severity=severity, says=says, source=f"{_R4}/{source}", fix=fix,
        accepted=accepted, refused=refused, at=at,
    )  # fmt: skip


_FEVER: Final = _stated(valueBoolean=True)
_CRP: Final = _concept(_OURS, "crp_mg_l")


def _crp(**quantity: Any) -> Json:  # noqa: ANN401
    return _stated(_CRP, valueQuantity={"value": 5, "system": _UCUM, "code": "mg/L", **quantity})


_RULES_OF_DOCUMENTS: Final = (
    _rule(
        "two-patients", "fatal", "An assessment is about one patient.", "patient.html", "Send one Bundle for each patient.",
        _bundle(_observation(valueBoolean=True)),
        _bundle(_observation(valueBoolean=True), {**_PATIENT, "id": "p2"}), "Bundle.entry[2].resource",
    ),
    _rule(
        "patient-missing", "warning", "The Patient gives age and sex.", "patient.html", "Send the Patient with the findings.",
        _FEVER, _bundle(_observation(valueBoolean=True), patient={}), "",
    ),
    _rule(
        "subject-not-patient", "error", "Findings are of a patient.", "observation-definitions.html#Observation.subject",
        "Refer to the Patient.", _FEVER, _stated(valueBoolean=True, subject={"reference": "Group/g1"}),
        "Bundle.entry[1].resource.subject",
    ),
    _rule(
        "bundle-type", "warning", "A Bundle holds resources that are data now.", "valueset-bundle-type.html",
        "Send a collection, searchset, batch, transaction or document.",
        {"resourceType": "Bundle", "type": "collection"}, {"resourceType": "Bundle", "type": "history"}, "Bundle.type",
    ),
    _rule(
        "bundle-page", "warning", "All pages of a search are sent.", "http.html#paging", "Follow the link `next` and send all.",
        _bundle(_observation(valueBoolean=True), type="searchset"),
        _bundle(_observation(valueBoolean=True), type="searchset", link=[{"relation": "next", "url": "https://example.org/2"}]),
        "Bundle.link",
    ),
    _rule(
        "query-failed", "error", "A query that failed is no empty answer.", "operationoutcome.html", "Repeat the query.",
        _FEVER,
        _bundle(_observation(valueBoolean=True), {
            "resourceType": "OperationOutcome", "id": "e1", "issue": [{"severity": "error", "code": "timeout"}],
        }), "Bundle.entry[2].resource.issue[0]",
    ),
    _rule(
        "resource-ignored", "information", "Resources of other types are not read.", "resourcelist.html",
        "Nothing need be done.", _FEVER,
        _bundle(_observation(valueBoolean=True), {"resourceType": "Organization", "id": "h1", "name": "Practice"}), "",
    ),
    _rule(
        "resource-without-finding", "information", "A resource that is read says something of the knee or the person.",
        "observation-definitions.html#Observation.code", "Use a code of the knowledge, or map yours with a ConceptMap.",
        _FEVER, _stated(_concept(_LOINC, "58410-2"), hasMember=[{"reference": "Observation/x"}]), "Bundle.entry[1].resource",
    ),
    _rule(
        "finding-unknown", "warning", "A code of our own system is one of its codes.", "observation-definitions.html#Observation.code",
        "See `kneecds knowledge list findings`.", _FEVER, _stated("feverr", valueBoolean=True), "Bundle.entry[1].resource.code",
    ),
    _rule(
        "modifier-extension", "error", "What a modifier extension changes is known to who reads it.", "extensibility.html#modifierExtension",
        "Leave the modifier extension out, or do not send the resource.", _FEVER,
        _stated(valueBoolean=True, modifierExtension=[{"url": "http://example.org/not", "valueBoolean": True}]),
        "Bundle.entry[1].resource.modifierExtension",
    ),
    _rule(
        "implicit-rules", "error", "Rules that change the meaning are known to who reads.", "resource-definitions.html#Resource.implicitRules",
        "Leave implicitRules out.", _FEVER, _stated(valueBoolean=True, implicitRules="http://example.org/rules"),
        "Bundle.entry[1].resource.implicitRules",
    ),
    _rule(
        "future", "error", "What is stated was before the day of the assessment.", "observation-definitions.html#Observation.effective_x_",
        "Correct the date.", _FEVER, _stated(valueBoolean=True, effectiveDateTime="2027-01-10"),
        "Bundle.entry[1].resource.effective",
    ),
)  # fmt: skip

_RULES_OF_PATIENTS: Final = (
    _rule(
        "birth-date-missing", "warning", "The birth date is known.", "patient-definitions.html#Patient.birthDate", "Send it.",
        _PATIENT, {"resourceType": "Patient", "id": "p1", "gender": "female"}, "Patient",
    ),
    _rule(
        "birth-date-partial", "warning", "The birth date has a day, where the age matters to a rule.",
        "patient-definitions.html#Patient.birthDate", "Send the whole date.", _PATIENT, {**_PATIENT, "birthDate": "1950"},
        "Patient.birthDate",
    ),
    _rule(
        "birth-date-future", "warning", "The patient is born.", "patient-definitions.html#Patient.birthDate", "Correct it.",
        _PATIENT, {**_PATIENT, "birthDate": "2027-01-01"}, "Patient.birthDate",
    ),
    _rule(
        "deceased", "warning", "The patient lives.", "patient-definitions.html#Patient.deceased_x_",
        "Check that this is the right patient.", _PATIENT, {**_PATIENT, "deceasedBoolean": True}, "Patient.deceased",
    ),
)  # fmt: skip

_RULES_OF_OBSERVATIONS: Final = (
    _rule(
        "status-no-result", "information", "A result that is cancelled, registered or entered in error is none.",
        "valueset-observation-status.html", "Nothing need be done.", _FEVER, _stated(valueBoolean=True, status="cancelled"),
        "Bundle.entry[1].resource.status",
    ),
    _rule(
        "status-preliminary", "information", "A preliminary result may change.", "valueset-observation-status.html",
        "Assess again when the final result is there.", _FEVER, _stated(valueBoolean=True, status="preliminary"),
        "Bundle.entry[1].resource.status",
    ),
    _rule(
        "status-unknown", "error", "A result has a status that says it is one.", "valueset-observation-status.html",
        "Send the status.", _FEVER, _stated(valueBoolean=True, status="unknown"), "Bundle.entry[1].resource.status",
    ),
    _rule(
        "observation-focus", "warning", "An Observation is about the patient, not about somebody beside.",
        "observation-definitions.html#Observation.focus", "Send it as what it is about.", _FEVER,
        _stated(valueBoolean=True, focus=[{"reference": "Patient/p2"}]), "Bundle.entry[1].resource.focus",
    ),
    _rule(
        "value-missing", "warning", "A finding has a value, or a reason why it has none.",
        "observation-definitions.html#Observation.value_x_", "Send value[x] or dataAbsentReason.", _FEVER, _stated(),
        "Bundle.entry[1].resource",
    ),
    _rule(
        "value-type", "error", "The value is of the kind that the finding has.", "observation-definitions.html#Observation.value_x_",
        "Send a yes or no as valueBoolean or a coded answer, an amount as valueQuantity.", _FEVER,
        _stated(valueString="yes"), "Bundle.entry[1].resource.value",
    ),
    _rule(
        "answer-unknown", "error", "A coded answer is one that is understood.", "observation-definitions.html#Observation.value_x_",
        "Use a code for yes, no or not known, or a choice of the finding.", _FEVER,
        _stated(valueCodeableConcept=_concept(_SNOMED, "255604002")), "Bundle.entry[1].resource.value",
    ),
    _rule(
        "answer-conflict", "error", "The codings of one answer say the same.", "datatypes.html#CodeableConcept", "Send one of them.",
        _FEVER, _stated(valueCodeableConcept=_concept(_SNOMED, "52101004", "2667000")), "Bundle.entry[1].resource.value",
    ),
    _rule(
        "codings-differ", "error", "The codings of one concept mean the same.", "datatypes.html#CodeableConcept", "Send one of them.",
        _FEVER, _stated(_concept(_OURS, "effusion", "fever"), valueBoolean=True), "Bundle.entry[1].resource.code.coding",
    ),
    _rule(
        "unit-missing", "error", "An amount has its unit.", "datatypes.html#Quantity", "Send system and code of the UCUM unit.",
        _crp(), _stated(_CRP, valueQuantity={"value": 5}), "Bundle.entry[1].resource.value",
    ),
    _rule(
        "unit-wrong", "error", "The unit is one in which the finding is measured.", "datatypes.html#Quantity",
        "Use one of the units that the message lists.", _crp(), _crp(code="mm[Hg]"), "Bundle.entry[1].resource.value.code",
    ),
    _rule(
        "unit-system", "error", "Units are coded in UCUM.", "datatypes.html#Quantity", "Use http://unitsofmeasure.org.",
        _crp(), _crp(system="http://example.org/units"), "Bundle.entry[1].resource.value.system",
    ),
    _rule(
        "unit-not-coded", "warning", "The unit is coded, not only written.", "datatypes.html#Quantity",
        "Send system and code of the UCUM unit.", _crp(), _stated(_CRP, valueQuantity={"value": 5, "unit": "mg/L"}),
        "Bundle.entry[1].resource.value",
    ),
    _rule(
        "implausible", "error", "The amount is one that a living person can have.", "observation-definitions.html#Observation.value_x_",
        "Check value and unit.", _stated("temperature_c", valueQuantity={"value": 37, "system": _UCUM, "code": "Cel"}),
        _stated("temperature_c", valueQuantity={"value": 98, "system": _UCUM, "code": "Cel"}),
        "Bundle.entry[1].resource.value",
    ),
    _rule(
        "comparator", "information", "Of an amount beyond a limit only what follows for certain is taken.",
        "datatypes-definitions.html#Quantity.comparator", "Nothing need be done.", _crp(), _crp(value=200, comparator=">"),
        "Bundle.entry[1].resource.value",
    ),
    _rule(
        "laterality-missing", "warning", "A knee finding says which knee.", "observation-definitions.html#Observation.bodySite",
        "Send bodySite with a code of the left or the right knee.", _stated("warmth", valueBoolean=True, bodySite=_RIGHT),
        _stated("warmth", valueBoolean=True), "Bundle.entry[1].resource",
    ),
    _rule(
        "laterality-conflict", "error", "A finding is of the left or of the right knee; left is not right.",
        "observation-definitions.html#Observation.bodySite", "Send one Observation for each knee.",
        _stated("warmth", valueBoolean=True, bodySite=_RIGHT),
        _stated("warmth", valueBoolean=True, bodySite=_concept(_SNOMED, "7771000", "24028007")),
        "Bundle.entry[1].resource.bodySite",
    ),
    _rule(
        "site-unknown", "warning", "The body site is a knee, or the leg where the finding allows it.",
        "observation-definitions.html#Observation.bodySite", "Code the site.",
        _stated(_concept(_SNOMED, "36163009"), valueBoolean=True, bodySite=_RIGHT),
        _stated(_concept(_SNOMED, "36163009"), valueBoolean=True, bodySite={"text": "shoulder"}),
        "Bundle.entry[1].resource.bodySite",
    ),
    _rule(
        "narrower-absent", "information", "That something narrower is absent does not deny the finding.",
        "observation-definitions.html#Observation.code", "Nothing need be done.", _FEVER,
        _stated(_concept(_SNOMED, "422868009"), valueBoolean=False), "Bundle.entry[1].resource.value",
    ),
    _rule(
        "code-broader", "information", "A code that is broader than a finding does not establish it.",
        "observation-definitions.html#Observation.code", "Use a code of the finding itself.", _FEVER,
        _stated(_concept(_SNOMED, "8510008"), valueBoolean=True, bodySite=_RIGHT), "Bundle.entry[1].resource",
    ),
    _rule(
        "limit-unknown", "warning", "A test whose limit differs between laboratories comes with its limit.",
        "observation-definitions.html#Observation.referenceRange", "Send interpretation, or referenceRange in the same unit.",
        _stated(
            _concept(_LOINC, "48065-7"), valueQuantity={"value": 300, "system": _UCUM, "code": "ng/mL{FEU}"},
            referenceRange=[{"high": {"value": 500, "system": _UCUM, "code": "ng/mL{FEU}"}}],
        ),
        _stated(_concept(_LOINC, "48065-7"), valueQuantity={"value": 300, "system": _UCUM, "code": "ng/mL{FEU}"}),
        "Bundle.entry[1].resource",
    ),
    _rule(
        "scale-unknown", "warning", "A pain score says on which scale.", "observation-definitions.html#Observation.method",
        "Use the code of the scale from 0 to 10.",
        _stated(_concept(_LOINC, "72514-3"), valueInteger=7, bodySite=_RIGHT),
        _stated(
            _concept(_LOINC, "38214-3"), valueQuantity={"value": 6, "system": _UCUM, "code": "{score}"}, bodySite=_RIGHT
        ), "Bundle.entry[1].resource",
    ),
    _rule(
        "specimen-unknown", "warning", "A stain says of which fluid it is.", "observation-definitions.html#Observation.specimen",
        "Send specimen.",
        _stated(
            _concept(_LOINC, "664-3"), valueCodeableConcept=_concept(_SNOMED, "10828004"), bodySite=_RIGHT,
            specimen={"display": "Synovial fluid"},
        ),
        _stated(_concept(_LOINC, "664-3"), valueCodeableConcept=_concept(_SNOMED, "10828004"), bodySite=_RIGHT),
        "Bundle.entry[1].resource.specimen",
    ),
    _rule(
        "crystals-which", "warning", "That there are crystals says which.", "observation-definitions.html#Observation.value_x_",
        "Send the type of the crystals (LOINC 5781-0).",
        _stated(_concept(_LOINC, "5781-0"), valueCodeableConcept={"text": "Monosodium urate"}, bodySite=_RIGHT),
        _stated(_concept(_LOINC, "38458-6"), valueCodeableConcept=_concept(_LOINC, "LA9633-4"), bodySite=_RIGHT),
        "Bundle.entry[1].resource",
    ),
    _rule(
        "statement-stale", "information", "What was stated long ago is not known now.",
        "observation-definitions.html#Observation.effective_x_", "Ask or measure again.", _FEVER,
        _stated(valueBoolean=True, effectiveDateTime="2024-01-10"), "Bundle.entry[1].resource.value",
    ),
    _rule(
        "statements-contradict", "warning", "Statements of the same time agree.", "observation.html", "Correct one of them.",
        _FEVER, _bundle(_observation(valueBoolean=True), _observation(identifier="o2", valueBoolean=False)),
        "Bundle.entry[1].resource.value; Bundle.entry[2].resource.value",
    ),
)  # fmt: skip

_RULES_OF_RECORDS: Final = (
    _rule(
        "condition-not-there", "information", "A condition that is refuted or entered in error is none.",
        "valueset-condition-ver-status.html", "Nothing need be done.", _condition(), _condition(verified="refuted"),
        "Bundle.entry[1].resource.verificationStatus",
    ),
    _rule(
        "condition-unconfirmed", "information", "A condition that is only suspected is not taken as known.",
        "valueset-condition-ver-status.html", "Confirm it.", _condition(), _condition(verified="provisional"),
        "Bundle.entry[1].resource.verificationStatus",
    ),
    _rule(
        "condition-past", "information", "A condition that is over does not count as present.", "valueset-condition-clinical.html",
        "Nothing need be done.", _condition(), _condition("resolved"), "Bundle.entry[1].resource.clinicalStatus",
    ),
    _rule(
        "condition-abated", "warning", "A condition that is active has not abated.", "condition-definitions.html#Condition.abatement_x_",
        "Correct the status or the end.", _condition(), _condition(abatementDateTime="2026-01-01"), "Bundle.entry[1].resource",
    ),
    _rule(
        "condition-of-this-episode", "information", "What began with this episode is no history of it.",
        "condition-definitions.html#Condition.onset_x_", "Nothing need be done.",
        _condition(code=_concept(_SNOMED, "239720000"), onsetDateTime="2020-05-01"),
        _condition(code=_concept(_SNOMED, "239720000"), onsetDateTime="2026-01-10"), "Bundle.entry[1].resource",
    ),
    _rule(
        "condition-not-finding", "information", "A diagnosis is no finding.", "condition-definitions.html#Condition.code",
        "Nothing need be done.", _condition(), _condition(code=_concept(_SNOMED, "430725003")), "Bundle.entry[1].resource.code",
    ),
    _rule(
        "condition-observed", "information", "A diagnosis is sent as a Condition.", "condition.html", "Send a Condition.",
        _FEVER, _stated(_concept(_SNOMED, "430725003"), valueBoolean=True), "Bundle.entry[1].resource.code",
    ),
    _rule(
        "clinical-status-missing", "warning", "A condition says whether it is active.",
        "condition-definitions.html#Condition.clinicalStatus", "Send clinicalStatus.", _condition(), _condition(""),
        "Bundle.entry[1].resource",
    ),
    _rule(
        "clinical-status-unknown", "error", "The clinical status is one of FHIR's.", "valueset-condition-clinical.html",
        "Send active, recurrence, relapse, inactive, remission or resolved.", _condition(), _condition("odd"),
        "Bundle.entry[1].resource.clinicalStatus",
    ),
    _rule(
        "procedure-not-done", "information", "A procedure that is not completed changes nothing.", "valueset-event-status.html",
        "Nothing need be done.", _procedure(), _procedure(status="in-progress"), "Bundle.entry[1].resource.status",
    ),
    _rule(
        "procedure-undated", "information", "A procedure that matters only for a while has its date.",
        "procedure-definitions.html#Procedure.performed_x_", "Send performed[x].", _procedure("301877006"),
        _bundle({
            "resourceType": "Procedure", "id": "x1", "status": "completed", "subject": _SUBJECT, "bodySite": [_RIGHT],
            "code": _concept(_SNOMED, "301877006"),
        }), "Bundle.entry[1].resource",
    ),
    _rule(
        "medication-not-taken", "information", "A medicine that is not taken now forbids nothing now.",
        "valueset-medication-statement-status.html", "Nothing need be done.", _medicine(), _medicine(status="stopped"),
        "Bundle.entry[1].resource",
    ),
    _rule(
        "medication-route", "information", "A medicine on the skin is not one in the body.",
        "dosage-definitions.html#Dosage.route", "Nothing need be done.", _medicine(),
        _medicine(dosage=[{"route": {"text": "topical"}}]), "Bundle.entry[1].resource",
    ),
    _rule(
        "medication-missing", "warning", "The Medication that is referred to is sent.", "medicationstatement.html",
        "Send it with the others, or contained.", _medicine(),
        _bundle({
            "resourceType": "MedicationStatement", "id": "m1", "status": "active", "subject": _SUBJECT,
            "medicationReference": {"reference": "Medication/q"},
        }), "Bundle.entry[1].resource.medication",
    ),
    _rule(
        "medication-by-name", "information", "A product is known by its code, not by the ingredient in its name.",
        "medicationstatement-definitions.html#MedicationStatement.medication_x_", "Send the code of the ingredient as well.",
        _medicine(),
        _bundle({
            "resourceType": "MedicationStatement", "id": "m1", "status": "active", "subject": _SUBJECT,
            "medicationCodeableConcept": {
                "coding": [{"system": _RXNORM, "code": "855332", "display": "warfarin sodium 5 MG Oral Tablet"}]
            },
        }), "Bundle.entry[1].resource.medication",
    ),
    _rule(
        "allergy-not-there", "information", "An allergy that is resolved, refuted or entered in error is none.",
        "valueset-allergyintolerance-verification.html", "Nothing need be done.", _allergy(), _allergy("resolved"),
        "Bundle.entry[1].resource",
    ),
    _rule(
        "allergy-unconfirmed", "warning", "An allergy is confirmed.", "valueset-allergyintolerance-verification.html",
        "Confirm or refute it.", _allergy(), _allergy(verified="unconfirmed"), "Bundle.entry[1].resource",
    ),
    _rule(
        "allergy-intolerance", "warning", "An intolerance is told from an allergy.", "valueset-allergy-intolerance-type.html",
        "Nothing need be done; it is taken as the more dangerous.", _allergy(), _allergy(type="intolerance"),
        "Bundle.entry[1].resource",
    ),
)  # fmt: skip

RULES: Final = (*_RULES_OF_DOCUMENTS, *_RULES_OF_PATIENTS, *_RULES_OF_OBSERVATIONS, *_RULES_OF_RECORDS)
