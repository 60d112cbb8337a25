"""The database: what is asked of it either happened when the call returns, or raises StorageError."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete

from kneecds.errors import UsageError
from kneecds.storage import acceptance, version, writing
from kneecds.storage.engine import WRITES, connect, create_file, read_url
from kneecds.storage.failure import StorageError
from kneecds.storage.keyed import digest
from kneecds.storage.reasons import told
from kneecds.storage.tables import HEAD, SEEN_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import URL, Connection

    from kneecds.storage.rows import EvaluationRow, FeedbackRow

LATEST: Final = 2**62
"""Longer than any token lasts, and within the integers of a database."""


class Store:
    """Evaluations, cards, feedback and tokens seen; may be called from any thread, and waits a bounded time."""

    def __init__(self, url: URL, *, secret: bytes, wait_seconds: float) -> None:
        """Keep where it is; nothing is connected yet."""
        self._url = url
        self._secret = secret
        try:
            self.engine = connect(url, wait_seconds)
        except ModuleNotFoundError:
            msg = "PostgreSQL needs its driver: pip install 'kneecds[postgresql]'"
            raise UsageError(msg) from None

    @classmethod
    def open(cls, url: str, *, secret: str = "", wait_seconds: float = 5.0) -> Store:
        """Return the store at a URL, whether or not it can be reached now; UsageError for a URL that is none of ours.

        `secret` keys the hashes of ids (`keyed.py`); all that share a database share it, and a new one makes the
        cards shown before it strangers to the feedback after it.
        """
        return cls(read_url(url), secret=secret.encode(), wait_seconds=wait_seconds)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def upgrade(self) -> None:
        """Bring the tables to this version, from nothing if need be; several may try at once."""
        with told():
            create_file(self._url)
        with self._writing() as connection:
            if (found := version.current(connection)) > HEAD:
                raise StorageError("newer", f"revision {found}")  # noqa: EM101 - a word, not a message
            version.move(connection, HEAD)

    def current(self) -> str:
        """Return the revision of the tables; empty if there are none."""
        with told(), self.engine.connect() as connection:
            return version.current(connection)

    def check(self) -> None:
        """Raise StorageError unless the database answers and has the tables of this version."""
        found = self.current()
        if found != HEAD:
            raise StorageError("newer" if found > HEAD else "tables", f"revision {found or 'none'}, wanted {HEAD}")

    def record(self, rows: Sequence[EvaluationRow]) -> None:
        """Keep evaluations and their cards, all or none."""
        with self._writing() as connection:
            writing.evaluations(connection, writing.key_of(connection, self._secret), rows)

    def add_feedback(self, rows: Sequence[FeedbackRow]) -> tuple[str, ...]:
        """Keep feedback, all or none, and return its ids once it is on disk; what was kept before keeps its id."""
        with self._writing() as connection:
            return writing.feedback(connection, writing.key_of(connection, self._secret), rows)

    def first_seen(self, token: str, expires: int) -> bool:
        """Return whether no worker has seen this token (issuer and jti, say), and remember it until it expires."""
        with self._writing() as connection:
            return writing.token(connection, digest(token), max(0, min(expires, LATEST)))

    def purge_tokens(self, before: int) -> int:
        """Forget the tokens that expired before a moment, in seconds of the epoch, and return how many."""
        with self._writing() as connection:
            return connection.execute(delete(SEEN_TOKENS).where(SEEN_TOKENS.c.expires < before)).rowcount

    def acceptance(self, since: datetime | None = None, until: datetime | None = None) -> acceptance.Acceptance:
        """Count what became of the cards shown from `since` to before `until`."""
        with told(), self.engine.connect() as connection:
            return acceptance.acceptance(connection, since, until)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that is on disk when the block is left without an exception."""
        with told(), self.engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            yield connection
