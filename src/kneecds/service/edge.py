"""The edge of the application: each call has an id, is timed, counted and logged, whatever becomes of it."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from kneecds.service import log
from kneecds.service.clock import new_id

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from kneecds.service.metrics import Metrics

NOTES: Final = "kneecds.notes"
GONE: Final = 499  # the client left before there was an answer; only in logs

_FIXED: Final = frozenset({"/cds-services", "/health/live", "/health/ready", "/metrics", "/openapi.json"})
_QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})


class Notes:
    """What is known of a call for its line in the log; nothing of it is about a patient."""

    __slots__ = ("bytes_in", "client", "id", "reason", "route", "status")

    def __init__(self, request_id: str, route: str) -> None:
        """Know nothing yet."""
        self.id = request_id
        self.route = route
        self.status = 0
        self.client = ""  # the issuer
        self.reason = ""  # why it was refused
        self.bytes_in = 0


def notes(scope: Scope) -> Notes:
    """Return the notes of a call."""
    found: Notes = scope[NOTES]
    return found


class Edge:
    """Gives ids, times, counts and logs."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, services: frozenset[str]) -> None:
        """Keep where to count."""
        self._app = app
        self._metrics = metrics
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and write it down."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        given = ""
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = log.request_id(value.decode("latin-1"))
        noted = scope[NOTES] = Notes(given or new_id(), self._route(scope["path"]))

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                noted.status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", noted.id.encode("ascii"))]
            await send(message)

        try:
            await self._app(scope, receive, with_id)
        finally:
            self._write(scope["method"], noted, perf_counter() - begun)

    def _write(self, method: str, noted: Notes, seconds: float) -> None:
        status = noted.status or GONE
        self._metrics.requests.labels(noted.route, str(status)).inc()
        if noted.route in _QUIET and status < 400:  # noqa: PLR2004 - they come every few seconds
            return
        fields: dict[str, Any] = {
            "id": noted.id,
            "method": method if method in ("GET", "POST", "HEAD", "OPTIONS") else "other",
            "route": noted.route,
            "status": status,
            "ms": round(seconds * 1000, 2),
        }
        if noted.bytes_in:
            fields["bytes"] = noted.bytes_in
        if noted.client:
            fields["client"] = noted.client
        if noted.reason:
            fields["refused"] = noted.reason
        log.event("call", **fields)

    def _route(self, path: str) -> str:
        """Return an address without what a client could put into it."""
        if path in _FIXED:
            return path
        start, _, rest = path.removeprefix("/").partition("/")
        if start == "cds-services":
            service, _, more = rest.partition("/")
            if service in self._services and more in ("", "feedback"):
                return path.removesuffix("/")
        return "/fhir" if start == "fhir" else "other"
