"""Connections that last: bounded waiting, durable commits, and a new connection where the old one leads nowhere."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import QueuePool

from kneecds.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

FILE: Final = "kneecds.sqlite3"
"""What the database is called in a state directory."""

WRITES: Final = "kneecds_writes"
"""Execution option of a connection that is going to write."""

_PAUSE: Final = 0.01  # seconds

KINDS: Final = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def url_of(directory: str | Path) -> str:
    """Return the URL of the SQLite database in a state directory."""
    return URL.create("sqlite", database=str(Path(directory).absolute() / FILE)).render_as_string()


def read_url(text: str) -> URL:
    """Read the URL of a database, or refuse it without repeating it: there may be a password in it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    kind = KINDS.get(url.drivername.partition("+")[0]) if url else None
    if url is None or kind is None:
        msg = "a database is sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; the URL given is neither"
        raise UsageError(msg)
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        msg = "a SQLite database needs a file, sqlite:///FILE, or nothing would be kept"
        raise UsageError(msg)
    return url.set(drivername=kind)


def connect(url: URL, wait_seconds: float) -> Engine:
    """Return an engine for a URL; nothing is connected yet."""
    make = _sqlite if url.drivername == "sqlite" else _postgresql
    return make(url, wait_seconds)


def create_file(url: URL) -> None:
    """Make the file of a SQLite database if it is not there, readable by its owner only."""
    if url.drivername == "sqlite":
        path = Path(str(url.database))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _sqlite(url: URL, wait_seconds: float) -> Engine:
    path = str(Path(str(url.database)).absolute())
    address = f"file:{quote(path)}?mode=rw"  # never make a file: an empty one in place of a lost one would look well

    def open_file() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=wait_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            with closing(connection.cursor()) as cursor:
                _write_ahead(cursor, wait_seconds)
                cursor.execute("PRAGMA synchronous = FULL")  # in WAL, only FULL survives a loss of power
                cursor.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(
        url,
        creator=open_file,
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=5,
        pool_timeout=wait_seconds,
        hide_parameters=True,
    )

    def remember(_: object, record: Any) -> None:  # noqa: ANN401 - the pool's
        record.info["file"] = _identity(path)

    def same_file(_: object, record: Any, __: object) -> None:  # noqa: ANN401 - the pool's
        """Refuse a connection to a file that was removed or replaced: what is written there would be lost."""
        if record.info.get("file") is None or record.info["file"] != _identity(path):
            raise DisconnectionError

    def begin(connection: Connection) -> None:
        """Take the lock for writing at once: one taken later cannot be waited for."""
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", same_file)
    event.listen(engine, "begin", begin)
    return engine


def _write_ahead(cursor: sqlite3.Cursor, wait_seconds: float) -> None:
    """Put a file into WAL mode; two who do so at once meet a lock that SQLite itself does not wait for."""
    until = monotonic() + wait_seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= until:
                raise
            sleep(_PAUSE)
        else:
            return


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - on every use of a connection
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _postgresql(url: URL, wait_seconds: float) -> Engine:
    milliseconds = max(1, int(wait_seconds * 1000))
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=5,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        connect_args={
            "connect_timeout": max(2, round(wait_seconds)),  # seconds; libpq makes 2 of 1
            "tcp_user_timeout": milliseconds,
            "keepalives_idle": max(1, round(wait_seconds)),  # a host that is gone is noticed also while we wait
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "application_name": "kneecds",
        },
    )

    def set_up(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET statement_timeout = {milliseconds}; SET lock_timeout = {milliseconds}; "
                f"SET idle_in_transaction_session_timeout = {10 * milliseconds}; "
                "SET synchronous_commit = on"  # whatever the server's default: acknowledged means on disk
            )
        connection.commit()

    event.listen(engine, "connect", set_up)
    return engine
