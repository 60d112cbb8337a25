"""CDS clients: whether a call comes from one that this site trusts (R-199 to R-208).

The order is that of the best practices: issuer, audience, time, tenant, signature, and last whether it was used before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.service.security import token as tokens
from kneecds.service.security.jwks import FileKeys, FixedKeys, RemoteKeys
from kneecds.service.security.principal import ANYBODY, Principal, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx

    from kneecds.service.security.jwks import Source
    from kneecds.service.security.replay import Replay
    from kneecds.service.settings import Settings
    from kneecds.service.settings_groups import CdsClient

_TYPES: Final = frozenset({"jwt"})


class CdsClients:
    """The clients of the configuration, and their keys."""

    def __init__(
        self,
        settings: Settings,
        http: Callable[[], httpx.AsyncClient],
        replay: Replay,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Fetch nothing yet."""
        self._open = settings.insecure_demo
        self._how = settings.tokens
        self._replay = replay
        self._clients: dict[str, CdsClient] = {client.issuer: client for client in settings.cds_clients}
        urls = {url for one in settings.cds_clients for url in (*one.jku, one.jwks_url) if url}
        self._remote = {url: RemoteKeys(url, http, settings.keys, count) for url in sorted(urls)}
        self._pinned: dict[str, Source] = {}
        for one in settings.cds_clients:
            if one.jwks is not None:
                self._pinned[one.issuer] = FixedKeys(one.jwks, one.issuer)
            elif one.jwks_file is not None:
                self._pinned[one.issuer] = FileKeys(one.jwks_file)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Everything that has keys."""
        return (*self._remote.values(), *self._pinned.values())

    async def caller(
        self,
        headers: Sequence[tuple[bytes, bytes]],
        address: str,
        now: float,
        *,
        service: str = "",
        optional: bool = False,
    ) -> Principal:
        """Return who calls an address, or refuse; `optional`: a call without a token is nobody's."""
        if self._open:
            return ANYBODY
        text = tokens.sent(headers, self._how.most_bytes)
        if text is None:
            if optional:
                return ANYBODY
            raise Refused("no-token")  # noqa: EM101 - a word
        token = tokens.parsed(text)
        client = self._clients.get(token.word("iss"))
        if client is None:
            raise Refused("iss")  # noqa: EM101
        name = tokens.algorithm(token, client.algorithms, types=_TYPES)
        tokens.audience(token, (address, *client.audiences))
        expires = tokens.times(token, now, self._how.leeway_seconds, self._how.longest_seconds)
        tenant = token.claims.get("tenant", "")
        if not isinstance(tenant, str) or (client.tenants and tenant not in client.tenants):
            raise Refused("tenant")  # noqa: EM101
        used = token.word("jti")
        kid = token.header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise Refused("kid")  # noqa: EM101
        key = await self._source(client, token.header).find(kid, name)
        tokens.verify(token, key, name)
        await self._replay.use(f"{client.issuer}\n{used}", expires + self._how.leeway_seconds, now)
        if service and client.services and service not in client.services:
            raise Refused("service", 403)  # noqa: EM101
        return Principal(client.issuer, tenant)

    def _source(self, client: CdsClient, header: Mapping[str, object]) -> Source:
        """Return where the keys of a token are; a `jku` that is not listed is refused, and never fetched (R-205)."""
        jku = header.get("jku")
        allowed = (*client.jku, client.jwks_url)
        if jku is not None and (not isinstance(jku, str) or jku not in allowed):
            raise Refused("jku")  # noqa: EM101
        pinned = self._pinned.get(client.issuer)
        if pinned is not None:
            return pinned
        url = jku or client.jwks_url or (client.jku[0] if len(client.jku) == 1 else None)
        if url is None:
            raise Refused("jku")  # noqa: EM101
        return self._remote[str(url)]
