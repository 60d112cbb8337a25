"""Locked, full, gone: the wait is bounded, the failure is told and quotes nothing, and no restart is needed afterwards."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from made import evaluation, feedback
from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url

from kneecds.storage.engine import url_of
from kneecds.storage.failure import SENTENCES, StorageError
from kneecds.storage.store import Store
from kneecds.storage.tables import EVALUATIONS, FEEDBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from postgresql_cluster import Cluster, OwnCluster


@contextmanager
def fails(reason: str) -> Iterator[None]:
    with pytest.raises(StorageError) as caught:
        yield
    assert caught.value.reason == reason
    assert str(caught.value).startswith(SENTENCES[caught.value.reason])
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def kept(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(FEEDBACK)).scalar_one()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kneecds.sqlite3"


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(url_of(tmp_path), wait_seconds=0.2)
    store.upgrade()
    store.add_feedback([feedback()])
    yield store
    store.close()


@pytest.fixture
def large(postgresql: str) -> Iterator[Store]:
    store = Store.open(postgresql, wait_seconds=0.3)
    store.upgrade()
    store.add_feedback([feedback()])
    yield store
    store.close()


CALLS: list[Callable[[Store], object]] = [
    lambda store: store.add_feedback([feedback(minute=5)]),
    lambda store: store.record([evaluation()]),
    lambda store: store.first_seen("jti", 100),
    lambda store: store.purge_tokens(100),
]


# SQLite


@pytest.mark.parametrize("call", CALLS, ids=["feedback", "record", "token", "purge"])
def test_sqlite_locked_by_another(lite: Store, path: Path, call: Callable[[Store], object]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with fails("locked"):
            call(lite)
        other.execute("ROLLBACK")
    call(lite)


def test_sqlite_locked_before_the_first_connection(lite: Store, path: Path) -> None:
    lite.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        fresh = Store.open(f"sqlite:///{path}", wait_seconds=0.1)
        with fails("locked"):
            fresh.add_feedback([feedback(minute=1)])
        with fails("locked"):
            fresh.check()
        other.execute("ROLLBACK")
    fresh.add_feedback([feedback(minute=1)])
    assert kept(fresh) == 2
    fresh.close()


def test_sqlite_full(lite: Store) -> None:
    def bounded(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # no less than it has

    lite.engine.dispose()
    event.listen(lite.engine, "connect", bounded)
    with fails("full"):
        lite.add_feedback([feedback(minute=1, comment="x" * 100_000)])
    assert kept(lite) == 1
    event.remove(lite.engine, "connect", bounded)
    lite.engine.dispose()
    lite.add_feedback([feedback(minute=1, comment="x" * 100_000)])
    assert kept(lite) == 2


def test_sqlite_full_and_then_room_on_the_same_connection(lite: Store) -> None:
    with lite.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with fails("full"):
        lite.record([evaluation(inputs=b"x" * 500_000)])
    with lite.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    lite.record([evaluation(inputs=b"x" * 500_000)])


def _files(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}*"))


def test_sqlite_file_removed_is_not_written_to_and_not_made_anew(lite: Store, path: Path) -> None:
    for file in _files(path):
        file.unlink()
    for call in CALLS:
        with fails("gone"):
            call(lite)
    with fails("gone"):
        lite.check()
    assert not path.exists()
    lite.upgrade()  # only this makes a new one
    lite.add_feedback([feedback(minute=1)])
    assert kept(lite) == 1


def test_sqlite_file_moved_away_and_back(lite: Store, path: Path) -> None:
    lite.close()  # so that all of it is in the one file
    lite.check()
    lite.close()
    path.rename(path.with_suffix(".away"))
    with fails("gone"):
        lite.add_feedback([feedback(minute=1)])
    path.with_suffix(".away").rename(path)
    lite.add_feedback([feedback(minute=1)])
    assert kept(lite) == 2


def test_sqlite_file_replaced_is_the_one_that_is_written(lite: Store, path: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    new = Store.open(url_of(tmp_path / "new"))
    new.upgrade()
    new.close()
    for file in _files(path):
        file.unlink()
    shutil.move(tmp_path / "new" / path.name, path)
    lite.add_feedback([feedback(minute=1)])
    again = Store.open(f"sqlite:///{path}")
    assert kept(again) == 1
    again.close()


def test_sqlite_file_that_is_no_database(lite: Store, path: Path) -> None:
    for file in _files(path):
        file.unlink()
    path.write_bytes(b"no database" * 1000)
    with fails("gone"):
        lite.add_feedback([feedback(minute=1)])


def test_sqlite_folder_that_is_not_there_and_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store.open(f"sqlite:///{tmp_path}/file/db.sqlite3")
    with fails("gone"):
        store.upgrade()
    with fails("gone"):
        store.check()
    store.close()


def test_sqlite_is_durable(lite: Store) -> None:
    with lite.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 200}


def test_a_path_with_marks_of_a_url_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c %41 ü"
    store = Store.open(url_of(folder))
    store.upgrade()
    store.add_feedback([feedback()])
    store.close()
    assert [path.name for path in folder.iterdir()] == ["kneecds.sqlite3"]


# PostgreSQL


@pytest.mark.parametrize("call", CALLS, ids=["feedback", "record", "token", "purge"])
def test_postgresql_locked_by_another(large: Store, postgresql: str, call: Callable[[Store], object]) -> None:
    with psycopg.connect(postgresql) as other:
        other.execute("LOCK TABLE feedback, evaluations, seen_tokens IN ACCESS EXCLUSIVE MODE")
        with fails("locked"):
            call(large)
        other.rollback()
    call(large)


def test_postgresql_connections_cut(large: Store, server: Cluster, postgresql: str) -> None:
    server.hang_up(postgresql)
    large.add_feedback([feedback(minute=1)])  # the connections in the pool are tried before they are used
    assert kept(large) == 2


def test_postgresql_connection_cut_within_a_transaction(large: Store, server: Cluster, postgresql: str) -> None:
    with fails("gone"), large._writing() as connection:
        server.hang_up(postgresql)
        connection.execute(select(FEEDBACK)).all()
    large.add_feedback([feedback(minute=1)])
    assert kept(large) == 2


def test_postgresql_stopped_and_started(large: Store, own_server: OwnCluster) -> None:
    own_server.stop()
    try:
        for call in CALLS:
            with fails("gone"):
                call(large)
        with fails("gone"):
            large.check()
    finally:
        own_server.start()
    large.check()
    large.add_feedback([feedback(minute=1)])
    assert kept(large) == 2


def test_postgresql_is_durable_whatever_the_server_says(server: Cluster, postgresql: str) -> None:
    server.run(f"ALTER DATABASE {make_url(postgresql).database} SET synchronous_commit = off")
    store = Store.open(postgresql)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    store.close()


def test_postgresql_full(large: Store, server: Cluster, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has no room answers with class 53; a file size limit of ours would end it, so the code is raised."""
    raising = "CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN RAISE disk_full; END $$ LANGUAGE plpgsql"
    with psycopg.connect(postgresql, autocommit=True) as other:
        other.execute(raising)
        other.execute("CREATE TRIGGER no_room BEFORE INSERT ON feedback EXECUTE FUNCTION full_disk()")
        with fails("full"):
            large.add_feedback([feedback(minute=1)])
        other.execute("DROP TRIGGER no_room ON feedback")
    large.add_feedback([feedback(minute=1)])
    assert kept(large) == 2


