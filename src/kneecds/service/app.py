"""The application: which address is answered by what, and in which order a call passes what guards it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount, Route

from kneecds.cdshooks.services import SERVICES
from kneecds.errors import InputError
from kneecds.service import clock as clocks
from kneecds.service.edge import Edge, notes
from kneecds.service.feedback import FeedbackTaker
from kneecds.service.guard import Guard
from kneecds.service.health import Health
from kneecds.service.hooks import Hooks
from kneecds.service.problems import is_fhir, outcome_response
from kneecds.service.security.cors import Cors
from kneecds.service.security.headers import SecurityHeaders
from kneecds.service.security.principal import Refused
from kneecds.service.state import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from starlette.requests import Request

    from kneecds.knowledge import Knowledge
    from kneecds.service.clock import Clock
    from kneecds.service.settings import Settings
    from kneecds.storage.store import Store


def create_app(
    settings: Settings,
    *,
    store: Store | None = None,
    clock: Clock = clocks.now,
    http: httpx.AsyncClient | None = None,
    knowledge: Knowledge | None = None,
    whole_process: bool = False,
) -> Starlette:
    """Return the service as an ASGI application.

    A store or client that is given stays the caller's to close. `whole_process`: it is all that the process does, so
    signals are noticed, and what is loaded at its start is kept from the garbage collector.
    """
    state = State(settings, store=store, clock=clock, http=http, knowledge=knowledge, whole_process=whole_process)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await state.open()
        try:
            yield
        finally:
            await state.close()

    app = Starlette(
        routes=_routes(state),
        middleware=_middleware(state),
        exception_handlers={HTTPException: _http, Refused: _refused, InputError: _unreadable},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a redirect would be made of the Host header
    app.state.service = state
    return app


def from_environment() -> Starlette:
    """Return the service as environment and configuration file describe it; for a server that starts workers."""
    from kneecds.service.settings import read  # noqa: PLC0415 - only where options are read

    return create_app(read(), whole_process=True)


def _routes(state: State) -> list[Route | Mount]:
    hooks, health = Hooks(state), Health(state)
    routes: list[Route | Mount] = [
        Route("/cds-services/{id}", hooks.call, methods=["POST"]),
        Route("/cds-services", hooks.discovery),
        Route("/cds-services/{id}/feedback", FeedbackTaker(state, hooks).take, methods=["POST"]),
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
        Route("/metrics", health.metrics),
        Route("/openapi.json", _described(state)),
    ]
    if state.settings.fhir:
        from kneecds.service.fhir import routes as fhir_routes  # noqa: PLC0415 - only where they are offered

        routes.append(Mount("/fhir", routes=fhir_routes(state)))
    return routes


def _middleware(state: State) -> list[Middleware]:
    settings = state.settings
    edge = Middleware(Edge, metrics=state.metrics, services=frozenset(one.id for one in SERVICES))
    inner = [
        Middleware(SecurityHeaders, demo=settings.insecure_demo),
        Middleware(Cors, origins=settings.cors.origins),
        Middleware(
            Guard, metrics=state.metrics, most=settings.limits.in_flight, seconds=settings.limits.request_seconds
        ),
    ]
    if not settings.telemetry.enabled:
        return [edge, *inner]
    from kneecds.service.telemetry import Traced, provider  # noqa: PLC0415 - needs an extra

    return [edge, Middleware(Traced, spans=provider(settings.telemetry)), *inner]


def _described(state: State) -> Any:  # noqa: ANN401 - an endpoint
    """Return the endpoint that describes all endpoints."""
    kept: list[bytes] = []

    async def described(_: Request) -> Response:
        if not kept:
            from kneecds.pipeline import ENCODER  # noqa: PLC0415
            from kneecds.service.openapi import document  # noqa: PLC0415 - made when first asked for

            kept.append(ENCODER.encode(document(state.settings)))
        return Response(kept[0], media_type="application/json", headers={"Cache-Control": "no-cache"})

    return described


async def _http(request: Request, problem: Exception) -> Response:
    """Answer a status that was raised; of a method that is not for an address, say which are."""
    assert isinstance(problem, HTTPException)
    headers = dict(problem.headers or {})
    if "Allow" in headers:
        allowed = sorted({*headers["Allow"].split(", "), "OPTIONS"})
        headers["Allow"] = ", ".join(allowed)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
    return outcome_response(problem.status_code, headers=headers, fhir=is_fhir(request.scope["path"]))


async def _refused(request: Request, problem: Exception) -> Response:
    """Answer whoever is not let in, without saying why; what scope is lacking may be said to somebody known."""
    assert isinstance(problem, Refused)
    notes(request.scope).reason = problem.reason
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(problem.status, {})
    if problem.scope:
        headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{problem.scope}"'}
    return outcome_response(problem.status, headers=headers, fhir=is_fhir(request.scope["path"]))


async def _unreadable(request: Request, problem: Exception) -> Response:
    """Answer a request that breaks rules, with all of them."""
    assert isinstance(problem, InputError)
    return outcome_response(400, problem.issues, fhir=is_fhir(request.scope["path"]))
