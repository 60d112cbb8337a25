"""Access tokens for /fhir: JSON Web Tokens of an authorization server, with the scopes of SMART backend services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.service.security import token as tokens
from kneecds.service.security.jwks import FileKeys, FixedKeys, RemoteKeys
from kneecds.service.security.principal import ANYBODY, Principal, Refused
from kneecds.service.security.scopes import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx
    from starlette.requests import Request

    from kneecds.service.security.jwks import Source
    from kneecds.service.settings import Settings
    from kneecds.service.settings_groups import FhirClient
    from kneecds.service.state import State

_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})  # https://www.rfc-editor.org/rfc/rfc9068


class FhirTokens:
    """The authorization servers of the configuration, and their keys."""

    def __init__(
        self, settings: Settings, http: Callable[[], httpx.AsyncClient], count: Callable[[str], None] = lambda _: None
    ) -> None:
        """Fetch nothing yet."""
        self._open = settings.insecure_demo
        self._how = settings.tokens
        self._audience = f"{settings.address}/fhir"
        self._clients: dict[str, FhirClient] = {client.issuer: client for client in settings.fhir_clients}
        self._keys: dict[str, Source] = {}
        for one in settings.fhir_clients:
            if one.jwks is not None:
                self._keys[one.issuer] = FixedKeys(one.jwks, one.issuer)
            elif one.jwks_file is not None:
                self._keys[one.issuer] = FileKeys(one.jwks_file)
            elif one.jwks_url is not None:
                self._keys[one.issuer] = RemoteKeys(one.jwks_url, http, settings.keys, count)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Everything that has keys."""
        return tuple(self._keys.values())

    async def caller(self, headers: Sequence[tuple[bytes, bytes]], scopes: Sequence[str], now: float) -> Principal:
        """Return who calls, or refuse; all of the scopes are needed."""
        if self._open:
            return ANYBODY
        text = tokens.sent(headers, self._how.most_bytes)
        if text is None:
            raise Refused("no-token")  # noqa: EM101 - a word
        token = tokens.parsed(text)
        client = self._clients.get(token.word("iss"))
        if client is None:
            raise Refused("iss")  # noqa: EM101
        name = tokens.algorithm(token, client.algorithms, types=_TYPES)
        tokens.audience(token, (self._audience, f"{self._audience}/", *client.audiences))
        tokens.times(token, now, self._how.leeway_seconds, None)
        tenant = token.claims.get("tenant", "")
        if not isinstance(tenant, str) or (client.tenants and tenant not in client.tenants):
            raise Refused("tenant")  # noqa: EM101
        kid = token.header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise Refused("kid")  # noqa: EM101
        tokens.verify(token, await self._keys[client.issuer].find(kid, name), name)
        granted = _granted(token.claims.get("scope"))
        lacking = missing(granted, scopes)
        if lacking:
            raise Refused("scope", 403, scope=" ".join(lacking))  # noqa: EM101
        return Principal(client.issuer, tenant, granted)


async def authorized(request: Request, scopes: tuple[str, ...]) -> Principal:
    """Return who calls, if it may do all that these scopes allow; Refused otherwise."""
    state: State = request.app.state.service
    return await state.let_in(
        request.scope, lambda: state.fhir_tokens.caller(request.scope["headers"], scopes, state.seconds())
    )


def _granted(scope: object) -> tuple[str, ...]:
    """Return the scopes of a token: a text, or as some servers write it, a list."""
    if isinstance(scope, str):
        return tuple(scope.split())
    return tuple(one for one in scope if isinstance(one, str)) if isinstance(scope, list) else ()
