"""What a check finds, and what a run of the suite reports."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from kneecds.conformance.requirements import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.conformance.exchange import Exchange

Status = Literal["pass", "fail", "warning", "skip", "error"]
STATUSES: Final[tuple[Status, ...]] = ("fail", "error", "warning", "skip", "pass")
"""Every status, what needs attention first."""


class Unseen(Exception):  # noqa: N818 - not an error: the service gave no occasion
    """The check cannot say anything of this service; its words say why."""


class Problem(NamedTuple):
    """One way in which the service does not do what is asked."""

    message: str
    exchange: Exchange | None = None
    level: Level | None = None  # where it weighs otherwise than the check as a whole


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was seen, cut to a bounded length and without tokens."""

    message: str
    request: str = ""
    sent: str = ""
    status: int = 0
    received: str = ""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one check says of the service."""

    check: str
    requirements: tuple[str, ...]
    level: Level
    title: str
    status: Status
    link: str
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    ours: bool = False  # an `error` of the suite itself


class Report(msgspec.Struct, frozen=True):
    """A run of the suite against one service."""

    url: str
    at: str  # when, UTC
    software: str
    services: tuple[str, ...]
    results: tuple[Result, ...]

    @property
    def counts(self) -> Mapping[Status, int]:
        """Count the results by status."""
        found = Counter(one.status for one in self.results)
        return {status: found[status] for status in STATUSES}

    @property
    def exit_code(self) -> int:
        """Return 0 if nothing that the standards demand is broken, 1 if something is, 3 if the suite itself failed."""
        if any(one.ours for one in self.results):
            return 3
        return int(any(one.status in ("fail", "error") for one in self.results))
