"""From what sources say of a finding to the one ratio that is used.

Several studies of one finding for one condition are alternatives: one is chosen, the nearest to primary care,
and drawn towards 1 if it comes from elsewhere. Where nobody measured, the judged weight stands, marked qualitative.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.core.knowledge import Condition, Evidence, Finding, Reasoning

_INTERVAL = re.compile(r"LR([+-])[^;]*?(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)")
_BARE_INTERVAL = re.compile(r"95% CI (\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)")

SEPARATE_FROM_IMPLIED = frozenset({
    "knee_injury", "knee_pain", "knee_swelling", "activity_related_pain", "regular_sport", "repetitive_loading",
    "recent_skin_break", "reduced_rom", "palpable_mass", "ligament_laxity", "previous_knee_surgery", "prior_cancer",
})  # fmt: skip
"""General findings that many special ones imply. The figures for the special ones were measured among people
who have the general one (a pop, among injured knees), so both count."""


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


def chosen_terms(condition: Condition, reasoning: Reasoning) -> Iterator[tuple[str, Term | None, Term | None]]:
    """Yield each finding that speaks for or against a condition, with what its presence and its absence add."""
    rows: dict[str, list[Evidence]] = {}
    for row in condition.evidence:
        if row.use == "yes":
            rows.setdefault(row.finding, []).append(row)
    for finding, alternatives in rows.items():
        measured = _nearest(alternatives, reasoning)
        present = absent = None
        if measured is not None:
            present = _measured(measured, measured.lr_positive, "+", reasoning)
            absent = _measured(measured, measured.lr_negative, "-", reasoning)
        if present is None:
            present = _judged(alternatives, reasoning)
        if present is not None or absent is not None:
            yield finding, present, absent


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


def _nearest(rows: list[Evidence], reasoning: Reasoning) -> Evidence | None:
    figures = [row for row in rows if (row.lr_positive or row.lr_negative) and row.verified == "yes"]
    if not figures:
        return None
    return max(figures, key=lambda row: _kept(row, reasoning))  # the first of equals


def setting_kind(text: str, reasoning: Reasoning) -> str:
    """Tell from its words what kind of place a figure was measured in."""
    return next((kind for word, kind in reasoning.setting_words if word.lower() in text.lower()), "not_stated")


def _kept(row: Evidence, reasoning: Reasoning) -> float:
    return reasoning.shrink_by_setting[setting_kind(row.setting, reasoning)]


def _measured(row: Evidence, figure: str, sign: str, reasoning: Reasoning) -> Term | None:
    if not figure:
        return None
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
    kept = _kept(row, reasoning)
    log_odds = kept * math.log(ratio)
    if kept != 1:
        notes.append(f"{setting_kind(row.setting, reasoning).replace('_', ' ')}: {kept:g} of its logarithm kept")
    spread = math.log(interval[1] / interval[0]) / 2 if interval else math.log(reasoning.figure_spread)
    deviation = kept * min(spread, math.log(reasoning.ratio_ceiling)) / 1.96
    return Term(log_odds, abs(log_odds), deviation**2, row, "measured", sign == "+", "; ".join(notes))


def _judged(rows: list[Evidence], reasoning: Reasoning) -> Term | None:
    weighed = [row for row in rows if row.weight]
    if not weighed:
        return None

    def ratio(row: Evidence) -> float:
        return reasoning.weight_ratios[(row.weight or "neutral").split()[0]]

    row = max(weighed, key=ratio)
    sign = -1 if (row.weight or "").endswith("against") else 1
    log_odds = sign * math.log(ratio(row))
    deviation = math.log(reasoning.weight_spread) / 1.96 if log_odds else 0.0
    return Term(log_odds, abs(log_odds), deviation**2, row, "qualitative", present=True)


def _interval(text: str, sign: str) -> tuple[float, float] | None:
    """Read "LR+ 2.0-3.1" out of the words of a row; a bare "95% CI" belongs to the positive ratio."""
    for found_sign, low, high in _INTERVAL.findall(text):
        if found_sign == sign and float(low) > 0:
            return float(low), float(high)
    bare = _BARE_INTERVAL.search(text)
    if bare and sign == "+" and float(bare[1]) > 0:
        return float(bare[1]), float(bare[2])
    return None
