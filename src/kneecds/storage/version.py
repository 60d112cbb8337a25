"""Which version of the tables a database has, and the way to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

from kneecds.storage import migrations

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

LOCK: Final = 0x6B6E6565  # "knee": one upgrade at a time in PostgreSQL; SQLite has one writer anyway


def current(connection: Connection) -> str:
    """Return the revision of a database; empty for one without our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def move(connection: Connection, revision: str, *, up: bool = True) -> None:
    """Bring the tables to a revision, wholly or not at all: the caller's transaction holds all of it."""
    from alembic import command  # noqa: PLC0415 - heavy, and only needed here

    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    (command.upgrade if up else command.downgrade)(config(connection), revision)


def config(connection: Connection | None = None) -> Config:
    """Return what Alembic needs to know, without a file."""
    from alembic.config import Config  # noqa: PLC0415 - heavy

    made = Config()
    place = str(Path(str(migrations.__file__)).parent)
    made.set_main_option("script_location", place.replace("%", "%%"))
    made.attributes["connection"] = connection
    return made
