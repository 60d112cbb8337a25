"""MedicationStatement and MedicationRequest: what the patient takes, or took lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.core.facts import Origin
from kneecds.fhir.concepts import SNOMED, Meaning
from kneecds.fhir.dates import days_before, is_after, most_days_before
from kneecds.fhir.extract.run import Resource, Run, code_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# https://hl7.org/fhir/R4/valueset-medication-statement-status.html, R5: recorded, draft, entered-in-error
_TAKING: Final = frozenset({"active", "recorded"})
_TOOK: Final = frozenset({"completed", "stopped", "ended"})
_PROPOSED: Final = frozenset({"proposal", "plan", "option"})
# https://hl7.org/fhir/R5/codesystem-medication-statement-adherence.html
_NOT_TAKING: Final = frozenset({"not-taking", "stopped", "stopped-on-orders", "stopped-own-decision", "on-hold", "on-hold-on-orders", "on-hold-own-decision", "never-started"})  # fmt: skip

_MONTHS_AFTER: Final = {"fluoroquinolone_use": 180}
"""Findings that hold for some days after the last dose; "recent months" is taken as six: our choice."""

_ORAL_ONLY: Final = frozenset({"nsaid_use", "oral_corticosteroid_use"})
_ORAL: Final = (SNOMED, "26643006")  # Oral route


def read(run: Run, resource: Resource, path: str) -> None:
    """Take what one statement or request says of the medicines that matter."""
    found = list(_meanings(run, resource, path))
    if not found:
        return
    status = str(resource.get("status", ""))
    if status == "entered-in-error":
        run.remark("informational", "status-no-result", f"{path}.status", "a medicine entered in error is ignored")
        return
    if not run.usable(resource, path):
        return
    start, end, when, element = _times(resource)
    if when and run.is_future(when, f"{path}.{element}"):
        return
    for meaning in found:
        for target in dict.fromkeys(
            (*([meaning.target] if meaning.target is not None and meaning.means != "broader" else []), *meaning.sets)
        ):
            after = _MONTHS_AFTER.get(target.id)
            last = end or when
            days = most_days_before(last, run.as_of) if last else None
            recently = after is not None and days is not None and 0 <= days <= after
            why = _why_not(run, resource, status, start, end)
            if why is None or (recently and (status in _TOOK or status in _TAKING)):
                if target.id in _ORAL_ONLY and not _is_oral(resource):
                    message = f"the route is not oral, so it does not set {target.id}"
                    run.remark("informational", "medication-route", path, message)
                    continue
                run.add(target.id, ("person",), True, Origin(name_of(resource), path, "", when))  # noqa: FBT003
            else:
                run.remark("informational", "medication-not-taken", path, f"{why}, so it does not set {target.id}")


def _why_not(run: Run, resource: Resource, status: str, start: str, end: str) -> str | None:
    """Return why the medicine is not being taken on the day of the assessment; None: it is."""
    if resource.get("doNotPerform") is True:
        return "it is an order not to give it"
    if resource["resourceType"] == "MedicationRequest":
        if status != "active":
            return f"a request of status {status!r} is no current prescription"
        if resource.get("intent") in _PROPOSED:
            return f"a request of intent {resource['intent']!r} is not yet an order"
    elif status not in _TAKING:
        return f"a medicine of status {status!r} is not known to be taken now"
    adherence = code_of((resource.get("adherence") or {}).get("code"))
    if adherence in _NOT_TAKING:
        return f"its adherence is {adherence!r}"
    if end and (days_before(end, run.as_of) or 0) > 0:
        return f"it ended on {end}"
    if start and is_after(start, run.as_of):
        return f"it begins on {start}"
    return None


def _times(resource: Resource) -> tuple[str, str, str, str]:
    """Return start and end of taking it, and when this was stated."""
    period = resource.get("effectivePeriod") or {}
    start = str(period.get("start") or resource.get("effectiveDateTime") or "")
    end = str(period.get("end") or "")
    for element in ("dateAsserted", "authoredOn"):
        if resource.get(element):
            return start, end, str(resource[element]), element
    return start, end, "", "effective"


def _is_oral(resource: Resource) -> bool:
    """Whether the route is oral, or not stated at all."""
    routes: list[dict[str, Any]] = [
        dosage["route"]
        for key in ("dosage", "dosageInstruction")
        for dosage in resource.get(key, ())
        if "route" in dosage
    ]
    return (
        not routes
        or any(
            (coding.get("system"), coding.get("code")) == _ORAL
            for route in routes
            for coding in route.get("coding", ())
        )
        or any(word in str(route.get("text", "")).lower() for route in routes for word in ("oral", "by mouth"))
    )


def _meanings(run: Run, resource: Resource, path: str) -> Iterator[Meaning]:
    """Yield what the medicine, or each ingredient of a product, means."""
    concept = resource.get("medicationCodeableConcept")
    reference = resource.get("medicationReference")
    r5 = resource.get("medication")
    if isinstance(r5, dict):
        concept, reference = r5.get("concept"), r5.get("reference")
    concepts = [concept] if concept else []
    if reference:
        medication = _referenced(run, resource, str(reference.get("reference", "")))
        if medication is None:
            message = "the medicine is a reference to something that was not sent, so it is not known"
            run.warn("not-found", "medication-missing", f"{path}.medication", message)
        elif not run.modified(medication, f"{path}.medication.resolve()"):
            concepts += list(_of_medication(medication))
    seen: set[str] = set()
    for each in concepts:
        coded = run.concepts.meaning(each)
        meaning = run.clear(coded, f"{path}.medication")
        if coded is None:
            for named in run.concepts.ingredients_named(each):
                if named.code not in seen and ("oral" in str(each).lower() or not _is_oral_only(named)):
                    seen.add(named.code)
                    message = "the product's code is not known; its ingredient is read from its RxNorm display"
                    run.remark("informational", "medication-by-name", f"{path}.medication", message)
                    yield named
        if meaning is not None and meaning.code not in seen:
            seen.add(meaning.code)
            if meaning.means == "broader" and not meaning.sets:
                run.remark(
                    "informational",
                    "code-broader",
                    f"{path}.medication",
                    f"{meaning.code} is only a hint ({meaning.note})",
                )
                continue
            yield meaning


def _is_oral_only(meaning: Meaning) -> bool:
    return meaning.target is not None and meaning.target.id in _ORAL_ONLY


def _of_medication(medication: Resource) -> Iterator[Resource]:
    if medication.get("status") == "entered-in-error":
        return
    if "code" in medication:
        yield medication["code"]
    for ingredient in medication.get("ingredient", ()):
        item = ingredient.get("itemCodeableConcept") or (ingredient.get("item") or {}).get("concept")
        if item and ingredient.get("isActive") is not False:
            yield item


def _referenced(run: Run, resource: Resource, reference: str) -> Resource | None:
    if reference.startswith("#"):
        return next((c for c in resource.get("contained", ()) if f"#{c.get('id')}" == reference), None)
    return run.find(reference)
