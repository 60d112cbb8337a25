"""A guidance Bundle as the one resource that `$apply` of R4 returns: a CarePlan that contains the rest.

https://hl7.org/fhir/R4/domainresource.html#invs: nothing contained contains (dom-2), all contained is referred to (dom-3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.emit.ids import of_content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.service.fhir.call import Json

_SUPPORTING: Final = ("GuidanceResponse", "RiskAssessment", "DetectedIssue")
_TITLE: Final = "Options for a knee complaint"


def care_plan(guidance: Json, *, as_of: str, encounter: str | None = None, notes: Sequence[str] = ()) -> Json:
    """Return the proposal; `guidance` is R4, and is taken apart for it."""
    inside = {entry["fullUrl"]: f"#{entry['resource']['id']}" for entry in guidance["entry"]}
    resources: list[Json] = [_inside(entry["resource"], inside) for entry in guidance["entry"]]
    by_kind: dict[str, list[str]] = {}
    for one in resources:
        by_kind.setdefault(one["resourceType"], []).append(f"#{one['id']}")
        if one["resourceType"] == "Provenance":
            one["target"] = [{"reference": "#"}]
    parts = [part for one in resources for part in one.pop("contained", ())]
    response = next(one for one in resources if one["resourceType"] == "GuidanceResponse")
    group = next((one for one in resources if one["resourceType"] == "RequestGroup"), None)
    plan: Json = {
        "resourceType": "CarePlan",
        "id": of_content(("CarePlan/apply", guidance["id"], encounter, tuple(notes))),
        "text": {"status": "generated", "div": response["text"]["div"]},
        "contained": [*resources, *parts],
        "instantiatesCanonical": [response["moduleCanonical"]],
        "status": "active" if response["status"] == "success" else "draft",
        "intent": "proposal",
        "title": _TITLE,
        "description": "Proposed for a clinician to choose from; nothing in it is an order.",
        "subject": response["subject"],
        **({"encounter": {"reference": encounter}} if encounter else {}),
        "created": as_of,
        "author": {"reference": by_kind["Device"][0]},
        "supportingInfo": [{"reference": one} for kind in _SUPPORTING for one in by_kind.get(kind, ())],
    }
    if group is not None:
        plan["activity"] = [{"reference": {"reference": f"#{group['id']}"}}]
    if notes:
        plan["note"] = [{"text": note} for note in notes]
    return plan


def _inside(value: Any, inside: dict[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """Return a value in which references within the Bundle are references to what is contained."""
    if isinstance(value, dict):
        return {
            key: inside.get(inner, inner) if key == "reference" and isinstance(inner, str) else _inside(inner, inside)
            for key, inner in value.items()
        }
    return [_inside(one, inside) for one in value] if isinstance(value, list) else value
