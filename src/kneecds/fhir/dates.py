"""FHIR dates and times as stated: how old somebody is, and whether a time lies ahead."""

from __future__ import annotations

import calendar
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

_WHOLE_YEARS_FROM: Final = 3
_HUNDREDTHS: Final = 100
_YEAR_LENGTH: Final = 4
_MONTH_LENGTH: Final = 7
_DAY_LENGTH: Final = 10


def bounds(text: str) -> tuple[date, date] | None:
    """Return the first and the last day that a date or dateTime can mean; None: no such date."""
    day = text[:_DAY_LENGTH]
    try:
        if len(day) == _YEAR_LENGTH:
            year = int(day)
            return date(year, 1, 1), date(year, 12, 31)
        if len(day) == _MONTH_LENGTH:
            year, month = int(day[:4]), int(day[5:])
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        exact = date.fromisoformat(day)
    except ValueError:
        return None
    return exact, exact


def is_after(text: str, as_of: date) -> bool:
    """Whether a stated time is surely later than this day; a time is compared in its own zone and in UTC."""
    limits = bounds(text)
    if limits is None or limits[0] <= as_of:
        return False
    if len(text) > _DAY_LENGTH:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return True
        if moment.tzinfo is not None:
            return moment.astimezone(UTC).date() > as_of
    return True


def days_before(text: str, as_of: date) -> int | None:
    """Return the fewest days that can have passed since a stated time; None: no such date."""
    limits = bounds(text)
    return None if limits is None else (as_of - limits[1]).days


def most_days_before(text: str, as_of: date) -> int | None:
    """Return the most days that can have passed since a stated time; None: no such date."""
    limits = bounds(text)
    return None if limits is None else (as_of - limits[0]).days


def age(born: date, as_of: date) -> Decimal:
    """Return completed years; under three years the fraction too, to hundredths, rounded down."""
    years = as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
    if years >= _WHOLE_YEARS_FROM:
        return Decimal(years)
    hundredths = max((as_of - born).days * _HUNDREDTHS * 4 // 1461, years * _HUNDREDTHS)
    return Decimal(min(hundredths, years * _HUNDREDTHS + 99)).scaleb(-2)


def ages(birth_date: str, as_of: date) -> tuple[Decimal, Decimal] | None:
    """Return the lowest and the highest age that a full or partial birth date allows; None: no such date."""
    limits = bounds(birth_date)
    if limits is None:
        return None
    return age(min(limits[1], as_of), as_of), age(limits[0], as_of)


def born_before(as_of: date, years: Decimal) -> date:
    """Return a birth date with which somebody is exactly that old."""
    if years < _WHOLE_YEARS_FROM and years != int(years):
        return as_of - timedelta(days=math.ceil(years * 1461 / 4))
    year = as_of.year - int(years)
    day = min(as_of.day, calendar.monthrange(year, as_of.month)[1])
    return date(year, as_of.month, day)
