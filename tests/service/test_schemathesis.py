"""The service against its own description: what schemathesis makes of the schemas, sound and damaged, in this process.

No failure of ours, no status and no media type that is not described, no answer of another shape than described. The
examples are bounded, and the same in each run.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kneecds.service.app import create_app
from kneecds.service.openapi import document
from kneecds.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 10
"""Sound and damaged, for each operation; with 120 of each nothing more was found."""

SETTINGS = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
OPERATIONS = [
    (path, method)
    for path, methods in document(Settings.model_construct(insecure_demo=True))["paths"].items()
    for method in methods
]
EXAMPLES_OF = [
    ("/cds-services/kneecds-assessment", "Call-patient-view"),
    ("/cds-services/kneecds-intake", "Call-patient-view"),
    ("/cds-services/kneecds-order-appropriateness", "Call-order-select"),
    ("/cds-services/kneecds-assessment/feedback", "Feedback"),
    ("/fhir/$kneecds-evaluate", "Findings"),
]
NOTHING_TO_DAMAGE = {"/cds-services", "/health/live", "/health/ready", "/metrics", "/openapi.json"}
"""Addresses that take neither parameters nor a body."""


async def _without_lifespan(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Pass calls on, but not the beginning and the end, which the tool would have for every call."""
    if scope["type"] != "lifespan":
        await app(scope, receive, send)
        return
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("schemathesis")
    options = Settings(
        insecure_demo=True, storage={"directory": folder, "secret": "x" * 32}, limits={"calls_per_second": 0}
    )
    app = create_app(options)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        yield schemathesis.openapi.from_asgi("/openapi.json", partial(_without_lifespan, app))


@pytest.mark.parametrize(("path", "name"), EXAMPLES_OF)
def test_the_examples_are_answered_as_described(api: Any, path: str, name: str) -> None:
    body = document(Settings.model_construct())["components"]["examples"][name]["value"]
    response = api[path]["post"].Case(body=body, media_type="application/json").call_and_validate(checks=CHECKS)
    assert response.status_code == 200
    assert response.content or path.endswith("/feedback")


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_it_is_as_described(api: Any, path: str, method: str) -> None:
    @SETTINGS
    @given(case=api[path][method].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def sound(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    @SETTINGS
    @given(case=api[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def damaged(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    sound()
    if path not in NOTHING_TO_DAMAGE:
        damaged()
