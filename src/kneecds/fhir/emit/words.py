"""Plain words for tiers, sides and figures, for clinicians."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from kneecds.core.knowledge import TIER_RANK

TIER_WORDS: Final[dict[str, str]] = {
    "emergency": "emergency assessment now",
    "urgent_same_day": "assessment the same day",
    "soon_within_days": "assessment within days",
    "routine": "routine appointment",
    "self_care": "self-care, with review if it does not settle",
}

SIDE_WORDS: Final[dict[str, str]] = {
    "left": "left knee",
    "right": "right knee",
    "unspecified": "knee (side not stated)",
    "person": "whole patient",
}

# https://hl7.org/fhir/R4/valueset-request-priority.html
PRIORITY: Final[dict[str, str]] = {
    "emergency": "stat",
    "urgent_same_day": "asap",
    "soon_within_days": "urgent",
    "routine": "routine",
    "self_care": "routine",
}

# https://hl7.org/fhir/R4/valueset-detectedissue-severity.html
SEVERITY: Final[dict[str, str]] = {
    "emergency": "high",
    "urgent_same_day": "high",
    "soon_within_days": "moderate",
    "routine": "low",
    "self_care": "low",
}


def most_urgent(tiers: list[str]) -> str:
    """Return the most urgent of some tiers; empty for none."""
    return max(tiers, key=TIER_RANK.__getitem__, default="")


def percent(probability: float) -> str:
    """Write a probability as a percentage with at most two digits that mean something; never 100 for less than 1."""
    value = 100.0 * probability
    if value >= 99.5:  # noqa: PLR2004 - would round to 100
        return "99.9" if value > 99.9 else f"{value:.1f}"  # noqa: PLR2004
    if value >= 10:  # noqa: PLR2004
        return f"{value:.0f}"
    if value >= 1:
        return f"{value:.1f}"
    if value <= 0:
        return "0"
    text = f"{value:.1g}"
    return format(Decimal(text), "f") if "e" in text else text
