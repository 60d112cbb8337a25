"""The service as it runs: on a loopback port, or in this process."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import local
import pytest
import signing
import uvicorn

from kneecds.service import server
from kneecds.service.app import create_app
from kneecds.service.settings import Settings, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep options of the machine out of the tests."""
    for name in os.environ:
        if name.startswith("KNEECDS_") and name != "KNEECDS_TEST_POSTGRESQL":
            monkeypatch.delenv(name)


@pytest.fixture
def options(tmp_path: Path) -> Callable[..., Settings]:
    """Return options with a database of their own and one trusted client, but for what is given."""

    def make(**given: Any) -> Settings:
        storage = {"directory": tmp_path, **given.pop("storage", {})}
        if not given.get("insecure_demo"):
            trusted = {"issuer": signing.ISSUER, "jwks": signing.jwks(signing.key(), signing.key("RS384", "r1"))}
            given.setdefault("cds_clients", [trusted])
        return read(storage=storage, **given)

    return make


@pytest.fixture
def opened(options: Callable[..., Settings]) -> Iterator[Callable[..., local.Local]]:
    """Return what opens an application in this process."""
    with ExitStack() as stack:

        def make(*, clock: Any = None, **given: Any) -> local.Local:
            more = {} if clock is None else {"clock": clock}
            return stack.enter_context(local.Local(options(**given), **more))

        yield make


@pytest.fixture
def served() -> Iterator[Callable[..., str]]:
    """Return what serves options on a loopback port, and returns the address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(settings: Settings, **given: Any) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        config = server.configuration(settings, create_app(settings, **given))
        started = uvicorn.Server(config)
        thread = threading.Thread(target=started.run, args=([listening],), daemon=True)
        thread.start()
        running.append((started, thread))
        while not started.started:
            assert thread.is_alive()
            time.sleep(0.005)
        return settings.address

    yield serve
    for started, thread in running:
        started.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
