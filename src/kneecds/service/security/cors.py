"""Browser clients of other origins (R-208): those that are listed, exactly, and without credentials of the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.service.problems import is_fhir, outcome_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# https://fetch.spec.whatwg.org/#http-cors-protocol
METHODS: Final = b"GET, HEAD, POST"
REQUEST_HEADERS: Final = b"accept, authorization, content-type, if-none-match, prefer, x-request-id"
SHOWN: Final = b"content-location, etag, retry-after, x-kneecds-insecure-demo, x-request-id"
MAX_AGE: Final = b"600"


class Cors:
    """Answers preflights, and lets listed origins read answers."""

    def __init__(self, app: ASGIApp, *, origins: Iterable[str]) -> None:
        """Keep the origins."""
        self._app = app
        self._origins = frozenset(origin.encode("latin-1", "replace") for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or pass the call on."""
        if scope["type"] != "http" or not self._origins:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        listed = origin in self._origins
        if scope["method"] == "OPTIONS" and origin is not None and b"access-control-request-method" in headers:
            await self._preflight(scope, receive, send, origin if listed else None)
            return

        async def readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"vary", b"Origin")]
                if origin is not None and listed:
                    message["headers"] += (
                        (b"access-control-allow-origin", origin),
                        (b"access-control-expose-headers", SHOWN),
                    )
            await send(message)

        await self._app(scope, receive, readable)

    async def _preflight(self, scope: Scope, receive: Receive, send: Send, origin: bytes | None) -> None:
        if origin is None:
            response = outcome_response(403, headers={"vary": "Origin"}, fhir=is_fhir(scope["path"]))
            await response(scope, receive, send)
            return
        headers = [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", REQUEST_HEADERS),
            (b"access-control-max-age", MAX_AGE),
            (b"vary", b"Origin"),
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
