"""Probabilities as log-odds and back."""

from __future__ import annotations

import math

UNKNOWN_PRIOR = 1e-6
"""For a condition that only a rule may raise: it has no prior of its own."""


def logit(probability: float) -> float:
    """Turn a probability into log-odds."""
    return math.log(probability / (1 - probability))


def expit(log_odds: float) -> float:
    """Turn log-odds into a probability."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)
