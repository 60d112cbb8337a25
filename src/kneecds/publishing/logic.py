"""What an assessment is, to FHIR: the PlanDefinition with every rule and its sources, operations, and what a server offers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.emit.words import PRIORITY, TIER_WORDS
from kneecds.publishing.head import NUMBERS, Edition, Json, Release, head, url

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAN_TYPE: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
_TYPES: Final[dict[Release, str]] = {"R4": "http://hl7.org/fhir/resource-types", "R5": "http://hl7.org/fhir/fhir-types"}
_WEB: Final = re.compile(r"https?://[^\s\"<>]+")
_SDC: Final = "http://hl7.org/fhir/uv/sdc/OperationDefinition"


def artefacts(edition: Edition) -> Iterator[Json]:
    """Yield PlanDefinition, OperationDefinition and CapabilityStatement."""
    yield _plan(edition)
    yield _evaluate(edition)
    yield _capabilities(edition)


def _plan(edition: Edition) -> Json:
    known = edition.knowledge
    sources = {source.id: source for source in known.sources}
    actions = []
    for rule in sorted(known.files.red_flags, key=lambda rule: rule.id):
        cited = [
            {
                "type": "citation",
                "citation": _citation(sources[name]),
                **({"url": sources[name].url} if edition.release == "R4" and _WEB.fullmatch(sources[name].url) else {}),
            }
            for name in rule.source
            if name in sources
        ]
        action: Json = {
            "id": rule.id.replace("_", "-"),
            "title": rule.title,
            "description": f"{TIER_WORDS[rule.tier].capitalize()}. {rule.action}. {rule.rationale}",
            "priority": PRIORITY[rule.tier],
            "code": _as_list(edition, {"coding": [{
                "system": url("CodeSystem", "kneecds-rule"), "code": rule.id, "display": rule.title,
            }]}),
            "documentation": cited,
        }  # fmt: skip
        actions.append({key: value for key, value in action.items() if value})
    return {
        **head(
            edition, "PlanDefinition", "kneecds-assessment", "Knee assessment",
            "Reads what is known of a knee complaint; answers with an escalation by red-flag rules, ranked hypotheses and options. "
            "Each action here is one red-flag rule; how hypotheses are ranked is described in the documentation of kneecds.",
        ),
        "type": {"coding": [{"system": _PLAN_TYPE, "code": "eca-rule", "display": "ECA Rule"}]},
        "subjectCodeableConcept": {"coding": [{"system": _TYPES[edition.release], "code": "Patient"}]},
        "purpose": "Decision support for clinicians: options, not orders.",
        "usage": "Through kneecds: as a library, a command or a service.",
        "action": actions,
    }  # fmt: skip


def _as_list(edition: Edition, concept: Json) -> Any:  # noqa: ANN401 - R5 has one code where R4 has a list
    return [concept] if edition.release == "R4" else concept


def _citation(source: Any) -> str:  # noqa: ANN401 - a Source
    parts = (source.authors, source.title, source.year)
    return ". ".join(part for part in parts if part)


def _evaluate(edition: Edition) -> Json:
    def parameter(name: str, use: str, least: int, kind: str, about: str) -> Json:
        return {"name": name, "use": use, "min": least, "max": "1", "documentation": about, "type": kind}

    return {
        **head(
            edition, "OperationDefinition", "kneecds-evaluate", "Assess a knee complaint",
            "Takes findings as a Bundle and returns the guidance.", copyrighted=False,
        ),
        "kind": "operation",
        "affectsState": False,
        "code": "kneecds-evaluate",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            parameter("input", "in", 1, "Bundle", "Patient, Observations, QuestionnaireResponses, Conditions, medicines, allergies of one patient"),
            parameter("asOf", "in", 0, "date", "The day for which the answer holds; by default today"),
            parameter("setting", "in", 0, "code", "Where the patient is seen: primary_care, emergency_care or sports_medicine"),
            parameter("return", "out", 1, "Bundle", "The guidance: a Bundle with a GuidanceResponse first; on failure its status says so"),
        ],
    }  # fmt: skip


def _capabilities(edition: Edition) -> Json:
    reads = ("Questionnaire", "PlanDefinition", "ValueSet", "CodeSystem", "ConceptMap", "StructureDefinition")
    resources: list[Json] = [{"type": kind, "interaction": [{"code": "read"}]} for kind in reads]
    resources.append(
        {
            "type": "QuestionnaireResponse",
            "operation": [{"name": "extract", "definition": f"{_SDC}/QuestionnaireResponse-extract"}],
        }
    )
    return {
        **head(
            edition, "CapabilityStatement", "kneecds-server", "What a server with kneecds offers",
            "The operations and artefacts that a host offers when it embeds kneecds.", copyrighted=False,
        ),
        "kind": "requirements",
        "fhirVersion": NUMBERS[edition.release],
        "format": ["application/fhir+json"],
        "rest": [{
            "mode": "server",
            "resource": resources,
            "operation": [
                {"name": "kneecds-evaluate", "definition": url("OperationDefinition", "kneecds-evaluate")},
                {"name": "validate", "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate"},
            ],
        }],
    }  # fmt: skip


def guide(edition: Edition, artefacts: list[Json], examples: list[Json], package: str) -> Json:
    """Return the ImplementationGuide that lists all the others."""
    listed: list[Json] = []
    for artefact in artefacts:
        entry = {
            "reference": {"reference": f"{artefact['resourceType']}/{artefact['id']}"},
            "name": artefact.get("title", artefact["id"]),
            "description": artefact.get("description", ""),
        }
        entry |= {"exampleBoolean": False} if edition.release == "R4" else {"isExample": False}
        listed.append({key: value for key, value in entry.items() if value not in ("", None)})
    for example in examples:
        entry = {"reference": {"reference": f"{example['resourceType']}/{example['id']}"}, "name": example["id"]}
        profiles = example.get("meta", {}).get("profile", [])
        if edition.release == "R4":
            entry |= {"exampleCanonical": profiles[0]} if profiles else {"exampleBoolean": True}
        else:
            entry |= {"isExample": True} | ({"profile": profiles} if profiles else {})
        listed.append(entry)
    return {
        **head(
            edition, "ImplementationGuide", "kneecds", "Knee decision support",
            "Profiles, terminology, the intake form and the rules of kneecds.",
        ),
        "packageId": package,
        "license": "Apache-2.0",
        "fhirVersion": [NUMBERS[edition.release]],
        "definition": {"resource": listed},
    }  # fmt: skip
