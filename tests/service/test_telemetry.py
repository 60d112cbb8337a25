"""Spans, if a site asks for them: one for each call, without anything of a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hook_calls import sent, view

from kneecds.service import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from local import Local

export = pytest.importorskip("opentelemetry.sdk.trace.export", reason="the extra telemetry is not installed")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_span_for_each_call(opened: Callable[..., Local], monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = memory.InMemorySpanExporter()
    made: Any = telemetry.provider

    def provider(how: Any) -> Any:
        spans = made(how)
        spans._active_span_processor.shutdown()
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

        spans = TracerProvider(resource=spans.resource)
        spans.add_span_processor(export.SimpleSpanProcessor(exporter))
        return spans

    monkeypatch.setattr(telemetry, "provider", provider)
    endpoint = {"enabled": True, "endpoint": "http://127.0.0.1:1/v1/traces"}
    app = opened(insecure_demo=True, telemetry=endpoint)
    app.post("/cds-services/kneecds-assessment?patient=p1", sent(view()), traceparent=PARENT)
    app.get("/Jane-Doe")
    first, second = exporter.get_finished_spans()
    assert first.name == "POST /cds-services/kneecds-assessment"
    assert f"{first.context.trace_id:032x}" == PARENT.split("-")[1]
    assert first.attributes["http.response.status_code"] == 200
    assert second.name == "GET other"
    assert "p1" not in str([dict(one.attributes) for one in (first, second)])
    assert first.resource.attributes["service.name"] == "kneecds"


def test_off_unless_asked_for(opened: Callable[..., Local], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "provider", None)
    assert opened(insecure_demo=True).get("/health/live").status_code == 200
