"""Sends requests to the service, and to nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from kneecds.conformance.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import httpx

    from kneecds.conformance.target import Target

MOST_UNANSWERED: Final = 5
"""After so many requests without an answer no more are sent."""

_WHOLE: Final = 3  # times the timeout within which an answer must be complete

MOST_BYTES: Final = 8_000_000
"""Longest answer that is read."""

SIGNED: Final = "(signed)"
"""Stands for a token made for the address that is called, if there is a key."""


class NoAnswer(Exception):  # noqa: N818 - says what happened
    """The service did not answer, or not in HTTP."""


class Client:
    """An HTTP client that follows no redirect, uses no proxy and reads a bounded answer."""

    def __init__(self, target: Target, verify: str | bool = True) -> None:  # noqa: FBT001, FBT002 - as httpx has it
        """Open nothing yet; `verify` is a file of certificates to trust instead of the usual ones."""
        import httpx  # noqa: PLC0415 - only needed to call

        self._target = target
        self._unanswered = 0
        self._failure = httpx.HTTPError
        trusted = _trusted(verify) if target.url.startswith("https:") else False  # reads a file of authorities
        self._http: httpx.Client = httpx.Client(
            timeout=target.timeout, follow_redirects=False, trust_env=False, verify=trusted,
            headers={"user-agent": "kneecds-conformance"},
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, url: str, *, token: str = SIGNED, headers: Mapping[str, str] | None = None) -> Exchange:
        """Ask for something."""
        return self.send("GET", url, token=token, headers={"accept": "application/json", **(headers or {})})

    def post(
        self, url: str, body: Any, *, token: str = SIGNED, headers: Mapping[str, str] | None = None  # noqa: ANN401
    ) -> Exchange:  # fmt: skip
        """Send JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        given = {"content-type": "application/json", "accept": "application/json", **(headers or {})}
        return self.send("POST", url, content=content, token=token, headers=given)

    def send(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        token: str = SIGNED,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send one request; an empty `token` sends none."""
        if self._unanswered >= MOST_UNANSWERED:
            msg = f"given up: {MOST_UNANSWERED} requests were not answered"
            raise NoAnswer(msg)
        if token == SIGNED:
            token = self._target.signer.token(url) if self._target.signer else ""
        given = dict(headers or {})
        if token:
            given["authorization"] = f"Bearer {token}"
        started = time.perf_counter()
        try:
            with self._http.stream(method, url, content=content or None, headers=given) as answer:
                body = b""
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES or time.perf_counter() - started > _WHOLE * self._target.timeout:
                        self._unanswered += 1
                        msg = f"{method} {url}: the answer has no end ({len(body)} bytes so far)"
                        raise NoAnswer(msg)
        except self._failure as problem:
            self._unanswered += 1
            msg = f"{method} {url}: no answer ({type(problem).__name__})"
            raise NoAnswer(msg) from problem
        seconds = time.perf_counter() - started
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Exchange(method, url, content, answer.status_code, named, body, seconds)


def _trusted(verify: str | bool) -> Any:  # noqa: ANN401, FBT001 - as httpx has it
    if isinstance(verify, bool):
        return verify
    import ssl  # noqa: PLC0415 - only for a site with its own authority

    return ssl.create_default_context(cafile=verify)
