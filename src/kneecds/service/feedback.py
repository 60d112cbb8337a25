"""Feedback: taken by the rules of the specification, and acknowledged only once it is on disk."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from kneecds.cdshooks import services
from kneecds.cdshooks.feedback import read_feedback
from kneecds.service import limits, log, negotiation
from kneecds.storage.failure import StorageError
from kneecds.storage.rows import FeedbackRow

if TYPE_CHECKING:
    from starlette.requests import Request

    from kneecds.cdshooks.feedback import Feedback
    from kneecds.service.hooks import Hooks
    from kneecds.service.state import State

_MOST_BYTES = 1_000_000
_AGAIN = {"Retry-After": "5"}


class FeedbackTaker:
    """The endpoint of feedback."""

    def __init__(self, state: State, hooks: Hooks) -> None:
        """Keep where it goes."""
        self._state = state
        self._hooks = hooks
        self._base = f"{state.settings.address}/cds-services"

    async def take(self, request: Request) -> Response:
        """Keep feedback, or say that it was not kept."""
        state = self._state
        service_id = request.path_params["id"]
        await self._hooks.caller(request, f"{self._base}/{service_id}/feedback", service=service_id)
        if not services.known(service_id):
            raise HTTPException(404)
        negotiation.expect_json(request.scope)
        most = min(_MOST_BYTES, state.settings.limits.body_bytes)
        entries = read_feedback(await limits.body(request.scope, request.receive, most), max_bytes=most)
        if state.store is None:
            raise HTTPException(503, headers=_AGAIN)
        received = state.clock()
        rows = [self._row(service_id, entry, received) for entry in entries]
        if rows:
            try:
                await asyncio.to_thread(state.store.add_feedback, rows)
            except StorageError as problem:
                log.event("feedback not kept", logging.ERROR, service=service_id, reason=problem.reason)
                if problem.may_pass:
                    raise HTTPException(503, headers=_AGAIN) from None
                raise
        for row in rows:
            state.metrics.feedback.labels(service_id, row.outcome).inc()
        return Response(status_code=200)

    def _row(self, service: str, entry: Feedback, received: datetime) -> FeedbackRow:
        system, code, display = entry.reason or ("", "", "")
        return FeedbackRow(
            service=service,
            card=entry.card,
            outcome=entry.outcome,
            at=_moment(entry.timestamp),
            received=received,
            accepted=entry.accepted,
            reason_system=system,
            reason_code=code,
            reason_display=display,
            comment=entry.comment if self._state.settings.audit.store_comments else "",
        )


def _moment(text: str) -> datetime:
    """Read a time of RFC 3339 in UTC; a leap second becomes the one before it, which is the nearest there is here."""
    seconds = text[17:19].replace("60", "59")
    fraction = text[19:].upper().removesuffix("Z").removesuffix("+00:00").removesuffix("-00:00")
    return datetime.fromisoformat(f"{text[:10]}T{text[11:17]}{seconds}{fraction[:7]}+00:00")
