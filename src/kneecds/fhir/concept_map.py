"""A host's ConceptMap: what its own codes, questions and answers mean here.

A source is a code system with its code, or a questionnaire with a linkId; `code#answer` is one answer to it. A target
is a finding of ours, with `left.` or `right.` before it where the question is about one knee.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec

from kneecds.errors import Issue, error, information
from kneecds.fhir.concepts import FINDING_SYSTEM, Meaning

if TYPE_CHECKING:
    from kneecds.fhir.concepts import CodeSide, Concepts, Relation

# https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html and, for R5, valueset-concept-map-relationship.html.
# R4 says what the target is to the source; we keep what the source is to the finding.
_RELATIONS: Final[dict[str, Relation]] = {
    "equal": "same",
    "equivalent": "same",
    "wider": "narrower",
    "subsumes": "narrower",
    "source-is-narrower-than-target": "narrower",
    "narrower": "broader",
    "specializes": "broader",
    "source-is-broader-than-target": "broader",
}
_NO_RELATION: Final = frozenset({"unmatched", "disjoint", "not-related-to"})


class ConceptMapping(NamedTuple):
    """One ConceptMap made ready: by (system or questionnaire, code), and by (…, code, answer code)."""

    codes: dict[tuple[str, str], Meaning]
    answers: dict[tuple[str, str, str], Meaning]


class _Target(msgspec.Struct):
    code: str = ""
    equivalence: str = ""
    relationship: str = ""


class _Element(msgspec.Struct):
    code: str = ""
    target: list[_Target] = []


class _Group(msgspec.Struct):
    source: str = ""
    target: str = ""
    element: list[_Element] = []


class _Shape(msgspec.Struct):
    """What is read of a ConceptMap."""

    group: list[_Group] = []
    sourceUri: str = ""  # noqa: N815 - FHIR's name
    sourceCanonical: str = ""  # noqa: N815


def concept_mapping(resource: dict[str, Any], concepts: Concepts) -> tuple[ConceptMapping, tuple[Issue, ...]]:
    """Read a ConceptMap; what cannot be used is left out and said."""
    mapping = ConceptMapping({}, {})
    issues: list[Issue] = []
    if "modifierExtension" in resource or resource.get("resourceType") != "ConceptMap":
        what = "it has a modifier extension" if "modifierExtension" in resource else "it is no ConceptMap"
        return mapping, (error("not-supported", "map-unusable", "ConceptMap", f"the map is not used: {what}"),)
    try:
        msgspec.convert(resource, _Shape)
    except msgspec.ValidationError:
        message = "the map is not used: its structure is not that of a ConceptMap"
        return mapping, (error("structure", "map-unusable", "ConceptMap", message),)
    for g, group in enumerate(resource.get("group", ())):
        if group.get("target", FINDING_SYSTEM) != FINDING_SYSTEM:
            message = f"the group maps to {group['target']}, not to {FINDING_SYSTEM}; not used"
            issues.append(information("informational", "map-other-target", f"ConceptMap.group[{g}].target", message))
            continue
        source = str(group.get("source", resource.get("sourceUri", resource.get("sourceCanonical", "")))).partition(
            "|"
        )[0]
        for e, element in enumerate(group.get("element", ())):
            path = f"ConceptMap.group[{g}].element[{e}]"
            found = [
                meaning
                for t, target in enumerate(element.get("target", ()))
                if (meaning := _target(target, f"{path}.target[{t}]", concepts, issues)) is not None
            ]
            if len({(m.target.id, m.side) for m in found if m.target is not None}) > 1:
                issues.append(
                    error("conflict", "map-several-targets", path, "one source is mapped to several findings; not used")
                )
            elif found and element.get("code"):
                code, hash_, answer = str(element["code"]).partition("#")
                if hash_:
                    mapping.answers[source, code, answer] = found[0]
                else:
                    mapping.codes[source, code] = found[0]
    return mapping, tuple(issues)


def _target(target: dict[str, Any], path: str, concepts: Concepts, issues: list[Issue]) -> Meaning | None:
    relation = target.get("equivalence", target.get("relationship", ""))
    if relation in _NO_RELATION:
        return None
    code = str(target.get("code", ""))
    side, dot, name = code.partition(".")
    if not dot or side not in ("left", "right"):
        side, name = "", code
    meaning = concepts.by_code.get((FINDING_SYSTEM, name))
    if meaning is None:
        issues.append(error("code-invalid", "map-unknown-finding", f"{path}.code", f"{code!r} is not a finding"))
        return None
    if "dependsOn" in target or "modifierExtension" in target:
        issues.append(
            error(
                "not-supported",
                "map-conditional",
                path,
                f"the mapping to {code} holds under a condition that is not read; not used",
            )
        )
        return None
    means = _RELATIONS.get(relation, "broader")
    if relation not in _RELATIONS:
        message = f"{relation!r} is not exact enough to establish {code}; answers to it are only remarked on"
        issues.append(information("informational", "map-inexact", path, message))
    ours = means == "same" and meaning.target is not None and meaning.target.kind != "quantity"
    return meaning._replace(means=means, side=cast("CodeSide", side), ours=ours, code=code)
