"""The FHIR interface in an application of its own, with a clock that stands still and an authorization that is watched."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_calls import Client, State
from starlette.applications import Starlette
from starlette.routing import Mount

import kneecds
from kneecds.service.fhir import routes
from kneecds.service.settings import Settings


@pytest.fixture(scope="session")
def asked() -> list[tuple[str, ...]]:
    """The scopes that were asked for, the latest last."""
    return []


@pytest.fixture(scope="session")
def client(asked: list[tuple[str, ...]]) -> Client:
    async def authorize(request: Any, scopes: tuple[str, ...]) -> None:
        asked.append(scopes)

    state = State(kneecds.shipped_knowledge(), Settings())
    app = Starlette(routes=[Mount("/fhir", routes=routes(state, authorize))])
    return Client(app)
