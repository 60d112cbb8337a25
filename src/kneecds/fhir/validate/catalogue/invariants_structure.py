"""Invariants of StructureDefinition and ElementDefinition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.catalogue.examples import Json, invariant

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.rule import Rule

_HL7: Final = "http://hl7.org/fhir/StructureDefinition"
_BY_TEXT: Final[Json] = {"discriminator": [{"type": "value", "path": "text"}], "rules": "open"}


def _profile(*elements: Json, root: Json | None = None, **more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    """Return a profile of Observation with a differential."""
    first = {"id": "Observation", "path": "Observation", **(root or {})}
    return {
        "resourceType": "StructureDefinition", "url": "https://example.org/fhir/StructureDefinition/knee", "name": "Knee",
        "status": "draft", "kind": "resource", "abstract": False, "type": "Observation",
        "baseDefinition": f"{_HL7}/Observation", "derivation": "constraint",
        "differential": {"element": [first, *elements]}, **more,
    }  # fmt: skip


def _code(**more: Any) -> Json:  # noqa: ANN401
    return {"id": "Observation.code", "path": "Observation.code", **more}


def _whole(path: str, **more: Any) -> Json:  # noqa: ANN401
    """Return an element as a snapshot has it."""
    return {
        "id": path, "path": path, "definition": "a", "min": 0, "max": "*", "base": {"path": path, "min": 0, "max": "*"}, **more,
    }  # fmt: skip


def _logical(*elements: Json, **more: Any) -> Json:  # noqa: ANN401
    """Return a model of its own, Knee, with a snapshot."""
    root = _whole("Knee")
    return {
        "resourceType": "StructureDefinition", "url": "https://example.org/fhir/StructureDefinition/Knee", "name": "Knee",
        "status": "draft", "kind": "logical", "abstract": False, "type": "https://example.org/fhir/StructureDefinition/Knee",
        "baseDefinition": f"{_HL7}/Base", "derivation": "specialization",
        "snapshot": {"element": [root, *elements]}, "differential": {"element": [{"id": "Knee", "path": "Knee"}]}, **more,
    }  # fmt: skip


def _snapshot(*elements: Json) -> Json:
    return _profile(snapshot={"element": list(elements)})


def _element(
    key: str, fix: str, accepted: Json, refused: Json, below: str = "", release: Release = "R4", *, path: str = "code"
) -> Rule:
    at = f"StructureDefinition.differential.element[1]{below}"
    name = f"Observation.{path}"
    one, other = (_profile({"id": name, "path": name, **element}) for element in (accepted, refused))
    return invariant(key, "elementdefinition.html", fix, one, other, at, release)


def _slice(key: str, fix: str, accepted: Json, refused: Json, below: str = "") -> Rule:
    """Return a rule of a slice of the categories."""
    at = f"StructureDefinition.differential.element[2]{below}"
    name = "Observation.category"
    sliced: Json = {"id": name, "path": name, "slicing": _BY_TEXT}
    one, other = (_profile(sliced, {"id": f"{name}:a", "path": name, **element}) for element in (accepted, refused))
    return invariant(key, "elementdefinition.html", fix, one, other, at)


def _structure(key: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    return invariant(key, "structuredefinition.html", fix, accepted, refused, f"StructureDefinition{at}", release)


def _without(resource: Json, *names: str) -> Json:
    return {key: value for key, value in resource.items() if key not in names}


_OBSERVATION: Final = _whole("Observation")
_STATUS: Final = _whole("Observation.status", min=1, max="1", type=[{"code": "code"}])
_CATEGORY: Final = _whole("Observation.category", type=[{"code": "CodeableConcept"}])
_EXTENSION: Final[Json] = _profile(type="Extension", baseDefinition=f"{_HL7}/Extension") | {
    "differential": {"element": [{"id": "Extension", "path": "Extension"}]},
    "context": [{"type": "element", "expression": "Patient"}],
    "kind": "complex-type",
}
_CONSTRAINT: Final[Json] = {"key": "k-1", "severity": "error", "human": "a", "expression": "true"}
_TARGET: Final = [f"{_HL7}/Patient"]
_REASON: Final[Json] = _whole("Observation.reason", type=[{"code": "CodeableReference"}])

RULES: Final[tuple[Rule, ...]] = (
    _element(
        "eld-1", "Say by what the slices differ.", {"slicing": {"discriminator": [{"type": "value", "path": "text"}], "rules": "open"}},
        {"slicing": {"rules": "open"}}, ".slicing", path="category",
    ),
    _element("eld-2", "Exchange them.", {"min": 1, "max": "1"}, {"min": 2, "max": "1"}, ".min"),
    _element("eld-3", "Write a number or *.", {"max": "1"}, {"max": "many"}, ".max"),
    _element(
        "eld-4", "Leave the aggregation out.", {"type": [{"code": "Reference", "aggregation": ["contained"]}]},
        {"type": [{"code": "string", "aggregation": ["contained"]}]}, ".type[0].aggregation", path="subject",
    ),
    _element("eld-5", "Leave the type out.", {"type": [{"code": "CodeableConcept"}]}, {"contentReference": "#Observation.component", "type": [{"code": "CodeableConcept"}]}, ".contentReference"),
    _element("eld-6", "Keep one type.", {"type": [{"code": "string"}], "fixedString": "a"}, {"type": [{"code": "string"}, {"code": "boolean"}], "fixedString": "a"}, path="value[x]"),
    _element("eld-7", "Keep one type.", {"type": [{"code": "string"}], "patternString": "a"}, {"type": [{"code": "string"}, {"code": "boolean"}], "patternString": "a"}, path="value[x]"),
    _element("eld-8", "Keep one of them.", {"type": [{"code": "string"}], "fixedString": "a"}, {"type": [{"code": "string"}], "fixedString": "a", "patternString": "a"}, path="value[x]"),
    _element(
        "eld-12", "Give the canonical url.", {"binding": {"strength": "required", "valueSet": "https://example.org/fhir/ValueSet/v"}},
        {"binding": {"strength": "required", "valueSet": "ValueSet/v"}}, ".binding.valueSet",
    ),
    _element("eld-13", "Put all profiles of the type into one.", {"type": [{"code": "Quantity"}]}, {"type": [{"code": "Quantity"}, {"code": "Quantity"}]}, ".type[1].code", path="value[x]"),
    _element("eld-14", "Give each constraint a key of its own.", {"constraint": [_CONSTRAINT]}, {"constraint": [_CONSTRAINT, _CONSTRAINT]}, ".constraint[1].key"),
    _element("eld-15", "Keep one of them.", {"meaningWhenMissing": "a"}, {"meaningWhenMissing": "a", "defaultValueString": "a"}, ".meaningWhenMissing"),
    _slice("eld-16", "Take a name such as left-knee.", {"sliceName": "left-knee"}, {"sliceName": "left knee"}, ".sliceName"),
    _element("eld-17", "Leave the target out.", {"type": [{"code": "Reference", "targetProfile": _TARGET}]}, {"type": [{"code": "string", "targetProfile": _TARGET}]}, ".type[0].targetProfile", path="subject"),
    _element("eld-18", "Give isModifierReason.", {"isModifier": True, "isModifierReason": "a"}, {"isModifier": True}, ".isModifier"),
    _element("eld-19", "Write names with points between.", {}, {"path": "Observation.code(x)"}, ".path"),
    _element("eld-20", "Write names of letters and digits.", {}, {"path": "Observation.knee_code"}, ".path"),
    _element("eld-21", "Give the FHIRPath.", {"constraint": [_CONSTRAINT]}, {"constraint": [_without(_CONSTRAINT, "expression")]}, ".constraint[0]"),
    _slice("eld-22", "Give the sliceName.", {"sliceName": "a", "sliceIsConstraining": True}, {"sliceIsConstraining": True}),
    _element("eld-23", "Give the valueSet.", {"binding": {"strength": "required", "valueSet": "https://example.org/fhir/ValueSet/v"}}, {"binding": {"strength": "required"}}, ".binding", "R5"),
    _element("eld-26", "Leave suppress out.", {"constraint": [_CONSTRAINT]}, {"constraint": [_CONSTRAINT | {"suppress": True}]}, ".constraint[0].suppress", "R5"),
    _element("eld-28", "Leave the alternatives out.", {"mustHaveValue": True}, {"mustHaveValue": True, "valueAlternatives": [f"{_HL7}/data-absent-reason"]}, ".valueAlternatives", "R5"),
    _structure("sdf-1", "Define each element once.", _logical(_whole("Knee.side", type=[{"code": "code"}])), _logical(_whole("Knee.side", type=[{"code": "code"}]), _whole("Knee.side", type=[{"code": "code"}], id="Knee.other")), ".snapshot.element[2].path"),
    _structure("sdf-2", "Give a name.", _profile(mapping=[{"identity": "m", "name": "M"}]), _profile(mapping=[{"identity": "m"}]), ".mapping[0]"),
    _structure("sdf-3", "Give them.", _snapshot(_OBSERVATION, _STATUS), _snapshot(_OBSERVATION, _without(_STATUS, "definition")), ".snapshot.element[1]"),
    _structure("sdf-4", "Say what it is based on.", _profile(), _without(_profile(), "baseDefinition"), ""),
    _structure("sdf-5", "Give the context.", _EXTENSION, _without(_EXTENSION, "context"), ""),
    _structure("sdf-6", "Give the differential.", _profile(), _without(_profile(), "differential"), ""),
    _structure("sdf-8", "Start each path with the type.", _snapshot(_OBSERVATION, _STATUS), _snapshot(_OBSERVATION, _whole("Patient.active", type=[{"code": "boolean"}])), ".snapshot.element[1].path"),
    _structure("sdf-8a", "Start each path with the type.", _profile(), _profile({"id": "Patient.active", "path": "Patient.active"}), ".differential.element[1].path"),
    _structure("sdf-8b", "Give the base.", _snapshot(_OBSERVATION, _STATUS), _snapshot(_OBSERVATION, _without(_STATUS, "base")), ".snapshot.element[1]"),
    _structure("sdf-9", "Leave it out.", _profile(), _profile(root={"label": "a"}), ".differential.element[0].label"),
    _structure(
        "sdf-10", "Give the valueSet.", _snapshot(_OBSERVATION, _STATUS | {"binding": {"strength": "required", "description": "a"}}),
        _snapshot(_OBSERVATION, _STATUS | {"binding": {"strength": "required"}}), ".snapshot.element[1].binding",
    ),
    _structure("sdf-11", "Start with the type.", _snapshot(_OBSERVATION), _snapshot(_whole("Patient")), ".snapshot.element[0].path"),
    _structure("sdf-14", "Give the id: the path, with slices after a colon.", _profile(), _profile({"path": "Observation.code"}), ".differential.element[1]"),
    _structure("sdf-15", "Leave the type out.", _snapshot(_OBSERVATION), _snapshot(_OBSERVATION | {"type": [{"code": "Observation"}]}), ".snapshot.element[0].type"),
    _structure("sdf-15a", "Leave the type out.", _profile(), _profile(root={"type": [{"code": "Observation"}]}), ".differential.element[0].type"),
    _structure("sdf-16", "Give each element an id of its own.", _snapshot(_OBSERVATION, _STATUS), _snapshot(_OBSERVATION, _STATUS, _STATUS), ".snapshot.element[2].id"),
    _structure("sdf-17", "Give each element an id of its own.", _profile(_code()), _profile(_code(), _code()), ".differential.element[2].id"),
    _structure("sdf-18", "Leave it out.", _EXTENSION | {"contextInvariant": ["true"]}, _profile(contextInvariant=["true"]), ".contextInvariant"),
    _structure(
        "sdf-19", "Name a type of FHIR.", _profile(_code(type=[{"code": "CodeableConcept"}]), url=f"{_HL7}/knee"),
        _profile(_code(type=[{"code": "https://example.org/T"}]), url=f"{_HL7}/knee"), ".differential.element[1].type[0].code",
    ),
    _structure("sdf-20", "Leave the slicing out.", _profile(), _profile(root={"slicing": {"rules": "open", "description": "a"}}), ".differential.element[0].slicing"),
    _structure("sdf-21", "Leave the default out.", _profile(_code()), _profile(_code(defaultValueString="a")), ".differential.element[1]"),
    _structure("sdf-22", "Leave the default out.", _profile(_code(), url=f"{_HL7}/knee"), _profile(_code(defaultValueString="a"), url=f"{_HL7}/knee"), ".differential.element[1]"),
    _structure("sdf-23", "Leave it out.", _profile(), _profile(root={"sliceName": "a"}), ".differential.element[0].sliceName"),
    _structure("sdf-24", "Say it at the CodeableReference.", _snapshot(_OBSERVATION, _REASON, _whole("Observation.reason.reference", type=[{"code": "Reference"}])), _snapshot(_OBSERVATION, _REASON, _whole("Observation.reason.reference", type=[{"code": "Reference", "targetProfile": _TARGET}])), ".snapshot.element[2]", "R5"),
    _structure("sdf-25", "Bind the CodeableReference.", _snapshot(_OBSERVATION, _REASON, _whole("Observation.reason.concept", type=[{"code": "CodeableConcept"}])), _snapshot(_OBSERVATION, _REASON, _whole("Observation.reason.concept", type=[{"code": "CodeableConcept"}], binding={"strength": "required", "valueSet": "https://example.org/fhir/ValueSet/v"})), ".snapshot.element[2]", "R5"),
    _structure("sdf-27", "Give the derivation.", _profile(), _without(_profile(), "derivation"), "", "R5"),
    _structure(
        "sdf-28", "Say by what the slices differ.", _snapshot(_OBSERVATION, _CATEGORY | {"slicing": {"rules": "open", "description": "a"}}),
        _snapshot(_OBSERVATION, _CATEGORY | {"slicing": {"rules": "open"}}), ".snapshot.element[1].slicing", "R5",
    ),
    _structure(
        "sdf-29", "Take 0 or 1, and 1 or *.",
        _profile(_code(min=1, max="1"), derivation="specialization", kind="complex-type"),
        _profile(_code(min=2, max="*"), derivation="specialization", kind="complex-type"), ".differential.element[1]", "R5",
    ),
)  # fmt: skip
