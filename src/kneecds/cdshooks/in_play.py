"""Whether a patient's knee is a matter now, so that what is not known of it must be said."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from kneecds.core.statements import moment

if TYPE_CHECKING:
    from kneecds.core.facts import Fact
    from kneecds.pipeline import Evaluation, Prepared


@lru_cache(maxsize=8)
def _longest_days(prepared: Prepared) -> int:
    """Return how long the longest-lived symptom or sign of a knee counts; what is older is history."""
    return max(finding.stale_after_days for finding in prepared.knowledge.files.findings if finding.scope == "knee")


def knee_in_play(evaluation: Evaluation) -> bool:
    """Say whether there is a complaint of a knee, or something recent that may be one although it does not count now.

    A denial is none, nor is what no code or site ties to a knee, such as a number on a pain scale.
    """
    longest = _longest_days(evaluation.prepared)
    as_of = date.fromisoformat(evaluation.assessment.as_of)
    return any(
        _is_complaint(fact, evaluation.prepared) if _days(fact, as_of) > longest else _may_be_complaint(fact)
        for fact in evaluation.facts
        if fact.value is not False
    )


def _days(fact: Fact, as_of: date) -> int:
    return (as_of - moment(fact.origin.time, as_of)[0]).days if fact.origin.time else 0


def _may_be_complaint(fact: Fact) -> bool:
    """Say whether a statement is one of a knee: by its side, by what it affirms, or as an answer in the intake form."""
    if fact.scope == "person":
        return fact.value is True and bool(fact.origin.link_id)
    return fact.scope != "unspecified" or fact.value is True or fact.value is None


def _is_complaint(fact: Fact, prepared: Prepared) -> bool:
    """Say whether an old statement still counts as a complaint, because what it says does not pass."""
    model = prepared.model
    position = model.vocabulary.bit_of.get(fact.finding)
    lasting = not model.vocabulary.findings[fact.finding].stale_after_days
    return lasting and fact.value is True and position is not None and bool(model.complaint_mask >> position & 1)
