"""The options, grouped, with the resource for each; proposals that leave the choice to the clinician."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kneecds.fhir.emit import care_plan, communication_request, service_request
from kneecds.fhir.emit.codes import ACTION_SYSTEM, Catalogue, Json, Offer, concept, encode, members, own
from kneecds.fhir.emit.detected_issue import answers
from kneecds.fhir.emit.narrative import clean, listed, narrative
from kneecds.fhir.emit.procedures import STATEMENTS
from kneecds.fhir.emit.words import PRIORITY, TIER_WORDS, most_urgent

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.core.assessment import Blocked, Counterfactual, Option, Question, RuleResult
    from kneecds.fhir.emit.frame import Frame

KINDS: Final[dict[str, tuple[str, str]]] = {
    "referral": ("referral", "service"),
    "imaging": ("imaging", "service"),
    "exercise": ("movement", "activity"),
    "load_management": ("movement", "activity"),
    "self_care": ("advice", "communication"),
    "education": ("advice", "communication"),
    "device": ("treatment", "communication"),
    "medication": ("treatment", "communication"),
    "injection": ("treatment", "communication"),
    "surgery": ("treatment", "communication"),
}
"""Kind of action: its group, and the form it takes."""

FORMS: Final[dict[str, tuple[str, bytes, Callable[[Frame, list[Json]], bytes]]]] = {
    "service": ("ServiceRequest", b"ServiceRequest", service_request.shared),
    "communication": ("CommunicationRequest/option", b"CommunicationRequest", communication_request.shared),
}
"""Form of an option that has a resource of its own: its role in the bundle, its type, what it shares with its like."""

_ACTION: Final = b'{%b,"resource":{"reference":"%b"}}'

PROCEDURES_IN_TREATMENT: Final = frozenset({"baker_aspiration", "joint_replacement_referral"})
"""Filed as injection or surgery, but something to request."""

GROUPS: Final[dict[str, str]] = {
    "referral": "Referral and procedure options",
    "imaging": "Imaging options",
    "treatment": "Treatment options to weigh",
    "advice": "Advice and self-care options",
}

STRENGTHS: Final[dict[str, str]] = {
    "strong_guideline": "strong, from a guideline",
    "moderate": "moderate",
    "limited": "limited",
    "expert_consensus": "expert consensus",
    "conflicting": "sources conflict",
    "seed_only": "lay advice only, no study",
    "not_verified": "not verified in a source",
    "recommend_against": "recommended against",
    "recommend_against_strong": "strongly recommended against",
}

_MOST_ASKED: Final = 8


def statement(option: Option, catalogue: Catalogue) -> str:
    """Write an option in full: what, how much, how sure, why, with which caution, from where."""
    parts = [f"{option.text} ({catalogue.where(option.scope)})."]
    if option.dosage and option.dosage != "-":
        parts.append(f"Amount: {option.dosage}.")
    if option.strength:
        parts.append(f"Evidence: {STRENGTHS.get(option.strength, option.strength)}.")
    if option.because:
        parts.append(f"Because of: {catalogue.labels(option.because)}.")
    if option.caution:
        parts.append(f"Review first: {catalogue.labels(option.caution)}.")
    if option.sources:
        parts.append(f"Sources: {catalogue.cite(option.sources)}.")
    return clean(" ".join(parts))


def _offer(option: Option, catalogue: Catalogue) -> Offer:
    group, form = KINDS.get(option.kind, ("advice", "communication"))
    if option.action in STATEMENTS:
        group, form = "advice", "communication"
    elif option.action in PROCEDURES_IN_TREATMENT:
        group, form = "referral", "service"
    said = statement(option, catalogue)
    reasons = [catalogue.reason(reason, option.scope) for reason in option.because]
    if form == "service":
        body = service_request.body(option, catalogue, said, reasons)
    elif form == "activity":
        body = care_plan.activity(option, catalogue, said, reasons)
    else:
        body = communication_request.body(said, reasons)
    title = clean(option.text) or "not named"
    action: Json = {
        "title": title,
        "code": [concept(own(ACTION_SYSTEM, option.action, title), title)],
    }
    documentation = catalogue.documentation(option.sources)
    if documentation:
        action["documentation"] = documentation
    tiers = [tier for tier in (catalogue.tier_of(reason) for reason in option.because) if tier]
    if tiers and form != "activity":
        body["priority"] = action["priority"] = PRIORITY[most_urgent(tiers)]
    return Offer(group, form, encode(body) if form == "activity" else members(body), members(action), title, said)


def offer(option: Option, catalogue: Catalogue) -> Offer:
    """Return the pieces of an option."""
    return catalogue.kept_offer(option) or catalogue.keep_offer(option, _offer(option, catalogue))


def _options(frame: Frame, about: dict[str, list[Json]], everyone: list[Json]) -> list[Json]:
    catalogue = frame.catalogue
    groups: dict[str, list[msgspec.Raw]] = {group: [] for group in GROUPS}
    activities: list[msgspec.Raw] = []
    titles: list[str] = []
    shared: dict[tuple[str, str], bytes] = {}
    counts = dict.fromkeys(FORMS, 0)
    for option in frame.assessment.options:
        group, form, body, action, title, _ = offer(option, catalogue)
        if form == "activity":
            activities.append(msgspec.Raw(body))
            titles.append(title)
            continue
        role, kind, common = FORMS[form]
        ending = shared.get((form, option.scope))
        if ending is None:
            ending = shared[form, option.scope] = common(frame, about.get(option.scope, everyone))
        url = frame.splice(role, counts[form], kind, body, ending)
        counts[form] += 1
        groups[group].append(msgspec.Raw(_ACTION % (action, url)))
    actions: list[Json] = [
        {
            "title": GROUPS[group],
            "groupingBehavior": "logical-group",
            "selectionBehavior": "any",
            "action": offered,
        }
        for group, offered in groups.items()
        if offered
    ]
    if activities:
        plan = frame.add("CarePlan", 0, care_plan.r4(frame, activities, titles, everyone))
        actions.append({"title": "Exercise and load management options", "resource": plan})
    return actions


def _met(frame: Frame) -> list[RuleResult]:
    assessment = frame.assessment
    return [*assessment.person_rules, *[rule for knee in assessment.knees for rule in knee.rules]]


def _escalation(frame: Frame, met: list[RuleResult]) -> list[str]:
    where = frame.catalogue.where
    said = []
    for rule in met:
        unless = f" Would be cancelled by: {answers(rule.cancelled_by, ' or ')}." if rule.cancelled_by else ""
        option = f" Option: {rule.action}." if rule.action else ""
        said.append(f"{rule.title} ({where(rule.scope)}): {TIER_WORDS[rule.tier]}.{option}{unless}")
    return said


def _question(frame: Frame, question: Question) -> str:
    could = f" It could raise the escalation to: {TIER_WORDS[question.tier]}." if question.tier else ""
    why = f" {question.why}" if question.why else ""
    return f"{question.label} ({frame.catalogue.where(question.scope)})?{why}{could}"


def _net(frame: Frame, one: Counterfactual) -> str:
    changes = answers(one.changes, " and ")
    return f"If {changes} ({frame.catalogue.where(one.scope)}): {TIER_WORDS[one.tier]}."


def _left_out(frame: Frame, one: Blocked) -> str:
    catalogue = frame.catalogue
    said = f"{one.text} ({catalogue.where(one.scope)}): left out."
    if one.because:
        said += f" Against it stands: {catalogue.labels(one.because)}."
    if one.unknown:
        said += f" Not known, and would stand against it if present: {catalogue.labels(one.unknown)}."
    return said


def _statements(frame: Frame, everyone: list[Json]) -> list[Json]:
    """Add what is to be said rather than requested; one action each."""
    assessment = frame.assessment
    instruction, notification = communication_request.INSTRUCTION, communication_request.NOTIFICATION
    sets = (
        (
            "questions",
            "What to ask or examine next",
            instruction,
            [_question(frame, question) for question in assessment.questions[:_MOST_ASKED]],
        ),
        (
            "safety",
            "What would raise the escalation",
            instruction,
            [_net(frame, one) for one in assessment.counterfactuals if one.direction == "raise"][:_MOST_ASKED],
        ),
        (
            "against",
            "What guidelines advise against",
            notification,
            [offer(option, frame.catalogue).said for option in assessment.against],
        ),
        (
            "left_out",
            "Options left out, and why",
            notification,
            [_left_out(frame, one) for one in assessment.blocked],
        ),
    )
    actions: list[Json] = []
    for role, title, category, said in sets:
        if said:
            shown = [one.label for one in assessment.questions[:_MOST_ASKED]] if role == "questions" else None
            resource = communication_request.of_statements(frame, title, category, said, everyone, shown)
            actions.append({"title": title, "resource": frame.add(f"CommunicationRequest/{role}", 0, resource)})
    return actions


def r4(frame: Frame, about: dict[str, list[Json]], everyone: list[Json]) -> Json | None:
    """Add the RequestGroup and all it points to; None if there is nothing to offer."""
    assessment = frame.assessment
    actions: list[Json] = []
    met = _met(frame)
    escalation = _escalation(frame, met)
    if escalation:
        title = f"Escalation: {TIER_WORDS.get(assessment.tier or '', 'not worked out')}"
        titles = [f"{rule.title} ({frame.catalogue.where(rule.scope)}): {TIER_WORDS[rule.tier]}" for rule in met]
        alert = communication_request.of_statements(
            frame, title, communication_request.ALERT, escalation, everyone, titles
        )
        if assessment.tier:
            alert["priority"] = PRIORITY[assessment.tier]
        actions.append({"title": title, "resource": frame.add("CommunicationRequest/escalation", 0, alert)})
    actions += _options(frame, about, everyone)
    actions += _statements(frame, everyone)
    if not actions:
        return None
    group: Json = {
        "resourceType": "RequestGroup",
        "id": "",
        "text": narrative(
            "Options for a clinician to choose from, none of them an order",
            listed([str(action["title"]) for action in actions]),
        ),
        "instantiatesCanonical": [frame.module],
        "status": "active" if assessment.status == "success" else "draft",
        "intent": "proposal",
        "subject": frame.subject,
        "author": frame.device,
    }
    if assessment.tier:
        group["priority"] = PRIORITY[assessment.tier]
    if frame.time:
        group["authoredOn"] = frame.time
    reasons = [frame.catalogue.rule(rule.rule, rule.title) for rule in met]
    if reasons:
        group["reasonCode"] = reasons
    group["action"] = actions
    return frame.add("RequestGroup", 0, group)
