"""Evaluations are written behind the caller's back: the answer to a hook never waits for the audit trail."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

from kneecds.storage.failure import StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.storage.rows import EvaluationRow
    from kneecds.storage.store import Store

DELAYS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds to wait while the database is not well; the last one again and again."""

GATHERED_FOR: Final = 0.2
"""Seconds that the first row waits for others: a transaction costs much more than a row, and calls compete with it."""


class Counts(NamedTuple):
    """What became of the rows that were submitted."""

    written: int
    dropped: int  # for lack of room in the queue, or of a database before the end
    refused: int  # the database takes everything but these
    waiting: int


class Writer:
    """A queue with a bound, and a thread that empties it into the store in batches."""

    def __init__(self, store: Store, *, capacity: int = 10_000, batch: int = 200) -> None:
        """Start the thread."""
        self._store = store
        self._batch = batch
        self._queue: Queue[EvaluationRow | None] = Queue(capacity)
        self._closing = Event()
        self._hurry = Event()  # somebody waits, so rows must not
        self._given_up = Event()
        self._lock = Lock()
        self._written = self._dropped = self._refused = 0
        self._thread = Thread(target=self._work, name="kneecds-writer", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> Counts:
        """What became of the rows so far."""
        with self._lock:
            return Counts(self._written, self._dropped, self._refused, self._queue.unfinished_tasks)

    def submit(self, row: EvaluationRow) -> None:
        """Take a row to be written soon; without room it is dropped, and counted."""
        if self._closing.is_set():
            self._count(dropped=1)
            return
        try:
            self._queue.put_nowait(row)
        except Full:
            self._count(dropped=1)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything submitted was dealt with, and return whether it was in time."""
        done = self._queue.all_tasks_done
        self._hurry.set()
        try:
            with done:
                return done.wait_for(lambda: not self._queue.unfinished_tasks, timeout)
        finally:
            if not self._closing.is_set():
                self._hurry.clear()

    def close(self, timeout: float = 10.0) -> None:
        """Take no more, write what is there if the database lets it in time, and drop the rest."""
        until = monotonic() + timeout
        self._closing.set()
        self._hurry.set()
        if not self.flush(timeout):
            self._given_up.set()
        with suppress(Full):  # if it is full, the thread is not waiting for anything
            self._queue.put_nowait(None)
        self._thread.join(max(0.0, until - monotonic()))

    def _work(self) -> None:
        while True:
            rows, ends = self._take()
            if rows:
                self._keep(rows)
            for _ in range(len(rows) + ends):
                self._queue.task_done()
            if ends or (self._given_up.is_set() and self._queue.empty()):
                return

    def _take(self) -> tuple[list[EvaluationRow], int]:
        """Wait for a row, and return it with what stands behind it, and whether that was the end."""
        rows: list[EvaluationRow] = []
        row = self._queue.get()
        if row is not None:
            self._hurry.wait(GATHERED_FOR)
        while row is not None:
            rows.append(row)
            if len(rows) == self._batch:
                return rows, 0
            try:
                row = self._queue.get_nowait()
            except Empty:
                return rows, 0
        return rows, 1

    def _keep(self, rows: Sequence[EvaluationRow]) -> None:
        """Write rows, trying again while the database is not well; one that it never takes costs no other."""
        tried = 0
        while not self._given_up.is_set():
            try:
                self._store.record(rows)
            except StorageError as problem:
                if not problem.may_pass:
                    break
                self._given_up.wait(DELAYS[min(tried, len(DELAYS) - 1)])
                tried += 1
            except Exception:  # noqa: BLE001 - a row that cannot even be read must not end the thread
                break
            else:
                self._count(written=len(rows))
                return
        if self._given_up.is_set():
            self._count(dropped=len(rows))
        elif len(rows) == 1:
            self._count(refused=1)
        else:
            for row in rows:
                self._keep([row])

    def _count(self, *, written: int = 0, dropped: int = 0, refused: int = 0) -> None:
        with self._lock:
            self._written += written
            self._dropped += dropped
            self._refused += refused
