"""Procedure: what was done to the knee, and whether it was recent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.core.facts import Origin
from kneecds.fhir.dates import most_days_before
from kneecds.fhir.extract.run import Resource, Run, name_of, period_end
from kneecds.fhir.extract.sites import scopes_for, sites_of

if TYPE_CHECKING:
    from kneecds.fhir.concepts import Target

_OPERATIONS: Final = frozenset({"previous_knee_surgery", "knee_prosthesis"})
_AFTER_INJURY: Final = frozenset({"239431009"})
"""SNOMED CT: reconstruction of the anterior cruciate ligament, which is done for an injury."""


def read(run: Run, resource: Resource, path: str) -> None:
    """Take what one Procedure says; only a completed one says anything."""
    found = run.concepts.meaning(resource.get("code"))
    if found is None:
        return
    status = resource.get("status")
    if status != "completed":
        message = f"a procedure of status {status!r} is not known to have been done; ignored"
        run.remark("informational", "procedure-not-done", f"{path}.status", message)
        return
    if not run.usable(resource, path):
        return
    meaning = run.clear(found, f"{path}.code")
    if meaning is None:
        return
    time, element = _time(resource)
    if time and run.is_future(time, f"{path}.{element}"):
        return
    targets = list(
        dict.fromkeys(
            (*([meaning.target] if meaning.target is not None and meaning.means != "broader" else []), *meaning.sets)
        )
    )
    site = sites_of(run, resource.get("bodySite", []), f"{path}.bodySite")
    if site is None:
        return
    if meaning.means == "broader" and not meaning.side and site.region != "knee":
        run.remark(
            "informational",
            "code-broader",
            f"{path}.code",
            f"{meaning.code} may be of another joint; send its body site",
        )
        return
    names = {target.id for target in targets}
    if names & _OPERATIONS and time:
        _append(run, targets, "recent_knee_surgery")
    if meaning.code in _AFTER_INJURY:
        _append(run, targets, "previous_knee_injury")
    if not targets:
        return
    scopes = scopes_for(run, meaning, site, path, of_person=not any(target.knee for target in targets))
    if scopes is None:
        return
    origin = Origin(name_of(resource), f"{path}.code", "", time)
    for target in targets:
        if target.kind == "boolean" and _holds(run, target, time, path):
            run.add(target.id, scopes if target.knee else ("person",), True, origin)  # noqa: FBT003


def _append(run: Run, targets: list[Target], name: str) -> None:
    target = run.concepts.targets.get(name)
    if target is not None and target not in targets:
        targets.append(target)


def _holds(run: Run, target: Target, time: str, path: str) -> bool:
    """Whether something that must be recent was; what is not bound to a time always holds."""
    if not target.stale_after_days:
        return True
    days = most_days_before(time, run.as_of) if time else None
    if days is None:
        message = f"when it was done is not stated, so it does not set {target.id}"
        run.remark("incomplete", "procedure-undated", path, message)
        return False
    return days <= target.stale_after_days


def _time(resource: Resource) -> tuple[str, str]:
    for element in ("performed", "occurrence"):
        if f"{element}DateTime" in resource:
            return str(resource[f"{element}DateTime"]), element
        if f"{element}Period" in resource:
            return period_end(resource[f"{element}Period"]), element
    return "", "performed"
