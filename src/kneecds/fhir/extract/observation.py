"""Observation: symptoms, signs, tests and measurements, one finding for each code and component."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from kneecds.core.facts import Origin
from kneecds.fhir.concepts import LOINC, Meaning
from kneecds.fhir.extract.answers import ANSWERS, INTERPRETATION
from kneecds.fhir.extract.run import PERSON, Resource, Run, name_of, period_end
from kneecds.fhir.extract.sites import NOWHERE, Site, known_site, scopes_for, site_of
from kneecds.fhir.extract.special import READERS, flagged, limit_says, value_is_broader
from kneecds.fhir.extract.statement import raised_by_laboratory, state
from kneecds.fhir.extract.values import SILENT, Bound, Nothing, value_of

# https://hl7.org/fhir/R4/valueset-observation-status.html
NO_RESULT: Final = frozenset({"registered", "cancelled", "entered-in-error"})
TAKEN: Final = frozenset({"final", "amended", "corrected", "appended"})

_ASSERTING: Final = frozenset({(LOINC, "75325-1"), ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "ASSERTION")})
"""Questions whose answer is itself the finding that is present: "Symptom", and C-CDA's assertion."""


def read(run: Run, resource: Resource, path: str) -> None:
    """Take what one Observation says."""
    status = resource.get("status")
    if status not in TAKEN and not _counts(run, status, path):
        return
    if ("modifierExtension" in resource or "implicitRules" in resource) and run.modified(resource, path):
        return
    if "focus" in resource:
        message = "the observation has a focus other than the patient, so it says nothing of the patient"
        run.warn("not-supported", "observation-focus", f"{path}.focus", message)
        return
    time = resource.get("effectiveDateTime")
    element = "effective"
    if time is None:
        time, element = _time(resource)
    if time > run.today and run.is_future(time, f"{path}.{element}"):
        return
    name = name_of(resource)
    body_site = resource.get("bodySite")
    site = NOWHERE if body_site is None else known_site(body_site) or site_of(run, body_site, f"{path}.bodySite")
    if site is None:
        return
    _element(run, resource, resource, path, name, time, site)
    components = resource.get("component")
    if components:
        for index, component in enumerate(components):
            here = f"{path}.component[{index}]"
            if "modifierExtension" in component and run.modified(component, here):
                continue
            _element(run, component, resource, here, name, time, site)
    if "contained" in resource and "hasMember" in resource:
        _contained_members(run, resource, path)


def _counts(run: Run, status: object, path: str) -> bool:
    if status in NO_RESULT:
        run.remark(
            "informational", "status-no-result", f"{path}.status", f"a {status} observation is no result; ignored"
        )
        return False
    if status == "preliminary":
        run.remark("informational", "status-preliminary", f"{path}.status", "a preliminary result is taken as it is")
        return True
    message = f"an observation of status {status!r} may not be a result; not used"
    run.refuse("business-rule", "status-unknown", f"{path}.status", message)
    return False


def _time(resource: Resource) -> tuple[str, str]:
    if "effectivePeriod" in resource:
        return period_end(resource["effectivePeriod"]), "effective"
    if "effectiveInstant" in resource:
        return resource["effectiveInstant"], "effective"
    if "effectiveTiming" in resource:
        events = resource["effectiveTiming"].get("event")
        if events:
            return max(events), "effective"
    return resource.get("issued", ""), "issued"


