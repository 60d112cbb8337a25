"""What a profile can ask of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity

_R4: Final = "http://hl7.org/fhir/R4"
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_OURS: Final = "https://example.org/fhir/StructureDefinition/"
_CODES: Final = "https://example.org/fhir/CodeSystem/side"
_SET: Final = "https://example.org/fhir/ValueSet/side"

Json = dict[str, Any]


def _profile(*elements: Json, of: str = "Observation", name: str = "example", **more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    kind = "complex-type" if of in ("Extension", "Quantity") else "resource"
    head = {"resourceType": "StructureDefinition", "url": _OURS + name, "name": name, "status": "draft", "kind": kind}
    rest = {"abstract": False, "type": of, "baseDefinition": _CORE + of, "derivation": "constraint", **more}
    return {**head, **rest, "differential": {"element": [_at(of), *elements]}}


def _at(identifier: str, **more: Any) -> Json:  # noqa: ANN401
    """Return an element of a differential; its id tells path and slice."""
    steps = [step.partition(":") for step in identifier.split(".")]
    sliced = {"sliceName": steps[-1][2]} if steps[-1][2] else {}
    return {"id": identifier, "path": ".".join(step[0] for step in steps), **sliced, **more}


def _concept(code: str) -> Json:
    return {"coding": [{"system": _CODES, "code": code}]}


def _seen(name: str = "example", **more: Any) -> Json:  # noqa: ANN401
    head = {"resourceType": "Observation", "meta": {"profile": [_OURS + name]}, "status": "final"}
    return {**head, "code": {"text": "knee"}, **more}


def _person(**more: Any) -> Json:  # noqa: ANN401
    return {"resourceType": "Patient", "id": "p1", **more}


def _part(code: str, **more: Any) -> Json:  # noqa: ANN401
    return {"code": _concept(code), "valueString": "x", **more}


_SIDES: Final = (
    {
        "resourceType": "CodeSystem", "url": _CODES, "name": "Side", "status": "draft", "content": "complete",
        "concept": [{"code": "left"}, {"code": "right"}, {"code": "other"}],
    },
    {
        "resourceType": "ValueSet", "url": _SET, "name": "Side", "status": "draft",
        "compose": {"include": [{"system": _CODES, "concept": [{"code": "left"}, {"code": "right"}]}]},
    },
)  # fmt: skip


def _sliced(rules: str = "open", **more: Any) -> Json:  # noqa: ANN401
    """Return a profile whose components fall into left and right by their code."""
    by_code = {"discriminator": [{"type": "value", "path": "code"}], "rules": rules, **more}
    return _profile(
        _at("Observation.component", slicing=by_code),
        _at("Observation.component:left", min=1, max="1"),
        _at("Observation.component:left.code", patternCodeableConcept=_concept("left")),
        _at("Observation.component:right"),
        _at("Observation.component:right.code", patternCodeableConcept=_concept("right")),
    )


def _constrained(severity: str) -> Json:
    rule = {
        "key": "ex-1", "severity": severity, "human": "a value or a reason why there is none",
        "expression": "value.exists() or dataAbsentReason.exists()",
    }  # fmt: skip
    made = _profile()
    made["differential"]["element"][0]["constraint"] = [rule]
    return made


def _extension(*elements: Json, modifier: bool = False) -> Json:
    url = _at("Extension.url", fixedUri=_OURS + "knee-note")
    context = [{"type": "element", "expression": "Patient"}]
    made = _profile(*elements, url, of="Extension", name="knee-note", context=context)
    if modifier:
        made["differential"]["element"][0] |= {"isModifier": True, "isModifierReason": "it denies the rest"}
    return made


def _noted(**value: Any) -> Json:  # noqa: ANN401
    return {"url": _OURS + "knee-note", **value}


_BOTH: Final = {"coding": [{"system": _CODES, "code": "left"}, {"system": _CODES, "code": "right"}]}
_ONE_PART: Final = (
    _at("Extension.extension", slicing={"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}),
    _at("Extension.extension:side", min=1, max="1"),
    _at("Extension.extension:side.url", fixedUri="side"),
)


def _row(
    rule: str, says: str, fix: str, accepted: Json, refused: Json, at: str, *beside: Json, page: str = "profiling.html",
    severity: Severity = "error", best_practice: bool = False,
) -> Rule:  # fmt: skip
    return Rule(
        id=rule, layer="profile", severity=severity, says=says, source=f"{_R4}/{page}", fix=fix, accepted=accepted,
        refused=refused, at=at, beside=beside, best_practice=best_practice,
    )  # fmt: skip


_DEFINITION: Final = "elementdefinition-definitions.html#ElementDefinition."
_QUANTITY: Final = {"value": 7, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"}

RULES: Final[tuple[Rule, ...]] = (
    _row(
        "profile-min", "What a profile requires is there, and often enough.", "Add the element.",
        _seen(method={"text": "seen"}), _seen(), "Observation.method",
        _profile(_at("Observation.method", min=1)), page=f"{_DEFINITION}min",
    ),
    _row(
        "profile-max", "What a profile forbids is not there, and nothing is there more often than it allows.", "Leave it out.",
        _seen(category=[_concept("left")]), _seen(category=[_concept("left"), _concept("right")]), "Observation.category[1]",
        _profile(_at("Observation.category", max="1")), page=f"{_DEFINITION}max",
    ),
    _row(
        "profile-type", "A choice is made among the types that the profile leaves.", "Use a type that the profile allows.",
        _seen(valueBoolean=True), _seen(valueString="yes"), "Observation.value.ofType(string)",
        _profile(_at("Observation.value[x]", type=[{"code": "boolean"}])), page=f"{_DEFINITION}type",
    ),
    _row(
        "profile-fixed", "A value that a profile fixes is exactly that value.", "Write the value as the profile has it.",
        _seen(), _seen(status="amended"), "Observation.status",
        _profile(_at("Observation.status", fixedCode="final")), page=f"{_DEFINITION}fixed_x_",
    ),
    _row(
        "profile-pattern", "A value has all that the profile's pattern has, and may have more.", "Add what is missing of the pattern.",
        _seen(method=_concept("left")), _seen(method=_concept("right")), "Observation.method",
        _profile(_at("Observation.method", patternCodeableConcept=_concept("left"))), page=f"{_DEFINITION}pattern_x_",
    ),
    _row(
        "profile-max-length", "Text is no longer than the profile allows.", "Shorten the text.",
        _person(meta={"profile": [_OURS + "example"]}, name=[{"family": "Ito"}]),
        _person(meta={"profile": [_OURS + "example"]}, name=[{"family": "Itoyama"}]), "Patient.name[0].family",
        _profile(_at("Patient.name.family", maxLength=5), of="Patient"), page=f"{_DEFINITION}maxLength",
    ),
    _row(
        "profile-min-value", "A value is not below the least that the profile allows.", "Check the value and its unit.",
        _seen(valueInteger=0), _seen(valueInteger=-1), "Observation.value.ofType(integer)",
        _profile(_at("Observation.value[x]", type=[{"code": "integer"}], minValueInteger=0)), page=f"{_DEFINITION}minValue_x_",
    ),
    _row(
        "profile-max-value", "A value is not above the most that the profile allows.", "Check the value and its unit.",
        _seen(valueInteger=10), _seen(valueInteger=11), "Observation.value.ofType(integer)",
        _profile(_at("Observation.value[x]", type=[{"code": "integer"}], maxValueInteger=10)), page=f"{_DEFINITION}maxValue_x_",
    ),
    _row(
        "profile-binding", "A code is one of the value set that the profile requires.", "Use a code of the value set.",
        _seen(method=_concept("left")), _seen(method=_concept("other")), "Observation.method",
        _profile(_at("Observation.method", binding={"strength": "required", "valueSet": _SET})), *_SIDES,
        page="terminologies.html#required",
    ),
    _row(
        "profile-binding-undecided", "What a value set that is required holds is known.",
        "Give the value set with its codes, or its code system, with --profile; this is no error of the resource.",
        _seen(), _seen(method=_concept("left")), "Observation.method",
        _profile(_at("Observation.method", binding={"strength": "required", "valueSet": f"{_SET}-elsewhere"})),
        page="terminologies.html#required", severity="information",
    ),
    _row(
        "profile-binding-extensible", "A code is one of the profile's value set, if one there says what is meant.",
        "Use a code of the value set if there is one that fits.",
        _seen(method=_concept("left")), _seen(method=_concept("other")), "Observation.method",
        _profile(_at("Observation.method", binding={"strength": "extensible", "valueSet": _SET})), *_SIDES,
        page="terminologies.html#extensible", severity="warning",
    ),
    _row(
        "profile-constraint", "The constraints that a profile adds hold.", "Change what the constraint speaks of.",
        _seen(valueBoolean=True), _seen(), "Observation", _constrained("error"), page=f"{_DEFINITION}constraint",
    ),
    _row(
        "profile-constraint-warning", "The constraints that a profile recommends hold.", "Change what the constraint speaks of.",
        _seen(valueBoolean=True), _seen(), "Observation", _constrained("warning"), page=f"{_DEFINITION}constraint",
        severity="warning",
    ),
    _row(
        "profile-target", "A reference leads to what the profile wants there.", "Refer to a resource of the type and profile that is wanted.",
        _seen(subject={"reference": "Patient/p1"}), _seen(subject={"reference": "Group/g1"}), "Observation.subject",
        _profile(_at("Observation.subject", type=[{"code": "Reference", "targetProfile": [_CORE + "Patient"]}])),
        page=f"{_DEFINITION}type.targetProfile",
    ),
    _row(
        "profile-none-fits", "Where a profile allows several profiles of a type, the value fits one of them.",
        "Make the value fit one of the profiles.",
        _seen(valueQuantity=_QUANTITY), _seen(valueQuantity={"value": 7, "unit": "cm"}), "Observation.value.ofType(Quantity)",
        _profile(_at("Observation.value[x]", type=[{"code": "Quantity", "profile": [_OURS + "coded", _OURS + "bare"]}])),
        _profile(_at("Quantity.code", min=1), of="Quantity", name="coded"),
        _profile(_at("Quantity.unit", max="0"), of="Quantity", name="bare"), page=f"{_DEFINITION}type.profile",
    ),
    _row(
        "profile-wrong-type", "A resource claims only profiles of its own type.", "Claim a profile of this type, or none.",
        _seen(), _person(meta={"profile": [_OURS + "example"]}), "Patient", _profile(), page="resource.html#Meta",
    ),
    _row(
        "profile-unknown", "A profile that is claimed is known here.", "Give the profile with --profile, or check the claim.",
        _seen(), _seen("nowhere"), "Observation.meta.profile[0]", _profile(), page="resource.html#Meta", severity="warning",
    ),
    _row(
        "profile-unusable", "A profile that is claimed can be read, down to what it stands on.", "Give what the profile stands on as well.",
        _seen(), _seen("lost"), "Observation.meta.profile[0]", _profile(),
        _profile(name="lost", baseDefinition=_OURS + "nowhere"), severity="warning",
    ),
    _row(
        "profile-abstract", "A resource claims a profile that is not abstract.", "Claim a profile that stands on the abstract one.",
        _seen(), _seen("abstract"), "Observation.meta.profile[0]", _profile(), _profile(name="abstract", abstract=True),
        page="structuredefinition-definitions.html#StructureDefinition.abstract", severity="warning",
    ),
    _row(
        "profile-must-support", "What a profile marks as must-support is there where it is known.", "Add it if it is known.",
        _seen(method={"text": "seen"}), _seen(), "Observation.method", _profile(_at("Observation.method", mustSupport=True)),
        page="profiling.html#mustsupport", severity="information", best_practice=True,
    ),
    _row(
        "profile-slice-min", "Every slice that a profile requires is there.", "Add an item that belongs to the slice.",
        _seen(component=[_part("left")]), _seen(component=[_part("right")]), "Observation.component",
        _sliced(), page="profiling.html#slicing",
    ),
    _row(
        "profile-slice-max", "No slice has more items than the profile allows.", "Leave out what is too much.",
        _seen(component=[_part("left")]), _seen(component=[_part("left"), _part("left")]), "Observation.component[1]",
        _sliced(), page="profiling.html#slicing",
    ),
    _row(
        "profile-slice-closed", "Where the slices are closed, every item belongs to one.", "Leave the item out, or make it fit a slice.",
        _seen(component=[_part("left")]), _seen(component=[_part("left"), _part("other")]), "Observation.component[1]",
        _sliced("closed"), page=f"{_DEFINITION}slicing.rules",
    ),
    _row(
        "profile-slice-order", "Items stand in the order that the profile's slicing asks for.", "Put the items in the order of the slices.",
        _seen(component=[_part("left"), _part("right")]), _seen(component=[_part("right"), _part("left")]), "Observation.component[1]",
        _sliced(ordered=True), page=f"{_DEFINITION}slicing.ordered",
    ),
    _row(
        "profile-slice-ambiguous", "An item belongs to one slice only.", "Split the item, so that each part belongs to one slice.",
        _seen(component=[_part("left")]), _seen(component=[{**_part("left"), "code": _BOTH}]),
        "Observation.component[0]", _sliced(), page="profiling.html#discriminator",
    ),
    _row(
        "profile-extension-context", "An extension stands only where its definition allows it.", "Put the extension where it belongs.",
        _person(extension=[_noted(valueString="x")]), _seen(extension=[_noted(valueString="x")]), "Observation.extension[0]",
        _extension(), _profile(), page="defining-extensions.html#context",
    ),
    _row(
        "profile-extension-modifier", "What changes the meaning of its surroundings is a modifierExtension, and nothing else is.",
        "Move the extension to modifierExtension, or out of it.",
        _person(modifierExtension=[_noted(valueBoolean=True)]), _person(extension=[_noted(valueBoolean=True)]),
        "Patient.extension[0]", _extension(modifier=True), page="extensibility.html#modifierExtension",
    ),
    _row(
        "profile-extension-part", "The parts of an extension are those that its definition names.", "Use the names of the definition.",
        _person(extension=[_noted(extension=[{"url": "side", "valueString": "left"}])]),
        _person(extension=[_noted(extension=[{"url": "side", "valueString": "left"}, {"url": "site", "valueString": "x"}])]),
        "Patient.extension[0].extension[1].url", _extension(*_ONE_PART), page="defining-extensions.html",
    ),
)  # fmt: skip
