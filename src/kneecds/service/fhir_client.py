"""Asks the client's FHIR server for what was not prefetched; whatever goes wrong makes data unknown, never an error.

A server is asked only if the site has listed its base URL. Host names are not looked at further: what a listed name
resolves to, also a private address, is the site's choice. The token of a call goes to that server and nowhere else:
no redirect is followed, further pages must lie under the same base, no cookie is kept, no proxy or netrc of the
environment is used.
"""

from __future__ import annotations

import asyncio
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx
import msgspec

from kneecds.cdshooks.prefetch import filled, is_search, supply
from kneecds.errors import UsageError
from kneecds.service.fhir_answer import Refused, read_answer
from kneecds.service.fhir_base import Base, allowed, base

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Sequence
    from types import TracebackType
    from typing import Self

    from kneecds.cdshooks.model import HookRequest, Service, Supply

_HEADERS: Final = {
    "Accept": "application/fhir+json, application/json;q=0.9",
    "Accept-Encoding": "gzip, identity",
    "Cache-Control": "no-cache",
    "User-Agent": "kneecds",
}

# the most precise first
_FAULTS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (httpx.ConnectTimeout, "the FHIR server could not be reached in time"),
    (httpx.PoolTimeout, "too many questions to FHIR servers are under way"),
    (httpx.TimeoutException, "the FHIR server did not answer in time"),
    (TimeoutError, "the FHIR server did not answer in time"),
    (httpx.ConnectError, "the FHIR server could not be reached"),
    (httpx.TransportError, "the FHIR server broke off its answer"),
    (httpx.HTTPError, "the FHIR server could not be asked"),
    (httpx.InvalidURL, "the FHIR server could not be asked"),
    (OSError, "the FHIR server could not be reached"),
)
_CAUGHT: Final[tuple[type[BaseException], ...]] = (Refused, UsageError, *(kind for kind, _ in _FAULTS))


class Limits(msgspec.Struct, frozen=True):
    """How long is waited for a server, and how much is taken of it."""

    connect_seconds: float = 1.0
    read_seconds: float = 2.0  # between two parts of an answer
    total_seconds: float = 4.0  # for all that one call needs
    max_bytes: int = 5_000_000  # of all pages of one query, unpacked
    max_pages: int = 10  # of one query
    max_resources: int = 5_000  # of one query
    concurrency: int = 20  # questions under way, over all calls


class _Asked(NamedTuple):
    """One server, asked for one call."""

    server: Base
    headers: dict[str, str]
    deadline: float


