"""The whole application without a network, its start and end included."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

import httpx

from kneecds.service.app import create_app

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from kneecds.service.settings import Settings
    from kneecds.service.state import State

Json = dict[str, Any]
BASE = "http://127.0.0.1:8080"


class Local:
    """An application that is open as long as the block; each call is made in its loop."""

    def __init__(self, settings: Settings, **given: Any) -> None:
        self.app: Starlette = create_app(settings, **given)
        self._runner = asyncio.Runner()

    @property
    def state(self) -> State:
        found: State = self.app.state.service
        return found

    def __enter__(self) -> Self:
        self._life = self.app.router.lifespan_context(self.app)
        self.run(self._life.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._life.__aexit__(None, None, None))
        self._runner.close()

    def run(self, coroutine: Any) -> Any:
        return self._runner.run(coroutine)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.all((method, path, body, headers))[0]

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self("POST", path, body, **headers)

    def all(self, *calls: tuple[str, str, Any, dict[str, str]], client: Any = ("127.0.0.1", 5)) -> list[httpx.Response]:
        """Make calls at once."""
        return self.run(self._all(calls, client))

    async def _all(self, calls: Any, client: Any) -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False, client=client)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as sender:
            return await asyncio.gather(*[self._send(sender, *call) for call in calls])

    async def _send(self, sender: Any, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("content-type", "application/json")
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return await sender.request(method, path, content=content, headers=sent)


def outcome(response: httpx.Response) -> Json:
    """Return the OperationOutcome of an answer, which has to be one."""
    body: Json = response.json()
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"]
    assert "cards" not in body
    return body
