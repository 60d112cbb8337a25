"""What the suite is pointed at, and what it may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from kneecds.cdshooks.model import Json
    from kneecds.conformance.tokens import Signer


class Target(NamedTuple):
    """One service, and what its site says of it."""

    url: str  # the base: discovery is at {url}/cds-services
    now: Callable[[], datetime]
    fresh: Callable[[], str]  # a new UUID at every call
    signer: Signer | None = None
    origin: str = ""  # of a browser client that is allowed
    services: tuple[str, ...] = ()  # ids to look at; none: all
    context: Mapping[str, str] = {}  # patientId, userId, encounterId of a patient that the site knows
    requests: tuple[Json, ...] = ()  # valid requests of the site's own
    fhir_server: str = ""
    timeout: float = 10.0  # seconds
    latency_calls: int = 20
    ballot: bool = False  # the client is known to support what only the ballot of 3.0 has
    listen: int = 0  # port of the suite's own listener on 127.0.0.1; 0: any that is free

    @property
    def discovery(self) -> str:
        """Return where services are listed."""
        return f"{self.url}/cds-services"

    @property
    def on_loopback(self) -> bool:
        """Whether the service is on this machine, where HTTP does not leave it."""
        return on_loopback(self.url)


def on_loopback(url: str) -> bool:
    """Tell whether an address is of this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
