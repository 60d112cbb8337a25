"""Runs an ASGI application on loopback, and lets a test put another in its place without a new server.

Also the clock and the identifiers of the tests that call it.
"""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any, Self

import uvicorn


def now() -> datetime:
    return datetime.now(UTC)


def fresh() -> str:
    return str(uuid.uuid4())


class Loopback:
    """A server on 127.0.0.1 whose application can be exchanged."""

    def __init__(self, app: Any, **given: Any) -> None:
        self.app = app

        async def current(scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

        options = {"port": 0, "log_level": "error", "lifespan": "off", "ws": "none"} | given
        config = uvicorn.Config(current, "127.0.0.1", **options)
        config.load()
        self.config = config
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"{'https' if self.config.is_ssl else 'http'}://127.0.0.1:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
