"""From what sources say of a finding to the one ratio that is used.

Several studies of one finding for one condition are alternatives: one is chosen, the nearest to primary care,
and drawn towards 1 if it comes from elsewhere. Where nobody measured, the judged weight stands, marked qualitative.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from kneecds.core.assessment import Contribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kneecds.core.knowledge import Condition, Evidence, Finding, Reasoning

_INTERVAL = re.compile(r"LR([+-])[^;]*?(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)")
_BARE_INTERVAL = re.compile(r"95% CI (\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)")

SEPARATE_FROM_IMPLIED = frozenset({
    "knee_injury", "knee_pain", "knee_swelling", "activity_related_pain", "regular_sport", "repetitive_loading",
    "recent_skin_break", "reduced_rom", "palpable_mass", "ligament_laxity", "previous_knee_surgery", "prior_cancer",
})  # fmt: skip
"""General findings that many special ones imply. The figures for the special ones were measured among people
who have the general one (a pop, among injured knees), so both count."""


GROUP_BITS = 10
GROUP = (1 << GROUP_BITS) - 1
"""The part of a term's key that is its group."""


class Term(NamedTuple):
    """What one finding, present or absent, adds to the log-odds of one condition."""

    log_odds: float
    size: float  # without the sign
    variance: float
    evidence: Evidence
    basis: Literal["measured", "qualitative"]
    present: bool
    note: str = ""
    condition: int = -1
    key: int = -1  # condition and group: of one key only the strongest counts
    position: int = -1  # of the finding among the facts


_Place = tuple[int, int, int]
"""The condition, the key and the position of a term."""


class Chooser:
    """Chooses the ratio of each finding for each condition."""

    def __init__(self, reasoning: Reasoning) -> None:
        """Prepare what every row needs."""
        self._reasoning = reasoning
        deviation = math.log(reasoning.weight_spread) / 1.96
        self._weights: dict[str, tuple[float, float, float]] = {}
        for word, ratio in reasoning.weight_ratios.items():
            size = math.log(ratio)
            for direction, sign in ((" for", 1), (" against", -1), ("", 1)):
                self._weights[word + direction] = (sign * size, size, deviation**2 if size else 0.0)
        self._kinds: dict[str, str] = {}

    def terms(self, condition: Condition, index: int, places: Mapping[str, tuple[int, int]]) -> Iterator[Term]:
        """Yield what the presence or the absence of each finding adds to a condition, which stands at an index.

        `places` gives the number of each finding's group and its position among the facts.
        """
        rows: dict[str, list[Evidence]] = {}
        for row in condition.evidence:
            if row.use == "yes":
                rows.setdefault(row.finding, []).append(row)
        for finding, alternatives in rows.items():
            measured = self._nearest(alternatives)
            group, position = places[finding]
            place = (index, index << GROUP_BITS | group, position)
            present = None
            if measured is not None:
                present = self._measured(measured, measured.lr_positive, "+", place)
                absent = self._measured(measured, measured.lr_negative, "-", place)
                if absent is not None:
                    yield absent
            if present is None:
                present = self._judged(alternatives, place)
            if present is not None:
                yield present

    def kind(self, text: str) -> str:
        """Tell from its words what kind of place a figure was measured in."""
        kind = self._kinds.get(text)
        if kind is None:
            lower = text.lower()
            kind = next((kind for word, kind in self._reasoning.setting_words if word.lower() in lower), "not_stated")
            self._kinds[text] = kind
        return kind

    def _kept(self, row: Evidence) -> float:
        return self._reasoning.shrink_by_setting[self.kind(row.setting)]

    def _nearest(self, rows: list[Evidence]) -> Evidence | None:
        figures = [row for row in rows if (row.lr_positive or row.lr_negative) and row.verified == "yes"]
        if not figures:
            return None
        return max(figures, key=self._kept)  # the first of equals

    def _measured(self, row: Evidence, figure: str, sign: str, place: _Place) -> Term | None:
        if not figure:
            return None
        reasoning = self._reasoning
        published = float(figure)
        interval = _interval(row.interval, sign)
        narrow = interval is not None and interval[1] / interval[0] <= reasoning.narrow_interval
        ratio, notes = published, []
        ceiling, floor = reasoning.ratio_ceiling, reasoning.ratio_floor
        if row.cap is not None:
            ceiling, floor, narrow = row.cap, 1 / row.cap, False
        if not narrow:
            ratio = min(max(ratio, floor), ceiling)
            if ratio != published:
                notes.append(f"published {figure}, capped at {ratio:g}")
        kept = self._kept(row)
        log_odds = kept * math.log(ratio)
        if kept != 1:
            notes.append(f"{self.kind(row.setting).replace('_', ' ')}: {kept:g} of its logarithm kept")
        spread = math.log(interval[1] / interval[0]) / 2 if interval else math.log(reasoning.figure_spread)
        deviation = kept * min(spread, math.log(reasoning.ratio_ceiling)) / 1.96
        return Term(
            log_odds, abs(log_odds), deviation**2, row, "measured", sign == "+", "; ".join(notes), *place,
        )  # fmt: skip

    def _judged(self, rows: list[Evidence], place: _Place) -> Term | None:
        best, largest = None, -1.0
        for row in rows:
            if row.weight and self._weights[row.weight][1] > largest:
                best, largest = row, self._weights[row.weight][1]
        if best is None or best.weight is None:
            return None
        log_odds, size, variance = self._weights[best.weight]
        return Term(log_odds, size, variance, best, "qualitative", True, "", *place)  # noqa: FBT003 - in the order of the fields


def groups_of(findings: Iterable[Finding], reasoning: Reasoning) -> dict[str, str]:
    """Return for each finding the group of which only the strongest member counts."""
    named = {finding: group for group, members in reasoning.counts_once.items() for finding in members}
    implies = {finding.id: finding.implies for finding in findings}
    groups = {}
    for finding in implies:
        at = finding
        while at not in named:
            specific = [other for other in implies[at] if other in implies and other not in SEPARATE_FROM_IMPLIED]
            if not specific:
                break
            at = specific[0]
        groups[finding] = named.get(at, at)
    return groups


def _interval(text: str, sign: str) -> tuple[float, float] | None:
    """Read "LR+ 2.0-3.1" out of the words of a row; a bare "95% CI" belongs to the positive ratio."""
    for found_sign, low, high in _INTERVAL.findall(text):
        if found_sign == sign and float(low) > 0:
            return float(low), float(high)
    bare = _BARE_INTERVAL.search(text)
    if bare and sign == "+" and float(bare[1]) > 0:
        return float(bare[1]), float(bare[2])
    return None


def missing_contribution(label: str, terms: list[Term]) -> Contribution:
    """Show an unanswered finding with what each answer would add."""
    first = terms[0]
    return Contribution(
        first.evidence.finding,
        label,
        "unknown",
        0.0,
        first.basis,
        first.evidence.source[0],
        (first.evidence.weight or "") if first.basis == "qualitative" else "",
        if_present=next((round(term.log_odds, 3) for term in terms if term.present), None),
        if_absent=next((round(term.log_odds, 3) for term in terms if not term.present), None),
    )
