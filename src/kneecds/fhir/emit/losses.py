"""What a release has no element for, and where it went instead: the loss report of a Bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.fhir.structure.facts import Release


class Loss(NamedTuple):
    """One thing that a release cannot say as it is meant."""

    element: str
    """The element as R4 has it, by whose presence the loss is known."""
    what: str
    """What is meant and cannot be said there."""
    why: str
    instead: str
    """Where it went, or that it was left out."""
    times: int = 0
    """How often this happened."""


_ALWAYS: Final = (
    Loss(
        "RiskAssessment.prediction.probabilityDecimal",
        "the interval around a probability",
        "probability[x] is one number or one range, not both",
        "prediction.rationale, and lowPercent and highPercent in GuidanceResponse.outputParameters",
    ),
    Loss(
        "RiskAssessment.prediction",
        "the rank of a cause, or that it has none",
        "a prediction has no rank",
        "prediction.rationale, the order of predictions, and rank in GuidanceResponse.outputParameters",
    ),
    Loss(
        "OperationOutcome.issue.extension",
        "line and column of a problem",
        "an issue has no element for a position in the source",
        "the core extensions operationoutcome-issue-line and operationoutcome-issue-col",
    ),
)
_BEFORE_R5: Final = (
    Loss(
        "CommunicationRequest",
        "that advice is a proposal",
        "CommunicationRequest has no intent before R5",
        "status draft, and intent proposal of the RequestGroup that offers it",
    ),
    Loss(
        "Provenance._recorded",
        "that only the day of recording is known",
        "recorded is required and has a time of day",
        "data-absent-reason unknown on recorded, and the day in occurredDateTime",
    ),
)
_SINCE_R5: Final = (
    Loss(
        "CarePlan.activity.detail",
        "activities written out inside a plan",
        "an activity has no detail since R5, only references",
        "ServiceRequests contained in the plan, in the same order",
    ),
    Loss(
        "CarePlan.activity.detail.status",
        "that an activity has not started",
        "a ServiceRequest has no such status",
        "status draft",
    ),
    Loss(
        "CarePlan.author",
        "the software as author of the plan",
        "CarePlan has no author since R5; its custodian would be responsible, which software is not",
        "CarePlan.contributor",
    ),
    Loss(
        "CommunicationRequest.payload.contentString",
        "advice as text",
        "content[x] has no string since R5",
        "text of contentCodeableConcept, without a code",
    ),
    Loss(
        "DetectedIssue.detail",
        "details as plain text",
        "detail is markdown since R5",
        "the same text, with what would be markup escaped",
    ),
)
LOSSES: Final[dict[Release, tuple[Loss, ...]]] = {
    "R4": (*_ALWAYS, *_BEFORE_R5),
    "R4B": (*_ALWAYS, *_BEFORE_R5),
    "R5": (*_ALWAYS, *_SINCE_R5),
}
"""All that each release can lose of what is written here."""


def found(bundle: dict[str, Any], release: Release) -> tuple[Loss, ...]:
    """Return what a release loses of a Bundle, given as R4."""
    counted = (loss._replace(times=_count(bundle, loss.element)) for loss in LOSSES[release])
    return tuple(loss for loss in counted if loss.times)


def _count(bundle: dict[str, Any], element: str) -> int:
    kind, *path = element.split(".")
    return sum(
        1
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == kind
        for _ in _at(entry["resource"], path)
    )


def _at(value: Any, path: list[str]) -> Iterator[Any]:  # noqa: ANN401 - any piece of a resource
    if isinstance(value, list):
        for one in value:
            yield from _at(one, path)
    elif not path:
        yield value
    elif path[0] in value:
        yield from _at(value[path[0]], path[1:])
