"""A connection that is not waited for: whoever begins a request has to finish its head soon, and in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

MOST_OF_A_HEAD: Final = 65_536


class Connection(HttpToolsProtocol):
    """uvicorn's, with bounds on the head of a request, its time and its size; on its own it has none."""

    _head: asyncio.TimerHandle | None = None  # as long as a head is waited for
    _received = 0  # bytes of it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that does not end is not kept in memory."""
        self._received += len(data)
        super().data_received(data)
        if self._head is not None and self._received > MOST_OF_A_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Wait for the rest of a head."""
        super().on_message_begin()
        self._received = 0
        self._wait()

    def on_headers_complete(self) -> None:
        """Wait no more: from here on the application has its own bound."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(self.timeout_keep_alive, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _too_slow(self) -> None:
        self._head = None
        if not self.transport.is_closing():
            self.transport.close()
