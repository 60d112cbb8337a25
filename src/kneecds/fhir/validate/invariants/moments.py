"""Which of two dates or times comes first, as FHIRPath compares what may be stated only to the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from kneecds.fhir.dates import bounds

_DAY_LENGTH: Final = 10
_EAST: Final = timezone(timedelta(hours=14))
_WEST: Final = timezone(timedelta(hours=-12))
_SECOND: Final = len("2020-01-01T00:00:00")


def _parts(text: str) -> tuple[int, ...] | None:
    """Return year, month, day, hour, minute, second and microsecond as far as they are stated; times in UTC."""
    try:
        if len(text) <= _DAY_LENGTH:
            return tuple(int(part) for part in text.split("-"))
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)


def not_after(start: str, end: str) -> bool | None:
    """Whether one is at or before the other; None where the one is stated to less than the other and may be either.

    https://hl7.org/fhirpath/#comparison
    """
    one, other = _parts(start), _parts(end)
    if one is None or other is None:
        return True
    for before, after in zip(one, other, strict=False):
        if before != after:
            return before < after
    return True if len(one) == len(other) else None


def may_be_not_after(start: str, end: str) -> bool:
    """Whether the earliest that one can mean is at or before the latest that the other can mean, anywhere on earth."""
    low, high = _edge(start, last=False), _edge(end, last=True)
    return low is None or high is None or low <= high


def _edge(text: str, *, last: bool) -> datetime | None:
    try:
        if len(text) <= _DAY_LENGTH:
            days = bounds(text)
            if days is None:
                return None
            day = days[1] if last else days[0]
            zone = _WEST if last else _EAST
            clock = (23, 59, 59, 999_999) if last else (0, 0, 0, 0)
            return datetime(day.year, day.month, day.day, *clock, tzinfo=zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return None
        if last and text[_SECOND : _SECOND + 1] != ".":
            moment = moment.replace(microsecond=999_999)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
