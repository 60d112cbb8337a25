"""Rows of which a test says only what matters to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from kneecds.storage.keyed import digest
from kneecds.storage.rows import CardRow, EvaluationRow, FeedbackRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REASON = {"reason_system": "https://example.org/reasons", "reason_code": "not-now", "reason_display": "Not now"}


def card(uuid: str = "card-1", **more: Any) -> CardRow:
    return CardRow(uuid, **({"role": "red_flag", "indicator": "critical", "rules": ("rf_hot",)} | more))


def evaluation(name: str = "e1", *cards: CardRow, **more: Any) -> EvaluationRow:
    values = {
        "id": name,
        "at": NOW,
        "service": "kneecds-assessment",
        "hook": "patient-view",
        "hook_instance_hash": digest("instance"),
        "request_hash": digest(b"{}"),
        "answer_hash": digest(b'{"cards":[]}'),
        "status": "success",
        "tier": "emergency",
        "rules_met": ("rf_hot",),
        "rules_undecided": (),
        "software_version": "1.0",
        "knowledge_version": "2026.1",
        "knowledge_hash": "abc",
        "as_of": date(2026, 3, 1),
        "duration_ms": 4.5,
        "cards": cards,
    }
    return EvaluationRow(**(values | more))


def feedback(uuid: str = "card-1", outcome: Any = "overridden", *, minute: int = 0, **more: Any) -> FeedbackRow:
    at = NOW + timedelta(minutes=minute)
    return FeedbackRow("kneecds-assessment", uuid, outcome, at, at, **more)
