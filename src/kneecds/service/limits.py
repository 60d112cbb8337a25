"""How much one caller may send, and how often."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope

MOST_BUCKETS: Final = 10_000
_CLOSE: Final = {"Connection": "close"}  # what is left of the body is not read


class Buckets:
    """A token bucket for each caller: so many calls a second, and some that were saved up."""

    def __init__(
        self, rate: float, burst: int, tick: Callable[[], float] = monotonic, most: int = MOST_BUCKETS
    ) -> None:
        """Begin with full buckets."""
        self._rate = rate
        self._burst = float(burst)
        self._tick = tick
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> float:
        """Take one call; return 0, or in how many seconds there will be another."""
        if not self._rate:
            return 0.0
        now = self._tick()
        held, since = self._buckets.pop(who, (self._burst, now))
        held = min(self._burst, held + (now - since) * self._rate)
        wait = 0.0 if held >= 1 else (1 - held) / self._rate
        self._buckets[who] = (held if wait else held - 1, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)  # the one that has been silent for longest, so most likely full
        return wait


def declared(scope: Scope, most: int) -> None:
    """Refuse a body by its length before any of it is read, and one that is packed."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit():
                raise HTTPException(400)
            if int(value) > most:
                raise HTTPException(413, headers=_CLOSE)
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise HTTPException(415, headers={"Accept-Encoding": "identity"})


async def body(scope: Scope, receive: Receive, most: int) -> bytes:
    """Read a body, but not to the end of one that is too large."""
    declared(scope, most)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        if len(whole) > most:
            raise HTTPException(413, headers=_CLOSE)
        return whole
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        if len(parts) > most:
            raise HTTPException(413, headers=_CLOSE)
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    raise ClientDisconnect
