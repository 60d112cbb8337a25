"""PlanDefinitions: one for each CDS Hooks service, with the hooks that start it and the rules that it goes by.

https://hl7.org/fhir/uv/cds-hooks-clinical-reasoning/: the id of a service is the tail of the plan's url, its hooks are
triggers of the kind named-event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.emit.words import PRIORITY, TIER_WORDS
from kneecds.publishing.citations import cited
from kneecds.publishing.head import Edition, Json, Release, head, url

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAN_TYPE: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
_TYPES: Final[dict[Release, str]] = {"R4": "http://hl7.org/fhir/resource-types", "R5": "http://hl7.org/fhir/fhir-types"}

HOOKS: Final = {
    "kneecds-assessment": ("patient-view",),
    "kneecds-intake": ("patient-view",),
    "kneecds-order-appropriateness": ("order-select", "order-sign"),
}
"""The hooks of each service."""

_VERDICTS: Final = {"appropriate": "Appropriate", "not_appropriate": "Not appropriate"}


def artefacts(edition: Edition) -> Iterator[Json]:
    """Yield the plans."""
    yield _plan(
        edition, "kneecds-assessment", "Knee assessment",
        "Reads what is known of a knee complaint; answers with an escalation by red-flag rules, ranked hypotheses and options. "
        "Each action below the first is one red-flag rule; how hypotheses are ranked is described in the documentation of kneecds.",
        {"title": "Assess the knee", "action": [*_rules(edition)]},
    )  # fmt: skip
    yield _plan(
        edition, "kneecds-intake", "Knee intake form",
        "Offers the intake form where a knee complaint is in play and the form was not answered lately.",
        {
            "title": "Offer the intake form",
            "description": "A Task that asks for the form to be filled in; an option, not an order.",
            "definitionCanonical": f"{url('Questionnaire', 'kneecds-intake')}|{edition.version}",
        },
    )  # fmt: skip
    yield _plan(
        edition, "kneecds-order-appropriateness", "Appropriateness of knee orders",
        "Rates draft orders of imaging, referral or arthroscopy of a knee against published criteria. Where it cannot be "
        "determined there is no rating, but the criteria that are met, not met and unknown. "
        "Each action below the first is one statement of the sources.",
        {"title": "Rate the order", "action": [*_statements(edition)]},
    )  # fmt: skip


def _plan(edition: Edition, identifier: str, title: str, about: str, action: Json) -> Json:
    started = [{"type": "named-event", "name": hook} for hook in HOOKS[identifier]]
    done = {"id": "start", "title": action["title"], "trigger": started, **action}
    return {
        **head(edition, "PlanDefinition", identifier, title, about),
        "type": {"coding": [{"system": _PLAN_TYPE, "code": "eca-rule", "display": "ECA Rule"}]},
        "subjectCodeableConcept": {"coding": [{"system": _TYPES[edition.release], "code": "Patient"}]},
        "purpose": "Decision support for clinicians: options, not orders.",
        "usage": "Through kneecds: as a library, a command or a service.",
        "library": [f"{url('Library', 'kneecds')}|{edition.version}"],
        "action": [{key: value for key, value in done.items() if value}],
    }


def _rules(edition: Edition) -> Iterator[Json]:
    for rule in sorted(edition.knowledge.files.red_flags, key=lambda rule: rule.id):
        action: Json = {
            "id": rule.id.replace("_", "-"),
            "title": rule.title,
            "description": f"{TIER_WORDS[rule.tier].capitalize()}. {rule.action}. {rule.rationale}",
            "priority": PRIORITY[rule.tier],
            "code": _as_list(edition, {"coding": [{
                "system": url("CodeSystem", "kneecds-rule"), "code": rule.id, "display": rule.title,
            }]}),
            "documentation": cited(edition, rule.source),
        }  # fmt: skip
        yield {key: value for key, value in action.items() if value}


def _statements(edition: Edition) -> Iterator[Json]:
    for statement in sorted(edition.knowledge.appropriateness, key=lambda one: one.id):
        orders = ", ".join(order.replace("_", " ") for order in statement.orders)
        action: Json = {
            "id": statement.id.replace("_", "-"),
            "title": statement.title,
            "description": f"{_VERDICTS[statement.verdict]} ({orders}): {statement.means}",
            "documentation": cited(edition, statement.source),
        }
        yield {key: value for key, value in action.items() if value}


def _as_list(edition: Edition, concept: Json) -> Any:  # noqa: ANN401 - R5 has one code where R4 has a list
    return [concept] if edition.release == "R4" else concept
