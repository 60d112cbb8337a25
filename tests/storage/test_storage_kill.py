"""Feedback that was acknowledged is there after a kill -9 at any moment, under load, again and again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from kneecds.storage.tables import FEEDBACK

if TYPE_CHECKING:
    from kneecds.storage.store import Store

HERE = Path(__file__).parent
KILLS, ENTRIES = 4, 40


def acknowledged(url: str, run: int) -> list[str]:
    """Return what a process said before it was killed in the midst of its work."""
    process = subprocess.Popen(
        [sys.executable, HERE / "acknowledge.py", url, str(run)], stdout=subprocess.PIPE, text=True, cwd=HERE
    )
    assert process.stdout is not None
    with process.stdout:
        names = [process.stdout.readline().strip() for _ in range(ENTRIES + run)]  # another moment every time
        process.kill()
        names += process.stdout.read().split("\n")[:-1]  # said before it was killed
    assert process.wait(20) == -9
    return names


def test_no_acknowledged_feedback_is_lost(store: Store, url: str) -> None:
    said: set[str] = set()
    for run in range(KILLS):
        names = acknowledged(url, run)
        assert len(names) >= ENTRIES
        said.update(names)
        with store.engine.connect() as connection:
            there = set(connection.execute(select(FEEDBACK.c.id)).scalars())
        assert said <= there
        assert len(there) <= len(said) + 4 * (run + 1)  # at most one a thread was on disk and not yet said
    assert "" not in said
    assert len(said) >= KILLS * ENTRIES
    store.check()
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
