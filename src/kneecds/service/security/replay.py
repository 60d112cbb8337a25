"""Tokens that were used: each is good for one call (https://cds-hooks.hl7.org/2.0/#trusting-cds-clients, jti)."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, Protocol

from kneecds.service.security.principal import Refused
from kneecds.storage.failure import StorageError

if TYPE_CHECKING:
    from kneecds.storage.store import Store

MOST: Final = 500_000


class Replay(Protocol):
    """A memory of tokens."""

    async def use(self, token: str, expires: float, now: float) -> None:
        """Remember a token until it expires; refuse one that was used."""


class InMemory:
    """The memory of one process; bounded, and full it refuses rather than forgets."""

    def __init__(self, most: int = MOST) -> None:
        """Remember nothing."""
        self._most = most
        self._seen: set[bytes] = set()
        self._ends: list[tuple[float, bytes]] = []

    async def use(self, token: str, expires: float, now: float) -> None:
        """Remember a token until it expires; refuse one that was used."""
        while self._ends and self._ends[0][0] < now:
            self._seen.discard(heappop(self._ends)[1])
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()[:16]
        if digest in self._seen:
            raise Refused("replay")  # noqa: EM101 - a word
        if len(self._seen) >= self._most:
            raise Refused("replay-full", 503)  # noqa: EM101
        self._seen.add(digest)
        heappush(self._ends, (expires, digest))


class InStore:
    """The memory that several processes share; without the database nobody can tell, so nobody is let in."""

    def __init__(self, store: Store) -> None:
        """Keep where it is."""
        self._store = store

    async def use(self, token: str, expires: float, now: float) -> None:
        """Remember a token until it expires; refuse one that was used."""
        del now
        try:
            first = await asyncio.to_thread(self._store.first_seen, token, int(expires) + 1)
        except StorageError:
            raise Refused("replay-unavailable", 503) from None  # noqa: EM101
        if not first:
            raise Refused("replay")  # noqa: EM101
