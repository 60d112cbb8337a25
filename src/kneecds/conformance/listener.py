"""A listener of the suite's own on 127.0.0.1: the key set of a stranger, and a FHIR server; it notes who asks."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Asked(NamedTuple):
    """One request that came."""

    method: str
    path: str
    authorization: str
    body: str


class Listener:
    """Runs as long as its context; `answer` gives the body for what was asked, None for 404."""

    def __init__(self, answer: Callable[[Asked], bytes | None], port: int = 0) -> None:
        """Take a port of the loopback interface, any if 0."""
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(answer, self.asked))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(answer: Callable[[Asked], bytes | None], asked: list[Asked]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def _take(self) -> None:
            length = min(int(self.headers.get("content-length") or 0), 100_000)
            body = self.rfile.read(length).decode(errors="replace") if length else ""
            one = Asked(self.command, self.path, self.headers.get("authorization") or "", body)
            asked.append(one)
            found = answer(one)
            self.send_response(404 if found is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        do_GET = do_POST = _take  # noqa: N815 - the names the standard library looks for

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    return Handler
