"""What those who run the service are told: alive, ready, and in numbers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hook_calls import sent, view
from local import Local, outcome

import kneecds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATH = "/cds-services/kneecds-assessment"


def test_alive_and_ready(opened: Callable[..., Local]) -> None:
    app = opened()
    assert app.get("/health/live").json() == {"status": "alive"}
    ready = app.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "knowledge": kneecds.shipped_knowledge().version,
        "store": "reachable",
        "key_sets": {"fresh": 1},
    }


def test_not_ready_before_it_is_warm(options: Callable[..., object]) -> None:
    app = Local(options())  # type: ignore[arg-type]
    response = app.get("/health/ready")
    assert (response.status_code, response.json()["knowledge"]) == (503, "loading")
    app._runner.close()


def test_not_ready_while_it_is_told_to_stop(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True)
    app.state._drain()
    assert (app.get("/health/ready").status_code, app.get("/health/ready").json()["status"]) == (503, "draining")
    assert app.post(PATH, sent(view())).status_code == 200, "calls are still answered"


@pytest.mark.parametrize(("needed", "status"), [(True, 503), (False, 200)])
def test_ready_without_the_database(opened: Callable[..., Local], tmp_path: Path, needed: bool, status: int) -> None:
    app = opened(insecure_demo=True, storage={"needed": needed, "wait_seconds": 0.2})
    (tmp_path / "kneecds.sqlite3").rename(tmp_path / "away")
    response = app.get("/health/ready")
    assert (response.status_code, response.json()["store"]) == (status, "unreachable")
    assert app.post(PATH, sent(view())).status_code == 200, "advice does not need it"
    (tmp_path / "away").rename(tmp_path / "kneecds.sqlite3")
    app.state._healthy = (float("-inf"), False)
    assert app.get("/health/ready").status_code == 200


def test_a_database_that_comes_late_gets_its_tables(
    opened: Callable[..., Local], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kneecds.service.state._TRY_AGAIN", 0.02)
    late = tmp_path / "late"
    late.write_text("a file where the directory should be")
    app = opened(insecure_demo=True, storage={"directory": late})
    assert app.get("/health/ready").status_code == 503
    late.unlink()
    for _ in range(100):
        app.state._healthy = (float("-inf"), False)
        if app.get("/health/ready").status_code == 200:
            break
        app.run(asyncio.sleep(0.02))
    assert app.get("/health/ready").json()["store"] == "reachable"


def test_metrics(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True)
    app.post(PATH, sent(view()))
    app.post("/cds-services/nobody-Jane-Doe", sent(view()))
    text = app.get("/metrics").text
    assert 'kneecds_requests_total{route="/cds-services/kneecds-assessment",status="200"} 1.0' in text
    assert 'kneecds_requests_total{route="other",status="404"} 1.0' in text
    assert 'kneecds_call_seconds_count{hook="patient-view",service="kneecds-assessment"} 1.0' in text
    assert "kneecds_rules_undecided_total{" in text
    assert "kneecds_evaluations_dropped_total 0.0" in text
    assert "Jane" not in text


def test_refusals_are_counted_by_reason(opened: Callable[..., Local]) -> None:
    app = opened()
    app.post(PATH, sent(view()))
    assert 'kneecds_refusals_total{reason="no-token"} 1.0' in app.get("/metrics").text


def test_metrics_are_for_this_machine_only(opened: Callable[..., Local]) -> None:
    app = opened()
    assert app.get("/metrics").status_code == 200
    assert app.get("/metrics", x_forwarded_for="10.0.0.9").status_code == 403
    assert app.get("/metrics", forwarded="for=10.0.0.9").status_code == 403
    foreign = app.all(("GET", "/metrics", None, {}), client=("10.0.0.9", 5))[0]
    assert foreign.status_code == 403
    assert outcome(foreign)


def test_behind_a_proxy_metrics_need_a_token(opened: Callable[..., Local]) -> None:
    assert opened(behind_proxy=True).get("/metrics").status_code == 403


def test_metrics_with_a_token(opened: Callable[..., Local]) -> None:
    app = opened(metrics={"token": "s3cret"}, behind_proxy=True)
    assert app.get("/metrics", authorization="Bearer s3cret").status_code == 200
    for wrong in ("", "Bearer", "Bearer s3cre", "Bearer s3crett", "s3cret"):
        assert app.get("/metrics", authorization=wrong).status_code == 401


def test_metrics_can_be_off(opened: Callable[..., Local]) -> None:
    assert opened(metrics={"enabled": False}).get("/metrics").status_code == 404
