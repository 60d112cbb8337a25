"""Where keys come from: an address, a file, or the configuration; rotated without a restart.

A key set that was fetched is used while it is fresh, and a while longer if its server does not answer. An unknown key
or an old set makes us ask again, but never more often than the pause allows, and only once for all who wait.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal, Protocol

import httpx

from kneecds.errors import UsageError
from kneecds.service import log
from kneecds.service.security.keys import NoKeySetError, key_set, read_key_set
from kneecds.service.security.principal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from joserfc.jwk import Key

    from kneecds.service.security.keys import KeySet
    from kneecds.service.settings_groups import Keys

Condition = Literal["unused", "fresh", "stale", "missing"]


class Source(Protocol):
    """Something that has keys."""

    @property
    def condition(self) -> Condition:
        """How its keys are."""

    async def find(self, kid: str, algorithm: str) -> Key:
        """Return a key, or refuse."""


class FixedKeys:
    """Keys of the configuration."""

    condition: Condition = "fresh"

    def __init__(self, document: object, issuer: str) -> None:
        """Read them; UsageError if there is none that could be used, which nobody would notice before the first call."""
        try:
            self._keys = key_set(document)
        except NoKeySetError:
            self._keys = {}
        if not self._keys:
            msg = (
                f"jwks of {issuer}: no key with a kid that can verify (EC P-384 or P-256, or RSA of 2048 bits or more)"
            )
            raise UsageError(msg)

    async def find(self, kid: str, algorithm: str) -> Key:
        """Return a key, or refuse."""
        return _found(self._keys, kid, algorithm)


class FileKeys:
    """Keys of a file, read again when it changes; if that fails, the old ones stay."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: KeySet | None = None

    @property
    def condition(self) -> Condition:
        """How its keys are."""
        return "unused" if self._seen is None else "missing" if self._keys is None else "fresh"

    async def find(self, kid: str, algorithm: str) -> Key:
        """Return a key, or refuse."""
        try:
            stat = self._path.stat()
            seen = stat.st_mtime_ns, stat.st_size, stat.st_ino
            if seen != self._seen:
                self._seen = seen
                self._keys = read_key_set(self._path.read_bytes())
        except (OSError, NoKeySetError) as problem:
            log.event("key file unreadable", logging.WARNING, failure=type(problem).__name__)
        if self._keys is None:
            raise Refused("keys-unavailable", 503)  # noqa: EM101 - a word
        return _found(self._keys, kid, algorithm)


class RemoteKeys:
    """Keys behind an address of the configuration."""

    def __init__(
        self, url: str, http: Callable[[], httpx.AsyncClient], how: Keys, count: Callable[[str], None] = lambda _: None
    ) -> None:
        """Fetch nothing yet."""
        self._url: Final = url
        self._http = http
        self._how = how
        self._count = count
        self._keys: KeySet | None = None
        self._fetched = self._tried = float("-inf")
        self._failed = False
        self._flight: asyncio.Task[None] | None = None

    @property
    def condition(self) -> Condition:
        """How its keys are."""
        if self._keys is None:
            return "missing" if self._failed else "unused"
        return "fresh" if monotonic() - self._fetched <= self._how.fresh_seconds else "stale"

    async def find(self, kid: str, algorithm: str) -> Key:
        """Return a key, or refuse; ask again first if the keys are old, or this one is not among them."""
        if (
            self._keys is None
            or (kid, algorithm) not in self._keys
            or monotonic() - self._fetched > self._how.fresh_seconds
        ):
            await self._renew()
        age = monotonic() - self._fetched
        if self._keys is None or age > self._how.fresh_seconds + self._how.stale_seconds:
            raise Refused("keys-unavailable", 503)  # noqa: EM101
        if (kid, algorithm) not in self._keys and self._failed:
            raise Refused("keys-unavailable", 503)  # noqa: EM101 - it may be a new one, which nobody can tell
        return _found(self._keys, kid, algorithm)

    async def _renew(self) -> None:
        """Fetch the set, or wait for whoever is fetching it; not if that was tried a moment ago."""
        if self._flight is None or self._flight.done():
            if monotonic() - self._tried < self._how.pause_seconds:
                return
            self._tried = monotonic()
            self._flight = asyncio.create_task(self._fetch())
        await asyncio.shield(self._flight)  # a caller that gives up does not stop it for the others

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._how.timeout_seconds):
                body = await self._read()
            self._keys = read_key_set(body)
        except (httpx.HTTPError, httpx.InvalidURL, NoKeySetError, TimeoutError, OSError) as problem:
            self._failed = True
            self._count("failed")
            log.event("key set not fetched", logging.WARNING, url=self._url, failure=type(problem).__name__)
        else:
            self._fetched, self._failed = monotonic(), False
            self._count("fetched")

    async def _read(self) -> bytes:
        headers = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}
        async with self._http().stream("GET", self._url, headers=headers, follow_redirects=False) as response:
            if response.status_code != httpx.codes.OK:
                msg = "no key set there"
                raise NoKeySetError(msg)
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > self._how.most_bytes:
                    msg = "too large"
                    raise NoKeySetError(msg)
            return bytes(body)


def _found(keys: KeySet, kid: str, algorithm: str) -> Key:
    key = keys.get((kid, algorithm))
    if key is None:
        raise Refused("kid")  # noqa: EM101
    return key
