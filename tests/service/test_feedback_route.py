"""Feedback: acknowledged once it is kept, refused with reasons, 503 while it cannot be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local import Local, outcome
from sqlalchemy import select

from kneecds.storage.tables import FEEDBACK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATH = "/cds-services/kneecds-assessment/feedback"
CARD = "f6b95768-b1c8-40dc-8385-bf3504b82ffb"
REASON = {
    "system": "https://kneecds.org/fhir/CodeSystem/kneecds-override-reason",
    "code": "record-wrong",
    "display": "No",
}


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "card": CARD,
        "outcome": "overridden",
        "overrideReason": {"reason": REASON, "userComment": "canary Jane Doe"},
        "outcomeTimestamp": "2026-01-15T12:00:00.123Z",
        **changes,
    }


def kept(app: Local) -> list[Any]:
    assert app.state.store is not None
    with app.state.store.engine.connect() as connection:
        return [row._mapping for row in connection.execute(select(FEEDBACK))]


def test_is_kept_without_the_comment(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True)
    accepted = entry(outcome="accepted", acceptedSuggestions=[{"id": CARD}])
    del accepted["overrideReason"]
    response = app.post(PATH, {"feedback": [entry(), accepted]})
    assert (response.status_code, response.content) == (200, b"")
    rows = kept(app)
    assert sorted((row["outcome"], row["reason_code"], row["comment"]) for row in rows) == [
        ("accepted", "", ""),
        ("overridden", "record-wrong", ""),
    ]
    assert {row["at"].isoformat() for row in rows} == {"2026-01-15T12:00:00.123000+00:00"}


def test_the_comment_is_kept_if_asked_for(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, audit={"store_comments": True})
    assert app.post(PATH, {"feedback": [entry()]}).status_code == 200
    assert [row["comment"] for row in kept(app)] == ["canary Jane Doe"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(b'{"feedback":{}}', id="no list"),
        pytest.param({"feedback": [{}]}, id="an empty entry"),
        pytest.param({"feedback": [entry(card="7")]}, id="no UUID"),
        pytest.param({"feedback": [entry(outcome="ignored")]}, id="an outcome that is none"),
        pytest.param({"feedback": [entry(outcomeTimestamp="yesterday")]}, id="no time"),
        pytest.param({"feedback": [entry(), entry(outcome="ignored")]}, id="one sound and one not"),
    ],
)
def test_what_breaks_rules_is_not_kept(opened: Callable[..., Local], body: Any) -> None:
    app = opened(insecure_demo=True)
    response = app.post(PATH, body)
    assert response.status_code == 400
    assert outcome(response)
    assert kept(app) == []


def test_while_the_database_is_away_it_says_so_and_then_recovers(opened: Callable[..., Local], tmp_path: Path) -> None:
    app = opened(insecure_demo=True, storage={"wait_seconds": 0.2})
    (tmp_path / "kneecds.sqlite3").rename(tmp_path / "away")
    response = app.post(PATH, {"feedback": [entry()]})
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert outcome(response)["issue"][0]["code"] == "transient"
    (tmp_path / "away").rename(tmp_path / "kneecds.sqlite3")
    assert app.post(PATH, {"feedback": [entry()]}).status_code == 200
    assert len(kept(app)) == 1


def test_without_a_database_it_is_refused(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, storage={"enabled": False})
    assert app.post(PATH, {"feedback": [entry()]}).status_code == 503


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-15T12:00:00Z",
        "2026-01-15t12:00:00z",
        "2026-01-15T12:00:00.123456789Z",
        "2016-12-31T23:59:60Z",
        "2026-01-15T12:00:00+00:00",
        "2026-01-15T12:00:00.1-00:00",
    ],
)
def test_every_time_that_the_rules_allow_can_be_kept(opened: Callable[..., Local], time: str) -> None:
    app = opened(insecure_demo=True)
    assert app.post(PATH, {"feedback": [entry(outcomeTimestamp=time)]}).status_code == 200
    assert len(kept(app)) == 1
