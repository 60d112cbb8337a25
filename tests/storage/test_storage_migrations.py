"""The tables and the way to them."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from made import evaluation
from sqlalchemy import inspect, text

from kneecds.storage import version
from kneecds.storage.failure import StorageError
from kneecds.storage.store import Store
from kneecds.storage.tables import HEAD, METADATA

if TYPE_CHECKING:
    from pathlib import Path


def test_up_down_and_up_again(store: Store) -> None:
    store.record([evaluation()])
    with store._writing() as connection:
        version.move(connection, "base", up=False)
    assert store.current() == ""
    assert set(inspect(store.engine).get_table_names()) == {"alembic_version"}
    store.upgrade()
    store.check()
    assert set(inspect(store.engine).get_table_names()) == {"alembic_version", *METADATA.tables}


def test_migrations_make_the_tables_of_the_code(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_head_is_the_last_migration_and_revisions_sort() -> None:
    script = ScriptDirectory.from_config(version.config())
    assert script.get_heads() == [HEAD]
    names = [each.revision for each in script.walk_revisions()]
    assert names == sorted(names, reverse=True)


def test_upgrade_of_what_is_up_to_date_changes_nothing(store: Store) -> None:
    store.record([evaluation()])
    store.upgrade()
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM evaluations")).scalar() == 1


def test_workers_that_start_together_upgrade_once(url: str) -> None:
    stores = [Store.open(url, wait_seconds=20) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(Store.upgrade, stores))
    for store in stores:
        store.check()
        store.close()


def test_a_failed_upgrade_leaves_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(url)

    def broken(*_: object, **__: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", broken)
        with pytest.raises(StorageError):
            store.upgrade()
    assert inspect(store.engine).get_table_names() == []
    store.upgrade()
    store.check()
    store.close()


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        pytest.param("0000", "tables", id="older"),
        pytest.param("9999", "newer", id="of a later version"),
    ],
)
def test_other_versions_are_told(store: Store, revision: str, reason: str) -> None:
    with store._writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    with pytest.raises(StorageError) as caught:
        store.check()
    assert caught.value.reason == reason
    assert revision in str(caught.value)


def test_tables_of_a_later_version_are_left_alone(store: Store) -> None:
    with store._writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="later version"):
        store.upgrade()


def test_without_tables_nothing_works_and_the_message_says_what_to_do(url: str, tmp_path: Path) -> None:
    (tmp_path / "kneecds.sqlite3").touch()
    store = Store.open(url)
    for call in (store.check, lambda: store.record([evaluation()]), store.acceptance):
        with pytest.raises(StorageError, match="kneecds database upgrade"):
            call()
    store.close()


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/state/kneecds.sqlite3")
    store.upgrade()
    store.record([evaluation()])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert modes
    assert set(modes.values()) == {0o600}
    store.close()
