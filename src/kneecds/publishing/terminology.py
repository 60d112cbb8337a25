"""Our concepts as CodeSystems and ValueSets, and how they map to published systems; all of it from the knowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.cdshooks.card import TOPICS
from kneecds.cdshooks.override_reasons import OVERRIDE_REASONS, OWN
from kneecds.fhir.concepts import CHOICE_SYSTEM, ICD_10_CM, LOINC, SNOMED
from kneecds.fhir.emit.words import TIER_WORDS
from kneecds.publishing.head import Edition, Json, head, url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.core.knowledge import Code

_EQUIVALENCE: Final = {"same": "equivalent", "narrower": "narrower", "broader": "wider", "opposite": "disjoint"}
"""https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html: how the target stands to the source."""

_RELATIONSHIP: Final = {
    "same": "equivalent",
    "narrower": "source-is-broader-than-target",
    "broader": "source-is-narrower-than-target",
    "opposite": "not-related-to",
}
"""https://hl7.org/fhir/R5/valueset-concept-map-relationship.html."""

_MAPPED: Final = {"snomed": (SNOMED, "SNOMED CT"), "loinc": (LOINC, "LOINC"), "icd-10-cm": (ICD_10_CM, "ICD-10-CM")}

Concept = tuple[str, str, str]
"""Code, display and definition."""


def artefacts(edition: Edition, questionnaire: Json) -> Iterator[Json]:
    """Yield CodeSystems, ValueSets and ConceptMaps."""
    files = edition.knowledge.files
    systems: dict[str, tuple[str, str, list[Concept]]] = {
        "kneecds-finding": (
            "Findings of a knee complaint",
            "What can be known of a knee, or of the person with a knee complaint: symptoms, signs, history, tests, context.",
            [(one.id, one.label, one.definition) for one in files.findings],
        ),
        "kneecds-condition": (
            "Conditions behind a knee complaint",
            "What a knee complaint may come from.",
            [(one.id, one.label, "") for one in files.conditions],
        ),
        "kneecds-rule": (
            "Red-flag rules",
            "Rules that say how soon a knee should be seen; each names its sources in the knowledge.",
            [(one.id, one.title, one.rationale) for one in files.red_flags],
        ),
        "kneecds-action": (
            "Options",
            "What may be offered: advice, exercise, load management, referral, imaging, medicines, and what is advised against.",
            [(one.id, one.text, "") for one in files.actions],
        ),
        "kneecds-tier": (
            "Escalations",
            "How soon somebody with a knee complaint should be seen, the most urgent first.",
            [(code, words[:1].upper() + words[1:], "") for code, words in TIER_WORDS.items()],
        ),
        "kneecds-choice": (
            "Choices of the intake form",
            "Answers to questions that are neither a yes or no nor an amount.",
            _choices(questionnaire, edition),
        ),
        "kneecds-card-topic": (
            "Topics of CDS Hooks cards",
            "What a card of kneecds is about: `source.topic`.",
            [(code, display, "") for code, display in TOPICS.values()],
        ),
        "kneecds-override-reason": (
            "Reasons to set a card aside",
            "Reasons of our own beside those that CDS Hooks publishes: `overrideReasons`.",
            [(one["code"], one["display"], "") for one in OVERRIDE_REASONS if one["system"] == OWN],
        ),
    }
    for identifier, (title, about, concepts) in systems.items():
        yield _code_system(edition, identifier, title, about, concepts)
        yield _value_set(edition, identifier, title, about)
    for name, of, owners in (
        ("finding", "findings", [(one.id, one.label, one.codes) for one in files.findings]),
        ("condition", "conditions", [(one.id, one.label, one.codes) for one in files.conditions]),
    ):
        for short, (system, label) in _MAPPED.items():
            elements = list(_elements(edition, owners, system))
            if elements:
                yield _concept_map(edition, name, of, short, system, label, elements)


def _choices(questionnaire: Json, edition: Edition) -> list[Concept]:
    """Return each choice that the form offers, and those of findings that only a clinician states."""
    found: dict[str, str] = {}
    for option in _options(questionnaire):
        coding = option.get("valueCoding", {})
        if coding.get("system") == CHOICE_SYSTEM:
            found.setdefault(coding["code"], coding.get("display", coding["code"]))
    for finding in edition.knowledge.files.findings:
        for choice in finding.choices:
            found.setdefault(choice, choice.replace("_", " "))
    for code, words in (("yes", "Yes"), ("no", "No")):
        found.setdefault(code, words)
    return [(code, display, "") for code, display in sorted(found.items())]


def _options(element: Any) -> Iterator[Json]:  # noqa: ANN401 - any part of a Questionnaire
    if isinstance(element, dict):
        for name, inner in element.items():
            if name == "answerOption":
                yield from inner
            else:
                yield from _options(inner)
    elif isinstance(element, list):
        for inner in element:
            yield from _options(inner)


def _code_system(edition: Edition, identifier: str, title: str, about: str, concepts: Iterable[Concept]) -> Json:
    listed = [
        {"code": code, "display": display, **({"definition": definition} if definition else {})}
        for code, display, definition in concepts
    ]
    return {
        **head(edition, "CodeSystem", identifier, title, about, copyrighted=False),
        "caseSensitive": True,
        "valueSet": url("ValueSet", identifier),
        "content": "complete",
        "count": len(listed),
        "concept": listed,
    }


def _value_set(edition: Edition, identifier: str, title: str, about: str) -> Json:
    return {
        **head(edition, "ValueSet", identifier, title, about, copyrighted=False),
        "compose": {"include": [{"system": url("CodeSystem", identifier)}]},
    }


def _elements(edition: Edition, owners: Iterable[tuple[str, str, tuple[Code, ...]]], system: str) -> Iterator[Json]:
    """Yield for each of our concepts the codes of one system; those that stand for one side or for several are said so."""
    for identifier, label, codes in owners:
        targets: list[Json] = []
        seen: set[tuple[str, str]] = set()
        for code in codes:
            if code.system != system or (code.code, code.means) in seen:
                continue
            seen.add((code.code, code.means))
            target: Json = {"code": code.code, "display": code.display}
            if edition.release == "R4":
                target["equivalence"] = _EQUIVALENCE[code.means]
            else:
                target["relationship"] = _RELATIONSHIP[code.means]
            remarks = [f"of the {code.side} side" if code.side else "", code.note]
            comment = "; ".join(remark for remark in remarks if remark)
            if comment or target.get("equivalence") in ("narrower", "disjoint"):
                target["comment"] = comment or "as the knowledge states it"
            targets.append({key: value for key, value in target.items() if value})
        if targets:
            yield {"code": identifier, "display": label, "target": targets}


def _concept_map(
    edition: Edition, name: str, of: str, short: str, system: str, label: str, elements: list[Json]
) -> Json:
    identifier = f"kneecds-{name}-to-{short}"
    about = (
        f"How our {of} stand to codes of {label}. Only codes that were checked against a published source are in it."
    )
    scope = "source" if edition.release == "R4" else "sourceScope"
    return {
        **head(edition, "ConceptMap", identifier, f"{of.capitalize()} in {label}", about),
        f"{scope}Uri" if edition.release == "R4" else "sourceScopeUri": url("ValueSet", f"kneecds-{name}"),
        "group": [{"source": url("CodeSystem", f"kneecds-{name}"), "target": system, "element": elements}],
    }