class FhirClient:
    """A client for all calls of a service; close it when the service stops."""

    def __init__(
        self,
        servers: Iterable[str] = (),
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        verify: ssl.SSLContext | bool = True,
        allow_http: bool = False,
        without_token: bool = False,
    ) -> None:
        """Take the base URLs that may be asked; `without_token`: also by calls that bring no access token."""
        self._servers = allowed(servers, allow_http=allow_http)
        self._limits = limits
        self._without_token = without_token
        self._turns = asyncio.Semaphore(limits.concurrency)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds),
            limits=httpx.Limits(max_connections=limits.concurrency, max_keepalive_connections=limits.concurrency),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers=_HEADERS,
            follow_redirects=False,
            trust_env=False,
            verify=verify,
        )

    async def __aenter__(self) -> Self:
        """Use it as it is."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    async def fill(self, service: Service, request: HookRequest, supplies: Sequence[Supply]) -> tuple[Supply, ...]:
        """Fetch what was not supplied, and the further pages of what was; what failed is asked again only if required."""
        known = {query.key for query in service.queries}
        wanting = [one.query.key in known and _is_wanting(one) for one in supplies]
        if not any(wanting):
            return tuple(supplies)
        asked, why = self._asked(request)
        if asked is None:
            return tuple(_noted(one, why) if wanted else one for one, wanted in zip(supplies, wanting, strict=True))
        return tuple(
            await asyncio.gather(
                *[
                    self._supplied(asked, request, one) if wanted else _kept(one)
                    for one, wanted in zip(supplies, wanting, strict=True)
                ]
            )
        )

    def _asked(self, request: HookRequest) -> tuple[_Asked | None, str]:
        """Return whom to ask, or why nobody is."""
        if not request.fhir_server:
            return None, "no FHIR server was named"
        server = base(request.fhir_server)
        if server is None or server not in self._servers:
            return None, "the FHIR server is not one that may be asked"
        granted = request.authorization
        if granted is None and not self._without_token:
            return None, "no access token for the FHIR server was sent"
        headers = {} if granted is None else {"Authorization": f"Bearer {granted.access_token}"}
        deadline = asyncio.get_running_loop().time() + self._limits.total_seconds
        return _Asked(server, headers, deadline), ""

    async def _supplied(self, asked: _Asked, request: HookRequest, one: Supply) -> Supply:
        """Fetch one query, or the rest of its pages."""
        start = one
        if one.state != "given":
            try:
                url = f"{asked.server}/{filled(one.query.template, request)}"
                start = supply(one.query, await self._got(asked, url, self._limits.max_bytes), fetched=True)
            except _CAUGHT as problem:
                return _failed(one, _said(problem))
            if start.state == "failed":
                return _failed(one, f"the FHIR server: {start.note}")
        else:
            url = str(asked.server)
        return await self._rest(asked, start, url) if start.next_page and is_search(start.query) else start

    async def _rest(self, asked: _Asked, first: Supply, url: str) -> Supply:
        """Add further pages until the last; what stops this earlier is said, and where it would go on is kept."""
        resources, urls = list(first.resources), _urls(first)
        left = self._limits.max_bytes - sum(map(len, resources))
        pages, following, notes = 1, first.next_page, [first.note]
        seen = {url}
        while following:
            here = asked.server.following(url, following)
            if here is None:
                notes.append("the next page does not lie under the FHIR server's base")
                break
            if here in seen:
                notes.append("the pages go in a circle")
                break
            if pages >= self._limits.max_pages or len(resources) >= self._limits.max_resources:
                notes.append(
                    f"it has more than {self._limits.max_pages} pages or {self._limits.max_resources} resources"
                )
                break
            try:
                page = supply(first.query, await self._got(asked, here, max(left, 0)), fetched=True)
            except _CAUGHT as problem:
                notes.append(_said(problem))
                break
            notes.append(page.note)
            if page.state == "failed":
                break
            seen.add(here)
            url, following = here, page.next_page
            resources += page.resources
            urls += _urls(page)
            left -= sum(map(len, page.resources))
            pages += 1
        note = "; ".join(dict.fromkeys(one for one in notes if one))
        return msgspec.structs.replace(
            first, state="given" if resources or following else "nothing", resources=tuple(resources),
            urls=tuple(urls) if any(urls) else (), next_page=following, note=note, fetched=first.fetched or pages > 1,
        )  # fmt: skip

    async def _got(self, asked: _Asked, url: str, most: int) -> bytes:
        """Return the body of one answer."""
        async with (
            asyncio.timeout_at(asked.deadline),
            self._turns,
            self._http.stream("GET", url, headers=asked.headers) as response,
        ):
            return await read_answer(response, most)


def _is_wanting(one: Supply) -> bool:
    if one.state == "given":
        return bool(one.next_page)
    return one.state == "not_supplied" or (one.state == "failed" and one.query.required)


def _said(problem: BaseException) -> str:
    if isinstance(problem, (Refused, UsageError)):
        return str(problem)
    return next(said for kind, said in _FAULTS if isinstance(problem, kind))


def _failed(one: Supply, why: str) -> Supply:
    note = why if one.state == "not_supplied" else f"{one.note}; then {why}"
    return msgspec.structs.replace(one, state="failed", note=note, fetched=True)


def _noted(one: Supply, why: str) -> Supply:
    return msgspec.structs.replace(one, note=f"{one.note}; {why}" if one.note else why)


async def _kept(one: Supply) -> Supply:
    return one


def _urls(one: Supply) -> list[bytes]:
    return list(one.urls) if one.urls else [b""] * len(one.resources)
