"""The base URL of a FHIR server, written one way, and what lies under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin

from kneecds.cdshooks.wire import is_loopback, split_url
from kneecds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS: Final = {"https": 443, "http": 80}


class Base(NamedTuple):
    """A base URL taken apart: two that are written differently and mean the same are equal."""

    scheme: str
    host: str
    port: int
    path: str  # without a slash at the end

    def __str__(self) -> str:
        """Return it as a URL, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @property
    def is_plain(self) -> bool:
        """Whether whoever listens on the way can read it."""
        return self.scheme == "http" and not is_loopback(self.host)

    def following(self, current: str, url: str) -> str | None:
        """Return the address that a page names as its next, if it lies under this base; None: it does not."""
        whole = urljoin(current, url) if split_url(url) is None else url
        parts = split_url(whole)
        if parts is None or parts.fragment or "@" in parts.netloc:
            return None
        if (parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)) != self[:3]:
            return None
        path = parts.path
        if "%" in path.replace("%7C", "").replace("%7c", "") or "//" in path or "/." in path:
            return None  # what a server makes of it cannot be told
        return whole if path == self.path or path.startswith(f"{self.path}/") else None


def base(url: str) -> Base | None:
    """Read a base URL; None if it is none."""
    parts = split_url(url)
    if parts is None or parts.scheme not in _PORTS or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return Base(
        parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS[parts.scheme], parts.path.rstrip("/")
    )


def allowed(urls: Iterable[str], *, allow_http: bool = False) -> frozenset[Base]:
    """Read the list of servers that a site allows; UsageError for one that is no sound or safe base URL."""
    found = set()
    for url in urls:
        one = base(url)
        if one is None or (one.is_plain and not allow_http):
            msg = f"{url!r} is not the https base URL of a FHIR server"
            raise UsageError(msg)
        found.add(one)
    return frozenset(found)
