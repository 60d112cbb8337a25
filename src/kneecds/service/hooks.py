"""The hooks: which there are, and what becomes of a call from its first byte to its last."""

from __future__ import annotations

from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kneecds.cdshooks import prefetch, record, services, wire
from kneecds.cdshooks.advise import advise, concerns_the_knee
from kneecds.errors import InputError, error
from kneecds.pipeline import ENCODER
from kneecds.service import audit, limits, negotiation
from kneecds.service.problems import JSON, outcome_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from kneecds.cdshooks.model import Advice, HookRequest, Service, Supply
    from kneecds.errors import Issue
    from kneecds.service.security.principal import Principal
    from kneecds.service.state import State

_FOR_A_DAY: Final = {"Cache-Control": "no-cache"}  # it may be kept, but asked about: services change with the version


class Hooks:
    """The endpoints of hooks."""

    def __init__(self, state: State) -> None:
        """Write what is the same for everybody."""
        self._state = state
        self._base = f"{state.settings.address}/cds-services"
        self._offered = ENCODER.encode(services.discovery(services.SERVICES, ballot=state.settings.cards.ballot))

    async def discovery(self, request: Request) -> Response:
        """Answer what there is (R-4 to R-13)."""
        optional = self._state.settings.tokens.discovery == "open"
        await self.caller(request, self._base, optional=optional)
        negotiation.expect_taker(request.scope)
        return Response(self._offered, media_type=JSON, headers=_FOR_A_DAY)

    async def call(self, request: Request) -> Response:
        """Answer a call of a service."""
        begun = perf_counter()
        state = self._state
        service_id = request.path_params["id"]
        await self.caller(request, f"{self._base}/{service_id}", service=service_id)
        if not services.known(service_id):
            raise HTTPException(404)
        negotiation.expect_taker(request.scope)
        negotiation.expect_json(request.scope)
        bounds = state.settings.limits
        sent = await limits.body(request.scope, request.receive, bounds.body_bytes)
        asked = wire.read_request(sent, service_id, max_bytes=bounds.body_bytes, max_depth=bounds.depth)
        service = services.find(service_id, asked.hook)
        assert service is not None  # wire refuses a hook that the service has not
        try:
            advice = await self._advised(service, asked)
        except record.Lacking as lacking:
            return outcome_response(HTTPStatus.PRECONDITION_FAILED, [_lacked(one) for one in lacking.queries])
        except InputError as problem:
            return outcome_response(HTTPStatus.UNPROCESSABLE_ENTITY, problem.issues)
        body = ENCODER.encode({"cards": advice.cards})
        self._write(service, asked, advice, sent, body, perf_counter() - begun)
        return Response(body, media_type=JSON)

    async def caller(self, request: Request, address: str, *, service: str = "", optional: bool = False) -> Principal:
        """Return who calls an address, or refuse."""
        state, scope = self._state, request.scope
        return await state.let_in(
            scope,
            lambda: state.cds_clients.caller(
                scope["headers"], address, state.seconds(), service=service, optional=optional
            ),
        )

    async def _advised(self, service: Service, asked: HookRequest) -> Advice:
        """Gather what is known, and think; a part that waits, and a part that does not let others in."""
        state = self._state
        known: record.Record | None = None
        if concerns_the_knee(service, asked):
            supplies = prefetch.supplies(service, asked)
            if _is_wanting(supplies):
                supplies = await state.fhir_client.fill(service, asked, supplies)
                for one in supplies:
                    if one.fetched or one.state in ("not_supplied", "failed"):
                        state.metrics.fetches.labels(one.state).inc()
            known = record.record(supplies, asked)
        try:
            return advise(
                service,
                asked,
                known,
                knowledge=state.knowledge,
                as_of=state.today(),
                setting=state.settings.care_setting,
                presentation=state.presentation,
                recent=state.recent,
            )
        except InputError as problem:
            if known is None:
                raise
            raise InputError(tuple(_placed(issue, known) for issue in problem.issues)) from None

    def _write(
        self, service: Service, asked: HookRequest, advice: Advice, sent: bytes, body: bytes, seconds: float
    ) -> None:
        """Count the answer, and hand its row to the database without waiting for it."""
        state = self._state
        state.metrics.answered(service, advice, seconds)
        undecided = () if advice.evaluation is None else audit.undecided(advice.evaluation)
        state.metrics.left_undecided(undecided)
        if state.writer is None:
            return
        state.writer.submit(
            audit.row(
                service,
                asked,
                advice,
                undecided,
                at=state.clock(),
                as_of=state.today(),
                software=state.prepared.software,
                sent=sent,
                answer=body,
                seconds=seconds,
                keep_input=state.settings.audit.store_inputs,
            )
        )


def _is_wanting(supplies: Sequence[Supply]) -> bool:
    """Whether anything could be asked of the FHIR server: what was not sent, failed, or goes on."""
    return any(one.state in ("not_supplied", "failed") or one.next_page for one in supplies)


def _placed(issue: Issue, known: record.Record) -> Issue:
    """Return an issue with its place in the request, which the client knows, and not in the Bundle made of it."""
    return msgspec.structs.replace(issue, expression=known.place(issue.expression))


def _lacked(supply: Supply) -> Issue:
    """Say which datum there is no answer without (R-54)."""
    key, about = supply.query.key, supply.query.about
    message = f"without {about} there is no answer; prefetch.{key} is {_STATES.get(supply.state, 'not known')}"
    note = f" ({supply.note})" if supply.note else ""
    fix = f"send prefetch.{key}, or a fhirServer that may be asked, with fhirAuthorization"
    return error("required", "R-54", f"prefetch.{key}", message + note, fix)


_STATES: Final = {"not_supplied": "not supplied", "failed": "failed", "nothing": "null"}
