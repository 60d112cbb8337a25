"""What a server with kneecds offers, as a CapabilityStatement that others can be held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.publishing.head import NUMBERS, head, url

if TYPE_CHECKING:
    from kneecds.publishing.head import Edition, Json

_SDC: Final = "http://hl7.org/fhir/uv/sdc/OperationDefinition"
_HL7: Final = "http://hl7.org/fhir/OperationDefinition"

READS: Final = (
    "CapabilityStatement", "CodeSystem", "ConceptMap", "ImplementationGuide", "Library", "OperationDefinition",
    "PlanDefinition", "Questionnaire", "StructureDefinition", "ValueSet",
)  # fmt: skip
_SEARCHED_BY: Final = (("_id", "token"), ("name", "string"), ("url", "uri"), ("version", "token"))
_OPERATIONS: Final = {
    "PlanDefinition": {"name": "apply", "definition": f"{_HL7}/PlanDefinition-apply"},
    "QuestionnaireResponse": {"name": "extract", "definition": f"{_SDC}/QuestionnaireResponse-extract"},
}


def capabilities(edition: Edition) -> Json:
    """Return the CapabilityStatement."""
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
            "documentation": "Nothing that is sent is kept.",
            "resource": [_resource(kind) for kind in sorted({*READS, *_OPERATIONS})],
            "operation": [
                {"name": "kneecds-evaluate", "definition": url("OperationDefinition", "kneecds-evaluate")},
                {"name": "validate", "definition": f"{_HL7}/Resource-validate"},
            ],
        }],
    }  # fmt: skip


def _resource(kind: str) -> Json:
    found: Json = {"type": kind}
    if kind in READS:
        found["interaction"] = [{"code": "read"}, {"code": "search-type"}]
        found["searchParam"] = [{"name": name, "type": how} for name, how in _SEARCHED_BY]
    if kind in _OPERATIONS:
        found["operation"] = [_OPERATIONS[kind]]
    return found
