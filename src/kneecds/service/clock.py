"""What changes from call to call: the time, and new identifiers; only here, and given to the rest."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

_RANDOM: Final = Random(os.urandom(32))  # noqa: S311 - asking the system each time costs more, and nobody has to guess

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a random UUID (RFC 9562, version 4): unique, and no secret."""
    digits = f"{_RANDOM.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def day(moment: datetime, zone: str) -> date:
    """Return the calendar day of a moment at a place."""
    return moment.astimezone(_zone(zone)).date()


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
