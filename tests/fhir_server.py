"""A FHIR server on loopback that misbehaves as told: real sockets, one answer for each path."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(body: Any = b"", status: int = 200, kind: str = "application/fhir+json", **headers: str) -> bytes:
    """Return a whole answer; what is no bytes is written as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"Content-Type": kind, "Content-Length": str(len(raw)), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + raw


class FhirServer:
    """What it answers, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.default: Answer = reply(
            {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}, 404
        )
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.open = 0
        self.most_open = 0
        self.port = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *rest = head.strip().split("\r\n")
                path = line.split(" ")[1].removeprefix("/fhir")
                self.asked.append(
                    (path, {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)})
                )
                answer = self.answers.get(path) or self.answers.get(path.partition("?")[0]) or self.default
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(writer)
        finally:
            self.open -= 1
            writer.close()


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[FhirServer]:
    """Run a server for the time of a test."""
    server = FhirServer()
    running = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    server.port = running.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        running.close()
        await running.wait_closed()
