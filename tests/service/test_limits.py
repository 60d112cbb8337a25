"""What one caller may take: bytes, time, calls a second, calls at once."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hook_calls import sent, view
from local import BASE, Local, outcome
from signing import ISSUER, header, jwks, key, token

from kneecds.service.limits import Buckets

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/cds-services/kneecds-assessment"
BODY = sent(view())


@pytest.mark.parametrize("path", [PATH, f"{PATH}/feedback", "/fhir/$validate"])
def test_a_large_body_is_refused_by_its_length(opened: Callable[..., Local], path: str) -> None:
    app = opened(insecure_demo=True, limits={"body_bytes": 2048})
    kind = "application/fhir+json" if path.startswith("/fhir") else "application/json"
    response = app.post(path, b" " * 2049, content_type=kind)
    assert response.status_code == 413
    assert outcome(response)["issue"][0]["code"] == "too-long"


def test_a_large_body_is_not_read_to_its_end(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, limits={"body_bytes": 2048})
    read = 0

    async def receive() -> Any:
        nonlocal read
        read += 1024
        assert read < 10_000
        return {"type": "http.request", "body": b" " * 1024, "more_body": True}

    assert app.run(_called(app, receive)) == 413
    assert read == 3072


def test_a_client_that_leaves_gets_nothing(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True)
    parts = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return parts.pop(0)

    assert app.run(_called(app, receive)) is None


def test_a_body_that_does_not_come_is_not_waited_for(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, limits={"request_seconds": 0.05})

    async def receive() -> Any:
        await asyncio.sleep(10)

    assert app.run(_called(app, receive)) == 408


def test_an_answer_that_takes_too_long_is_not_waited_for(opened: Callable[..., Local], monkeypatch: Any) -> None:
    app = opened(insecure_demo=True, limits={"request_seconds": 0.05}, fhir_servers=["https://ehr.example/fhir"])

    async def fill(*_: Any) -> Any:
        await asyncio.sleep(10)

    monkeypatch.setattr(app.state.fhir_client, "fill", fill)
    response = app.post(PATH, BODY)
    assert response.status_code == 504
    assert outcome(response)["issue"][0]["code"] == "timeout"


async def _called(app: Local, receive: Any) -> int | None:
    """Call without a length of the body, and return the status."""
    scope = {
        "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"x"), (b"content-type", b"application/json")], "scheme": "http", "http_version": "1.1",
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "asgi": {"version": "3.0"},
    }  # fmt: skip
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app.app(scope, receive, send)
    return statuses[0] if statuses else None


def test_calls_at_once_are_bounded(opened: Callable[..., Local], monkeypatch: Any) -> None:
    app = opened(insecure_demo=True, limits={"in_flight": 2})

    async def fill(_: Any, __: Any, supplies: Any) -> Any:
        await asyncio.sleep(0.05)
        return supplies

    monkeypatch.setattr(app.state.fhir_client, "fill", fill)
    answers = app.all(*[("POST", PATH, BODY, {})] * 5)
    assert sorted(one.status_code for one in answers) == [200, 200, 503, 503, 503]
    refused = next(one for one in answers if one.status_code == 503)
    assert outcome(refused)
    assert refused.headers["retry-after"] == "1"
    assert app.post(PATH, BODY).status_code == 200
    assert app.get("/health/live").status_code == 200


def test_calls_a_second_are_bounded_for_each_issuer(opened: Callable[..., Local]) -> None:
    two = [{"issuer": issuer, "jwks": jwks(key())} for issuer in (ISSUER, "https://other.example")]
    app = opened(cds_clients=two, limits={"calls_per_second": 0.001, "burst": 2})

    def call(iss: str) -> int:
        return app.post(PATH, BODY, **header(token(f"{BASE}{PATH}", iss=iss))).status_code

    assert [call(ISSUER) for _ in range(3)] == [200, 200, 429]
    assert call("https://other.example") == 200, "the others do not suffer"


def test_refused_callers_are_counted_by_address(opened: Callable[..., Local]) -> None:
    app = opened(limits={"calls_per_second": 0.001, "burst": 2})
    answers = [app.post(PATH, BODY) for _ in range(3)]
    assert [one.status_code for one in answers] == [401, 401, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    assert outcome(answers[2])["issue"][0]["code"] == "throttled"
    good = header(token(f"{BASE}{PATH}"))
    assert app.post(PATH, BODY, **good).status_code == 200, "a trusted client behind the same address is let in"
    assert app.all(("POST", PATH, BODY, {}), client=("10.0.0.9", 5))[0].status_code == 401


def test_buckets() -> None:
    now = [0.0]
    buckets = Buckets(2, 3, lambda: now[0], most=2)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    now[0] = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]
    now[0] = 100
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5], "no more is saved than the burst"
    buckets.take("b"), buckets.take("c")
    assert len(buckets._buckets) == 2
    assert [Buckets(0, 1).take("a") for _ in range(3)] == [0, 0, 0]


def test_a_body_that_is_too_large_on_the_wire(options: Callable[..., Any], served: Callable[..., str]) -> None:
    address = urlsplit(served(options(insecure_demo=True, limits={"body_bytes": 2048})))
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as wire:
        head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n"
        wire.sendall(head.encode() + b" " * 100)
        answer = wire.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in answer.lower()


def test_nonsense_on_the_wire(options: Callable[..., Any], served: Callable[..., str]) -> None:
    address = urlsplit(served(options(insecure_demo=True)))
    for raw in (b"\x16\x03\x01\x00\x00", b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n"):
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as wire:
            wire.sendall(raw)
            wire.recv(1000)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize("begun", [b"", b"POST ", b"GET /health/live HTTP/1.1\r\nhost: x\r\nx-slow: "])
def test_whoever_does_not_finish_a_head_is_not_waited_for(
    options: Callable[..., Any], served: Callable[..., str], begun: bytes
) -> None:
    address = urlsplit(served(options(insecure_demo=True, limits={"keep_alive_seconds": 1})))
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as wire:
        wire.sendall(begun)
        assert wire.recv(1000) == b""


def test_requests_one_after_the_other_on_one_connection(
    options: Callable[..., Any], served: Callable[..., str]
) -> None:
    address = urlsplit(served(options(insecure_demo=True, limits={"keep_alive_seconds": 1})))
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    for _ in range(3):
        connection.request("POST", PATH, BODY, {"content-type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
        time.sleep(0.5)
    connection.close()


@pytest.mark.parametrize("line", [b"x-a: b\r\n", b"b"], ids=["many headers", "one header"])
def test_a_head_without_an_end_is_not_kept(
    options: Callable[..., Any], served: Callable[..., str], line: bytes
) -> None:
    address = urlsplit(served(options(insecure_demo=True)))
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as wire:
        wire.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\nx-long: ")
        with contextlib.suppress(OSError):
            for _ in range(100):
                wire.sendall(line * 10_000)
        with contextlib.suppress(ConnectionResetError):
            assert wire.recv(1000)[:12] in (b"HTTP/1.1 400", b"")
