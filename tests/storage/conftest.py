"""Both databases, real: every test that takes `url` or `store` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from postgresql_cluster import NAMED, Cluster, OwnCluster, cluster

from kneecds.storage.engine import url_of
from kneecds.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    with cluster() as found:
        if found is None:
            reason = f"no PostgreSQL: install Debian's `postgresql`, or name a server in {NAMED}"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        yield found


@pytest.fixture
def own_server(server: Cluster) -> OwnCluster:
    if not isinstance(server, OwnCluster):
        pytest.skip(f"{NAMED} names a server that is not ours to stop")
    return server


@pytest.fixture
def postgresql(server: Cluster) -> Iterator[str]:
    with server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return url_of(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url, wait_seconds=2)
    opened.upgrade()
    yield opened
    opened.close()
