"""The Bundle as R5 says it: what R5 calls or shapes otherwise than R4, one small function for each change.

The differences are those of https://hl7.org/fhir/R5/diff.html for the elements that are written here. What R5 has no
place for, and where it went, is listed in `losses`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

Resource = dict[str, Any]


# https://hl7.org/fhir/R5/valueset-participant-resource-types.html
TYPES: Final = "http://hl7.org/fhir/fhir-types"

_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>~|&])")


def rewritten(bundle: Resource) -> Resource:
    """Return an R4 Bundle of ours as an R5 Bundle."""
    for entry in bundle["entry"]:
        resource = entry["resource"]
        for change in CHANGES.get(resource["resourceType"], ()):
            resource = change(resource)
        entry["resource"] = resource
    return bundle


def markdown(text: str) -> str:
    """Return plain text as markdown that shows the same text: nothing in it becomes a link, a tag or emphasis."""
    return _MARKDOWN.sub(r"\\\1", text)


def _changed(resource: Resource, name: str, become: str, value: Callable[[Any], Any] = lambda value: value) -> Resource:
    """Return a resource with another name and value for an element, in its place."""
    return {
        become if one == name else one: value(content) if one == name else content for one, content in resource.items()
    }


def _element(
    name: str, become: str, value: Callable[[Any], Any] = lambda value: value
) -> Callable[[Resource], Resource]:
    """Return the change of one element; a resource without it stays as it is."""
    return lambda resource: _changed(resource, name, become, value) if name in resource else resource


def _concepts(concepts: list[Resource]) -> list[Resource]:
    return [{"concept": one} for one in concepts]


def _references(references: list[Resource]) -> list[Resource]:
    return [{"reference": one} for one in references]


def _documents(actions: list[Resource]) -> list[Resource]:
    """Return actions in which a related artifact has its address in a document."""
    for action in actions:
        action["documentation"] = [
            _element("url", "document", lambda url: {"url": url})(one) for one in action.get("documentation", ())
        ]
        if not action["documentation"]:
            del action["documentation"]
        if "action" in action:
            _documents(action["action"])
    return actions


def _proposed(request: Resource) -> Resource:
    """Say that a CommunicationRequest is a proposal; before R5 there was no place to say so."""
    at = list(request).index("status") + 1
    items = list(request.items())
    return dict([*items[:at], ("intent", "proposal"), *items[at:]])


def _said(payload: list[Resource]) -> list[Resource]:
    return [{"contentCodeableConcept": {"text": one["contentString"]}} for one in payload]


def _activities(plan: Resource) -> Resource:
    """Return a plan whose activities are requests inside it, for an activity has no detail any more."""
    requests = [_activity(plan, number, one["detail"]) for number, one in enumerate(plan["activity"], start=1)]
    planned = [{"plannedActivityReference": {"reference": f"#{one['id']}"}} for one in requests]
    kind, identifier, text, *others = plan.items()
    return dict([kind, identifier, text, ("contained", requests), *others]) | {"activity": planned}


def _activity(plan: Resource, number: int, detail: Resource) -> Resource:
    request: Resource = {
        "resourceType": "ServiceRequest",
        "id": f"activity-{number}",
        "status": "draft",
        "intent": plan["intent"],
        "code": {"concept": detail["code"]},
        "subject": plan["subject"],
        "requester": plan["author"],
    }
    if "reasonCode" in detail:
        request["reason"] = _concepts(detail["reasonCode"])
    request["note"] = [{"text": markdown(detail["description"])}]
    return request


def _names(names: list[Resource]) -> list[Resource]:
    return [{"value": one["name"], "type": one["type"]} for one in names]


def _alone(value: Any) -> list[Any]:  # noqa: ANN401 - whatever the element holds
    return [value]


def _in_this_release(text: str) -> str:
    return text.replace("RequestGroup", "RequestOrchestration")


def _requirements(requirements: list[Resource]) -> list[Resource]:
    """Return data requirements whose subject is a code of the system that R5 has for types."""
    for one in requirements:
        for coding in one["subjectCodeableConcept"]["coding"]:
            coding["system"] = TYPES
    return requirements


def _without_unknown_time(provenance: Resource) -> Resource:
    """Leave out what says that the time of recording is not known: R5 does not ask for it."""
    return {name: value for name, value in provenance.items() if name != "_recorded"}


_REASONS: Final = _element("reasonCode", "reason", _concepts)

CHANGES: Final[dict[str, tuple[Callable[[Resource], Resource], ...]]] = {
    "GuidanceResponse": (
        _REASONS,
        _element("evaluationMessage", "evaluationMessage", lambda messages: messages[0]),
        _element("result", "result", _alone),
        _element("dataRequirement", "dataRequirement", _requirements),
    ),
    "RiskAssessment": (_element("mitigation", "mitigation", _in_this_release),),
    "DetectedIssue": (_element("patient", "subject"), _element("detail", "detail", markdown)),
    "RequestGroup": (
        _element("resourceType", "resourceType", _in_this_release),
        _REASONS,
        _element("action", "action", _documents),
    ),
    "ServiceRequest": (
        _element("code", "code", lambda concept: {"concept": concept}),
        _REASONS,
        _element("supportingInfo", "supportingInfo", _references),
    ),
    "CommunicationRequest": (_proposed, _REASONS, _element("payload", "payload", _said)),
    "CarePlan": (_activities, _element("author", "contributor", _alone)),
    "Device": (_element("deviceName", "name", _names), _element("type", "type", _alone)),
    "Provenance": (_without_unknown_time,),
}
"""What becomes of each type of resource, in this order; a type that is not named is the same in R5."""
