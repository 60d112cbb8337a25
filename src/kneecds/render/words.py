"""Plain words and figures for clinicians, and text that no terminal takes for a command."""

from __future__ import annotations

import math
import re
from typing import Final

TIER_TITLES: Final[dict[str, str]] = {
    "emergency": "EMERGENCY",
    "urgent_same_day": "SAME DAY",
    "soon_within_days": "WITHIN DAYS",
    "routine": "ROUTINE",
    "self_care": "SELF-CARE",
}

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
    "unspecified": "knee, side not stated",
    "person": "whole patient",
}

ASKED_OF: Final[dict[str, str]] = {
    "patient": "ask",
    "clinician": "examine",
    "device_or_lab": "measure",
    "computed": "work out",
}

# Controls (ESC would start a terminal command), lone surrogates, noncharacters.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Characters that turn the direction of the text after them, or that nobody sees.
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u061c\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACE: Final = re.compile(r"[ \t\r\n]+")

DASH: Final = "\u2013"
TIMES: Final = "\u00d7"
FULL, EMPTY = "█", "░"
DRAWN: Final = f"{FULL}{EMPTY}{DASH}{TIMES}·→"
"""What must be in a terminal's character set for pages to be shown as drawn."""

_PLAIN: Final = str.maketrans(
    {
        DASH: "-", TIMES: "x", FULL: "#", EMPTY: ".", "·": "-", "→": "->", "≥": ">=", "≤": "<=", "°": " deg",
        "±": "+/-", "•": "*", "…": "...", "“": '"', "”": '"', "\u2018": "'", "\u2019": "'", "\u2014": "-",
        "\u2212": "-", "\u00b5": "u", "\ufffd": "?",
    }
)  # fmt: skip


def clean(text: str) -> str:
    """Return one line that a terminal shows as it is: no controls, no hidden characters."""
    if text.isprintable():
        return text
    return _INVISIBLE.sub("", _UNSAFE.sub("\ufffd", _SPACE.sub(" ", text)))


def in_ascii(text: str) -> str:
    """Return the text in ASCII; what has no plain form is written as its escape."""
    if text.isascii():
        return text
    return text.translate(_PLAIN).encode("ascii", "backslashreplace").decode("ascii")


def humanised(name: str) -> str:
    """Read an id as words."""
    return name.replace("_", " ")


def percent(probability: float) -> str:
    """Write a probability in per cent; neither 0 nor 100 unless it is."""
    value = 100.0 * probability
    if 99 < value < 100:  # noqa: PLR2004 - would round to 100
        return ">99"
    if 0 < value < 1:
        return "<1" if value < 0.1 else f"{value:.1f}"  # noqa: PLR2004
    return f"{value:.0f}"


def interval(low: float, high: float) -> str:
    """Write a range of probabilities in per cent."""
    return f"{percent(low)}{DASH}{percent(high)} %"


def ratio(log_odds: float) -> str:
    """Write a logarithm of odds as the factor that it is."""
    factor = math.exp(max(-20.0, min(20.0, log_odds)))
    return f"{TIMES}{factor:.1f}" if factor >= 1 else f"{TIMES}{factor:.2g}"


def shifted(probability: float, log_odds: float) -> float:
    """Return the probability after its odds were multiplied."""
    if not 0 < probability < 1:
        return probability
    return 1 / (1 + math.exp(-(math.log(probability / (1 - probability)) + log_odds)))


def counted(count: int, word: str) -> str:
    """Write "1 case", "2 cases"."""
    return f"{count} {word}{'' if count == 1 else 's'}"
