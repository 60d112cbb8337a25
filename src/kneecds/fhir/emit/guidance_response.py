"""The answer itself: its status, what came out in short, and what is still needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kneecds.fhir.emit.codes import Json, fragment
from kneecds.fhir.emit.narrative import clean, listed, narrative
from kneecds.fhir.emit.words import TIER_WORDS

if TYPE_CHECKING:
    from kneecds.core.assessment import Hypothesis, Knee
    from kneecds.fhir.emit.frame import Frame

_MOST_ASKED: Final = 8
_OUTPUT: Final = fragment({"reference": "#output"})
_NO_RULE: Final = fragment([{"text": "Knee symptoms: escalation, possible causes and options"}])

_STATUS_WORDS: Final[dict[str, str]] = {
    "success": "Nothing unanswered could raise the escalation.",
    "data-requested": "More answers could raise the escalation or sharpen the list.",
    "data-required": "More answers are needed before the assessment can be relied on.",
    "failure": "The assessment failed; nothing here says that the knee is safe.",
}


_RANKED: Final = (
    b'{"name":"hypothesis","part":[{"name":"condition","valueCodeableConcept":%b},{"name":"rank","valueInteger":%d},'
    b'{"name":"probabilityPercent","valueDecimal":%b},{"name":"lowPercent","valueDecimal":%b},'
    b'{"name":"highPercent","valueDecimal":%b}]}'
)


def _ranked(frame: Frame, side: str, one: Hypothesis) -> msgspec.Raw:
    figure, low, high = frame.figures(one)
    concept = frame.catalogue.condition(one.condition, side, one.label)
    return msgspec.Raw(_RANKED % (concept, one.rank, figure.encode(), low.encode(), high.encode()))


def _knee(frame: Frame, knee: Knee) -> Json:
    side = knee.side
    parts: list[object] = [{"name": "side", "valueCode": side}]
    if knee.tier:
        parts.append({"name": "tier", "valueCode": knee.tier})
    parts.append({"name": "enoughKnown", "valueBoolean": knee.enough_known})
    parts += [_ranked(frame, side, one) for one in knee.hypotheses]
    parameter = frame.catalogue.condition_parameter
    parts += [parameter("named", one.condition, side, one.label) for one in knee.named]
    parts += [parameter("notExcluded", one.condition, side, one.label) for one in knee.not_excluded]
    rules = frame.catalogue.rule_parameters
    parts += rules(knee.rules)
    parts += rules(knee.undecided)
    return {"name": "knee", "part": parts}


def parameters(frame: Frame) -> Json:
    """Return what came out as named values; probabilities are percentages, as in RiskAssessment."""
    assessment = frame.assessment
    found: list[object] = []
    if assessment.tier:
        found.append({"name": "tier", "valueCode": assessment.tier})
    found.append({"name": "setting", "valueCode": assessment.setting})
    found += [_knee(frame, knee) for knee in assessment.knees]
    found += frame.catalogue.rule_parameters(assessment.person_rules)
    found += frame.catalogue.rule_parameters(assessment.person_undecided)
    return {"resourceType": "Parameters", "id": "output", "parameter": found}


def _lines(frame: Frame) -> list[str]:
    assessment = frame.assessment
    lines = []
    for knee in assessment.knees:
        words = TIER_WORDS.get(knee.tier or "", "not worked out")
        first = f"; first on the list: {clean(knee.hypotheses[0].label)}" if knee.hypotheses else ""
        lines.append(f"{frame.catalogue.where(knee.side)}: {words}{first}")
    if assessment.questions:
        lines.append(f"Next to ask: {clean(assessment.questions[0].label)}")
    return lines


def _output(frame: Frame) -> Json:
    """Return what a response has unless it is a failure."""
    assessment = frame.assessment
    output: Json = {"contained": [parameters(frame)], "outputParameters": _OUTPUT}
    rules = [*assessment.person_rules, *[rule for knee in assessment.knees for rule in knee.rules]]
    if rules:
        output["reasonCode"] = [frame.catalogue.rule(rule.rule, rule.title) for rule in rules]
    wanted = dict.fromkeys([(one.finding, one.scope) for one in assessment.questions[:_MOST_ASKED]])
    if wanted:
        output["dataRequirement"] = [frame.catalogue.requirement(finding, scope) for finding, scope in wanted]
    return output


def r4(frame: Frame, message: Json | None, result: Json | None) -> Json:
    """Return the GuidanceResponse; a failure has no output and no result."""
    assessment = frame.assessment
    failed = assessment.status == "failure"
    tier = "not worked out" if failed or assessment.tier is None else TIER_WORDS[assessment.tier]
    said = [_STATUS_WORDS[assessment.status], *([] if failed else _lines(frame))]
    response: Json = {
        "resourceType": "GuidanceResponse",
        "id": "",
        "text": narrative(f"Knee assessment for the clinician. Escalation: {tier}", listed(said)),
        "moduleCanonical": frame.module,
        "status": assessment.status,
        "subject": frame.subject,
        "performer": frame.device,
        "reasonCode": _NO_RULE,
    }
    if frame.time:
        response["occurrenceDateTime"] = frame.time
    if message is not None:
        response["evaluationMessage"] = [message]
    if result is not None:
        response["result"] = result
    if not failed:
        response |= _output(frame)
    return response
