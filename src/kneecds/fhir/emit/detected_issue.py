"""Red flags that are met, and statements that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.emit.codes import Json, encode, members
from kneecds.fhir.emit.narrative import clean, escape, narrative
from kneecds.fhir.emit.words import SEVERITY, TIER_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.core.assessment import Answer, KnownFinding, RuleResult
    from kneecds.fhir.emit.codes import Catalogue
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


def _fixed(rule: RuleResult, catalogue: Catalogue) -> tuple[bytes, bytes]:
    """Return what is said of a rule whoever the patient is: members up to what it rests on, and what follows that."""
    firm = rule.status == "met"
    unless = "" if firm else ", unless an answer still missing cancels it"
    head = clean(f"{rule.title} ({catalogue.where(rule.scope)}). Escalation: {TIER_WORDS[rule.tier]}{unless}.")
    parts = []
    if rule.action:
        parts.append(f"Option: {rule.action}.")
    if rule.rationale:
        parts.append(f"Why: {rule.rationale}.")
    if rule.sources:
        parts.append(f"Sources: {catalogue.cite(rule.sources)}.")
    issue: Json = {
        "text": narrative("Red flag", f"<p>{escape(head)}</p>"),
        "status": "final" if firm else "preliminary",
        "code": catalogue.rule(rule.rule, rule.title),
        "severity": SEVERITY[rule.tier],
    }
    address = catalogue.web_address(rule.sources)
    if address:
        issue["reference"] = address
    more = clean(" ".join(parts))
    return b'%b,"detail":"%b' % (members(issue), encode(head)[1:-1]), encode(f" {more}")[1:-1] if more else b""


def _rests_on(rule: RuleResult) -> bytes:
    """Say what a rule rests on here, as the inside of a JSON string."""
    said = f"Rests on: {'; '.join(rule.because)}." if rule.because else ""
    if rule.cancelled_by:
        said = f"{said} Would be cancelled by: {answers(rule.cancelled_by, ' or ')}."
    said = clean(said)
    return encode(f" {said}")[1:-1] if said else b""


def of_rule(frame: Frame, rule: RuleResult) -> bytes:
    """Return what the DetectedIssue says of a rule that is met, or met unless an unanswered finding cancels it."""
    key = (rule.rule, rule.scope, rule.status, rule.tier, rule.title, rule.action, rule.rationale, rule.sources)
    kept = frame.catalogue.issues
    before, after = kept.get(key) or kept.keep(key, _fixed(rule, frame.catalogue))
    if not rule.findings:
        return b'%b%b%b"' % (before, _rests_on(rule), after)
    evidence = encode([_evidence(frame, finding, rule.scope) for finding in rule.findings])
    return b'%b%b%b","evidence":%b' % (before, _rests_on(rule), after, evidence)


def shared(frame: Frame) -> bytes:
    """Return what the DetectedIssues of one bundle have in common."""
    common: Json = {"patient": frame.subject, "author": frame.device}
    if frame.time:
        common["identifiedDateTime"] = frame.time
    return members(common)


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
