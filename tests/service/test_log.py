"""Logs: what happened, and nothing of whom it happened to."""

from __future__ import annotations

import json
import logging
import logging.config
from typing import TYPE_CHECKING, Any

import pytest
from hook_calls import found, observation, sent, view
from local import BASE, Local
from signing import header, token

from kneecds.service import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATH = "/cds-services/kneecds-assessment"
CANARY = "canary-Jane-Doe-7731"


@pytest.fixture
def lines(tmp_path: Any) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Log as the service does, into a file, and return what is in it."""
    file = tmp_path / "log"
    how = log.configuration("debug")
    how["handlers"]["stderr"] = {"class": "logging.FileHandler", "filename": str(file), "formatter": "lines"}
    names = (log.LOGGER, "uvicorn", "uvicorn.error", "httpx", "httpcore", "")
    before = {
        name: (logging.getLogger(name).level, logging.getLogger(name).propagate, logging.getLogger(name).handlers[:])
        for name in names
    }
    logging.config.dictConfig(how)
    yield lambda: [json.loads(line) for line in file.read_text().splitlines()]
    for name, (level, propagate, handlers) in before.items():
        logger = logging.getLogger(name)
        for handler in logger.handlers:
            if handler not in handlers:
                handler.close()
        logger.level, logger.propagate, logger.handlers = level, propagate, handlers
        logger.manager._clear_cache()


def test_a_line_for_each_call(opened: Callable[..., Local], lines: Callable[[], list[dict[str, Any]]]) -> None:
    app = opened()
    app.post(PATH, sent(view()), x_request_id="request-0001", **header(token(f"{BASE}{PATH}")))
    app.post(PATH, sent(view()))
    app.get("/health/live")
    answered, refused = lines()
    assert answered["event"] == "call"
    assert answered["id"] == "request-0001"
    assert (answered["method"], answered["route"], answered["status"]) == ("POST", PATH, 200)
    assert answered["client"] == "https://ehr.example.org"
    assert answered["ms"] > 0
    assert answered["bytes"] == len(sent(view()))
    assert (refused["status"], refused["refused"]) == (401, "no-token")


def test_nothing_of_a_patient_and_no_token(
    opened: Callable[..., Local],
    lines: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    app = opened(fhir_servers=["http://127.0.0.1:1/fhir"])
    tokens = [token(f"{BASE}{PATH}"), token(f"{BASE}{PATH}", signer=None, sub=CANARY)]
    patient = {"resourceType": "Patient", "id": CANARY, "name": [{"family": CANARY}], "birthDate": "1964-03-01"}
    about = observation(subject={"reference": f"Patient/{CANARY}"}, note=[{"text": CANARY}], valueString=CANARY)
    context = {"context.patientId": CANARY}
    granted = {"fhirAuthorization.access_token": CANARY, "fhirAuthorization.patient": CANARY}
    good = view(prefetch={"patient": patient, "observations": found(about)}, **context, **granted)
    bodies = [
        good,
        view(**context, **granted),
        view(fhirServer="http://127.0.0.1:1/fhir", prefetch={}, **context, **granted),
        view(hook=CANARY),
        {CANARY: CANARY},
    ]
    for body in bodies:
        app.post(PATH, sent(body), **header(token(f"{BASE}{PATH}", sub=CANARY)))
    app.post(f"{PATH}?patient={CANARY}", sent(good), **header(tokens[0]))
    app.post(PATH, sent(good), **header(tokens[1][:-4] + "AAAA"))
    app.get(f"/{CANARY}?x={CANARY}", x_request_id=f"/{CANARY}/")
    app.get(f"/cds-services/{CANARY}")
    app.get(f"/fhir/Patient/{CANARY}?name={CANARY}")
    app(f"GET{CANARY}", f"/{CANARY}")
    app.post(f"{PATH}/feedback", {"feedback": [{"card": CANARY, "overrideReason": {"userComment": CANARY}}]},
             **header(token(f"{BASE}{PATH}/feedback")))  # fmt: skip

    def fails(*_: Any, **__: Any) -> Any:
        raise ValueError(CANARY)

    monkeypatch.setattr("kneecds.service.hooks.advise", fails)
    assert app.post(PATH, sent(good), **header(token(f"{BASE}{PATH}"))).status_code == 500
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=ValueError(CANARY))
    found_lines = lines()
    assert len(found_lines) > len(bodies)
    text = (tmp_path / "log").read_text()
    assert CANARY not in text
    assert not any(one.split(".")[1] in text for one in tokens)
    failed = next(line for line in found_lines if line["event"] == "failure")
    assert failed["failure"] == "ValueError"
    assert failed["place"].startswith("kneecds/service/hooks.py:")
    assert failed["level"] == "error"


def test_libraries_do_not_log_addresses() -> None:
    how = log.configuration("info")["loggers"]
    assert {name: one["level"] for name, one in how.items()} == {
        log.LOGGER: "INFO",
        "uvicorn": "WARNING",
        "uvicorn.error": "WARNING",
        "httpx": "WARNING",
        "httpcore": "WARNING",
    }
