"""The endpoints as routes: from an HTTP request to a call, and from an answer or a refusal back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias
from urllib.parse import parse_qsl

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kneecds.fhir.emit import outcome, to_bytes
from kneecds.fhir.structure.facts import facts_of
from kneecds.service import limits
from kneecds.service.clock import day
from kneecds.service.fhir import media
from kneecds.service.fhir.artefacts import Shelf
from kneecds.service.fhir.call import Answer, Call, RefusalError, Wanted, refused
from kneecds.service.fhir.endpoints import ENDPOINTS
from kneecds.service.problems import issue_of

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.types import Receive, Scope, Send

    from kneecds.fhir.version import Release
    from kneecds.knowledge import Knowledge
    from kneecds.service.fhir.endpoint import Endpoint
    from kneecds.service.settings import Settings

Authorize: TypeAlias = Callable[[Request, tuple[str, ...]], Awaitable[object]]
"""Lets a request pass that has a token with these scopes; raises what the application answers with 401 or 403."""

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_PAIRS: Final = 64  # in a query or a form


class State(Protocol):
    """What the interface needs of the service."""

    @property
    def knowledge(self) -> Knowledge:
        """The knowledge in use."""

    @property
    def settings(self) -> Settings:
        """The options."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """What tells the time, with its zone."""


def routes(state: State, authorize: Authorize | None = None) -> list[Route]:
    """Return the routes below /fhir; the last one answers what none of the others is for."""
    if authorize is None:
        from kneecds.service.security.bearer import authorized  # noqa: PLC0415 - heavy, and replaced in tests

        authorize = authorized
    shelf = lru_cache(maxsize=len(media.SERVED))(lambda release: Shelf(release, state.knowledge))
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    listed = [Route(path, _Served(state, shelf, authorize, methods)) for path, methods in by_path.items()]
    return [*listed, Route("/{rest:path}", _Served(state, shelf, authorize, {}))]


class _Served:
    """One address: what is done there by each method; an ASGI application, so that it also answers wrong methods."""

    def __init__(
        self,
        state: State,
        shelf: Callable[[Release], Shelf],
        authorize: Authorize,
        methods: Mapping[str, Endpoint],
    ) -> None:
        self._state = state
        self._shelf = shelf
        self._authorize = authorize
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        pretty = False
        try:
            endpoint = self._endpoint(request)
            if endpoint.scopes:
                await self._authorize(request, tuple(one.format(**request.path_params) for one in endpoint.scopes))
            query = pairs(request.url.query)
            wanted = media.wanted(request.headers.get("accept"), query)
            pretty = wanted.pretty
            call = await self._call(request, endpoint, query, wanted)
            response = answered(await run_in_threadpool(endpoint.does, call), request, pretty=pretty)
        except RefusalError as refusal:
            response = _refused(refusal, pretty=pretty)
        except HTTPException as problem:  # of a body that is too large, or packed
            issue = issue_of(problem.status_code)
            response = _refused(RefusalError(problem.status_code, (issue,), problem.headers), pretty=pretty)
        if request.method == "HEAD":
            response = Response(status_code=response.status_code, headers=dict(response.headers))
        await response(scope, receive, send)

    def _endpoint(self, request: Request) -> Endpoint:
        """Return what answers; 404 where nothing does, 405 where another method would be answered."""
        if not self._methods:
            raise refused(404, "not-supported", "not-found", "nothing is served at this address")
        kind = request.path_params.get("type")
        if kind is not None and kind not in facts_of("R4").resource_types | facts_of("R5").resource_types:
            raise refused(404, "not-supported", "not-found", "FHIR has no resource type of this name")
        method = "GET" if request.method == "HEAD" else request.method
        if method not in self._methods:
            allowed = [*self._methods, *(["HEAD"] if "GET" in self._methods else [])]
            message = f"this address answers {' and '.join(allowed)}"
            refusal = refused(405, "not-supported", "method-not-allowed", message)
            raise RefusalError(405, refusal.issues, {"allow": ", ".join(allowed)})
        return self._methods[method]

    async def _call(self, request: Request, endpoint: Endpoint, query: list[tuple[str, str]], wanted: Wanted) -> Call:
        settings = self._state.settings
        body, release, most = b"", None, settings.limits.body_bytes
        if endpoint.method == "POST":
            if endpoint.form:
                if request.headers.get("content-type", _FORM).partition(";")[0].strip().lower() != _FORM:
                    raise refused(415, "not-supported", "media-type", f"a search is sent as {_FORM}")
                query = [
                    *query,
                    *pairs((await limits.body(request.scope, request.receive, most)).decode("utf-8", "replace")),
                ]
            else:
                release = media.body_release(request.headers.get("content-type"))
                body = await limits.body(request.scope, request.receive, most)
        return Call(
            knowledge=self._state.knowledge,
            today=day(self._state.clock(), settings.timezone),
            setting=settings.care_setting,
            shelf=self._shelf,
            base=f"{settings.address}/fhir",
            path={"kind": endpoint.kind, **request.path_params},
            query=query,
            body=body,
            body_release=release,
            wanted=wanted,
            strict="handling=strict" in request.headers.get("prefer", "").replace(" ", "").lower(),
            open=settings.insecure_demo,
        )


def pairs(text: str) -> list[tuple[str, str]]:
    """Return the names and values of a query or a form; 400 for too many."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PAIRS)
    except ValueError:
        message = f"more than {_MOST_PAIRS} parameters"
        raise refused(400, "too-costly", "parameter-count", message) from None


def answered(answer: Answer, request: Request, *, pretty: bool) -> Response:
    """Return an answer as HTTP says it; 304 where the client has it already."""
    headers = {
        "cache-control": f"private, max-age={answer.kept_for}" if answer.kept_for else "no-store",
        "vary": "Accept",
    }
    if answer.tag:
        headers |= {"etag": answer.tag, "cache-control": headers["cache-control"].replace("no-store", "no-cache")}
    if answer.modified:
        headers["last-modified"] = answer.modified
    if answer.tag and _has(request.headers.get("if-none-match", ""), answer.tag):
        return Response(status_code=304, headers=headers)
    headers["content-type"] = media.content_type(answer.release)
    return Response(_written(answer.body, pretty=pretty), answer.status, headers)


def _refused(refusal: RefusalError, *, pretty: bool) -> Response:
    body = to_bytes(outcome(refusal.issues))
    headers = {"cache-control": "no-store", "content-type": media.content_type("R4"), **refusal.headers}
    return Response(_written(body, pretty=pretty), refusal.status, headers)


def _written(body: bytes, *, pretty: bool) -> bytes:
    return msgspec.json.format(body, indent=2) if pretty else body


def _has(header: str, tag: str) -> bool:
    """Whether If-None-Match names a tag; compared weakly, https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2."""
    tags: Iterable[str] = (one.strip().removeprefix("W/") for one in header.split(","))
    return tag.removeprefix("W/") in tags or header.strip() == "*"
