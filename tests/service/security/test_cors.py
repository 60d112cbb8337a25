"""Browser clients: listed origins may call and read, others may not (R-208)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from local import Local, outcome

from kneecds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

ORIGIN = "https://sandbox.cds-hooks.org"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


@pytest.fixture
def app(opened: Callable[..., Local]) -> Local:
    return opened(cors={"origins": [ORIGIN]})


def test_a_listed_origin_may_ask_to_call(app: Local) -> None:
    response = app("OPTIONS", "/cds-services/kneecds-assessment", origin=ORIGIN, **PREFLIGHT)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in response.headers["access-control-allow-headers"]
    assert "POST" in response.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in response.headers
    assert response.headers["vary"] == "Origin"


def test_a_listed_origin_may_read_the_answer_also_a_refusal(app: Local) -> None:
    for response in (app.get("/cds-services", origin=ORIGIN), app.post("/cds-services/x", {}, origin=ORIGIN)):
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert "x-request-id" in response.headers["access-control-expose-headers"]
        assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null", "http://sandbox.cds-hooks.org"]
)
def test_no_other_origin_may(app: Local, origin: str) -> None:
    response = app("OPTIONS", "/cds-services/kneecds-assessment", origin=origin, **PREFLIGHT)
    assert response.status_code == 403
    assert outcome(response)
    assert "access-control-allow-origin" not in response.headers
    assert "access-control-allow-origin" not in app.get("/cds-services", origin=origin).headers


def test_without_a_list_there_are_no_browser_clients(opened: Callable[..., Local]) -> None:
    app = opened()
    assert "access-control-allow-origin" not in app.get("/cds-services", origin=ORIGIN).headers
    assert "access-control-allow-origin" not in app("OPTIONS", "/cds-services", origin=ORIGIN, **PREFLIGHT).headers


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.org", "https://ehr.example.org/", "ehr.example.org", "null"]
)
def test_patterns_are_no_origins(options: Callable[..., object], origin: str) -> None:
    with pytest.raises(UsageError, match=r"cors\.origins"):
        options(cors={"origins": [origin]})


@pytest.mark.parametrize("path", ["/cds-services", "/nowhere", "/health/live", "/fhir/metadata"])
def test_headers_of_every_answer(opened: Callable[..., Local], path: str) -> None:
    headers = opened().get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert "x-kneecds-insecure-demo" not in headers
    assert "server" not in headers
    assert "strict-transport-security" not in headers, "only over TLS"


def test_the_demo_says_so_in_every_answer(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, cors={"origins": [ORIGIN]})
    paths = ("/cds-services", "/nowhere", "/health/live", "/health/ready", "/fhir/metadata", "/metrics")
    answers = [app.get(path) for path in paths]
    answers += [
        app("OPTIONS", "/cds-services", origin=ORIGIN, **PREFLIGHT),
        app.post("/cds-services/kneecds-intake", b"{"),
    ]
    assert {one.headers.get("x-kneecds-insecure-demo") for one in answers} == {"true"}
