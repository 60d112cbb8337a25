"""Invariants of the resources that describe others: profiles, value sets, code systems, statements of capability."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.invariants.row import (
    ALL,
    FIFTH,
    FOURTH,
    Invariant,
    Kept,
    code,
    has,
    objects,
    repeated,
    texts,
)  # fmt: skip
from kneecds.fhir.validate.invariants.shapes import (
    exactly_one,
    needs,
    only_with,
    some,
    when,
    when_not,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.visit import Node

_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9_]{0,254}")
_NAME_R5: Final = re.compile(r"[A-Z][A-Za-z0-9_]{1,254}")
_URL: Final = re.compile(r"[^|# ]+")
NAMES: Final = {
    "ActivityDefinition": "adf-0", "CapabilityStatement": "cpb-0",
    "CodeSystem": "csd-0", "CompartmentDefinition": "cpd-0", "ConceptMap": "cmd-0", "EventDefinition": "evd-0",
    "ExampleScenario": "esc-0", "GraphDefinition": "gdf-0", "ImplementationGuide": "ig-0", "Library": "lib-0",
    "Measure": "mea-0", "MessageDefinition": "msd-0", "NamingSystem": "nsd-0", "OperationDefinition": "opd-0",
    "PlanDefinition": "pdf-0", "Questionnaire": "que-0", "ResearchDefinition": "rsd-0",
    "ResearchElementDefinition": "red-0", "SearchParameter": "spd-0", "StructureDefinition": "sdf-0",
    "StructureMap": "smp-0", "TerminologyCapabilities": "tcp-0", "TestScript": "tst-0", "ValueSet": "vsd-0",
}  # fmt: skip
"""The same rule under a key of its own for each type of R4; from R5 on it is cnl-0 everywhere."""
_CANONICAL_R5: Final = (
    *(kind for kind in NAMES if kind not in ("ResearchDefinition", "ResearchElementDefinition", "NamingSystem")),
    "ChargeItemDefinition",
    "ActorDefinition", "Citation", "ConditionDefinition", "Evidence", "EvidenceReport", "EvidenceVariable",
    "ObservationDefinition", "Requirements", "SpecimenDefinition", "SubscriptionTopic", "TestPlan", "NamingSystem",
)  # fmt: skip


def _named(pattern: re.Pattern[str]) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        name = node.value.get("name")
        return ".name" if isinstance(name, str) and not pattern.fullmatch(name) else None

    return broken


def _url(node: Node, _kept: Kept) -> str | None:
    url = node.value.get("url")
    return ".url" if isinstance(url, str) and not _URL.fullmatch(url) else None


def _distinct(name: str, key: str) -> Callable[[Node, Kept], str | None]:
    def broken(node: Node, _kept: Kept) -> str | None:
        stated = [
            (number, one[key]) for number, one in enumerate(objects(node.value, name)) if isinstance(one.get(key), str)
        ]
        at = repeated([value for _, value in stated])
        return None if at is None else f".{name}[{stated[at][0]}].{key}"

    return broken


def _codes(node: Node, _kept: Kept) -> str | None:
    """Look at every concept, however deep, in the order of the document."""
    seen: set[str] = set()
    waiting = [
        (one, f".concept[{number}]") for number, one in reversed(list(enumerate(objects(node.value, "concept"))))
    ]
    while waiting:
        concept, place = waiting.pop()
        code = concept.get("code")
        if isinstance(code, str):
            if code in seen:
                return f"{place}.code"
            seen.add(code)
        below = reversed(list(enumerate(objects(concept, "concept"))))
        waiting += [(inner, f"{place}.concept[{number}]") for number, inner in below]
    return None


def _hierarchy(node: Node, _kept: Kept) -> str | None:
    value = node.value
    nested = any("concept" in one for one in objects(value, "concept"))
    return "" if nested and not has(value, "hierarchyMeaning") else None


def _hierarchy_by_property(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if has(value, "hierarchyMeaning"):
        return None
    for concept in objects(value, "concept"):
        properties = objects(concept, "property")
        if len(properties) == 1 and properties[0].get("code") in ("parent", "child"):
            return ""
    return None


def _commented(node: Node, _kept: Kept) -> str | None:
    value = node.value
    inexact = value.get("equivalence") in ("narrower", "inexact")
    return "" if inexact and not has(value, "comment") else None


def _commented_r5(node: Node, _kept: Kept) -> str | None:
    value = node.value
    inexact = value.get("relationship") in ("source-is-broader-than-target", "not-related-to")
    draft = node.holder.value.get("status") == "draft"
    return "" if inexact and not draft and not has(value, "comment") else None


def _depends(node: Node, _kept: Kept) -> str | None:
    value = node.value
    by_value = any(name.lstrip("_").startswith("value") and name.lstrip("_") != "valueSet" for name in value)
    return None if by_value != has(value, "valueSet") else ""


def _not_mapped(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".target" if value.get("noMap") is True and has(value, "target") else None


def _fixed_r5(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("mode") != "fixed":
        return None
    return None if has(value, "code") != has(value, "valueSet") else ""


def _not_other(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return "" if value.get("mode") != "other-map" and not has(value, "relationship") else None


def _not_fixed(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("mode") != "fixed":
        for name in ("code", "display", "valueSet"):
            if has(value, name):
                return f".{name}"
    return None


def _concepts_need_system(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return "" if (has(value, "concept") or has(value, "filter")) and not has(value, "system") else None


def _concept_and_filter(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".filter" if has(value, "concept") and has(value, "filter") else None


def _abstract(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return "" if not has(value, "code") and value.get("abstract") is not True else None


def _documents(node: Node, _kept: Kept) -> str | None:
    stated = [f"{one.get('profile', '')}\n{one.get('mode', '')}" for one in objects(node.value, "document")]
    at = repeated(stated)
    return None if at is None else f".document[{at}]"


def _endpoint(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("kind") != "instance":
        for number, one in enumerate(objects(value, "messaging")):
            if has(one, "endpoint"):
                return f".messaging[{number}].endpoint"
    return None


def _capability(node: Node, _kept: Kept) -> str | None:
    value = node.value
    wrong = value.get("kind") == "capability" and (has(value, "implementation") or not has(value, "software"))
    return "" if wrong else None


def _groupings(node: Node, _kept: Kept) -> str | None:
    value = node.value
    known = {code(one, "id") for one in objects(value, "grouping")}
    for number, resource in enumerate(objects(value, "resource")):
        grouping = resource.get("groupingId")
        if isinstance(grouping, str) and grouping not in known:
            return f".resource[{number}].groupingId"
    return None


def _versions(node: Node, _kept: Kept) -> str | None:
    value = node.value
    definition = value.get("definition")
    known = set(texts(value, "fhirVersion"))
    for number, resource in enumerate(objects(definition, "resource") if isinstance(definition, dict) else ()):
        if not known.issuperset(texts(resource, "fhirVersion")):
            return f".definition.resource[{number}].fhirVersion"
    return None


def _target_profile(node: Node, kept: Kept) -> str | None:
    value: dict[str, Any] = node.value
    if not has(value, "targetProfile") or value.get("type") in ("Reference", "canonical"):
        return None
    if kept.release == "R5" and isinstance(value.get("type"), str) and value["type"][:1].isupper():
        return None  # a resource type; whether it is one is the code list's business
    return ".targetProfile"


def _search_type(node: Node, _kept: Kept) -> str | None:
    value = node.value
    return ".searchType" if has(value, "searchType") and value.get("type") != "string" else None


def _searches(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("kind") == "query":
        for number, parameter in enumerate(objects(value, "parameter")):
            if parameter.get("use") == "in" and not has(parameter, "searchType"):
                return f".parameter[{number}]"
    return None


def _found(node: Node, _kept: Kept) -> str | None:
    value = node.value
    if value.get("kind") != "query":
        return None
    out = [one for one in objects(value, "parameter") if one.get("use") == "out"]
    right = len(out) == 1 and out[0].get("name") == "result" and out[0].get("type") == "Bundle"
    return None if right else ""


_R5_CODE = "a concept is named by either a code or a valueSet"

ROWS: Final[tuple[Invariant, ...]] = (
    *(
        Invariant(kind, key, FOURTH, _named(_NAME), "the name should be one for programs: a capital, then letters, digits, _", "warning")
        for kind, key in NAMES.items()
    ),
    *(
        Invariant(kind, "cnl-0", FIFTH, _named(_NAME_R5), "the name should be one for programs: a capital, then letters, digits, _", "warning")
        for kind in _CANONICAL_R5
    ),
    *(Invariant(kind, "cnl-1", FIFTH, _url, "the url should have no | and no #", "warning") for kind in _CANONICAL_R5),
    Invariant("ValueSet.compose.include", "vsd-1", ALL, some("valueSet", "system"), "an include has a system or a valueSet"),
    Invariant("ValueSet.compose.include", "vsd-2", ALL, _concepts_need_system, "concepts and filters need the system they are of"),
    Invariant("ValueSet.compose.include", "vsd-3", ALL, _concept_and_filter, "concepts and filters exclude each other"),
    Invariant("ValueSet.expansion.contains", "vsd-6", ALL, some("code", "display"), "an entry has a code or a display"),
    Invariant("ValueSet.expansion.contains", "vsd-9", ALL, _abstract, "an entry without a code is abstract"),
    Invariant("ValueSet.expansion.contains", "vsd-10", ALL, needs("code", "system"), "an entry with a code has its system"),
    Invariant(
        "ValueSet.compose.include.concept.designation", "vsd-11", FIFTH, needs("additionalUse", "use"),
        "an additional use needs a use",
    ),
    Invariant("CodeSystem", "csd-1", ALL, _codes, "the code is defined twice"),
    Invariant("CodeSystem", "csd-2", FIFTH, _hierarchy, "a hierarchy should say what it means: hierarchyMeaning", "warning"),
    Invariant(
        "CodeSystem", "csd-3", FIFTH, _hierarchy_by_property,
        "a hierarchy by parent and child should say what it means: hierarchyMeaning", "warning",
    ),
    Invariant("CodeSystem", "csd-4", FIFTH, when("content", "supplement", "supplements"), "a supplement says of what"),
    Invariant("CodeSystem.concept.designation", "csd-5", FIFTH, needs("additionalUse", "use"), "an additional use needs a use"),
    Invariant("ConceptMap.group.element.target", "cmd-1", FOURTH, _commented, "a narrower or inexact target needs a comment"),
    Invariant(
        "ConceptMap.group.element.target", "cmd-1", FIFTH, _commented_r5,
        "a target that is narrower, or not related, needs a comment",
    ),
    Invariant("ConceptMap.group.unmapped", "cmd-2", FOURTH, when("mode", "fixed", "code"), "the mode fixed needs a code"),
    Invariant("ConceptMap.group.unmapped", "cmd-2", FIFTH, _fixed_r5, "the mode fixed needs a code or a valueSet"),
    Invariant("ConceptMap.group.unmapped", "cmd-3", FOURTH, when("mode", "other-map", "url"), "the mode other-map needs a url"),
    Invariant("ConceptMap.group.unmapped", "cmd-3", FIFTH, when("mode", "other-map", "otherMap"), "the mode other-map needs otherMap"),
    Invariant("ConceptMap.group.element", "cmd-4", FIFTH, _not_mapped, "noMap leaves no targets"),
    Invariant("ConceptMap.group.element", "cmd-5", FIFTH, exactly_one("code", "valueSet"), _R5_CODE),
    Invariant("ConceptMap.group.element.target", "cmd-7", FIFTH, exactly_one("code", "valueSet"), _R5_CODE),
    Invariant(
        "ConceptMap.group.element.target.dependsOn", "cmd-6", FIFTH, _depends,
        "a dependency has either a value or a valueSet",
    ),
    Invariant("ConceptMap.group.unmapped", "cmd-8", FIFTH, _not_fixed, "only the mode fixed has code, display, valueSet"),
    Invariant("ConceptMap.group.unmapped", "cmd-9", FIFTH, _not_other, "every mode but other-map needs a relationship"),
    Invariant(
        "ConceptMap.group.unmapped", "cmd-10", FIFTH, only_with("mode", ("other-map",), "otherMap"),
        "only the mode other-map has otherMap",
    ),
    Invariant("ConceptMap.property", "cmd-11", FIFTH, when("type", "code", "system"), "a property of codes needs a system"),
    Invariant("CapabilityStatement", "cpb-1", ALL, some("rest", "messaging", "document"), "a statement says something of rest, messaging or documents"),
    Invariant("CapabilityStatement", "cpb-2", ALL, some("description", "software", "implementation"), "a statement has a description, software or implementation"),
    Invariant("CapabilityStatement", "cpb-3", ALL, _endpoint, "only an instance has endpoints of messaging"),
    Invariant("CapabilityStatement", "cpb-4", FIFTH, _distinct("rest", "mode"), "the mode stands in another rest too"),
    Invariant("CapabilityStatement", "cpb-7", ALL, _documents, "the document profile stands twice in this mode"),
    Invariant("CapabilityStatement.rest", "cpb-9", ALL, _distinct("resource", "type"), "the resource type stands twice"),
    Invariant("CapabilityStatement.rest.resource", "cpb-12", ALL, _distinct("searchParam", "name"), "the search parameter stands twice"),
    Invariant("CapabilityStatement", "cpb-14", ALL, when("kind", "instance", "implementation"), "an instance has its implementation"),
    Invariant("CapabilityStatement", "cpb-15", ALL, _capability, "a capability has software and no implementation"),
    Invariant(
        "CapabilityStatement", "cpb-16", ALL, when_not("kind", "requirements", "implementation", "software"),
        "requirements have neither implementation nor software",
    ),
    Invariant("ImplementationGuide.definition", "ig-1", ALL, _groupings, "the grouping is not one of this guide"),
    Invariant("ImplementationGuide", "ig-2", ALL, _versions, "the version of FHIR is not one of this guide"),
    Invariant(
        "ImplementationGuide.definition.page", "ig-3", FIFTH, when_not("generation", "generated", "source[x]"),
        "a generated page has no source",
    ),
    Invariant("OperationDefinition.parameter", "opd-1", ALL, some("type", "part"), "a parameter has a type or parts"),
    Invariant("OperationDefinition.parameter", "opd-2", ALL, _search_type, "only a string has a searchType"),
    Invariant("OperationDefinition.parameter", "opd-3", ALL, _target_profile, "only a reference has target profiles"),
    Invariant("OperationDefinition.parameter", "opd-4", FIFTH, when_not("use", "out", "searchType"), "what comes out has no searchType"),
    Invariant("OperationDefinition", "opd-5", FIFTH, lambda node, _kept: ".instance" if node.value.get("kind") == "query" and node.value.get("instance") is not False else None, "a query is not run on an instance"),
    Invariant("OperationDefinition", "opd-6", FIFTH, _searches, "what a query takes in has a searchType"),
    Invariant("OperationDefinition", "opd-7", FIFTH, _found, "a query gives one parameter, result, of type Bundle"),
    Invariant("SearchParameter", "spd-1", FOURTH, needs("xpath", "xpathUsage"), "an xpath needs its xpathUsage"),
    Invariant("SearchParameter", "spd-1", FIFTH, needs("expression", "processingMode"), "an expression needs a processingMode"),
    Invariant("SearchParameter", "spd-2", ALL, only_with("type", ("reference",), "chain"), "only a reference is chained"),
    Invariant(
        "SearchParameter", "spd-3", FIFTH, only_with("type", ("number", "date", "quantity", "special"), "comparator"),
        "only numbers, dates, quantities and special parameters have comparators",
    ),
)  # fmt: skip
