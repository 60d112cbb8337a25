"""Profiles of what we read: a knee finding, a pain score, a response to the intake form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.concepts import FINDING_SYSTEM, LOINC
from kneecds.publishing.head import Edition, Json, url
from kneecds.publishing.profile import (
    Rule,
    bound,
    constraint,
    extension,
    fixed,
    needed,
    read,
    reference,
    sliced,
    structure_definition,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def artefacts(edition: Edition) -> Iterator[Json]:
    """Yield the profiles."""
    yield structure_definition(
        edition, "kneecds-knee-finding", "Observation", "Knee finding",
        "One finding of one knee, or of the person with a knee complaint: a symptom, sign, measurement or item of history. "
        "The code is one of ours, alone or beside a code of a published system.",
        (
            Rule("Observation", constraint=[constraint(
                "knee-1", "A finding has a value, a reason why it has none, or parts.",
                "value.exists() or dataAbsentReason.exists() or component.exists() or hasMember.exists()",
            )]),
            needed("Observation.status", "Results that are cancelled, registered or entered in error are not used"),
            needed("Observation.code", "What was looked for"),
            sliced("Observation.code.coding", ("value", "system")),
            needed("Observation.code.coding:finding", "The finding by its code of ours", max="1"),
            Rule("Observation.code.coding:finding.system", min=1, patternUri=FINDING_SYSTEM),
            Rule(
                "Observation.code.coding:finding.code", min=1,
                binding=bound("required", url("ValueSet", "kneecds-finding")),
            ),
            needed("Observation.subject", "The patient", type=reference("Patient")),
            read("Observation.effective[x]", "When it held; without it the finding belongs to every time"),
            read(
                "Observation.value[x]", "Yes or no, an amount with its UCUM unit, or a choice",
                type=[{"code": kind} for kind in ("boolean", "Quantity", "CodeableConcept", "integer")],
            ),
            read("Observation.dataAbsentReason", "Asked, and not known"),
            read("Observation.bodySite", "Which knee: a code of the left, the right or both knees"),
        ),
    )  # fmt: skip
    yield structure_definition(
        edition, "kneecds-pain-score", "Observation", "Knee pain score",
        "Pain of one knee on the numeric scale from 0, no pain, to 10, the worst pain that can be imagined.",
        (
            needed("Observation.status"),
            fixed(
                "Observation.code", "CodeableConcept", {"coding": [{"system": LOINC, "code": "72514-3"}]},
                "Pain severity on the numeric scale from 0 to 10, verbally reported",
            ),
            needed("Observation.subject", "The patient", type=reference("Patient")),
            needed("Observation.effective[x]", "When it hurt so"),
            needed(
                "Observation.value[x]", "0 to 10", type=[{"code": "Quantity"}, {"code": "integer"}],
                constraint=[constraint(
                    "knee-2", "A score is from 0 to 10.",
                    "iif($this is integer, $this >= 0 and $this <= 10, value >= 0 and value <= 10)",
                )],
            ),
            needed("Observation.bodySite", "Which knee"),
        ),
    )  # fmt: skip
    yield structure_definition(
        edition, "kneecds-intake-response", "QuestionnaireResponse", "Response to the knee intake form",
        "The answers of a patient to the intake form; an unanswered question is unknown, not no.",
        (
            Rule("QuestionnaireResponse", constraint=[constraint(
                "knee-3", "The response is to the intake form.",
                f"questionnaire.startsWith('{url('Questionnaire', 'kneecds-intake')}')",
            )]),
            needed("QuestionnaireResponse.questionnaire", "The intake form, with its version"),
            needed("QuestionnaireResponse.status"),
            needed("QuestionnaireResponse.subject", "The patient", type=reference("Patient")),
            needed("QuestionnaireResponse.authored", "When it was filled in"),
            read("QuestionnaireResponse.item"),
        ),
    )  # fmt: skip
    yield extension(
        edition, "kneecds-denies", "What not choosing an option denies",
        "For an option of a question with several options: the findings that its wording names in plain words, so that "
        "they are absent when the question is answered and the option is not chosen.",
        ("Questionnaire.item",),
        (
            Rule("Extension", max="*"),
            sliced("Extension.extension", ("value", "url")),
            Rule("Extension.extension:option", sliceName="option", min=1, max="1"),
            Rule("Extension.extension:option.url", fixedUri="option"),
            Rule("Extension.extension:option.value[x]", min=1, type=[{"code": "Coding"}]),
            Rule("Extension.extension:finding", sliceName="finding", min=1, max="*"),
            Rule("Extension.extension:finding.url", fixedUri="finding"),
            Rule(
                "Extension.extension:finding.value[x]", min=1, type=[{"code": "Coding"}],
                binding=bound("required", url("ValueSet", "kneecds-finding")),
            ),
            Rule("Extension.url", fixedUri=url("StructureDefinition", "kneecds-denies")),
            Rule("Extension.value[x]", max="0"),
        ),
    )  # fmt: skip
    yield extension(
        edition, "kneecds-body-site", "Where the answers are about",
        "On a group of the intake form: the part of the body that the questions in it are about. Observations that are "
        "made of the answers have it as bodySite.",
        ("Questionnaire.item",),
        (
            Rule("Extension", max="1"),
            Rule("Extension.extension", max="0"),
            Rule("Extension.url", fixedUri=url("StructureDefinition", "kneecds-body-site")),
            Rule("Extension.value[x]", min=1, type=[{"code": "CodeableConcept"}]),
        ),
    )  # fmt: skip
