"""Profiles of what we write: the guidance Bundle and each resource in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.publishing.head import Edition, Json, Release, url
from kneecds.publishing.profile import Rule, constraint, fixed, needed, read, reference, sliced, structure_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

_R4: Final[tuple[Release, ...]] = ("R4",)
_R5: Final[tuple[Release, ...]] = ("R5",)


def artefacts(edition: Edition) -> Iterator[Json]:
    """Yield the profiles."""
    group = "RequestGroup" if edition.release == "R4" else "RequestOrchestration"
    yield _bundle(edition, group)
    yield structure_definition(
        edition, "kneecds-guidance-response", "GuidanceResponse", "Answer to an assessment",
        "What came out in short, whether more data could change it, and where the rest is. A failure has no output.",
        (
            Rule("GuidanceResponse", constraint=[constraint(
                "knee-4", "A failure has no output, and says why.",
                "status = 'failure' implies (outputParameters.empty() and evaluationMessage.exists())",
            )]),
            needed("GuidanceResponse.module[x]", "The PlanDefinition with the version of the knowledge", type=[{"code": "canonical"}]),
            needed("GuidanceResponse.status", "success: no answer that is missing could raise the escalation"),
            needed("GuidanceResponse.subject", "The patient"),
            read("GuidanceResponse.occurrenceDateTime", "The day for which the answer holds"),
            needed("GuidanceResponse.performer", "The software", type=reference("Device")),
            read("GuidanceResponse.reasonCode", "The rules that are met", only=_R4),
            read("GuidanceResponse.reason", "The rules that are met", only=_R5),
            read("GuidanceResponse.evaluationMessage", "Every issue of the input"),
            read("GuidanceResponse.outputParameters", "Escalation, hypotheses and rules as named values"),
            read("GuidanceResponse.result", "The options"),
            read("GuidanceResponse.dataRequirement", "What to ask next"),
        ),
    )  # fmt: skip
    yield structure_definition(
        edition, "kneecds-risk-assessment", "RiskAssessment", "Hypotheses for one knee",
        "Conditions that may lie behind the complaint of one knee, each with its own probability in per cent.",
        (
            _either("RiskAssessment.status", "knee-5", "final", "preliminary"),
            needed("RiskAssessment.method", "How probabilities were worked out"),
            needed("RiskAssessment.code", "Which knee"),
            needed("RiskAssessment.subject", "The patient"),
            needed("RiskAssessment.performer", "The software", type=reference("Device")),
            read("RiskAssessment.basis", "Every resource that said something of this knee or the person"),
            read("RiskAssessment.prediction"),
            needed("RiskAssessment.prediction.outcome", "The condition"),
            read("RiskAssessment.prediction.probability[x]", "In per cent, by itself, not as a share of the list"),
            read("RiskAssessment.prediction.qualitativeRisk"),
            needed("RiskAssessment.prediction.rationale", "What speaks for it, against it and is not known"),
        ),
    )  # fmt: skip
    patient = "patient" if edition.release == "R4" else "subject"
    yield structure_definition(
        edition, "kneecds-detected-issue", "DetectedIssue", "Red flag or contradiction",
        "A red-flag rule that is met, with what it rests on; or statements that contradict each other.",
        (
            _either("DetectedIssue.status", "knee-6", "final", "preliminary"),
            needed("DetectedIssue.code", "The rule"),
            read("DetectedIssue.severity"),
            needed(f"DetectedIssue.{patient}", "The patient"),
            needed("DetectedIssue.author", "The software", type=reference("Device")),
            read("DetectedIssue.evidence", "The findings, and where they were read"),
            needed("DetectedIssue.detail", "What is met, what may be done, and its sources"),
            read("DetectedIssue.reference", "The first source"),
        ),
    )  # fmt: skip
    yield structure_definition(
        edition, "kneecds-service-request", "ServiceRequest", "Option to request",
        "Referral, imaging or procedure that may be considered: a draft proposal, never an order.",
        (
            fixed("ServiceRequest.status", "Code", "draft"),
            fixed("ServiceRequest.intent", "Code", "proposal"),
            needed("ServiceRequest.code", "The option"),
            needed("ServiceRequest.subject", "The patient"),
            needed("ServiceRequest.requester", "The software", type=reference("Device")),
            read("ServiceRequest.priority"),
            read("ServiceRequest.reasonCode", "Condition or rule", only=_R4),
            read("ServiceRequest.reason", "Condition or rule", only=_R5),
            read("ServiceRequest.bodySite", "The knee"),
            read("ServiceRequest.supportingInfo"),
        ),
    )  # fmt: skip
    yield structure_definition(
        edition, "kneecds-care-plan", "CarePlan", "Exercise and load management options",
        "Exercises and load management to choose from, proposed for a clinician to adapt with the patient.",
        (
            fixed("CarePlan.status", "Code", "draft"),
            fixed("CarePlan.intent", "Code", "proposal"),
            needed("CarePlan.title"),
            needed("CarePlan.subject", "The patient"),
            needed("CarePlan.author", "The software", type=reference("Device"), only=_R4),
            read("CarePlan.contributor", "The software", only=_R5),
            needed("CarePlan.activity"),
            needed("CarePlan.activity.detail", only=_R4),
        ),
    )  # fmt: skip
    yield structure_definition(
        edition, "kneecds-communication-request", "CommunicationRequest", "Advice or message to the clinician",
        "What to tell, to ask or to keep in mind; a draft.",
        (
            fixed("CommunicationRequest.status", "Code", "draft"),
            fixed("CommunicationRequest.intent", "Code", "proposal", only=_R5),
            needed("CommunicationRequest.subject", "The patient"),
            needed("CommunicationRequest.requester", "The software", type=reference("Device")),
            needed("CommunicationRequest.payload", "The text"),
        ),
    )  # fmt: skip
    yield structure_definition(
        edition, f"kneecds-{'request-group' if edition.release == 'R4' else 'request-orchestration'}", group,
        "Options to choose from", "All options with their reasons, grouped; none of them is an order.",
        (
            _either(f"{group}.status", "knee-7", "active", "draft"),
            fixed(f"{group}.intent", "Code", "proposal"),
            needed(f"{group}.instantiatesCanonical", "The PlanDefinition with the version of the knowledge"),
            needed(f"{group}.subject", "The patient"),
            needed(f"{group}.author", "The software", type=reference("Device")),
            read(f"{group}.action"),
            read(f"{group}.action.title"),
        ),
    )  # fmt: skip
    yield structure_definition(
        edition,
        "kneecds-device",
        "Device",
        "The software",
        "kneecds itself, with the versions of software and knowledge and the hash of the knowledge.",
        (needed("Device.status"), needed("Device.version"), needed("Device.version.value")),
    )
    yield structure_definition(
        edition,
        "kneecds-provenance",
        "Provenance",
        "Where the guidance comes from",
        "Every resource of the guidance, and every resource of the input that it rests on.",
        (
            needed("Provenance.target"),
            needed("Provenance.agent"),
            needed("Provenance.agent.who", type=reference("Device")),
            read("Provenance.entity", "The input"),
            read("Provenance.occurred[x]", "The day for which the answer holds"),
        ),
    )
    yield structure_definition(
        edition,
        "kneecds-operation-outcome",
        "OperationOutcome",
        "Issues of the input",
        "Every problem of the input: how bad, of which kind, where, and which rule says so.",
        (
            needed("OperationOutcome.issue.details"),
            needed("OperationOutcome.issue.details.text", "What is wrong"),
            read("OperationOutcome.issue.diagnostics", "The rule"),
            read("OperationOutcome.issue.expression", "FHIRPath of the place"),
        ),
    )


def _either(path: str, key: str, settled: str, unsettled: str) -> Rule:
    """Return the rule of a status: the first when no missing answer could change the matter, else the second."""
    return needed(path, f"{settled}, or {unsettled} while a missing answer could change it", constraint=[constraint(
        key, f"The status is {settled} or {unsettled}.", f"$this = '{settled}' or $this = '{unsettled}'",
    )])  # fmt: skip


def _bundle(edition: Edition, group: str) -> Json:
    """Return the profile of the whole guidance."""
    rules: list[Rule] = [
        fixed("Bundle.type", "Code", "collection"),
        needed("Bundle.identifier", "The same input, knowledge and day give the same identifier"),
        sliced("Bundle.entry", ("type", "resource")),
    ]
    slices = (
        ("guidance", "GuidanceResponse", "guidance-response", 1, "1"),
        ("issues", "OperationOutcome", "operation-outcome", 0, "1"),
        ("hypotheses", "RiskAssessment", "risk-assessment", 0, "*"),
        ("flags", "DetectedIssue", "detected-issue", 0, "*"),
        ("requests", "ServiceRequest", "service-request", 0, "*"),
        ("messages", "CommunicationRequest", "communication-request", 0, "*"),
        ("plan", "CarePlan", "care-plan", 0, "*"),
        ("options", group, "request-group" if group == "RequestGroup" else "request-orchestration", 0, "*"),
        ("software", "Device", "device", 1, "1"),
        ("provenance", "Provenance", "provenance", 1, "1"),
    )
    for name, kind, profile, least, most in slices:
        rules.append(Rule(f"Bundle.entry:{name}", min=least, max=most))
        target = [{"code": kind, "profile": [url("StructureDefinition", f"kneecds-{profile}")]}]
        rules.append(Rule(f"Bundle.entry:{name}.resource", min=1, type=target))
    return structure_definition(
        edition, "kneecds-guidance", "Bundle", "Guidance",
        "The whole answer: GuidanceResponse first, then what it refers to. Nothing in it is an order.", rules,
    )  # fmt: skip
