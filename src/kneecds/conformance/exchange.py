"""One request with its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from kneecds.conformance.result import Evidence
from kneecds.fhir import strict_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.errors import Issue

_LONGEST: Final = 600
_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w-]*\.[\w-]*")
_ACCESS: Final = re.compile(r'("access_token"\s*:\s*)"[^"]*"')
_BEYOND_SUCCESS: Final = 300


@dataclass(frozen=True)
class Exchange:
    """What was sent and what came back."""

    method: str
    url: str
    sent: bytes
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    seconds: float

    @property
    def good(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < _BEYOND_SUCCESS  # noqa: PLR2004

    @property
    def refused(self) -> bool:
        """Whether the service said that the request was at fault."""
        return 400 <= self.status < 500  # noqa: PLR2004

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever the service sent
        """Return the body as JSON; None if it is none."""
        return self._parsed[0]

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Return what is wrong with the JSON of the body."""
        return self._parsed[1]

    @property
    def is_json(self) -> bool:
        """Whether the body is declared as JSON."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind == "application/json" or kind.endswith("+json")

    @property
    def cards(self) -> list[Any]:
        """Return the cards; nothing where there is no array of them."""
        document = self.document if self.status == 200 else None  # noqa: PLR2004
        cards = document.get("cards") if isinstance(document, dict) else None
        return cards if isinstance(cards, list) else []

    @property
    def is_outcome(self) -> bool:
        """Whether the body is an OperationOutcome with an issue."""
        document = self.document
        return (
            isinstance(document, dict)
            and document.get("resourceType") == "OperationOutcome"
            and isinstance(document.get("issue"), list)
            and bool(document["issue"])
        )

    @cached_property
    def _parsed(self) -> tuple[object, tuple[Issue, ...]]:
        return strict_json.parse(self.body)

    def evidence(self, message: str) -> Evidence:
        """Return this exchange as evidence."""
        return Evidence(message, f"{self.method} {self.url}", _shown(self.sent), self.status, _shown(self.body))


def _shown(body: bytes) -> str:
    text = _ACCESS.sub(r'\1"[token]"', _TOKEN.sub("[token]", body[: 40 * _LONGEST].decode(errors="replace")))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
