"""Calls of the FHIR interface in this process, and what they are made of."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

import kneecds

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from kneecds.service.settings import Settings

ROOT = Path(__file__).parents[3]
TODAY = "2026-01-15"
BASE = "http://127.0.0.1:8080/fhir"


class State(NamedTuple):
    knowledge: Any
    settings: Settings

    def clock(self) -> datetime:
        return datetime.fromisoformat(f"{TODAY}T12:00:00").replace(tzinfo=UTC)


class Client:
    """Calls an ASGI application in this process, each call in a loop of its own."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a body, which is FHIR as JSON unless a header says otherwise."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("content-type", "application/fhir+json")
        content = json.dumps(body).encode() if isinstance(body, dict | list) else body
        return asyncio.run(self._send(method, path, content, sent))

    async def _send(self, method: str, path: str, content: Any, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.request(method, f"{BASE}{path}", content=content, headers=headers)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self("POST", path, body, **headers)


def example(name: str) -> bytes:
    return (ROOT / "examples" / name / "input.json").read_bytes()


def expected(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "examples" / name / "expected.json").read_bytes())  # type: ignore[no-any-return]


def parameters(**given: Any) -> dict[str, Any]:
    """Return Parameters; a dictionary with a resourceType is a resource, a pair is the name of a value and the value."""
    listed = []
    for name, one in given.items():
        plain = name.rstrip("_").replace("__", "-")
        if isinstance(one, dict):
            listed.append({"name": plain, "resource": one})
        else:
            listed.append({"name": plain, one[0]: one[1]})
    return {"resourceType": "Parameters", "parameter": listed}


def problems(response: Any) -> list[str]:
    """Return the rules that an OperationOutcome names, and see that it is one and FHIR."""
    assert response.headers["content-type"].startswith("application/fhir+json"), response.headers
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    assert not [one for one in kneecds.validate(response.content) if one.is_error]
    return [
        one.get("diagnostics", "").removeprefix("rule ")
        for one in body["issue"]
        if one["severity"] in ("error", "fatal")
    ]
