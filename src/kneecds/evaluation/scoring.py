"""One answer against one label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from kneecds.core.knowledge import TIER_RANK, Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TypeAlias

    from kneecds.core.assessment import Assessment, Knee, RuleResult
    from kneecds.core.facts import Side
    from kneecds.core.knowledge import Condition
    from kneecds.errors import Issue
    from kneecds.evaluation.cases import Case, CaseSide

    Counts: TypeAlias = Callable[[str], bool]

Triage = Literal["exact", "acceptable", "under", "over", "between"]
"""`between`: more urgent than one acceptable tier and less than another, and none of them."""

SIDES_OF: Final[dict[CaseSide, tuple[Side, ...]]] = {
    "left": ("left",),
    "right": ("right",),
    "bilateral": ("left", "right"),
    "unknown": ("unspecified",),
}


NEVER: Final = 1_000_000


class Scored(msgspec.Struct, frozen=True):
    """What came of one case."""

    id: str
    side: str
    gold: str
    acceptable: tuple[str, ...]
    gold_tier: Tier | None
    acceptable_tiers: tuple[Tier, ...]
    tier: Tier | None  # given
    triage: Triage
    status: str
    list: tuple[str, ...]  # the ranked list, of the side that did best
    rank: int | None  # of the first entry that counts; none: not in the list
    strict_rank: int | None  # the same without ancestors and descendants
    named: bool  # in the list or raised by a met rule
    strict_named: bool
    flags: tuple[str, ...]  # met rules
    unknown_ids: tuple[str, ...]
    errors: tuple[str, ...]  # what the pipeline refused in the FHIR of this case


class Family:
    """Which conditions are the same for scoring: one is an ancestor of the other."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        """Follow the parents of every condition."""
        self._parents: Mapping[str, str] = {condition.id: condition.parent for condition in conditions}

    def __contains__(self, condition: object) -> bool:
        """Whether there is such a condition."""
        return condition in self._parents

    def related(self, one: str, other: str) -> bool:
        """Whether they are the same, or one is an ancestor of the other."""
        return one == other or other in self._ancestors(one) or one in self._ancestors(other)

    def _ancestors(self, condition: str) -> list[str]:
        found: list[str] = []
        parent = self._parents.get(condition, "")
        while parent and parent not in found:
            found.append(parent)
            parent = self._parents.get(parent, "")
        return found


def score(case: Case, assessment: Assessment, family: Family, unknown: tuple[str, ...]) -> Scored:
    """Compare one answer with the labels of its case."""
    wanted = case.wanted

    def related(condition: str) -> bool:
        return any(family.related(condition, each) for each in wanted)

    knees = [knee for knee in assessment.knees if knee.side in SIDES_OF[case.side]]
    lists = [tuple(hypothesis.condition for hypothesis in knee.hypotheses) for knee in knees]
    ranked, strictly = _best(lists, related), _best(lists, wanted.__contains__)
    rules = [*assessment.person_rules, *(rule for knee in knees for rule in knee.rules)]
    named = set(_named(knees, rules))
    rank, strict_rank = _rank(ranked, related), _rank(strictly, wanted.__contains__)
    return Scored(
        id=case.id,
        side=case.side,
        gold=case.gold_diagnosis or "",
        acceptable=tuple(sorted(wanted)),
        gold_tier=case.gold_triage,
        acceptable_tiers=tuple(sorted(case.tiers, key=TIER_RANK.__getitem__, reverse=True)),
        tier=assessment.tier,
        triage=triage(assessment.tier, case),
        status=assessment.status,
        list=ranked,
        rank=rank,
        strict_rank=strict_rank,
        named=rank is not None or any(related(condition) for condition in named),
        strict_named=strict_rank is not None or not named.isdisjoint(wanted),
        flags=tuple(dict.fromkeys(rule.rule for rule in rules)),
        unknown_ids=unknown,
        errors=_errors(assessment.issues),
    )


def refused(case: Case, unknown: tuple[str, ...], issues: Iterable[Issue]) -> Scored:
    """Return the score of a case that got no answer: everything is missed, and the triage is under."""
    return Scored(
        id=case.id,
        side=case.side,
        gold=case.gold_diagnosis or "",
        acceptable=tuple(sorted(case.wanted)),
        gold_tier=case.gold_triage,
        acceptable_tiers=tuple(sorted(case.tiers, key=TIER_RANK.__getitem__, reverse=True)),
        tier=None,
        triage="under",
        status="failure",
        list=(),
        rank=None,
        strict_rank=None,
        named=False,
        strict_named=False,
        flags=(),
        unknown_ids=unknown,
        errors=_errors(issues),
    )


def _errors(issues: Iterable[Issue]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{issue.rule}: {issue.message}" for issue in issues if issue.is_error))


def triage(given: Tier | None, case: Case) -> Triage:
    """Place a tier against the acceptable ones; no tier at all counts as too low."""
    if given is None:
        return "under"
    if given == case.gold_triage:
        return "exact"
    if given in case.tiers:
        return "acceptable"
    ranks = [TIER_RANK[tier] for tier in case.tiers]
    if TIER_RANK[given] < min(ranks):
        return "under"
    return "over" if TIER_RANK[given] > max(ranks) else "between"


def _best(lists: list[tuple[str, ...]], counts: Counts) -> tuple[str, ...]:
    """Return the list with the earliest entry that counts; the longest if none has one."""
    return min(lists, key=lambda each: (_rank(each, counts) or NEVER, -len(each)), default=())


def _rank(ranked: tuple[str, ...], counts: Counts) -> int | None:
    return next((rank for rank, condition in enumerate(ranked, 1) if counts(condition)), None)


def _named(knees: list[Knee], rules: list[RuleResult]) -> Iterator[str]:
    for knee in knees:
        for hypothesis in knee.named:
            yield hypothesis.condition
        for hypothesis in knee.hypotheses:
            yield hypothesis.condition
    for rule in rules:
        yield from rule.raises
