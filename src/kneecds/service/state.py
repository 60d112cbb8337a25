"""What the parts of one running service share; made once, opened at start, closed at the end."""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
import sys
from contextlib import suppress
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Final

import httpx
from starlette.exceptions import HTTPException

from kneecds.cdshooks.model import Presentation
from kneecds.cdshooks.recent import Recent
from kneecds.knowledge import shipped
from kneecds.pipeline import prepare
from kneecds.service import clock as clocks
from kneecds.service import log, stopping, warming
from kneecds.service.edge import notes
from kneecds.service.fhir_client import FhirClient
from kneecds.service.fhir_client import Limits as FetchingLimits
from kneecds.service.limits import Buckets
from kneecds.service.metrics import Metrics
from kneecds.service.security.bearer import FhirTokens
from kneecds.service.security.cds_client import CdsClients
from kneecds.service.security.principal import Refused
from kneecds.service.security.replay import InMemory, InStore
from kneecds.storage.engine import url_of
from kneecds.storage.failure import StorageError
from kneecds.storage.store import Store
from kneecds.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from starlette.types import Scope

    from kneecds.knowledge import Knowledge
    from kneecds.service.clock import Clock
    from kneecds.service.security.principal import Principal
    from kneecds.service.security.replay import Replay
    from kneecds.service.settings import Settings

_CHECKED_FOR: Final = 1.0  # seconds; who asks whether we are ready must not be able to wear out the database
_TIDY_EVERY: Final = 300.0
_TRY_AGAIN: Final = 2.0
_SWITCH: Final = 0.001  # seconds for which the thread that writes evaluations may keep calls waiting


