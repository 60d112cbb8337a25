"""Suggestions, actions and the resources in them: https://cds-hooks.hl7.org/2.0/#suggestion."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.conformance import parts
from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.conformance.parts import Part
    from kneecds.conformance.suite import Suite

ACTIONS: Final = ("create", "update", "delete")
_REFERENCE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_ABOUT: Final = ("subject", "for", "patient", "beneficiary")


def recommended(suite: Suite) -> Iterator[Problem]:
    """Yield cards that recommend several suggestions of which one may be chosen (cds-resp-1)."""
    found = [part for part in parts.with_member("card", "suggestions", suite)
             if part.of("selectionBehavior") == "at-most-one" and isinstance(part.of("suggestions"), list)]  # fmt: skip
    if not found:
        msg = "no card of which one suggestion may be chosen was seen"
        raise Unseen(msg)
    for part in found:
        times = sum(isinstance(one, dict) and one.get("isRecommended") is True for one in part.of("suggestions"))
        if times > 1:
            yield part.problem(f"recommends {times} suggestions, of which one may be chosen")


def resource_present(suite: Suite) -> Iterator[Problem]:
    """Yield actions that create or update and have no resource as an object."""
    for part in _of_type(suite, "create", "update"):
        resource = part.of("resource")
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            yield part.problem("has no FHIR resource as an object")


def resource_sound(suite: Suite) -> Iterator[Problem]:
    """Yield resources that are no sound FHIR."""
    from kneecds import api  # noqa: PLC0415 - heavy

    seen: set[bytes] = set()
    for part in _with_resource(suite, "create", "update"):
        body = _bytes(part)
        if body in seen:
            continue
        seen.add(body)
        wrong = [issue for issue in api.validate(body) if issue.is_error]
        if wrong:
            yield part.problem(f"has a resource that is no sound FHIR: {wrong[0].expression}: {wrong[0].message}")


def temporary_id(suite: Suite) -> Iterator[Problem]:
    """Yield new resources without an id, to which nothing could refer."""
    for part in _with_resource(suite, "create"):
        if "id" not in part.of("resource"):
            yield part.problem("creates a resource without a temporary id")


def update_id(suite: Suite) -> Iterator[Problem]:
    """Yield updates that do not say of what."""
    for part in _with_resource(suite, "update"):
        if "id" not in part.of("resource"):
            yield part.problem("updates a resource without an id")


def delete_target(suite: Suite) -> Iterator[Problem]:
    """Yield deletions that do not say of what, as Type/id (cds-resp-2)."""
    for part in _of_type(suite, "delete"):
        target = part.of("resourceId")
        if not isinstance(target, str) or not _REFERENCE.fullmatch(target):
            yield part.problem("deletes without a resourceId written Type/id")


def delete_resource(suite: Suite) -> Iterator[Problem]:
    """Yield deletions with a resource."""
    for part in _of_type(suite, "delete"):
        if part.of("resource") is not None:
            yield part.problem("deletes and has a resource")


def of_the_patient(suite: Suite) -> Iterator[Problem]:
    """Yield new resources about somebody else than the patient of the call."""
    known = {id(call.exchange): str(call.request["context"].get("patientId", "")) for call in suite.answered}
    looked = False
    for part in _with_resource(suite, "create", "update"):
        patient = known[id(part.exchange)]
        for reference in _references(part.of("resource")):
            looked = True
            if reference.rpartition("/")[2].removeprefix("urn:uuid:") != patient:
                yield part.problem(f"has a resource about {reference[:60]}, and the call was about {patient}")
    if not looked:
        msg = "no suggested resource says whom it is about"
        raise Unseen(msg)


def ballot(suite: Suite) -> Iterator[Problem]:
    """Yield what only the ballot of 3.0 knows."""
    if suite.target.ballot:
        msg = "--ballot: the client knows it"
        raise Unseen(msg)
    for part in parts.parts("suggestion", suite):
        if part.of("actionSelectionBehavior") is not None:
            yield part.problem("has actionSelectionBehavior, which 2.0 does not know")


def system_actions(suite: Suite) -> Iterator[Problem]:
    """Yield systemActions that are no array with something in it."""
    for part in parts.with_member("response", "systemActions", suite):
        if not isinstance(part.of("systemActions"), list):
            yield part.problem("has systemActions that are not an array")


def _of_type(suite: Suite, *types: str) -> list[Part]:
    found = [part for part in parts.parts("action", suite) if part.of("type") in types]
    if not found:
        msg = f"no action of type {' or '.join(types)} was seen"
        raise Unseen(msg)
    return found


def _with_resource(suite: Suite, *types: str) -> list[Part]:
    found = [part for part in _of_type(suite, *types) if isinstance(part.of("resource"), dict)]
    if not found:
        msg = f"no resource in an action of type {' or '.join(types)} was seen"
        raise Unseen(msg)
    return found


def _references(resource: dict[str, Any]) -> list[str]:
    found = [resource.get(name) for name in _ABOUT]
    return [one["reference"] for one in found if isinstance(one, dict) and isinstance(one.get("reference"), str)]


def _bytes(part: Part) -> bytes:
    return msgspec.json.Encoder(decimal_format="number").encode(part.of("resource"))
