"""What the store takes. None of it is about a patient: ids of others are given as digests, and keyed before they are kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

Outcome = Literal["accepted", "overridden"]


class CardRow(msgspec.Struct, frozen=True):
    """A card of an answer; the same advice has the same uuid and may come many times."""

    uuid: str
    role: str
    indicator: str
    rules: tuple[str, ...] = ()
    suggestions: tuple[tuple[str, str], ...] = ()  # (uuid, action id)


class EvaluationRow(msgspec.Struct, frozen=True):
    """One answered call."""

    id: str  # a random UUID, or the request id: it is kept as it is, so nothing of the patient may be in it
    at: datetime  # with its time zone
    service: str
    hook: str
    hook_instance_hash: str  # SHA-256 in hex; `digest` makes it
    request_hash: str
    answer_hash: str
    status: str
    tier: str
    rules_met: tuple[str, ...]
    rules_undecided: tuple[str, ...]
    software_version: str
    knowledge_version: str
    knowledge_hash: str
    as_of: date
    duration_ms: float
    cards: tuple[CardRow, ...] = ()
    inputs: bytes | None = None  # the request itself; patient data, so only where the site asked for it


class FeedbackRow(msgspec.Struct, frozen=True):
    """What a clinician did with a card (https://cds-hooks.hl7.org/2.0/#feedback)."""

    service: str
    card: str
    outcome: Outcome
    at: datetime  # when, as the client says
    received: datetime
    accepted: tuple[str, ...] = ()  # uuids of suggestions
    reason_system: str = ""
    reason_code: str = ""
    reason_display: str = ""
    comment: str = ""  # free text may name the patient; empty unless the site keeps it
