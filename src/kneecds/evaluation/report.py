"""Many scores as one report, every share with its interval."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.core.knowledge import TIERS, Setting
from kneecds.evaluation.scoring import Scored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Z95: Final = 1.959963984540054
"""The standard normal quantile of 97.5 %."""

NO_TIER: Final = "none"


class Share(msgspec.Struct, frozen=True):
    """A part of all cases, with the 95 % interval of Wilson (1927)."""

    value: float
    count: int
    of: int
    low: float
    high: float


class Diagnosis(msgspec.Struct, frozen=True):
    """How often the diagnosis was found."""

    top1: Share
    top3: Share
    in_list: Share
    named: Share


class Report(msgspec.Struct, frozen=True):
    """The whole evaluation."""

    cases: int
    split: str  # empty: all
    setting: Setting
    as_of: str
    knowledge_version: str
    knowledge_hash: str
    top1: Share
    top3: Share
    in_list: Share  # the ranked list
    named: Share  # the list or a met rule
    strict: Diagnosis  # without ancestors and descendants
    median_list_length: float
    triage_exact: Share
    triage_acceptable: Share
    under_triaged: dict[str, int]  # by true tier
    over_triaged: dict[str, int]
    under_triaged_share: Share
    over_triaged_share: Share
    confusion: dict[str, dict[str, int]]  # true tier, then given tier
    unknown_ids: tuple[str, ...]
    per_case: tuple[Scored, ...]


def wilson(count: int, of: int) -> Share:
    """Return a share with its interval; of nothing, everything is possible."""
    if of == 0:
        return Share(0.0, 0, 0, 0.0, 1.0)
    share, square = count / of, Z95 * Z95
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z95 * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == of else middle + half
    return Share(round(share, 4), count, of, round(low, 4), round(high, 4))


def summarise(scores: Sequence[Scored], **about: Any) -> Report:  # noqa: ANN401 - fields of the report
    """Count everything that a report says."""
    total = len(scores)

    def share(holds: Callable[[Scored], bool]) -> Share:
        return wilson(sum(map(holds, scores)), total)

    return Report(
        cases=total,
        **about,
        top1=share(lambda each: _within(each.rank, 1)),
        top3=share(lambda each: _within(each.rank, 3)),
        in_list=share(lambda each: each.rank is not None),
        named=share(lambda each: each.named),
        strict=Diagnosis(
            top1=share(lambda each: _within(each.strict_rank, 1)),
            top3=share(lambda each: _within(each.strict_rank, 3)),
            in_list=share(lambda each: each.strict_rank is not None),
            named=share(lambda each: each.strict_named),
        ),
        median_list_length=float(median([len(each.list) for each in scores] or [0])),
        triage_exact=share(lambda each: each.triage == "exact"),
        triage_acceptable=share(lambda each: each.triage in ("exact", "acceptable")),
        under_triaged=_by_true_tier(each for each in scores if each.triage == "under"),
        over_triaged=_by_true_tier(each for each in scores if each.triage == "over"),
        under_triaged_share=share(lambda each: each.triage == "under"),
        over_triaged_share=share(lambda each: each.triage == "over"),
        confusion=_confusion(scores),
        unknown_ids=tuple(sorted({name for each in scores for name in each.unknown_ids})),
        per_case=tuple(scores),
    )


def _within(rank: int | None, most: int) -> bool:
    return rank is not None and rank <= most


def _by_true_tier(scores: Iterable[Scored]) -> dict[str, int]:
    counts = dict.fromkeys(TIERS, 0)
    for each in scores:
        if each.gold_tier is not None:
            counts[each.gold_tier] += 1
    return {str(tier): count for tier, count in counts.items()}


def _confusion(scores: Iterable[Scored]) -> dict[str, dict[str, int]]:
    table = {str(gold): dict.fromkeys((*map(str, TIERS), NO_TIER), 0) for gold in TIERS}
    for each in scores:
        table[each.gold_tier or NO_TIER][each.tier or NO_TIER] += 1
    return table
