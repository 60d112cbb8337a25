"""Headers of every answer: what a browser may do with it, which is nothing but read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEMO: Final = (b"x-kneecds-insecure-demo", b"true")

# https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
NO_STORE: Final = (b"cache-control", b"no-store")  # unless an answer says otherwise: most are about a patient
HSTS: Final = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """Adds them."""

    def __init__(self, app: ASGIApp, *, demo: bool = False) -> None:
        """Keep what is the same for all."""
        self._app = app
        self._plain = [*ALWAYS, DEMO] if demo else list(ALWAYS)
        self._secure = [*self._plain, HSTS]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with more headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        more = self._secure if scope.get("scheme") == "https" else self._plain

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                headers += more
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(NO_STORE)
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, with_headers)
