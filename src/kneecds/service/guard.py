"""What keeps one call from harming the others: a bound on how many, on how long, and an answer to every failure."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from kneecds.service import log
from kneecds.service.edge import notes
from kneecds.service.problems import is_fhir, outcome_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from kneecds.service.metrics import Metrics

_AGAIN: Final = {"Retry-After": "1"}


class Guard:
    """Refuses when there are too many calls, ends those that take too long, and answers those that failed."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, most: int, seconds: float) -> None:
        """Keep the bounds."""
        self._app = app
        self._metrics = metrics
        self._most = most
        self._seconds = seconds
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, in time, whatever happens."""
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        if self._now >= self._most:
            notes(scope).reason = "in-flight"
            await self._refuse(503, scope, receive, send)
            return
        self._now += 1
        self._metrics.in_flight.inc()
        try:
            await self._answer(scope, receive, send)
        finally:
            self._now -= 1
            self._metrics.in_flight.dec()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = False

        async def noticing() -> Message:
            nonlocal arrived
            message = await receive()
            if message["type"] == "http.request":
                arrived = not message.get("more_body", False)
                notes(scope).bytes_in += len(message.get("body", b""))
            return message

        timer = asyncio.timeout(self._seconds)
        try:
            async with timer:
                await self._app(scope, noticing, send)
        except ClientDisconnect:
            return
        except Exception as problem:  # noqa: BLE001 - the edge: nothing may pass unanswered
            noted = notes(scope)
            if isinstance(problem, TimeoutError) and timer.expired():
                noted.reason = "time"
                status = 504 if arrived or scope["method"] != "POST" else 408
            else:
                status = 500
                self._metrics.failures.inc()
                log.event("failure", logging.ERROR, id=noted.id, route=noted.route, **log.failure(problem))
            if noted.status:  # half an answer must not look like a whole one: end the connection
                msg = "the answer broke off"
                raise RuntimeError(msg) from None
            with suppress(OSError):
                await self._refuse(status, scope, receive, send)

    async def _refuse(self, status: int, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _AGAIN if status == 503 else {"Connection": "close"} if status == 408 else None  # noqa: PLR2004
        await outcome_response(status, headers=headers, fhir=is_fhir(scope["path"]))(scope, receive, send)
