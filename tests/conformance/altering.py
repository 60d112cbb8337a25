"""An application in front of a sound one, which changes what comes or what goes: one defect at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

Json = dict[str, Any]


@dataclass
class Exchanged:
    """One request, and later its answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""

    @property
    def sent(self) -> Any:
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return None

    @sent.setter
    def sent(self, value: Any) -> None:
        self.body = msgspec.json.encode(value)

    @property
    def document(self) -> Any:
        try:
            return msgspec.json.decode(self.answer)
        except msgspec.DecodeError:
            return None

    @document.setter
    def document(self, value: Any) -> None:
        self.answer = msgspec.json.encode(value)

    @property
    def is_call(self) -> bool:
        return self.method == "POST" and self.path.count("/") == 2

    @property
    def is_feedback(self) -> bool:
        return self.method == "POST" and self.path.endswith("/feedback")

    @property
    def is_discovery(self) -> bool:
        return self.method == "GET" and self.path == "/cds-services"


Change = Callable[[Exchanged], None]


def unchanged(_: Exchanged) -> None:
    """Change nothing."""


def altered(app: Any, before: Change = unchanged, after: Change = unchanged) -> Any:
    """Return an application that lets one change each request before, and each answer after, the real one sees it."""

    async def changed(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        one = Exchanged(scope["method"], scope["path"], headers, body)
        before(one)
        given = {**one.headers, "content-length": str(len(one.body))}
        inner = scope | {"headers": [(name.encode(), value.encode()) for name, value in given.items()],
                         "path": one.path, "raw_path": one.path.encode(), "method": one.method}  # fmt: skip
        handed = False

        async def take() -> Any:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": one.body, "more_body": False}

        async def keep(message: Any) -> None:
            if message["type"] == "http.response.start":
                one.status = message["status"]
                one.answered = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            else:
                one.answer += message.get("body", b"")

        await app(inner, take, keep)
        after(one)
        one.answered["content-length"] = str(len(one.answer))
        await send({"type": "http.response.start", "status": one.status,
                    "headers": [(name.encode(), value.encode()) for name, value in one.answered.items()]})  # fmt: skip
        await send({"type": "http.response.body", "body": one.answer})

    return changed
