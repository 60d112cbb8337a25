"""The caller never waits and never fails; what is written, dropped or refused is counted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from made import card, evaluation
from sqlalchemy import func, select

from kneecds.storage.engine import url_of
from kneecds.storage.failure import StorageError
from kneecds.storage.store import Store
from kneecds.storage.tables import EVALUATIONS, SHOWN
from kneecds.storage.writer import Counts, Writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kneecds.storage.rows import EvaluationRow


def kept(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(EVALUATIONS)).scalar_one()


class Gate:
    """A store that a test opens and shuts; it keeps the sizes of the batches it was given."""

    def __init__(self, *, shut: bool = False) -> None:
        self.open = Event()
        self.asked = Event()
        self.problem: Exception | None = None
        self.batches: list[int] = []
        if not shut:
            self.open.set()

    def record(self, rows: Sequence[EvaluationRow]) -> None:
        self.asked.set()
        self.open.wait(10)
        if self.problem:
            raise self.problem
        if any(row.id == "bad" for row in rows):
            raise StorageError("refused")  # noqa: EM101 - a word, not a message
        if any(row.id == "odd" for row in rows):
            raise TypeError
        self.batches.append(len(rows))


@pytest.fixture
def gate() -> Gate:
    return Gate(shut=True)


def writer_to(gate: Gate, **options: int) -> Writer:
    return Writer(gate, **options)  # type: ignore[arg-type]


def test_everything_submitted_is_written(store: Store) -> None:
    writer = Writer(store)
    for number in range(500):
        writer.submit(evaluation(f"e{number}", card(f"card-{number % 7}")))
    assert writer.flush(20)
    assert writer.counts == Counts(500, 0, 0, 0)
    assert kept(store) == 500
    writer.close()


def test_close_writes_what_is_there(store: Store) -> None:
    writer = Writer(store)
    for number in range(300):
        writer.submit(evaluation(f"e{number}"))
    writer.close(20)
    assert kept(store) == 300
    assert not writer._thread.is_alive()
    writer.submit(evaluation("late"))
    assert writer.counts == Counts(300, 1, 0, 0)
    writer.close()  # again does no harm


def test_rows_from_many_threads(store: Store) -> None:
    writer = Writer(store)
    threads = [
        Thread(target=lambda thread=thread: [writer.submit(evaluation(f"e{thread}-{n}", card())) for n in range(100)])
        for thread in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close(20)
    assert (writer.counts, kept(store)) == (Counts(600, 0, 0, 0), 600)
    with store.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(SHOWN)).scalar_one() == 600


def test_a_full_queue_drops_and_counts_and_does_not_wait(gate: Gate) -> None:
    writer = writer_to(gate, capacity=10, batch=1)
    writer.submit(evaluation("first"))
    assert gate.asked.wait(10)  # the thread holds this one
    for number in range(15):
        writer.submit(evaluation(f"e{number}"))
    assert writer.counts == Counts(0, 5, 0, 11)
    gate.open.set()
    writer.close()
    assert writer.counts == Counts(11, 5, 0, 0)


def test_what_waits_is_written_together(gate: Gate) -> None:
    writer = writer_to(gate, batch=4)
    writer.submit(evaluation("first"))
    assert gate.asked.wait(10)
    for number in range(10):
        writer.submit(evaluation(f"e{number}"))
    gate.open.set()
    writer.close()
    assert gate.batches == [1, 4, 4, 2]


@pytest.mark.parametrize("name", ["bad", "odd"])
def test_a_row_that_is_never_taken_costs_no_other(gate: Gate, name: str) -> None:
    writer = writer_to(gate)
    writer.submit(evaluation("first"))
    assert gate.asked.wait(10)
    for each in ("e1", name, "e2"):
        writer.submit(evaluation(each))
    gate.open.set()
    assert writer.flush()
    assert writer.counts == Counts(3, 0, 1, 0)
    writer.close()


def test_close_gives_up_on_a_database_that_stays_away() -> None:
    gate = Gate()
    gate.problem = StorageError("gone")
    writer = writer_to(gate, batch=3)
    for number in range(10):
        writer.submit(evaluation(f"e{number}"))
    writer.close(0.2)
    writer._thread.join(10)
    assert writer.counts == Counts(0, 10, 0, 0)


def test_flush_says_that_it_was_not_in_time(gate: Gate) -> None:
    writer = writer_to(gate)
    writer.submit(evaluation())
    assert not writer.flush(0.01)
    gate.open.set()
    assert writer.flush()
    writer.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(url_of(tmp_path), wait_seconds=0.05)
    store.upgrade()
    yield store
    store.close()


def test_a_locked_database_is_waited_for(lite: Store, tmp_path: Path) -> None:
    writer = Writer(lite)
    with closing(sqlite3.connect(tmp_path / "kneecds.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(50):
            writer.submit(evaluation(f"e{number}"))
        assert not writer.flush(0.3)
        assert writer.counts == Counts(0, 0, 0, 50)
        other.execute("ROLLBACK")
    assert writer.flush()
    assert (writer.counts, kept(lite)) == (Counts(50, 0, 0, 0), 50)
    writer.close()


def test_a_database_that_was_away_gets_what_waited(lite: Store, tmp_path: Path) -> None:
    lite.close()
    path = tmp_path / "kneecds.sqlite3"
    path.rename(tmp_path / "away")
    writer = Writer(lite)
    writer.submit(evaluation("e1"))
    assert not writer.flush(0.2)
    (tmp_path / "away").rename(path)
    assert writer.flush()
    assert kept(lite) == 1
    writer.close()


def test_tables_that_come_later_get_what_waited(url: str) -> None:
    store = Store.open(url, wait_seconds=1)
    writer = Writer(store)
    writer.submit(evaluation("e1"))
    assert not writer.flush(0.2)
    store.upgrade()
    assert writer.flush()
    assert kept(store) == 1
    writer.close()
    store.close()
