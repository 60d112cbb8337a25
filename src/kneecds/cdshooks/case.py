"""What the cards of one call are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kneecds.cdshooks.card import Frame
from kneecds.cdshooks.in_play import knee_in_play
from kneecds.cdshooks.phrases import Phrases, phrases
from kneecds.core.knowledge import TIER_RANK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.cdshooks.model import HookRequest, Presentation, Service
    from kneecds.cdshooks.record import Record
    from kneecds.core.assessment import RuleResult
    from kneecds.pipeline import Assessment, Evaluation

SOON: Final = TIER_RANK["soon_within_days"]
URGENT: Final = TIER_RANK["urgent_same_day"]
EMERGENCY: Final = TIER_RANK["emergency"]


class Case(NamedTuple):
    """One patient in one call: what was asked, what is known, and what was thought."""

    request: HookRequest
    record: Record
    evaluation: Evaluation
    frame: Frame
    phrases: Phrases
    knee_in_play: bool

    @property
    def answer(self) -> Assessment:
        """What was thought."""
        return self.evaluation.assessment

    @property
    def rank(self) -> int:
        """How urgent it is; -1 if no escalation could be worked out."""
        tier = self.answer.tier
        return -1 if tier is None else TIER_RANK[tier]

    def met(self) -> Iterator[RuleResult]:
        """Yield the rules that are met, or met unless an answer cancels them, the most urgent first."""
        answer = self.answer
        found = [*answer.person_rules, *[rule for knee in answer.knees for rule in knee.rules]]
        yield from sorted(found, key=lambda rule: -TIER_RANK[rule.tier])

    def undecided(self) -> int:
        """Count the rules that are more urgent than what is met, and not decided."""
        answer, rank = self.answer, self.rank
        rules = [*answer.person_undecided, *[rule for knee in answer.knees for rule in knee.undecided]]
        return len({rule.rule for rule in rules if TIER_RANK[rule.tier] > rank})


def case(
    service: Service, request: HookRequest, record: Record, evaluation: Evaluation, presentation: Presentation
) -> Case:
    """Gather what cards are made of."""
    software = evaluation.assessment.software
    frame = Frame(service, request.context.patient_id, software, evaluation.assessment.as_of, presentation)
    return Case(request, record, evaluation, frame, phrases(evaluation.prepared), knee_in_play(evaluation))
