"""Condition: a problem that is present establishes its finding; one in the record sets what it says of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.core.facts import Origin
from kneecds.fhir.dates import days_before
from kneecds.fhir.extract.run import Resource, Run, code_of, name_of, period_end
from kneecds.fhir.extract.sites import Site, scopes_for, sites_of
from kneecds.fhir.extract.statement import broader, state

if TYPE_CHECKING:
    from kneecds.core.facts import Scope
    from kneecds.fhir.concepts import Meaning, Target

# https://hl7.org/fhir/R4/valueset-condition-ver-status.html
_NO_CONDITION: Final = frozenset({"refuted", "entered-in-error"})
_NOT_CERTAIN: Final = frozenset({"unconfirmed", "provisional", "differential"})
# https://hl7.org/fhir/R4/valueset-condition-clinical.html
_PRESENT: Final = frozenset({"active", "recurrence", "relapse"})
_PAST: Final = frozenset({"inactive", "remission", "resolved"})

LASTING: Final = frozenset(
    {
        "previous_knee_injury", "known_osteoarthritis", "prior_bone_stress_injury", "known_gout",
        "known_rheumatoid_arthritis", "known_inflammatory_arthritis", "previous_dvt", "prior_cancer", "knee_prosthesis",
        "previous_knee_surgery", "tick_exposure", "bleeding_disorder", "past_peptic_ulcer",
        "ischaemic_heart_disease_or_stroke", "hiv_infection", "sickle_cell_disease",
    }
)  # fmt: skip
"""Findings that an entry sets for good, even once it is resolved."""

EARLIER: Final = frozenset({"previous_knee_injury", "prior_bone_stress_injury"})
"""Findings about an earlier episode: a problem that is present may be this one."""

_AFTERWARDS: Final = {
    "current_dvt": "previous_dvt",
    "active_cancer": "prior_cancer",
    "active_peptic_ulcer_or_gi_bleed": "past_peptic_ulcer",
}
"""What a condition leaves behind once it is over."""
_EARLIER_DAYS: Final = 90
"""A problem still present counts as of an earlier episode once it is this old: our choice."""


def read(run: Run, resource: Resource, path: str) -> None:
    """Take what one Condition says."""
    found = run.concepts.meaning(resource.get("code"))
    if found is None:
        return
    verification = code_of(resource.get("verificationStatus"))
    if verification in _NO_CONDITION:
        message = f"a condition that is {verification} is ignored; it does not say that its finding is absent either"
        run.remark("informational", "condition-not-there", f"{path}.verificationStatus", message)
        return
    if not run.usable(resource, path):
        return
    if verification in _NOT_CERTAIN:
        message = f"a condition that is {verification} is not taken as a finding"
        run.remark("informational", "condition-unconfirmed", f"{path}.verificationStatus", message)
        return
    meaning = run.clear(found, f"{path}.code")
    if meaning is None:
        return
    if any(run.is_future(time, f"{path}.{element}") for element, time in _times(resource)):
        return
    present = _is_present(run, resource, path)
    if present is None:
        return
    site = sites_of(run, resource.get("bodySite", []), f"{path}.bodySite")
    if site is None:
        return
    times = dict(_times(resource))
    time = times.get("recordedDate") or times.get("onset", "")
    origin = Origin(name_of(resource), f"{path}.code", "", time)
    done: set[str] = set()
    _finding(run, meaning, origin, path, site, present=present, done=done)
    if meaning.conditions or meaning.means != "broader" or _site_is_sure(meaning, site):
        _history(run, meaning, origin, path, site, present=present, since=times.get("onset") or time, done=done)
    if meaning.conditions and meaning.target is None and not meaning.sets:
        message = f"{meaning.code} names a condition; it is not taken as a finding, and hypotheses are worked out from findings"
        run.remark("informational", "condition-not-finding", f"{path}.code", message)


def _times(resource: Resource) -> list[tuple[str, str]]:
    times = [
        ("recordedDate", resource.get("recordedDate", "")),
        ("onset", resource.get("onsetDateTime") or (resource.get("onsetPeriod") or {}).get("start", "")),
    ]
    return [(element, str(time)) for element, time in times if time]


def _is_present(run: Run, resource: Resource, path: str) -> bool | None:
    """Return whether the problem is there now (True) or was (False); None: it cannot be told, which is said."""
    status = code_of(resource.get("clinicalStatus"))
    ended = resource.get("abatementDateTime") or period_end(resource.get("abatementPeriod") or {})
    is_over = any(key.startswith("abatement") for key in resource)
    if status in _PAST:
        return False
    if status in _PRESENT:
        if is_over and ended and (days_before(ended, run.as_of) or 0) >= 0:
            run.warn(
                "conflict", "condition-abated", path, f"the condition is {status}, yet it has abated; taken as past"
            )
            return False
        return True
    if status:
        run.refuse(
            "code-invalid",
            "clinical-status-unknown",
            f"{path}.clinicalStatus",
            f"{status!r} is not a clinical status; not used",
        )
        return None
    if is_over:
        return False
    run.warn(
        "incomplete", "clinical-status-missing", path, "no clinical status; taken as present, since no end is stated"
    )
    return True


def _finding(
    run: Run, meaning: Meaning, origin: Origin, path: str, site: Site, *, present: bool, done: set[str]
) -> None:
    target = meaning.target
    if target is None or target.kind != "boolean":
        return
    by_site = {"site_knee": ("knee",), "site_leg": ("knee", "leg")}.get(meaning.reading, ())
    if (
        meaning.means == "broader"
        and site.region not in by_site
        and not (meaning.sets and _site_is_sure(meaning, site))
    ):
        broader(run, meaning, origin.expression)
        return
    if not present and target.id in _AFTERWARDS:
        target = run.concepts.targets.get(_AFTERWARDS[target.id], target)
    if not present and target.id not in LASTING:
        message = f"{meaning.code} is past; it says nothing of {target.id} in this episode"
        run.remark("informational", "condition-past", f"{path}.clinicalStatus", message)
        return
    scopes = scopes_for(run, meaning, site, path, of_person=not target.knee)
    if scopes is not None:
        done.add(target.id)
        relation = "same" if meaning.means == "broader" else meaning.means
        state(run, meaning._replace(means=relation, target=target), True, scopes, origin)  # noqa: FBT003


def _history(
    run: Run, meaning: Meaning, origin: Origin, path: str, site: Site, *, present: bool, since: str, done: set[str]
) -> None:
    warned: tuple[Scope, ...] | None = None
    for entry in meaning.sets:
        target: Target | None = entry
        if not present:
            target = run.concepts.targets.get(_AFTERWARDS.get(entry.id, entry.id))
            if target is None or target.id not in LASTING:
                continue
        elif entry.id in EARLIER:
            days = days_before(since, run.as_of) if since else None
            if days is None or days < _EARLIER_DAYS:
                message = f"the condition is present and may be this episode, so it does not set {entry.id}"
                run.remark("informational", "condition-of-this-episode", path, message)
                continue
        if target is None or target.id in done:
            continue
        done.add(target.id)
        if target.knee and warned is None:
            warned = scopes_for(run, meaning, site, path, of_person=False)
            if warned is None:
                return
        run.add(target.id, (warned or ()) if target.knee else ("person",), True, origin)  # noqa: FBT003


def _site_is_sure(meaning: Meaning, site: Site) -> bool:
    """Whether code or body site names the knee, for codes that hold for any joint."""
    return bool(meaning.side) or site.region == "knee"
