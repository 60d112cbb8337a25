"""Whether the figures of one row of evidence can be what they say, and agree with each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.core.knowledge import Evidence

_NUMBER = re.compile(r"(\d+(?:\.\d+)?|inf)(?:-(\d+(?:\.\d+)?|inf))?")
_INTERVAL = re.compile(r"LR([+-]) (\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
TOLERANCE = 1.25
"""How far a printed ratio may lie from what its sensitivity and specificity give, beyond rounding."""

Range = tuple[float, float]


def numbers(text: str) -> Range | None:
    """Return the number a figure is, twice, or the two ends of its range; None if it is neither."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    low = float(match[1])
    return low, float(match[2]) if match[2] else low


def problems(row: Evidence) -> Iterator[str]:
    """Yield what is wrong with the figures of a row."""
    limits = {"sensitivity": 1.0, "specificity": 1.0, "lr_positive": float("inf"), "lr_negative": float("inf")}
    printed = {field: getattr(row, field) for field in limits if getattr(row, field)}
    if not printed and not row.interval and row.weight is None:
        yield "has neither a figure nor a weight"
    for field, text in printed.items():
        figure = numbers(text)
        if figure is None:
            yield f"{field} {text!r} is not a number, a range or inf"
        elif not figure[0] <= figure[1] <= limits[field]:
            yield f"{field} {text!r} must rise and be at most {limits[field]:g}"
    for field in ("sensitivity", "lr_positive"):
        if numbers(printed.get(field, "")) == (0, 0):
            yield f"{field} is 0: the finding was never seen with the condition, use a weight"
    if {"sensitivity", "specificity"} <= printed.keys():
        yield from _disagreements(row)


def _disagreements(row: Evidence) -> Iterator[str]:
    sensitivity, specificity = _as_printed(row.sensitivity), _as_printed(row.specificity)
    if sensitivity is None or specificity is None:
        return
    expected = {
        "lr_positive": (_ratio(sensitivity[0], 1 - specificity[0]), _ratio(sensitivity[1], 1 - specificity[1])),
        "lr_negative": (_ratio(1 - sensitivity[1], specificity[1]), _ratio(1 - sensitivity[0], specificity[0])),
    }
    pooled = {
        {"+": "lr_positive", "-": "lr_negative"}[sign]: (float(low), float(high))
        for sign, low, high in _INTERVAL.findall(row.interval)
    }
    for field, (low, high) in expected.items():
        # a pooled ratio is not the ratio of the pooled parts: the printed interval says how far apart they may be
        printed = pooled.get(field) or _as_printed(getattr(row, field))
        if printed is not None and not (printed[1] * TOLERANCE >= low and printed[0] <= high * TOLERANCE):
            yield (
                f"{field} is {getattr(row, field)}, but sensitivity {row.sensitivity} and specificity "
                f"{row.specificity} give {low:.2g} to {high:.2g}"
            )


def _as_printed(text: str) -> Range | None:
    """Return what a single printed figure may have been before it was rounded."""
    figure = numbers(text)
    if figure is None or figure[0] != figure[1]:
        return None
    if figure[0] == float("inf"):
        return figure
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    half = min(half, 0.005) if figure[0] in (0, 1) else half
    return max(0.0, figure[0] - half), figure[0] + half


def _ratio(above: float, below: float) -> float:
    return max(above, 0.0) / below if below > 0 else float("inf")
