"""The collection Bundle: one GuidanceResponse, and everything it points to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from kneecds.errors import UsageError
from kneecds.fhir.emit import detected_issue, guidance_response, losses, provenance, r5, request_group, risk_assessment
from kneecds.fhir.emit.codes import Json, encode
from kneecds.fhir.emit.frame import Frame
from kneecds.fhir.emit.operation_outcome import outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.core.assessment import Assessment
    from kneecds.fhir.emit.codes import Catalogue

Release = Literal["R4", "R4B", "R5"]

_decode: Final = msgspec.json.Decoder(dict[str, object], float_hook=Decimal).decode


def _messages(frame: Frame) -> Json | None:
    """Add the OperationOutcome; a failure always has one."""
    assessment = frame.assessment
    if not assessment.issues and assessment.status != "failure":
        return None
    if assessment.issues:
        return frame.add("OperationOutcome", 0, outcome(assessment.issues))
    text = "The assessment failed, and no reason was recorded."
    said = outcome(())
    said["text"] = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div>'}
    said["issue"] = [{"severity": "fatal", "code": "exception", "details": {"text": text}}]
    return frame.add("OperationOutcome", 0, said)


def _conclusions(frame: Frame) -> Json | None:
    """Add hypotheses, red flags, contradictions and options; return the reference to the RequestGroup."""
    assessment = frame.assessment
    everyone: list[Json] = []
    about: dict[str, list[Json]] = {}
    for ordinal, knee in enumerate(assessment.knees):
        reference = frame.add("RiskAssessment", ordinal, risk_assessment.r4(frame, knee))
        everyone.append(reference)
        about[knee.side] = [reference]
    ordinal = 0
    common = detected_issue.shared(frame)
    for rules in (assessment.person_rules, *[knee.rules for knee in assessment.knees]):
        for rule in rules:
            frame.splice("DetectedIssue/rule", ordinal, b"DetectedIssue", detected_issue.of_rule(frame, rule), common)
            ordinal += 1
    conflicts = [known for known in assessment.findings if known.state == "contradicted"]
    for ordinal, known in enumerate(conflicts):
        frame.add("DetectedIssue/conflict", ordinal, detected_issue.of_conflict(frame, known))
    return request_group.r4(frame, about, everyone)


def r4(assessment: Assessment, catalogue: Catalogue) -> Json:
    """Return the R4 Bundle, with ready pieces of JSON in it."""
    frame = Frame(assessment, catalogue)
    message = _messages(frame)
    result = _conclusions(frame) if assessment.status != "failure" else None
    frame.add("GuidanceResponse", 0, guidance_response.r4(frame, message, result))
    frame.entries.insert(0, frame.entries.pop())
    made = provenance.r4(frame)
    frame.entries.append(frame.device_entry)
    frame.add("Provenance", 0, made)
    identifier = frame.ids.of("Bundle")
    return {
        "resourceType": "Bundle",
        "id": identifier,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{identifier}"},
        "type": "collection",
        **({"timestamp": frame.time} if frame.instant else {}),
        "entry": frame.entries,
    }


def as_r5(assessment: Assessment, catalogue: Catalogue) -> Json:
    """Return the R5 Bundle: the R4 one, with what R5 says otherwise."""
    return r5.rewritten(_decode(encode(r4(assessment, catalogue))))


WRITERS: Final[dict[Release, Callable[[Assessment, Catalogue], Json]]] = {"R4": r4, "R4B": r4, "R5": as_r5}
"""How each release is written. R4B changed no element of the resources used here."""


def guidance_bytes(assessment: Assessment, catalogue: Catalogue, release: Release = "R4") -> bytes:
    """Return the Bundle as JSON: the same bytes for the same assessment."""
    writer = WRITERS.get(release)
    if writer is None:
        message = f"guidance can be written as {' or '.join(WRITERS)}, not as {release}"
        raise UsageError(message)
    return encode(writer(assessment, catalogue))


def guidance(assessment: Assessment, catalogue: Catalogue, release: Release = "R4") -> Json:
    """Return the Bundle as plain objects that share nothing with any other bundle."""
    return _decode(guidance_bytes(assessment, catalogue, release))


def lost(assessment: Assessment, catalogue: Catalogue, release: Release = "R4") -> tuple[losses.Loss, ...]:
    """Return what a release cannot say of an assessment, and where it went instead."""
    return losses.found(guidance(assessment, catalogue), release)


def to_bytes(resource: Json) -> bytes:
    """Return a resource as JSON, its decimals with the digits they have."""
    return encode(resource)
