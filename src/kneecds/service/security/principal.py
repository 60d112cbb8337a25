"""Who calls, and the refusal of whoever may not."""

from __future__ import annotations

from typing import Final, NamedTuple

from kneecds.errors import KneecdsError


class Principal(NamedTuple):
    """Whoever is believed to call."""

    issuer: str = ""
    tenant: str = ""
    scopes: tuple[str, ...] = ()


ANYBODY: Final = Principal()
"""The caller where nobody is asked for a token."""


class Refused(KneecdsError):  # noqa: N818 - nothing went wrong: the answer is 401, 403 or 503
    """A caller that is not let in; the reason is for our log and metrics, never for the answer.

    401 without a token that is believed, 403 for somebody known who may not, 503 if that could not be found out.
    """

    def __init__(self, reason: str, status: int = 401, *, scope: str = "") -> None:
        """Keep the reason, one of few words, and the scope that is missing."""
        self.reason: Final = reason
        self.status: Final = status
        self.scope: Final = scope
        super().__init__(reason)
