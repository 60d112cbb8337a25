"""Which failure of a database means what."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import exc

from kneecds.storage.failure import Reason, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

# https://www.sqlite.org/rescode.html, by the start of the name
SQLITE: Final[tuple[tuple[str, Reason], ...]] = (
    ("SQLITE_BUSY", "locked"),
    ("SQLITE_LOCKED", "locked"),
    ("SQLITE_FULL", "full"),
    ("SQLITE_CONSTRAINT", "refused"),
    ("SQLITE_TOOBIG", "refused"),
    ("SQLITE_MISMATCH", "refused"),
    ("SQLITE_RANGE", "refused"),
    ("SQLITE_ERROR", "tables"),  # our statements are sound, so it is a table or column that is not there
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html, by the start of the code
POSTGRESQL: Final[tuple[tuple[str, Reason], ...]] = (
    ("55P03", "locked"),  # lock_not_available
    ("57014", "locked"),  # query_canceled, by the timeout of a statement
    ("40", "locked"),  # transaction rollback: deadlock, serialization
    ("53300", "gone"),  # too_many_connections
    ("53", "full"),  # insufficient resources
    ("42P01", "tables"),  # undefined_table
    ("42703", "tables"),  # undefined_column
    ("3F", "tables"),  # invalid schema
    ("22", "refused"),  # data exception
    ("23", "refused"),  # integrity constraint
)

RAISED: Final = (
    exc.StatementError,  # whatever a driver raises in a statement
    exc.TimeoutError,
    exc.DisconnectionError,
    exc.InvalidRequestError,
    sqlite3.Error,
    OSError,
    OverflowError,
    ValueError,
)


@contextmanager
def told() -> Iterator[None]:
    """Turn whatever a database or its driver raises into a StorageError that quotes nothing."""
    try:
        yield
    except RAISED as problem:
        raise _error(problem) from None  # the cause would carry messages of the database into logs


def _error(problem: Exception) -> StorageError:
    cause = getattr(problem, "orig", None) or problem
    if isinstance(problem, exc.TimeoutError):
        return StorageError("locked", "no free connection")
    name = getattr(cause, "sqlite_errorname", None)
    if name is not None:
        return StorageError(_found(SQLITE, name), name)
    state = getattr(cause, "sqlstate", None)
    if state:
        return StorageError(_found(POSTGRESQL, state), f"SQLSTATE {state}")
    unsound = isinstance(problem, exc.StatementError) and not isinstance(problem, exc.DBAPIError)
    refused = unsound or isinstance(problem, (OverflowError, ValueError, exc.DataError, exc.IntegrityError))
    return StorageError("refused" if refused else "gone", type(cause).__name__)


def _found(table: tuple[tuple[str, Reason], ...], code: str) -> Reason:
    return next((reason for start, reason in table if code.startswith(start)), "gone")