class State:
    """The options, the knowledge, the database, the keys, the counters."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store | None = None,
        clock: Clock = clocks.now,
        http: httpx.AsyncClient | None = None,
        knowledge: Knowledge | None = None,
        whole_process: bool = False,
    ) -> None:
        """Put the parts together; nothing is opened yet."""
        self.settings: Final = settings
        self.clock: Final = clock
        self.knowledge: Final = knowledge or shipped()
        self.metrics: Final = Metrics()
        self.presentation: Final = Presentation(**settings.cards.model_dump())
        self.prepared: Final = prepare(self.knowledge)
        self._owns_store = store is None
        self.store: Final = store if store is not None or not settings.storage.enabled else _opened(settings)
        self.writer: Writer | None = None
        self._http = http
        self._owns_http = http is None
        kept = settings.evaluations
        self.recent: Final = Recent(kept.kept, kept.seconds, monotonic)
        self.buckets: Final = Buckets(settings.limits.calls_per_second, settings.limits.burst)
        self.cds_clients: Final = CdsClients(settings, self.http, self._replay(), self._count_key_set)
        self.fhir_tokens: Final = FhirTokens(settings, self.http, self._count_key_set)
        self.fhir_client: Final = _fhir_client(settings)
        self.warm = False
        self.draining = False
        self._whole_process = whole_process
        self._tables = False  # whether the tables are known to be there
        self._healthy: tuple[float, bool] = (float("-inf"), False)
        self._tasks: list[asyncio.Task[None]] = []

    def http(self) -> httpx.AsyncClient:
        """Return the client for connections of our own."""
        if self._http is None:
            outbound = self.settings.outbound
            self._http = httpx.AsyncClient(
                proxy=outbound.proxy or None,
                verify=_trust(self.settings),
                trust_env=False,
                follow_redirects=False,
                timeout=self.settings.keys.timeout_seconds,
            )
        return self._http

    def seconds(self) -> float:
        """Return the time in seconds of the epoch, as tokens count it."""
        return self.clock().timestamp()

    def today(self) -> date:
        """Return the day for which answers hold."""
        return clocks.day(self.clock(), self.settings.timezone)

    async def let_in(self, scope: Scope, ask: Callable[[], Awaitable[Principal]]) -> Principal:
        """Return the caller, counted against what it may ask for; refused ones are counted by address."""
        address = (scope.get("client") or ("unknown",))[0]
        try:
            principal = await ask()
        except Refused as refusal:
            noted = notes(scope)
            noted.reason = refusal.reason
            self.metrics.refusals.labels(refusal.reason).inc()
            self.take(scope, f"address {address}")
            raise
        noted = notes(scope)
        noted.client = principal.issuer
        self.take(scope, f"issuer {principal.issuer}" if principal.issuer else f"address {address}")
        return principal

    def take(self, scope: Scope, who: str) -> None:
        """Count one call; 429 if it is one too many."""
        wait = self.buckets.take(who)
        if wait:
            noted = notes(scope)
            noted.reason = noted.reason or "rate"
            raise HTTPException(429, headers={"Retry-After": str(ceil(wait))})

    async def open(self) -> None:
        """Make ready for calls: tables, knowledge, the memory that stays."""
        if self.store is not None:
            if self.settings.storage.upgrade:
                await self._upgrade()
            self.writer = Writer(self.store, capacity=self.settings.storage.queue)
            self._tasks.append(asyncio.create_task(self._keep_tidy()))
        self._tasks.append(asyncio.create_task(self._forget()))
        warming.warm(self.knowledge, self.today(), self.settings.care_setting, self.presentation)
        self.warm = True
        if self._whole_process:
            stopping.notice(self._drain, self.settings.shutdown.delay_seconds)
            sys.setswitchinterval(_SWITCH)
            gc.enable()
            gc.collect()
            gc.freeze()  # the knowledge stays for good: never look at it again

    async def close(self) -> None:
        """Write what waits to be written, and let go of everything."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        if self.writer is not None:
            await asyncio.to_thread(self.writer.close)
            counts = self.writer.counts
            if counts.dropped or counts.refused:
                log.event("evaluations lost", logging.ERROR, dropped=counts.dropped, refused=counts.refused)
            self.writer = None
        if self.store is not None and self._owns_store:
            self.store.close()
        await self.fhir_client.close()
        if self._http is not None and self._owns_http:
            await self._http.aclose()
            self._http = None

    async def store_is_well(self) -> bool:
        """Whether the database answers and has the tables, as of a moment ago."""
        if self.store is None:
            return True
        since, well = self._healthy
        if monotonic() - since > _CHECKED_FOR:
            self._healthy = (monotonic(), well)  # one asks for all
            try:
                await asyncio.to_thread(self.store.check)
                well = True
            except StorageError:
                well = False
            self._healthy = (monotonic(), well)
        return well

    def _drain(self) -> None:
        self.draining = True

    async def _upgrade(self) -> None:
        assert self.store is not None
        try:
            await asyncio.to_thread(self.store.upgrade)
            self._tables = True
        except StorageError as problem:
            log.event("database not ready", logging.WARNING, reason=problem.reason)

    async def _keep_tidy(self) -> None:
        """Make the tables once the database is there, and forget tokens that expired."""
        assert self.store is not None
        wanted = self.settings.storage.upgrade
        while True:
            if wanted and not self._tables:
                await asyncio.sleep(_TRY_AGAIN)
                await self._upgrade()
                continue
            await asyncio.sleep(_TIDY_EVERY)
            if self.writer is not None:
                self.metrics.lost(sum(self.writer.counts[1:3]))
            with suppress(StorageError):
                await asyncio.to_thread(self.store.purge_tokens, int(self.seconds()) - 3600)

    async def _forget(self) -> None:
        """Let go of old evaluations, also where no call comes any more."""
        while True:
            await asyncio.sleep(self.settings.evaluations.seconds)
            self.recent.forget()

    def _replay(self) -> Replay:
        chosen = self.settings.tokens.replay
        shared = chosen == "store" or (chosen == "auto" and self.settings.workers > 1)
        if shared and self.store is not None and not self.settings.insecure_demo:
            return InStore(self.store)
        return InMemory()

    def _count_key_set(self, outcome: str) -> None:
        self.metrics.key_sets.labels(outcome).inc()


def _opened(settings: Settings) -> Store:
    storage = settings.storage
    url = storage.url.get_secret_value() or url_of(storage.directory)
    return Store.open(url, secret=storage.secret.get_secret_value(), wait_seconds=storage.wait_seconds)


def _fhir_client(settings: Settings) -> FhirClient:
    how = settings.fetching.model_dump()
    without_token = how.pop("without_token")
    # without servers nothing is asked, and nobody needs to be trusted
    verify = _trust(settings) if settings.fhir_servers else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return FhirClient(settings.fhir_servers, limits=FetchingLimits(**how), verify=verify, without_token=without_token)


def _trust(settings: Settings) -> bool | ssl.SSLContext:
    file = settings.outbound.ca_file
    return True if file is None else ssl.create_default_context(cafile=str(file))
