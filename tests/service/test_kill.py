"""Feedback that was answered 200 is there after a kill -9 of the whole service under load, again and again."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

import httpx
import pytest
from cdshooks.calls import body_of, service_of
from cdshooks.patients import DAY, septic
from hook_calls import sent
from postgresql_cluster import NAMED, cluster
from sqlalchemy import func, select, text
from test_serve import Served

from kneecds.storage.engine import url_of
from kneecds.storage.store import Store
from kneecds.storage.tables import CARDS, EVALUATIONS, FEEDBACK, SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOOK = "/cds-services/kneecds-assessment"
BODY = sent(body_of(service_of("assessment"), septic())).replace(
    DAY.encode(), datetime.now(UTC).date().isoformat().encode()
)
CARDS_OF_IT = 3
JSON = {"content-type": "application/json"}
KILLS, CLIENTS, ENTRIES = 3, 4, 15
BEGINNING = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield url_of(tmp_path)
        return
    with cluster() as server:
        if server is None:
            reason = f"no PostgreSQL: install Debian's `postgresql`, or name a server in {NAMED}"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        with server.database() as name:
            yield name


class Client(Thread):
    """A host that sends feedback and calls a hook by turns, until nobody answers; each entry is told by its reason."""

    def __init__(self, address: str, number: int, most: int, enough: Event) -> None:
        super().__init__()
        self.address, self.number, self.most, self.enough = address, number, most, enough
        self.acknowledged: list[str] = []
        self.asked = 0  # hook calls

    def run(self) -> None:
        with httpx.Client(base_url=self.address, headers=JSON, timeout=20) as http:
            try:
                while True:
                    self.feedback(http)
                    self.hook(http)
            except httpx.TransportError:
                return

    def feedback(self, http: httpx.Client) -> None:
        entry = len(self.acknowledged)
        code = f"{self.number}-{entry}"
        response = http.post(f"{HOOK}/feedback", content=sent({"feedback": [told(code, self.number, entry)]}))
        assert response.status_code == 200
        self.acknowledged.append(code)
        if len(self.acknowledged) >= self.most:
            self.enough.set()

    def hook(self, http: httpx.Client) -> None:
        self.asked += 1
        assert len(http.post(HOOK, content=BODY).json()["cards"]) == CARDS_OF_IT


def told(code: str, number: int, entry: int) -> dict[str, object]:
    """Return one entry of feedback: its own card, time and reason."""
    at = BEGINNING + timedelta(hours=number, seconds=entry)
    return {
        "card": f"00000000-0000-4000-8000-{number:04d}{entry:08d}",
        "outcome": "overridden",
        "outcomeTimestamp": at.isoformat().replace("+00:00", "Z"),
        "overrideReason": {"reason": {"system": "https://example.org/reasons", "code": code, "display": "Not now"}},
    }


def started(folder: Path, url: str) -> Served:
    variables = {"KNEECDS_STORAGE__URL": url, "KNEECDS_LIMITS__CALLS_PER_SECOND": "0"}
    service = Served(folder, "--insecure-demo", **variables)
    service.ready()
    return service


def killed(service: Served, run: int) -> list[Client]:
    """Return the clients of a service that was killed in the midst of its work."""
    enough = Event()
    clients = [Client(service.address, CLIENTS * run + number, ENTRIES + run, enough) for number in range(CLIENTS)]
    try:
        for one in clients:
            one.start()
        assert enough.wait(20)
    finally:
        service.process.kill()
        assert service.process.wait(20) == -9
        service.close()
        for one in clients:
            one.join(20)
    return clients


def test_no_acknowledged_feedback_is_lost(tmp_path: Path, url: str) -> None:
    clients: list[Client] = []
    for run in range(KILLS):
        clients += killed(started(tmp_path, url), run)
    service = started(tmp_path, url)
    store = Store.open(url, wait_seconds=5)
    try:
        said = [code for one in clients for code in one.acknowledged]
        assert len(set(said)) == len(said) >= KILLS * ENTRIES
        there = kept(store)
        assert {code: there.get(code) for code in said} == {
            code: BEGINNING + timedelta(hours=number, seconds=entry)
            for code in said
            for number, entry in [[int(part) for part in code.split("-")]]
        }
        assert len(there) <= len(said) + len(clients), "at most one of a client was on disk and not yet acknowledged"
        again = httpx.post(
            f"{service.address}{HOOK}/feedback", content=sent({"feedback": [told("again", 99, 0)]}), headers=JSON
        )
        assert again.status_code == 200
        assert "again" in kept(store)
        assert httpx.post(f"{service.address}{HOOK}", content=BODY, headers=JSON).status_code == 200
        assert service.stop() in (0, -15)
        sane(store, most=sum(one.asked for one in clients) + 1)
    finally:
        store.close()
        service.close()


def kept(store: Store) -> dict[str, datetime]:
    """Return the time of each entry of feedback in the database, by its reason; each reason is there once."""
    with store.engine.connect() as connection:
        rows = connection.execute(select(FEEDBACK.c.reason_code, FEEDBACK.c.at)).all()
    assert len({row.reason_code for row in rows}) == len(rows)
    return {row.reason_code: row.at for row in rows}


def sane(store: Store, most: int) -> None:
    """Check that evaluations are whole: none is there that was not asked for, and none has a part of its cards."""
    store.check()
    with store.engine.connect() as connection:
        evaluations = connection.execute(select(EVALUATIONS)).mappings().all()
        cards = set(connection.execute(select(CARDS.c.id)).scalars())
        shown = connection.execute(
            select(SHOWN.c.evaluation, func.count(), func.max(SHOWN.c.position)).group_by(SHOWN.c.evaluation)
        ).all()
        assert set(connection.execute(select(SHOWN.c.card)).scalars()) <= cards
        if store.engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    assert 1 <= len(evaluations) <= most
    assert {one["service"] for one in evaluations} == {"kneecds-assessment"}
    days = {one["as_of"] for one in evaluations}
    assert len({(one["as_of"], one["answer"], one["status"], one["tier"]) for one in evaluations}) == len(days)
    assert {name: (count, last) for name, count, last in shown} == {
        one["id"]: (CARDS_OF_IT, shown[0][2]) for one in evaluations
    }
