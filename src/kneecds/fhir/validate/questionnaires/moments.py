"""Dates and times of any precision against each other; what their precision leaves open stays open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_DAY: Final = 10


def compare(one: str, other: str) -> int | None:
    """Say whether a date, dateTime or instant is before (-1), at (0) or after (1) another; None if it may be either."""
    if len(one) > _DAY and len(other) > _DAY:
        return _instants(one, other)
    if one == other:
        return 0
    length = min(len(one), len(other), _DAY)
    left, right = one[:length], other[:length]
    if left == right:
        return None
    return -1 if left < right else 1


def _instants(one: str, other: str) -> int | None:
    try:
        left, right = datetime.fromisoformat(one), datetime.fromisoformat(other)
    except ValueError:
        return None
    if left.tzinfo is None or right.tzinfo is None:
        left, right = left.replace(tzinfo=None), right.replace(tzinfo=None)
    else:
        try:
            left, right = left.astimezone(UTC), right.astimezone(UTC)
        except OverflowError:
            return None
    return (left > right) - (left < right)


def compare_times(one: str, other: str) -> int | None:
    """Say which of two times of day is earlier; seconds that are not said may be any."""
    left, right = (
        one.rstrip("0").rstrip(".") if "." in one else one,
        other.rstrip("0").rstrip(".") if "." in other else other,
    )
    if left == right:
        return 0
    if left.startswith(right) and "." not in left and len(right) < len("00:00:00"):
        return None
    if right.startswith(left) and "." not in right and len(left) < len("00:00:00"):
        return None
    return -1 if left < right else 1
