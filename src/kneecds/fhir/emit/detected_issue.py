"""Red flags that are met, and statements that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.emit.codes import Json
from kneecds.fhir.emit.narrative import clean, escape, narrative
from kneecds.fhir.emit.words import SEVERITY, TIER_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.core.assessment import Answer, KnownFinding, RuleResult
    from kneecds.fhir.emit.frame import Frame


def answers(wanted: Iterable[Answer], joined: str = "; ") -> str:
    """Write answers as "calf swelling: absent"."""
    return joined.join([f"{answer.label}: {answer.answer}" for answer in wanted])


def _evidence(frame: Frame, finding: str, scope: str) -> Json:
    references = frame.about(finding, scope)
    seen: Json = {"code": [frame.catalogue.finding(finding)]}
    if references:
        seen["detail"] = references
    return seen


def _found(frame: Frame, rule: RuleResult) -> str:
    """Say what was found, how urgent it is and what it rests on."""
    unless = "" if rule.status == "met" else ", unless an answer still missing cancels it"
    parts = [f"{rule.title} ({frame.catalogue.where(rule.scope)}). Escalation: {TIER_WORDS[rule.tier]}{unless}."]
    if rule.because:
        parts.append(f"Rests on: {'; '.join(rule.because)}.")
    if rule.cancelled_by:
        parts.append(f"Would be cancelled by: {answers(rule.cancelled_by, ' or ')}.")
    return clean(" ".join(parts))


def of_rule(frame: Frame, rule: RuleResult) -> Json:
    """Return the DetectedIssue of a rule that is met, or met unless an unanswered finding cancels it."""
    catalogue = frame.catalogue
    firm = rule.status == "met"
    shown = _found(frame, rule)
    parts = []
    if rule.action:
        parts.append(f"Option: {rule.action}.")
    if rule.rationale:
        parts.append(f"Why: {rule.rationale}.")
    if rule.sources:
        parts.append(f"Sources: {catalogue.cite(rule.sources)}.")
    issue: Json = {
        "resourceType": "DetectedIssue",
        "id": "",
        "text": narrative("Red flag", f"<p>{escape(shown)}</p>"),
        "status": "final" if firm else "preliminary",
        "code": catalogue.rule(rule.rule, rule.title),
        "severity": SEVERITY[rule.tier],
        "patient": frame.subject,
        "author": frame.device,
    }
    if frame.time:
        issue["identifiedDateTime"] = frame.time
    evidence = [_evidence(frame, finding, rule.scope) for finding in rule.findings]
    if evidence:
        issue["evidence"] = evidence
    more = clean(" ".join(parts))
    issue["detail"] = f"{shown} {more}" if more else shown
    address = catalogue.web_address(rule.sources)
    if address:
        issue["reference"] = address
    return issue


def of_conflict(frame: Frame, known: KnownFinding) -> Json:
    """Return the DetectedIssue of a finding that was stated both ways."""
    catalogue = frame.catalogue
    references = frame.about(known.finding, known.scope)
    detail = clean(
        f"{known.label} ({catalogue.where(known.scope)}) is stated in ways that cannot both be right; "
        "it was taken as not known. Please check it with the patient or in the record."
    )
    issue: Json = {
        "resourceType": "DetectedIssue",
        "id": "",
        "text": narrative("Contradiction in the data", f"<p>{escape(detail)}</p>"),
        "status": "final",
        "code": {"text": "Contradictory statements in the data"},
        "severity": "moderate",
        "patient": frame.subject,
        "author": frame.device,
    }
    if frame.time:
        issue["identifiedDateTime"] = frame.time
    seen: Json = {"code": [catalogue.finding(known.finding, known.label)]}
    if references:
        issue["implicated"] = references
        seen["detail"] = references
    issue["evidence"] = [seen]
    issue["detail"] = detail
    return issue