def test_too_many_at_once_wait_and_are_told(large: Store) -> None:
    held = [large.engine.connect() for _ in range(10)]
    with fails("locked"):
        large.add_feedback([feedback(minute=1)])
    for connection in held:
        connection.close()
    large.add_feedback([feedback(minute=1)])


# What is said


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"password": "s3cret"}, id="wrong password"),
        pytest.param({"username": "s3cret"}, id="unknown user"),
        pytest.param({"database": "s3cret"}, id="unknown database"),
        pytest.param({"password": "s3cret", "query": {}, "host": "127.0.0.1", "port": 1}, id="nobody listens"),
    ],
)
def test_messages_repeat_nothing_of_the_url(postgresql: str, change: dict[str, object]) -> None:
    url = make_url(postgresql).set(**change)  # type: ignore[arg-type]
    store = Store.open(url.render_as_string(hide_password=False), wait_seconds=0.5)
    with pytest.raises(StorageError) as caught:
        store.check()
    assert caught.value.reason == "gone"
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(store.engine.url) or "password" not in change
    store.close()


def test_messages_repeat_no_data(store: Store) -> None:
    with pytest.raises(StorageError) as caught:
        store.record([evaluation("patient 4711", tier=None)])
    assert "4711" not in str(caught.value)


def test_an_interrupted_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), store._writing() as connection:  # noqa: PT012 - the block is what is tested
        connection.execute(FEEDBACK.delete())
        raise KeyboardInterrupt
    store.record([evaluation()])
    with store.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(EVALUATIONS)).scalar_one() == 1
