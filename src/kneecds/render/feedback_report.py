"""What a report on feedback says: what became of the cards that were shown, by what they rest on and knowledge version."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

INTERVAL: Final = "Wilson EB. J Am Stat Assoc 1927;22:209-212, doi:10.1080/01621459.1927.10502953"
"""Source of the 95 % intervals."""

NOTES: Final = (
    "A card counts once, however often it was shown, and for each rule it rests on.",
    (
        "It is accepted if anyone accepted it, overridden if somebody overrode it and nobody accepted it. No response is "
        "neither: an ignored card sends no feedback."
    ),
    (
        "Feedback counts whenever it came, also after the period. Reasons count entries of feedback, of which a card can "
        "have several."
    ),
    (
        f"Intervals are 95 % intervals ({INTERVAL}). They treat cards as independent, which cards of one patient or one "
        "clinician are not."
    ),
)
"""How to read the figures."""

Became = Literal["accepted", "overridden", "no_response"]
BECAME: Final[dict[Became, str]] = {"accepted": "accepted", "overridden": "overridden", "no_response": "no response"}


class Share(msgspec.Struct, frozen=True):
    """A part of the cards shown, with its 95 % interval; of no cards it is 0, and anything is possible."""

    value: float
    low: float
    high: float


class Reason(msgspec.Struct, frozen=True):
    """A reason for overriding, and how often it was given; without a code, only in free text or not at all."""

    code: str
    system: str
    display: str
    entries: int

    @property
    def words(self) -> str:
        """What it is called."""
        return self.display or self.code or "no coded reason"


class Line(msgspec.Struct, frozen=True):
    """What became of some of the cards."""

    rule: str  # id; empty for all cards together, and for cards that rest on no rule
    title: str
    role: str
    knowledge_version: str
    knowledge_hash: str
    shown: int  # different cards
    times: int  # how often they were shown
    accepted: int
    overridden: int
    no_response: int
    accepted_share: Share
    overridden_share: Share
    reasons: tuple[Reason, ...]  # most frequent first

    @property
    def knowledge(self) -> str:
        """Which knowledge it was."""
        return f"{self.knowledge_version} ({self.knowledge_hash[:12]})"

    def of(self, became: Became) -> int:
        """Return how many became this."""
        return {"accepted": self.accepted, "overridden": self.overridden, "no_response": self.no_response}[became]


class FeedbackReport(msgspec.Struct, frozen=True):
    """The whole report."""

    since: str  # first day, UTC; empty: from the start
    until: str  # last day; empty: to the end
    total: Line
    rules: tuple[Line, ...]
    unknown_cards: int  # entries of feedback about cards that are not on record

    @property
    def period(self) -> str:
        """The days of the report, in words."""
        start = f"from {self.since}" if self.since else "from the start"
        return f"{start} to {self.until} (UTC)" if self.until else f"{start} until now"
