"""A PostgreSQL server for tests: the one that KNEECDS_TEST_POSTGRESQL names, or one of our own from installed programs."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = "KNEECDS_TEST_POSTGRESQL"
PASSWORD = "not/to@be:seen"


def programs() -> Path | None:
    """Return where the newest server is installed, if any is."""
    there = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = shutil.which("initdb")
    return there[-1].parent if there else Path(found).resolve().parent if found else None


class Cluster:
    """A server with databases that come and go."""

    def __init__(self, address: str) -> None:
        self.address = make_url(address).set(drivername="postgresql")

    def run(self, statement: str) -> None:
        with psycopg.connect(self.address.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the URL of a new, empty database."""
        name = f"kneecds_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name}")
        try:
            yield self.address.set(database=name).render_as_string(hide_password=False)
        finally:
            self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def hang_up(self, url: str) -> None:
        """End all connections to a database, as a restart of the server would."""
        name = make_url(url).database
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


class OwnCluster(Cluster):
    """A server of our own in a temporary folder, reached by a socket there; it can be stopped and started."""

    def __init__(self, folder: Path, where: Path) -> None:
        super().__init__(
            make_url("postgresql://kneecds@/postgres")
            .set(password=PASSWORD, query={"host": str(folder)})
            .render_as_string(hide_password=False)
        )
        self.folder = folder
        self._where = where
        self._server: subprocess.Popen[bytes] | None = None
        self._as: dict[str, object] = {}
        if os.getuid() == 0:  # the server refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            self._as = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        subprocess.run(
            [where / "initdb", "-D", folder / "data", "-U", "kneecds", "-A", "scram-sha-256", "--pwfile", folder / "password", "--no-sync", "-E", "UTF8", "--locale=C"],
            check=True, capture_output=True, cwd=folder, **self._as,
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._where / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=", "-c", "fsync=off"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **self._as,
            )  # fmt: skip
        for _ in range(400):
            try:
                self.run("SELECT 1")
            except psycopg.OperationalError:
                assert self._server.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop at once, as a crash would."""
        if self._server:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(20)
            self._server = None


@contextmanager
def cluster() -> Iterator[Cluster | None]:
    """Yield a server, or None where there is none."""
    where = programs()
    if os.environ.get(NAMED):
        yield Cluster(os.environ[NAMED])
    elif where is None:
        yield None
    else:
        with tempfile.TemporaryDirectory(prefix="kneecds-pg-", ignore_cleanup_errors=True) as name:
            own = OwnCluster(Path(name), where)
            try:
                yield own
            finally:
                own.stop()
