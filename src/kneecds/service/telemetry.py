"""OpenTelemetry, for a site that asks for it: a span for each call, named by its route, with nothing of a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds._version import __version__
from kneecds.errors import UsageError
from kneecds.service.edge import notes

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from kneecds.service.settings_groups import Telemetry


def provider(how: Telemetry) -> Any:  # noqa: ANN401 - a type of the extra
    """Return what makes spans and sends them; UsageError without the extra."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError:
        msg = "telemetry needs its extra: pip install 'kneecds[telemetry]'"
        raise UsageError(msg) from None
    made = TracerProvider(resource=Resource.create({"service.name": how.service_name, "service.version": __version__}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=how.endpoint or None)))
    return made


class Traced:
    """Makes a span of each call, below that of whoever called."""

    def __init__(self, app: ASGIApp, *, spans: Any) -> None:  # noqa: ANN401 - a type of the extra
        """Keep what makes spans."""
        self._app = app
        self._tracer = spans.get_tracer("kneecds", __version__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer within a span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in (b"traceparent", b"tracestate")
        }
        context = TraceContextTextMapPropagator().extract(carrier)
        noted = notes(scope)
        # https://opentelemetry.io/docs/specs/semconv/http/http-spans/
        with self._tracer.start_as_current_span(
            f"{scope['method']} {noted.route}",
            context,
            SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            await self._app(scope, receive, send)
            span.set_attribute("http.request.method", scope["method"])
            span.set_attribute("http.route", noted.route)
            span.set_attribute("http.response.status_code", noted.status)
            span.set_attribute("kneecds.request_id", noted.id)
            if noted.status >= 500:  # noqa: PLR2004
                span.set_status(Status(StatusCode.ERROR))
