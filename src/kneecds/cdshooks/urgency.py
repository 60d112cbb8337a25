"""Why an answer is as urgent as it is: the rules that are met, and the conditions that are probable enough by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kneecds.cdshooks.case import SOON
from kneecds.cdshooks.phrases import place
from kneecds.core.knowledge import TIER_RANK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.cdshooks.case import Case
    from kneecds.core.assessment import Hypothesis, Knee, RuleResult


class Urgency(NamedTuple):
    """What makes one patient a matter of days or less."""

    met: tuple[RuleResult, ...]  # the red flags, the most urgent first
    setting: tuple[RuleResult, ...]  # those as urgent as the answer
    probable: tuple[tuple[Knee, Hypothesis], ...]  # what raised a knee above its rules

    @property
    def only_unless(self) -> bool:
        """Whether an answer that is not known yet could cancel each rule that sets the urgency."""
        return bool(self.setting) and all(rule.status == "met_unless" for rule in self.setting)


def urgency(case: Case) -> Urgency | None:
    """Return what makes it urgent; None if it is not."""
    answer = case.answer
    if answer.tier is None or case.rank < SOON:
        return None
    met = tuple(rule for rule in case.met() if TIER_RANK[rule.tier] >= SOON)
    setting = tuple(rule for rule in met if rule.tier == answer.tier)
    probable = tuple((knee, one) for knee in answer.knees if (one := _probable(knee)) is not None)
    return Urgency(met, setting, probable)


def where(case: Case, rules: Iterable[RuleResult]) -> str:
    """Name the knees that rules are about; what is stated of no knee is of the whole patient."""
    scopes = dict.fromkeys(rule.scope for rule in rules if rule.scope != "person")
    return " and ".join(place(scope) for scope in scopes) if scopes and case.knee_in_play else place("person")


def _probable(knee: Knee) -> Hypothesis | None:
    """Return the condition whose probability raised the escalation of a knee above its rules."""
    name = knee.raised_by_probability
    if not name:
        return None
    return next((one for one in knee.hypotheses if name in (one.condition, *one.includes)), None)
