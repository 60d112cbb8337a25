"""The names a host uses. Each is a line or two around the pipeline; none keeps state, all may be called from threads."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from kneecds import pipeline
from kneecds.core.facts import Fact, Subject
from kneecds.errors import Issue, UsageError
from kneecds.knowledge import Knowledge, shipped
from kneecds.pipeline import Assessment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kneecds.core.knowledge import Setting
    from kneecds.fhir.version import Release

__all__ = ["Assessment", "Fact", "Issue", "Knowledge", "assess", "assess_facts", "shipped_knowledge", "validate"]


def assess(  # noqa: PLR0913
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
        body, knowledge=knowledge or shipped(), as_of=_day(as_of), setting=setting, release=release, maps=maps,
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
    return pipeline.evaluate_facts(
        facts, knowledge=knowledge or shipped(), as_of=_day(as_of), setting=setting, subject=subject or Subject(),
    ).assessment  # fmt: skip


def validate(
    body: pipeline.Body,
    *,
    as_of: date | str,
    knowledge: Knowledge | None = None,
    release: Release | None = None,
) -> tuple[Issue, ...]:
    """List every problem of a FHIR document: JSON, structure, references, codes, values, units, dates."""
    return pipeline.validate(body, knowledge=knowledge or shipped(), as_of=_day(as_of), release=release)


def shipped_knowledge() -> Knowledge:
    """Return the knowledge that ships with this version."""
    return shipped()


def _day(as_of: date | str) -> date:
    if isinstance(as_of, date):
        return as_of
    try:
        return date.fromisoformat(as_of)
    except (TypeError, ValueError) as problem:
        msg = f"as_of is a date such as 2026-01-31, not {as_of!r}"
        raise UsageError(msg) from problem
