"""Faults around a running service: each has the right answer, and is over when the fault is, without a restart."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from fhir_server import FhirServer, reply, serving
from hook_calls import AWAY, PATIENT, found, observation, view
from local import Local, outcome
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOOK = "/cds-services/kneecds-assessment"
FEEDBACK = f"{HOOK}/feedback"
ENTRY = {
    "card": "11111111-1111-4111-8111-111111111111",
    "outcome": "overridden",
    "outcomeTimestamp": "2026-01-15T12:00:00Z",
}
SENT = view(fhirServer=AWAY, fhirAuthorization=AWAY)
HTML = reply(b"<html>Martha Smith</html>", kind="text/html")
QUICK = {"connect_seconds": 0.5, "read_seconds": 0.5, "total_seconds": 1, "max_pages": 3, "max_bytes": 100_000}


async def slow(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


@contextmanager
def ehr() -> Iterator[FhirServer]:
    """Run a FHIR server beside the service, in a thread and loop of its own."""
    ready, over = threading.Event(), asyncio.Event()
    held: dict[str, Any] = {}

    async def life() -> None:
        async with serving() as server:
            held.update(server=server, loop=asyncio.get_running_loop())
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(life(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield held["server"]
    finally:
        held["loop"].call_soon_threadsafe(over.set)
        thread.join(10)


def sound(server: FhirServer) -> None:
    server.answers = {"/Patient/p1": reply(PATIENT), "/Observation": reply(found(observation()))}
    server.default = reply(found())


@pytest.mark.parametrize(
    ("path", "fault", "status", "datum"),
    [
        pytest.param("/Observation", slow, 412, "prefetch.observations", id="slow"),
        pytest.param("/Observation", HTML, 412, "prefetch.observations", id="HTML"),
        pytest.param("/Patient/p1", HTML, 412, "prefetch.patient", id="HTML for the patient"),
        pytest.param("/Observation", reply(b"", 503), 412, "prefetch.observations", id="down behind its proxy"),
        pytest.param("/Observation", reply({}, 401), 412, "prefetch.observations", id="a token that it does not take"),
        pytest.param("/Patient/p1", reply(PATIENT | {"id": "p2"}), 422, None, id="another patient"),
        pytest.param(
            "/Observation", reply(found(observation(subject={"reference": "Patient/p2"}))), 422, None, id="of another patient"
        ),
    ],
)  # fmt: skip
def test_faults_of_the_fhir_server(
    opened: Callable[..., Local], path: str, fault: Any, status: int, datum: str | None
) -> None:
    with ehr() as server:
        app = opened(insecure_demo=True, fhir_servers=[server.base], fetching=QUICK)
        call = view(prefetch=AWAY, fhirServer=server.base)
        sound(server)
        server.answers[path] = fault
        refused = app.post(HOOK, call)
        assert refused.status_code == status
        issues = outcome(refused)["issue"]
        assert datum is None or [one["expression"] for one in issues] == [[datum]]
        assert "Martha" not in refused.text
        assert "cards" not in refused.json()
        sound(server)
        assert app.post(HOOK, call).status_code == 200


def test_endless_pages_end_and_what_they_lack_is_said(opened: Callable[..., Local]) -> None:
    with ehr() as server:
        app = opened(insecure_demo=True, fhir_servers=[server.base], fetching=QUICK)
        sound(server)
        knee = observation(
            code={"coding": [{"system": "https://kneecds.org/fhir/CodeSystem/kneecds-finding", "code": "knee_pain"}]},
            valueBoolean=True,
        )
        page = {"relation": "next", "url": f"{server.base}/Observation?page=on"}
        server.answers["/Observation"] = reply(found(knee, link=[page]))
        server.answers["/Observation?page=on"] = reply(
            found(observation("o2"), link=[{**page, "url": f"{page['url']}2"}])
        )
        server.answers["/Observation?page=on2"] = reply(
            found(observation("o3"), link=[{**page, "url": f"{page['url']}3"}])
        )
        answer = app.post(HOOK, view(prefetch=AWAY, fhirServer=server.base))
        assert answer.status_code == 200
        assert len([path for path in server.paths if path.startswith("/Observation")]) <= QUICK["max_pages"]
        assert "page" in " ".join(card["detail"] for card in answer.json()["cards"])


def test_a_fhir_server_that_is_gone(opened: Callable[..., Local]) -> None:
    with ehr() as server:
        base = server.base
    app = opened(insecure_demo=True, fhir_servers=[base], fetching=QUICK)
    refused = app.post(HOOK, view(prefetch=AWAY, fhirServer=base))
    assert refused.status_code == 412
    assert {one["expression"][0] for one in outcome(refused)["issue"]} == {"prefetch.patient", "prefetch.observations"}


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def gone(file: Path) -> Iterator[None]:
    away = file.with_name("away")
    file.rename(away)
    yield
    away.rename(file)


@pytest.mark.parametrize("fault", [locked, gone], ids=["locked", "gone"])
def test_faults_of_the_database(opened: Callable[..., Local], tmp_path: Path, fault: Any) -> None:
    """Advice does not wait for the database; feedback is never acknowledged without it."""
    app = opened(insecure_demo=True, storage={"wait_seconds": 0.2})
    with fault(tmp_path / "kneecds.sqlite3"):
        assert app.post(HOOK, SENT).status_code == 200
        refused = app.post(FEEDBACK, {"feedback": [ENTRY]})
        assert (refused.status_code, outcome(refused)["issue"][0]["code"]) == (503, "transient")
    assert app.post(FEEDBACK, {"feedback": [ENTRY]}).status_code == 200
    assert app.state.writer is not None
    assert app.state.writer.flush()
    assert app.state.writer.counts.written == 1, "what waited is written when the database is back"


def test_a_full_database(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, storage={"wait_seconds": 0.2})
    assert app.state.store is not None
    engine = app.state.store.engine
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    most = {"pages": pages}

    def bounded(connection: Any, _: object, __: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most['pages']}")

    event.listen(engine, "checkout", bounded)
    entries = [
        {**ENTRY, "outcomeTimestamp": f"2026-01-15T12:{second // 60:02}:{second % 60:02}Z"} for second in range(200)
    ]
    refused = app.post(FEEDBACK, {"feedback": entries})
    assert (refused.status_code, outcome(refused)["issue"][0]["code"]) == (503, "transient")
    assert app.post(HOOK, SENT).status_code == 200
    most["pages"] = 1_000_000
    assert app.post(FEEDBACK, {"feedback": entries}).status_code == 200
