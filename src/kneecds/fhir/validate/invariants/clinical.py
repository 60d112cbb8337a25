"""Invariants of the clinical and administrative resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.invariants.moments import not_after
from kneecds.fhir.validate.invariants.row import ALL, FIFTH, FIRST, FOURTH, MIDDLE, Invariant, Kept, coded, has, objects
from kneecds.fhir.validate.invariants.shapes import exactly_one, needs, never_with, not_both, some

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.visit import Node

_TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_ALLERGY_CERTAINTY: Final = f"{_TERMS}/allergyintolerance-verification"
_CERTAINTY: Final = f"{_TERMS}/condition-ver-status"
_CLINICAL: Final = f"{_TERMS}/condition-clinical"
_CATEGORY: Final = f"{_TERMS}/condition-category"


def _value_and_reason(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".dataAbsentReason" if has(value, "dataAbsentReason") and has(value, "value[x]") else None


def _component_repeats(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if "component" not in value or not has(value, "value[x]"):
        return None
    code = value.get("code")
    own = objects(code, "coding") if isinstance(code, dict) else []
    if own:
        for number, component in enumerate(objects(value, "component")):
            inner = component.get("code")
            if isinstance(inner, dict) and any(coding in own for coding in objects(inner, "coding")):
                return f".component[{number}].code"
    return None


def _allergy_status(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if has(value, "clinicalStatus"):
        return None
    return None if coded(value.get("verificationStatus"), _ALLERGY_CERTAINTY, "entered-in-error") else ""


def _allergy_status_r4b(node: Node, kept: Kept) -> str | None:
    return _allergy_status(node, kept) if has(node.value, "verificationStatus") else None


def _allergy_in_error(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if not has(value, "clinicalStatus"):
        return None
    in_error = coded(value.get("verificationStatus"), _ALLERGY_CERTAINTY, "entered-in-error")
    return ".clinicalStatus" if in_error else None


def _problem_status(node: Node, _kept: Kept) -> str | None:
    """Of a problem list item; R4 spells it in a way that asks more, which we do not repeat."""
    value = node.value
    if has(value, "clinicalStatus") or not has(value, "verificationStatus"):
        return None
    if not coded(value.get("category"), _CATEGORY, "problem-list-item"):
        return None
    return None if coded(value.get("verificationStatus"), _CERTAINTY, "entered-in-error") else ""


def _abated(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if not has(value, "abatement[x]"):
        return None
    return None if coded(value.get("clinicalStatus"), _CLINICAL, "resolved", "remission", "inactive") else ""


def _condition_in_error(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if not has(value, "clinicalStatus"):
        return None
    return ".clinicalStatus" if coded(value.get("verificationStatus"), _CERTAINTY, "entered-in-error") else None


def _problem_unknown(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if not coded(value.get("clinicalStatus"), _CLINICAL, "unknown"):
        return None
    return ".clinicalStatus" if coded(value.get("category"), _CATEGORY, "problem-list-item") else None


def _home(*names: str) -> Callable[[Node, Kept], str | None]:
    """Let no part of an organization be at home."""

    def broken(node: Node, _kept: Kept) -> str | None:
        for name in names:
            held: Any = node.value.get(name)
            several = isinstance(held, list)
            for number, one in enumerate(held if several else [held]):
                if isinstance(one, dict) and one.get("use") == "home":
                    return f".{name}[{number}].use" if several else f".{name}.use"
        return None

    return broken


def _home_contact(name: str) -> Callable[[Node, Kept], str | None]:
    """Ask the same of the contacts of an organization, where R5 has put its telecom and address."""

    def broken(node: Node, _kept: Kept) -> str | None:
        for number, contact in enumerate(objects(node.value, "contact")):
            held: Any = contact.get(name)
            for one in held if isinstance(held, list) else [held]:
                if isinstance(one, dict) and one.get("use") == "home":
                    return f".contact[{number}].{name}"
        return None

    return broken


def _in_order(earlier: str, later: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        first, second = node.value.get(earlier), node.value.get(later)
        if isinstance(first, str) and isinstance(second, str) and not_after(first, second) is not True:
            return f".{later}"
        return None

    return broken


def _parameter(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return None if sum((has(value, "part"), has(value, "value[x]"), has(value, "resource"))) == 1 else ""


def _one_shown(node: Node, _kept: Kept) -> str | None:
    shown = [number for number, name in enumerate(objects(node.value, "name")) if name.get("display") is True]
    return f".name[{shown[1]}].display" if len(shown) > 1 else None


def _fulfils(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if not has(value, "restriction"):
        return None
    fulfil = coded(value.get("code"), "http://hl7.org/fhir/CodeSystem/task-code", "fulfill")
    return None if fulfil and has(value, "focus") else ".restriction"


_EITHER = "has either a resource or actions below it, not both and not neither"
_INPUT = "has either a requirement or related data"
_REFERENCE_RANGE = "a reference range needs low, high or text"

ROWS: Final[tuple[Invariant, ...]] = (
    Invariant("Observation.referenceRange", "obs-3", ALL, some("low", "high", "text"), _REFERENCE_RANGE),
    Invariant(
        "Observation", "obs-6", ALL, _value_and_reason,
        "there is a value, and a reason why there is none; leave one of them out",
    ),
    Invariant(
        "Observation", "obs-7", ALL, _component_repeats,
        "a component has the code of the observation, which has a value itself; keep the value in one of them",
    ),
    Invariant("Observation", "obs-8", FIFTH, not_both("bodySite", "bodyStructure"), "bodySite and bodyStructure exclude each other"),
    Invariant(
        "AllergyIntolerance", "ait-1", FIRST, _allergy_status,
        "an allergy that is not entered in error needs its clinicalStatus",
    ),
    Invariant(
        "AllergyIntolerance", "ait-1", MIDDLE, _allergy_status_r4b,
        "an allergy that is not entered in error needs its clinicalStatus",
    ),
    Invariant(
        "AllergyIntolerance", "ait-2", FOURTH, _allergy_in_error,
        "an allergy that was entered in error has no clinicalStatus",
    ),
    Invariant("Condition.stage", "con-1", ALL, some("summary", "assessment"), "a stage needs a summary or an assessment"),
    Invariant("Condition.evidence", "con-2", FOURTH, some("code", "detail"), "evidence needs a code or a detail"),
    Invariant(
        "Condition", "con-2", FIFTH, _problem_unknown,
        "the clinical status of an item of the problem list should not be unknown", "warning", rule="con-2-r5",
    ),
    Invariant(
        "Condition", "con-3", MIDDLE, _problem_status,
        "an item of the problem list that is not entered in error should have its clinicalStatus", "warning",
        best_practice=True,
    ),
    Invariant(
        "Condition", "con-3", FIFTH, _abated,
        "a condition that has abated has the clinical status inactive, resolved or remission", rule="con-4",
    ),
    Invariant(
        "Condition", "con-4", FOURTH, _abated,
        "a condition that has abated has the clinical status inactive, resolved or remission",
    ),
    Invariant(
        "Condition", "con-5", FOURTH, _condition_in_error, "a condition that was entered in error has no clinicalStatus"
    ),
    Invariant(
        "Patient.contact", "pat-1", ALL, some("name", "telecom", "address", "organization"),
        "a contact of a patient needs a name, a telecom, an address or an organization",
    ),
    Invariant("Organization", "org-1", ALL, some("identifier", "name"), "an organization needs an identifier or a name"),
    Invariant("Organization", "org-2", FOURTH, _home("address"), "the address of an organization is not of use home"),
    Invariant("Organization", "org-3", FOURTH, _home("telecom"), "the telecom of an organization is not of use home"),
    *(
        Invariant(kind, key, FIFTH, _home_contact(name), f"the {name} of an organization is not of use home", rule=rule)
        for kind in ("Organization", "OrganizationAffiliation")
        for key, name, rule in (("org-3", "telecom", "org-3"), ("org-4", "address", "org-2"))
    ),
    Invariant("Encounter.participant", "enc-1", FIFTH, some("actor", "type"), "a participant needs an actor or a type"),
    Invariant("ServiceRequest", "prr-1", ALL, needs("orderDetail", "code"), "details of an order need the code they detail"),
    Invariant(
        "ServiceRequest", "bdystr-1", FIFTH, not_both("bodySite", "bodyStructure"),
        "bodySite and bodyStructure exclude each other",
    ),
    Invariant("CarePlan.activity", "cpl-3", FOURTH, not_both("reference", "detail"), "an activity has a reference or a detail"),
    Invariant("RequestGroup.action", "rqg-1", FOURTH, exactly_one("resource", "action"), f"an action {_EITHER}"),
    Invariant("RequestOrchestration.action", "rqg-1", FIFTH, exactly_one("resource", "action"), f"an action {_EITHER}"),
    *(
        Invariant(f"{kind}.action.{part}", key, FIFTH, exactly_one("requirement", "relatedData"), f"an {part} {_INPUT}")
        for kind in ("RequestOrchestration", "PlanDefinition")
        for part, key in (("input", "pld-0"), ("output", "pld-1"))
    ),
    Invariant(
        "Parameters.parameter", "inv-1", ALL, _parameter, "a parameter has one of a value, a resource or parts",
        rule="parameters-inv-1",
    ),
    Invariant("Device", "dev-1", FIFTH, _one_shown, "only one name of a device is the one to show"),
    Invariant(
        "Task", "inv-1", ALL, _in_order("authoredOn", "lastModified"),
        "a task is not known to be modified at or after it was authored", rule="task-inv-1",
    ),
    Invariant("Task", "tsk-1", FIFTH, _fulfils, "a restriction needs the code fulfill and a focus"),
    Invariant(
        "Composition.section", "cmp-1", ALL, some("text", "entry", "section"), "a section needs a text, entries or sections"
    ),
    Invariant("Composition.section", "cmp-2", ALL, not_both("entry", "emptyReason"), "only an empty section has an emptyReason"),
    Invariant("List", "lst-1", ALL, not_both("entry", "emptyReason"), "only an empty list has an emptyReason"),
    Invariant("FamilyMemberHistory", "fhs-1", ALL, not_both("age[x]", "born[x]"), "age and born exclude each other"),
    Invariant("FamilyMemberHistory", "fhs-2", ALL, needs("estimatedAge", "age[x]"), "only a stated age can be estimated"),
    Invariant(
        "Immunization.education", "imm-1", FOURTH, some("documentType", "reference"),
        "education needs a documentType or a reference",
    ),
    Invariant("AuditEvent.entity", "sev-1", FOURTH, not_both("name", "query"), "name and query exclude each other"),
    Invariant("Group", "grp-1", FOURTH, never_with("actual", (False,), "member"), "only an actual group has members"),
    Invariant(
        "Linkage", "lnk-1", ALL, lambda node, _kept: None if len(objects(node.value, "item")) > 1 else "",
        "a linkage has two items or more",
    ),
)  # fmt: skip
