"""Invariants of value sets, code systems, maps, capabilities and operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.catalogue.examples import Json, invariant
from kneecds.fhir.validate.invariants.conformance import NAMES

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.rule import Rule

_SYSTEM: Final = "https://example.org/fhir/CodeSystem/c"
_OTHER: Final = "https://example.org/fhir/ValueSet/other"


def _head(kind: str, /, **more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return {"resourceType": kind, "url": f"https://example.org/fhir/{kind}/x", "status": "draft", **more}


def _included(**include: Any) -> Json:  # noqa: ANN401
    return _head("ValueSet", compose={"include": [include]})


def _expanded(**contains: Any) -> Json:  # noqa: ANN401
    expansion = {"timestamp": "2026-01-15T10:00:00Z", "contains": [contains]}
    return _head("ValueSet", expansion=expansion)


def _codes(*concepts: Json, **more: Any) -> Json:  # noqa: ANN401
    return _head("CodeSystem", **{"content": "complete", "concept": list(concepts), **more})


def _map(element: Json, unmapped: Json | None = None) -> Json:
    group = {"source": _SYSTEM, "target": _SYSTEM, "element": [element]} | ({"unmapped": unmapped} if unmapped else {})
    return _head("ConceptMap", group=[group])


def _target(equivalence: str, **more: Any) -> Json:  # noqa: ANN401
    return {"code": "a", "target": [{"code": "b", "equivalence": equivalence, **more}]}


def _related(relationship: str, **more: Any) -> Json:  # noqa: ANN401
    return {"code": "a", "target": [{"code": "b", "relationship": relationship, **more}]}


def _can(**more: Any) -> Json:  # noqa: ANN401
    rest: list[Json] = [{"mode": "server"}]
    head = {
        "date": "2026-01-15",
        "kind": "requirements",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "description": "a",
    }
    return _head("CapabilityStatement", **{**head, "rest": rest, **more})


def _operation(*parameters: Json, **more: Any) -> Json:  # noqa: ANN401
    head = {"name": "A", "kind": "operation", "code": "a", "system": True, "type": False, "instance": False}
    return _head("OperationDefinition", **{**head, "parameter": list(parameters), **more})


def _parameter(**more: Any) -> Json:  # noqa: ANN401
    return {"name": "a", "use": "in", "min": 0, "max": "1", **more}


def _search(**more: Any) -> Json:  # noqa: ANN401
    return _head(
        "SearchParameter",
        **{"name": "A", "description": "a", "code": "a", "base": ["Patient"], "type": "string", **more},
    )


def _guide(**more: Any) -> Json:  # noqa: ANN401
    return _head("ImplementationGuide", **{"name": "A", "packageId": "a.b", "fhirVersion": ["4.0.1"], **more})


def _resources(*several: Json, **more: Any) -> Json:  # noqa: ANN401
    return _guide(definition={"resource": list(several), **more})


_LISTED: Final[Json] = {"reference": {"reference": "Patient/p"}}
_UNMAPPED: Final = ".group[0].unmapped"
_WHOLE: Final[dict[str, Json]] = {
    "ActivityDefinition": {}, "CodeSystem": {"content": "not-present"}, "ConceptMap": {}, "ValueSet": {},
    "CapabilityStatement": _can(),
    "CompartmentDefinition": {"code": "Patient", "search": True}, "EventDefinition": {"trigger": [{"type": "named-event", "name": "a"}]},
    "ExampleScenario": {}, "GraphDefinition": {"start": "Patient"}, "ImplementationGuide": _guide(),
    "Library": {"type": {"text": "a"}}, "Measure": {}, "MessageDefinition": {"date": "2026-01-15", "eventUri": "https://example.org/e"},
    "NamingSystem": {"kind": "identifier", "date": "2026-01-15", "uniqueId": [{"type": "uri", "value": "https://example.org/n"}]},
    "OperationDefinition": _operation(), "PlanDefinition": {}, "Questionnaire": {},
    "ResearchDefinition": {"population": {"display": "a"}},
    "ResearchElementDefinition": {"type": "population", "characteristic": [{"definitionCodeableConcept": {"text": "a"}}]},
    "SearchParameter": _search(),
    "StructureDefinition": {
        "kind": "resource", "abstract": False, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {"element": [{"id": "Patient", "path": "Patient"}]},
    },
    "StructureMap": {"group": [{"name": "a", "typeMode": "none", "input": [{"name": "a", "mode": "source"}], "rule": [{"name": "a", "source": [{"context": "a"}]}]}]},
    "TerminologyCapabilities": {"date": "2026-01-15", "kind": "requirements", "description": "a"},
    "TestScript": {},
}  # fmt: skip


def _named(kind: str, name: str) -> Json:
    more = {
        key: value for key, value in _WHOLE[kind].items() if key not in ("resourceType", "url", "status", "parameter")
    }
    head = _head(kind, **{**more, "name": name})
    if kind == "NamingSystem":
        head.pop("url")
    return head


def _row(key: str, page: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    return invariant(key, f"{page.lower()}.html", fix, accepted, refused, f"{page}{at}", release)


def _value_set(key: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    return _row(key, "ValueSet", fix, accepted, refused, at, release)


def _concept_map(key: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    return _row(key, "ConceptMap", fix, accepted, refused, at, release)


def _statement(key: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    return _row(key, "CapabilityStatement", fix, accepted, refused, at, release)


def _definition(key: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    return _row(key, "OperationDefinition", fix, accepted, refused, at, release)


_DESIGNATION: Final[Json] = {
    "value": "a",
    "use": {"system": _SYSTEM, "code": "u"},
    "additionalUse": [{"system": _SYSTEM, "code": "u"}],
}
_LONE: Final[Json] = {"value": "a", "additionalUse": [{"system": _SYSTEM, "code": "u"}]}
_NESTED: Final[Json] = {"code": "a", "display": "a", "concept": [{"code": "b", "display": "b"}]}
_A: Final[Json] = {"code": "a", "display": "a"}
_FIRST: Final = ".compose.include[0]"
_DOCUMENT: Final[Json] = {"mode": "producer", "profile": "https://example.org/fhir/StructureDefinition/x"}
_QUERY: Final = {"kind": "query", "type": True, "resource": ["Patient"]}
_RESULT: Final[Json] = {"name": "result", "use": "out", "min": 1, "max": "1", "type": "Bundle"}

RULES: Final[tuple[Rule, ...]] = (
    *(_row(key, kind, "Give a name such as KneePain.", _named(kind, "KneePain"), _named(kind, "knee pain"), ".name") for kind, key in NAMES.items()),
    _row("cnl-0", "Questionnaire", "Give a name such as KneePain.", _head("Questionnaire", name="KneePain"), _head("Questionnaire", name="knee pain"), ".name", "R5"),
    _row("cnl-1", "Questionnaire", "Leave | and # out.", _head("Questionnaire"), _head("Questionnaire") | {"url": "https://example.org/q#1"}, ".url", "R5"),
    _value_set("vsd-1", "Give the system.", _included(system=_SYSTEM), _included(version="1"), _FIRST),
    _value_set("vsd-2", "Give the system.", _included(system=_SYSTEM, concept=[_A]), _included(valueSet=[_OTHER], concept=[_A]), _FIRST),
    _value_set(
        "vsd-3", "Keep one of them, or make two includes.", _included(system=_SYSTEM, concept=[_A]),
        _included(system=_SYSTEM, concept=[_A], filter=[{"property": "p", "op": "=", "value": "v"}]), f"{_FIRST}.filter",
    ),
    _value_set("vsd-6", "Give the code.", _expanded(system=_SYSTEM, code="a"), _expanded(system=_SYSTEM, abstract=True), ".expansion.contains[0]"),
    _value_set("vsd-9", "Give the code, or abstract true.", _expanded(system=_SYSTEM, code="a"), _expanded(display="a"), ".expansion.contains[0]"),
    _value_set("vsd-10", "Give the system.", _expanded(system=_SYSTEM, code="a"), _expanded(code="a"), ".expansion.contains[0]"),
    _value_set(
        "vsd-11", "Give the use.", _included(system=_SYSTEM, concept=[{"code": "a", "designation": [_DESIGNATION]}]),
        _included(system=_SYSTEM, concept=[{"code": "a", "designation": [_LONE]}]), f"{_FIRST}.concept[0].designation[0]", "R5",
    ),
    _row("csd-1", "CodeSystem", "Define each code once.", _codes(_A), _codes(_A, _A), ".concept[1].code"),
    _row("csd-2", "CodeSystem", "Give hierarchyMeaning, such as is-a.", _codes(_NESTED, hierarchyMeaning="is-a"), _codes(_NESTED), "", "R5"),
    _row(
        "csd-3", "CodeSystem", "Give hierarchyMeaning, such as is-a.",
        _codes(_A, _A | {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]}, property=[{"code": "parent", "type": "code"}], hierarchyMeaning="is-a"),
        _codes(_A, _A | {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]}, property=[{"code": "parent", "type": "code"}]), "", "R5",
    ),
    _row("csd-4", "CodeSystem", "Say which system it supplements.", _codes(_A, content="supplement", supplements=_SYSTEM), _codes(_A, content="supplement"), "", "R5"),
    _row("csd-5", "CodeSystem", "Give the use.", _codes(_A | {"designation": [_DESIGNATION]}), _codes(_A | {"designation": [_LONE]}), ".concept[0].designation[0]", "R5"),
    _concept_map("cmd-1", "Say in a comment what differs.", _map(_target("narrower", comment="c")), _map(_target("narrower")), ".group[0].element[0].target[0]"),
    _concept_map("cmd-2", "Give the code.", _map(_target("equal"), {"mode": "fixed", "code": "z"}), _map(_target("equal"), {"mode": "fixed"}), _UNMAPPED),
    _concept_map("cmd-3", "Give the url.", _map(_target("equal"), {"mode": "other-map", "url": "https://example.org/m"}), _map(_target("equal"), {"mode": "other-map"}), _UNMAPPED),
    _concept_map("cmd-4", "Leave the targets out.", _map({"code": "a", "noMap": True}), _map(_related("equivalent") | {"noMap": True}), ".group[0].element[0].target", "R5"),
    _concept_map("cmd-5", "Keep one of them.", _map(_related("equivalent")), _map(_related("equivalent") | {"valueSet": _OTHER}), ".group[0].element[0]", "R5"),
    _concept_map("cmd-7", "Keep one of them.", _map(_related("equivalent")), _map(_related("equivalent", valueSet=_OTHER)), ".group[0].element[0].target[0]", "R5"),
    _concept_map(
        "cmd-6", "Keep one of them.",
        _head("ConceptMap", additionalAttribute=[{"code": "p", "type": "code"}], group=[{"source": _SYSTEM, "target": _SYSTEM, "element": [_related("equivalent", dependsOn=[{"attribute": "p", "valueCode": "a"}])]}]),
        _head("ConceptMap", additionalAttribute=[{"code": "p", "type": "code"}], group=[{"source": _SYSTEM, "target": _SYSTEM, "element": [_related("equivalent", dependsOn=[{"attribute": "p", "valueCode": "a", "valueSet": _OTHER}])]}]),
        ".group[0].element[0].target[0].dependsOn[0]", "R5",
    ),
    _concept_map("cmd-8", "Leave it out.", _map(_related("equivalent"), {"mode": "use-source-code", "relationship": "equivalent"}), _map(_related("equivalent"), {"mode": "use-source-code", "relationship": "equivalent", "code": "z"}), f"{_UNMAPPED}.code", "R5"),
    _concept_map("cmd-9", "Give the relationship.", _map(_related("equivalent"), {"mode": "fixed", "code": "z", "relationship": "equivalent"}), _map(_related("equivalent"), {"mode": "fixed", "code": "z"}), _UNMAPPED, "R5"),
    _concept_map(
        "cmd-10", "Leave it out.", _map(_related("equivalent"), {"mode": "other-map", "otherMap": "https://example.org/m"}),
        _map(_related("equivalent"), {"mode": "fixed", "code": "z", "relationship": "equivalent", "otherMap": "https://example.org/m"}), f"{_UNMAPPED}.otherMap", "R5",
    ),
    _concept_map(
        "cmd-11", "Give the system.", _head("ConceptMap", property=[{"code": "p", "type": "code", "system": _SYSTEM}]),
        _head("ConceptMap", property=[{"code": "p", "type": "code"}]), ".property[0]", "R5",
    ),
    _statement("cpb-1", "Give rest.", _can(), {key: value for key, value in _can().items() if key != "rest"}, ""),
    _statement("cpb-2", "Give a description.", _can(), {key: value for key, value in _can().items() if key != "description"}, ""),
    _statement(
        "cpb-3", "Leave the endpoints out.", _can(messaging=[{"reliableCache": 1}]),
        _can(messaging=[{"endpoint": [{"protocol": {"system": "http://terminology.hl7.org/CodeSystem/message-transport", "code": "http"}, "address": "https://example.org"}]}]),
        ".messaging[0].endpoint",
    ),
    _statement("cpb-4", "Put both into one rest.", _can(fhirVersion="5.0.0"), _can(fhirVersion="5.0.0", rest=[{"mode": "server"}, {"mode": "server"}]), ".rest[1].mode", "R5"),
    _statement("cpb-7", "Say it once.", _can(document=[_DOCUMENT]), _can(document=[_DOCUMENT, _DOCUMENT]), ".document[1]"),
    _statement("cpb-9", "Put both into one.", _can(rest=[{"mode": "server", "resource": [{"type": "Patient"}]}]), _can(rest=[{"mode": "server", "resource": [{"type": "Patient"}, {"type": "Patient"}]}]), ".rest[0].resource[1].type"),
    _statement(
        "cpb-12", "Say it once.", _can(rest=[{"mode": "server", "resource": [{"type": "Patient", "searchParam": [{"name": "a", "type": "string"}]}]}]),
        _can(rest=[{"mode": "server", "resource": [{"type": "Patient", "searchParam": [{"name": "a", "type": "string"}, {"name": "a", "type": "string"}]}]}]),
        ".rest[0].resource[0].searchParam[1].name",
    ),
    _statement("cpb-14", "Describe the implementation.", _can(kind="instance", implementation={"description": "a"}), _can(kind="instance"), ""),
    _statement("cpb-15", "Name the software.", _can(kind="capability", software={"name": "a"}), _can(kind="capability"), ""),
    _statement("cpb-16", "Leave them out.", _can(), _can(software={"name": "a"}), ".software"),
    _row("ig-1", "ImplementationGuide", "Define the grouping.", _resources(_LISTED | {"groupingId": "g"}, grouping=[{"id": "g", "name": "G"}]), _resources(_LISTED | {"groupingId": "g"}), ".definition.resource[0].groupingId"),
    _row("ig-2", "ImplementationGuide", "Add the version to the guide.", _resources(_LISTED | {"fhirVersion": ["4.0.1"]}), _resources(_LISTED | {"fhirVersion": ["4.3.0"]}), ".definition.resource[0].fhirVersion"),
    _row(
        "ig-3", "ImplementationGuide", "Leave the source out.",
        _resources(_LISTED, page={"name": "a.html", "title": "A", "generation": "html", "sourceString": "a"}),
        _resources(_LISTED, page={"name": "a.html", "title": "A", "generation": "generated", "sourceString": "a"}), ".definition.page", "R5",
    ),
    _definition("opd-1", "Give the type.", _operation(_parameter(type="string")), _operation(_parameter()), ".parameter[0]"),
    _definition("opd-2", "Make it a string.", _operation(_parameter(type="string", searchType="token")), _operation(_parameter(type="code", searchType="token")), ".parameter[0].searchType"),
    _definition(
        "opd-3", "Make it a Reference.", _operation(_parameter(type="Reference", targetProfile=["http://hl7.org/fhir/StructureDefinition/Patient"])),
        _operation(_parameter(type="string", targetProfile=["http://hl7.org/fhir/StructureDefinition/Patient"])), ".parameter[0].targetProfile",
    ),
    _definition("opd-4", "Leave it out.", _operation(_parameter(use="out", type="string")), _operation(_parameter(use="out", type="string", searchType="token")), ".parameter[0].searchType", "R5"),
    _definition("opd-5", "Make it false.", _operation(_RESULT, **_QUERY), _operation(_RESULT, **_QUERY, instance=True), ".instance", "R5"),
    _definition("opd-6", "Give the searchType.", _operation(_RESULT, **_QUERY), _operation(_RESULT, _parameter(type="string"), **_QUERY), ".parameter[1]", "R5"),
    _definition("opd-7", "Give one parameter, result, of type Bundle.", _operation(_RESULT, **_QUERY), _operation(_RESULT | {"name": "found"}, **_QUERY), "", "R5"),
    _row("spd-1", "SearchParameter", "Give xpathUsage.", _search(xpath="f:a", xpathUsage="normal"), _search(xpath="f:a"), ""),
    _row("spd-2", "SearchParameter", "Leave chain out.", _search(type="reference", chain=["name"]), _search(chain=["name"]), ".chain"),
    _row("spd-3", "SearchParameter", "Leave comparator out.", _search(type="number", comparator=["gt"]), _search(comparator=["gt"]), ".comparator", "R5"),
)  # fmt: skip
