"""Adds feedback from several threads for as long as it lives, and says the id of each entry once it is acknowledged."""

from __future__ import annotations

import os
import sys
from itertools import count
from threading import Thread

from made import REASON, evaluation, feedback

from kneecds.storage.store import Store
from kneecds.storage.writer import Writer


def add(store: Store, writer: Writer, start: str) -> None:
    for number in count():
        writer.submit(evaluation(f"{start}-{number}"))
        entry = feedback(f"{start}-{number}", comment="x" * 200, **REASON)
        for name in store.add_feedback([entry]):
            os.write(1, f"{name}\n".encode())


if __name__ == "__main__":
    url, run = sys.argv[1:]
    opened = Store.open(url, wait_seconds=20)
    behind = Writer(opened)
    for thread in range(4):
        Thread(target=add, args=(opened, behind, f"{run}-{thread}")).start()