def _element(run: Run, element: Resource, owner: Resource, path: str, name: str, time: str, site: Site) -> None:
    """Take what the resource itself or one component of it says."""
    concept = element.get("code")
    found = run.concepts.meaning(concept)
    if found is None and run.maps and concept:
        found = _mapped(run, element)
    if found is None:
        if concept and "valueCodeableConcept" in element:
            _asserted(run, element, path, name, time, site)
        return
    meaning = found if type(found) is Meaning else run.clear(found, f"{path}.code")
    if meaning is None:
        return
    target = meaning.target
    if target is None:
        message = f"{meaning.code} names a condition; an observation of it is not taken as a finding"
        run.remark("informational", "condition-observed", f"{path}.code", message)
        return
    reader = READERS.get(meaning.reading) if meaning.reading else None
    if reader is not None and not (meaning.ours and "valueBoolean" in element):
        reader(run, meaning, element, owner, path, Origin(name, f"{path}.value", "", time), site)
        return
    if meaning.means == "broader":
        value_is_broader(run, meaning, element, path)
        return
    value = value_of(run, target, element, path, ours=False)
    at = "value"
    if value is SILENT:
        if "dataAbsentReason" in element:
            value, at = None, "dataAbsentReason"
        else:
            value, at = _interpreted(run, meaning, element, path), "interpretation"
    if isinstance(value, Nothing):
        return
    scopes = scopes_for(run, meaning, site, path, of_person=False) if target.knee else PERSON
    if scopes is None:
        return
    origin = Origin(name, f"{path}.{at}", "", time)
    if meaning.means == "same" and not isinstance(value, Bound):
        run.add(target.id, scopes, value, origin)
    else:
        state(run, meaning, value, scopes, origin)
    if target.id not in run.concepts.raised:
        return
    if isinstance(value, Decimal):
        above = limit_says(target, element, value)
        raised_by_laboratory(run, target, value, above, scopes, origin)
    elif isinstance(value, Bound) and flagged(element):
        run.add(run.concepts.raised[target.id].finding, scopes, True, origin)  # noqa: FBT003


def _mapped(run: Run, element: Resource) -> Meaning | None:
    """Return what the host's own map says of a code, or of the answer to it."""
    for coding in element["code"].get("coding", ()):
        system, code = coding.get("system", ""), coding.get("code", "")
        for mapping in run.maps:
            if (system, code) in mapping.codes:
                return mapping.codes[system, code]
    return None


def _interpreted(run: Run, meaning: Meaning, element: Resource, path: str) -> bool | Nothing | None:
    """Read a test without a value by its interpretation."""
    target = meaning.target
    if target is not None and target.kind == "boolean":
        for concept in element.get("interpretation", ()):
            for coding in concept.get("coding", ()):
                key = (coding.get("system"), coding.get("code"))
                if key in ANSWERS and key[0] == INTERPRETATION:
                    return ANSWERS[key]
    if "hasMember" not in element and "component" not in element:
        message = "no value and no reason why; a code alone does not say whether the finding is present"
        run.warn("incomplete", "value-missing", path, message)
    return SILENT


def _asserted(run: Run, element: Resource, path: str, name: str, time: str, site: Site) -> None:
    """Read "Symptom: knee locking", where the answer is the finding."""
    codings = element["code"].get("coding", ())
    if any((coding.get("system"), coding.get("code")) in _ASSERTING for coding in codings):
        meaning = run.clear(run.concepts.meaning(element["valueCodeableConcept"]), f"{path}.value")
    else:
        meaning = _mapped_answer(run, codings, element["valueCodeableConcept"].get("coding", ())) if run.maps else None
    if meaning is None or meaning.target is None or meaning.target.kind != "boolean":
        return
    scopes = scopes_for(run, meaning, site, path, of_person=not meaning.target.knee)
    if scopes is not None:
        state(run, meaning, True, scopes, Origin(name, f"{path}.value", "", time))  # noqa: FBT003


def _mapped_answer(run: Run, codings: list[Resource], answers: list[Resource]) -> Meaning | None:
    """Return what the host's own map says of one answer to a code."""
    for mapping in run.maps:
        for coding in codings:
            for answer in answers:
                key = (coding.get("system", ""), coding.get("code", ""), answer.get("code", ""))
                if key in mapping.answers:
                    return mapping.answers[key]
    return None


def _contained_members(run: Run, resource: Resource, path: str) -> None:
    members = {str(member.get("reference", "")) for member in resource["hasMember"]}
    for index, contained in enumerate(resource["contained"]):
        if contained.get("resourceType") == "Observation" and f"#{contained.get('id', '')}" in members:
            read(run, contained, f"{path}.contained[{index}]")
