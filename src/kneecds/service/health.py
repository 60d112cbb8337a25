"""Whether the service lives, whether calls should be sent to it, and what its counters say."""

from __future__ import annotations

import hmac
from collections import Counter
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from kneecds.pipeline import ENCODER
from kneecds.service.metrics import CONTENT_TYPE
from kneecds.service.problems import JSON

if TYPE_CHECKING:
    from starlette.requests import Request

    from kneecds.service.state import State

_OWN: Final = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
_FORWARDED: Final = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})


class Health:
    """The endpoints for those who run the service."""

    def __init__(self, state: State) -> None:
        """Keep what is asked about."""
        self._state = state

    async def live(self, request: Request) -> Response:
        """Say that the process answers."""
        del request
        return _answer(200, {"status": "alive"})

    async def ready(self, request: Request) -> Response:
        """Say whether calls should be sent here; keys of others are told, and do not decide."""
        state = self._state
        del request
        well = await state.store_is_well()
        stored = "off" if state.store is None else "reachable" if well else "unreachable"
        ready = state.warm and not state.draining and (well or not state.settings.storage.needed)
        sources = Counter(source.condition for source in (*state.cds_clients.sources, *state.fhir_tokens.sources))
        said: dict[str, object] = {
            "status": "draining" if state.draining else "ready" if ready else "not ready",
            "knowledge": state.knowledge.version if state.warm else "loading",
            "store": stored,
        }
        if sources:
            said["key_sets"] = dict(sorted(sources.items()))
        return _answer(200 if ready else 503, said)

    async def metrics(self, request: Request) -> Response:
        """Show the counters, to whoever has the token; without one, to this machine, and to nobody through a proxy."""
        state = self._state
        if not state.settings.metrics.enabled:
            raise HTTPException(404)
        token = state.settings.metrics.token.get_secret_value()
        if token:
            sent = request.headers.get("authorization", "")
            if not hmac.compare_digest(sent.encode("utf-8", "replace"), f"Bearer {token}".encode()):
                raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        elif state.settings.behind_proxy or not _is_own(request):
            raise HTTPException(403)
        if state.writer is not None:
            counts = state.writer.counts
            state.metrics.lost(counts.dropped + counts.refused)
        return Response(state.metrics.shown(), headers={"content-type": CONTENT_TYPE})


def _is_own(request: Request) -> bool:
    client = request.scope.get("client")
    forwarded = any(name in _FORWARDED for name, _ in request.scope["headers"])
    return client is not None and client[0] in _OWN and not forwarded


def _answer(status: int, said: dict[str, object]) -> Response:
    return Response(ENCODER.encode(said), status, media_type=JSON)
