"""The names a host uses. Each is a line or two around the pipeline; none keeps state, all may be called from threads."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from kneecds import pipeline, validation
from kneecds.core.checking import checked
from kneecds.core.facts import Fact, Subject
from kneecds.core.knowledge import SETTINGS
from kneecds.errors import Issue, UsageError
from kneecds.fhir.validate.supplied import Supplied
from kneecds.knowledge import Knowledge, shipped
from kneecds.pipeline import RELEASES, Assessment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kneecds.core.knowledge import Setting
    from kneecds.fhir.version import Release

T = TypeVar("T")

__all__ = [
    "Assessment",
    "Conformance",
    "Fact",
    "Issue",
    "Knowledge",
    "assess",
    "assess_facts",
    "shipped_knowledge",
    "validate",
]


def assess(
    body: pipeline.Body,
    *,
    as_of: date | str,
    setting: Setting = "primary_care",
    knowledge: Knowledge | None = None,
    release: Release | None = None,
    maps: Sequence[Mapping[str, object]] = (),
) -> Assessment:
    """Assess a FHIR document: bytes, text, parsed JSON, or a typed resource of fhir.resources.

    `as_of` is the day for which the answer holds; the library never looks at the clock. Problems of the input are in
    `issues` of the answer, and its `status` is `failure` if nothing could be read. UsageError for a date that is none.
    """
    return pipeline.evaluate(
        body, knowledge=knowledge or shipped(), as_of=_day(as_of), setting=_one_of(setting, SETTINGS, "setting"),
        release=_one_of(release, RELEASES, "release") if release else None, maps=maps,
    ).assessment  # fmt: skip


def assess_facts(
    facts: Iterable[Fact],
    *,
    as_of: date | str,
    setting: Setting = "primary_care",
    knowledge: Knowledge | None = None,
    subject: Subject | None = None,
) -> Assessment:
    """Assess findings that the host knows itself, without FHIR: the same answer as for the FHIR that would say them."""
    known, day = knowledge or shipped(), _day(as_of)
    good, issues = checked(facts, pipeline.prepare(known).model.vocabulary, day)
    return pipeline.evaluate_facts(
        good, knowledge=known, as_of=day, setting=_one_of(setting, SETTINGS, "setting"), subject=subject or Subject(),
        issues=issues, unusable=any(issue.is_error for issue in issues),
    ).assessment  # fmt: skip


def validate(
    body: pipeline.Body,
    *,
    as_of: date | str | None = None,
    release: Release | None = None,
    questionnaires: Sequence[Mapping[str, object]] = (),
    profiles: Sequence[Mapping[str, object]] = (),
    conformance: Conformance | None = None,
    knowledge: Knowledge | None = None,
    best_practice: bool = False,
) -> tuple[Issue, ...]:
    """List every problem of a FHIR document: JSON, structure, codes, invariants, references, profiles, forms, meaning.

    Without `as_of` the document is checked as FHIR only; with it also what its content means here on that day.
    `questionnaires` and `profiles` are FHIR resources (StructureDefinitions, value sets, code systems) to check
    against: a StructureDefinition given is asked of every resource of its type. Who validates many documents makes
    one `Conformance` of them and passes that. `release` is found from the document if it is not given.
    """
    chosen = _one_of(release, RELEASES, "release") if release else None
    known = knowledge or shipped()
    given = conformance
    if given is None and (questionnaires or profiles):
        given = Conformance(questionnaires=questionnaires, profiles=profiles, knowledge=known)
    return validation.validate(
        body, knowledge=known, as_of=None if as_of is None else _day(as_of), release=chosen,
        conformance=None if given is None else given.supplied, best_practice=best_practice,
    )  # fmt: skip


class Conformance:
    """FHIR resources to validate against, made ready once: Questionnaires, profiles, value sets, code systems."""

    def __init__(
        self,
        *,
        questionnaires: Iterable[Mapping[str, object]] = (),
        profiles: Iterable[Mapping[str, object]] = (),
        others: Iterable[Mapping[str, object]] = (),
        knowledge: Knowledge | None = None,
    ) -> None:
        """Take resources; `profiles` are asked of every resource of their type, `others` only of who claims them."""
        asked = [*profiles]
        applied = [
            str(one["url"]) for one in asked if one.get("resourceType") == "StructureDefinition" and "url" in one
        ]
        self.supplied = Supplied(
            [*others, *questionnaires, *asked], applied=applied, beneath=pipeline.prepare(knowledge or shipped()).published
        )  # fmt: skip


def shipped_knowledge() -> Knowledge:
    """Return the knowledge that ships with this version."""
    return shipped()


def _one_of(value: T, allowed: Sequence[T], name: str) -> T:
    if value not in allowed:
        msg = f"{name} is one of {', '.join(map(str, allowed))}, not {value!r}"
        raise UsageError(msg)
    return value


def _day(as_of: date | str) -> date:
    if isinstance(as_of, datetime):
        return as_of.date()
    if isinstance(as_of, date):
        return as_of
    try:
        return date.fromisoformat(as_of)
    except (TypeError, ValueError) as problem:
        msg = f"as_of is a date such as 2026-01-31, not {as_of!r}"
        raise UsageError(msg) from problem
