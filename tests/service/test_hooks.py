"""What becomes of a hook call: the status of each way it can go, an OperationOutcome for all but cards."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hook_calls import AWAY, found, observation, sent, sign, view
from local import Local, outcome
from sqlalchemy import select

import kneecds
from kneecds.service.settings import read
from kneecds.storage.tables import EVALUATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATH = "/cds-services/kneecds-assessment"
ORDERS = "/cds-services/kneecds-order-appropriateness"
EXAMPLES = Path(__file__).parents[2] / "examples"
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    settings = read(
        insecure_demo=True, storage={"directory": tmp_path_factory.mktemp("store")}, limits={"calls_per_second": 0}
    )
    with Local(settings, clock=lambda: NOON) as opened:
        yield opened


def case(name: str) -> bytes:
    """Return one of the examples as a call that sends all it has."""
    entries = json.loads((EXAMPLES / name / "input.json").read_text())["entry"]
    resources = [entry["resource"] for entry in entries]
    kinds = {"observations": "Observation", "responses": "QuestionnaireResponse", "conditions": "Condition"}
    prefetch: Any = {
        key: found(*[one for one in resources if one["resourceType"] == kind]) for key, kind in kinds.items()
    }
    prefetch |= {key: found() for key in ("medicines", "allergies", "procedures")}
    prefetch["patient"] = next(one for one in resources if one["resourceType"] == "Patient")
    context = {"context.patientId": prefetch["patient"]["id"]}
    return sent(view(prefetch=prefetch, fhirServer=AWAY, fhirAuthorization=AWAY, **context))


def test_discovery(app: Local) -> None:
    services = app.get("/cds-services").json()["services"]
    assert {(one["id"], one["hook"]) for one in services} == {
        ("kneecds-assessment", "patient-view"),
        ("kneecds-intake", "patient-view"),
        ("kneecds-order-appropriateness", "order-select"),
        ("kneecds-order-appropriateness", "order-sign"),
    }
    assert "version" not in services[0]


def test_discovery_of_the_ballot(opened: Callable[..., Local]) -> None:
    assert "version" in opened(cards={"ballot": True}).get("/cds-services").json()["services"][0]


def test_the_same_call_has_the_same_bytes(app: Local) -> None:
    body = sent(view())
    first, second = app.post(PATH, body), app.post(PATH, body)
    assert (first.status_code, first.content) == (200, second.content)
    assert first.headers["content-type"] == "application/json"
    assert first.headers["cache-control"] == "no-store"


def test_orders_without_a_knee_have_no_card_and_need_no_data(app: Local) -> None:
    body = sign(prefetch=AWAY, fhirServer=AWAY, fhirAuthorization=AWAY)
    body["context"]["draftOrders"]["entry"] = [{"resource": {**_order(body), "code": {"text": "chest radiograph"}}}]
    response = app.post(ORDERS, sent(body))
    assert (response.status_code, response.json()) == (200, {"cards": []})


def _order(body: Any) -> Any:
    return body["context"]["draftOrders"]["entry"][0]["resource"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"", 400, None, id="empty"),
        pytest.param(b"{", 400, None, id="half"),
        pytest.param(b"[]", 400, None, id="a list"),
        pytest.param(b"\xff\xfe", 400, None, id="no text"),
        pytest.param(sent(view(hook="order-sign")), 400, None, id="a hook that the service has not"),
        pytest.param(sent(view(hookInstance="7")), 400, None, id="no UUID"),
        pytest.param(sent(view(context=AWAY)), 400, None, id="no context"),
        pytest.param(sent(view(**{"context.patientId": "Patient/p1"})), 400, None, id="an id with its type"),
        pytest.param(sent(view(prefetch=AWAY, fhirServer=AWAY, fhirAuthorization=AWAY)), 412, "required", id="no data"),
        pytest.param(b"[" * 5_000, 400, None, id="deep"),
        pytest.param(b'{"a":' * 500 + b"1" + b"}" * 500, 400, None, id="deep objects"),
    ],
)
def test_requests_that_have_no_answer(app: Local, body: bytes, status: int, code: str | None) -> None:
    response = app.post(PATH, body)
    assert response.status_code == status, response.text
    issues = outcome(response)["issue"]
    assert code is None or {one["code"] for one in issues} == {code}


def test_412_names_each_datum(app: Local) -> None:
    response = app.post(PATH, sent(view(prefetch=AWAY, fhirServer=AWAY, fhirAuthorization=AWAY)))
    said = [(one["expression"], one["diagnostics"]) for one in outcome(response)["issue"]]
    assert said == [(["prefetch.patient"], "rule R-54"), (["prefetch.observations"], "rule R-54")]


def test_a_server_that_is_not_listed_is_not_asked(app: Local) -> None:
    response = app.post(PATH, sent(view(prefetch=AWAY)))
    assert response.status_code == 412
    assert "not one that may be asked" in response.text


def test_another_patient_is_an_error(app: Local) -> None:
    other = observation(subject={"reference": "Patient/p2"})
    response = app.post(PATH, sent(view(**{"prefetch.observations": found(other)})))
    assert response.status_code == 422
    assert {one["diagnostics"] for one in outcome(response)["issue"]} == {"rule patient-mismatch"}


def test_a_prefetch_of_which_nothing_can_be_read(app: Local) -> None:
    broken = {"resourceType": "Patient", "id": "p1", "birthDate": {"a": 1}, "birthDate ": 1}
    raw = sent(view(**{"prefetch.patient": broken})).replace(b'"birthDate ":1', b'"birthDate":"1964"')
    response = app.post(PATH, raw)
    assert response.status_code in (400, 422), response.text
    assert all(one["expression"][0].startswith("Request.prefetch") for one in outcome(response)["issue"])


def test_services_that_are_not_there(app: Local) -> None:
    response = app.post("/cds-services/nobody", sent(view()))
    assert response.status_code == 404
    assert outcome(response)
    assert app.post("/cds-services/nobody/feedback", {"feedback": []}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/cds-services/", "/", "/cds-services/kneecds-assessment/", "/nope", "/cds-services//feedback"]
)
def test_addresses_that_are_not_there_do_not_redirect(app: Local, path: str) -> None:
    response = app.get(path)
    assert response.status_code in (404, 405)
    assert outcome(response)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/cds-services", "GET, HEAD, OPTIONS"),
        ("DELETE", "/cds-services", "GET, HEAD, OPTIONS"),
        ("GET", PATH, "OPTIONS, POST"),
        ("PUT", PATH, "OPTIONS, POST"),
        ("GET", f"{PATH}/feedback", "OPTIONS, POST"),
        ("POST", "/health/live", "GET, HEAD, OPTIONS"),
    ],
)
def test_methods_that_are_not_for_an_address(app: Local, method: str, path: str, allowed: str) -> None:
    response = app(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert outcome(response)
    options = app("OPTIONS", path)
    assert (options.status_code, options.headers["allow"], options.content) == (204, allowed, b"")


def test_head(app: Local) -> None:
    assert app("HEAD", "/cds-services").status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('application/json;charset="UTF-8"', 200),
        ("Application/JSON", 200),
        ("application/json; charset=latin1", 415),
        ("application/fhir+json", 415),
        ("text/plain", 415),
        ("application/xml", 415),
        ("", 415),
    ],
)
def test_content_types(app: Local, content_type: str, status: int) -> None:
    response = app.post(PATH, sent(view()), content_type=content_type)
    assert response.status_code == status
    assert status == 200 or outcome(response)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/json; q=0.5, text/html", 200),
        ("text/html, application/*", 200),
        ("text/html", 406),
        ("application/json;q=0, */*", 406),
        ("application/json;q=0.0", 406),
        ("application/fhir+json", 406),
    ],
)
def test_accepted_types(app: Local, accept: str, status: int) -> None:
    response = app.post(PATH, sent(view()), accept=accept)
    assert response.status_code == status
    assert status == 200 or outcome(response)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_packed_bodies_are_not_read(app: Local, encoding: str) -> None:
    assert app.post(PATH, sent(view()), content_encoding=encoding).status_code == 415


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0b8f1c9e-request", True),
        ("x" * 64, True),
        ("short", False),
        ("x" * 65, False),
        ("with space in it", False),
        ("new\tline-here", False),
        ("<script>alert(1)", False),
    ],
)
def test_request_ids(app: Local, given: str, kept: bool) -> None:
    response = app.get("/cds-services", x_request_id=given)
    assert (response.headers["x-request-id"] == given) is kept
    assert len(response.headers["x-request-id"]) >= 8


def test_a_failure_of_ours_looks_like_one(app: Local, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        msg = "canary Jane Doe"
        raise ValueError(msg)

    monkeypatch.setattr("kneecds.service.hooks.advise", fails)
    response = app.post(PATH, sent(view()))
    assert response.status_code == 500
    assert outcome(response)["issue"][0]["code"] == "exception"
    assert "canary" not in response.text
    assert "canary" not in caplog.text


def test_what_is_kept_of_an_answer(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, clock=lambda: NOON)
    body = sent(view())
    assert app.post(PATH, body).status_code == 200
    kept = _rows(app)
    assert [(row["service"], row["hook"], row["inputs"]) for row in kept] == [
        ("kneecds-assessment", "patient-view", None)
    ]
    assert str(kept[0]["as_of"]) == "2026-01-15"
    assert kept[0]["knowledge_hash"] == kneecds.shipped_knowledge().sha256


def test_the_request_is_kept_only_if_asked_for(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, audit={"store_inputs": True})
    body = sent(view())
    assert app.post(PATH, body).status_code == 200
    assert [row["inputs"] for row in _rows(app)] == [body]


def _rows(app: Local) -> list[Any]:
    assert app.state.writer is not None
    assert app.state.store is not None
    assert app.state.writer.flush()
    with app.state.store.engine.connect() as connection:
        return [row._mapping for row in connection.execute(select(EVALUATIONS))]


def test_the_day_is_that_of_the_site(opened: Callable[..., Local]) -> None:
    app = opened(insecure_demo=True, timezone="Pacific/Auckland", clock=lambda: NOON)
    assert app.state.today().isoformat() == "2026-01-16"


def test_cards_of_an_example(app: Local) -> None:
    response = app.post(PATH, case("hot_swollen_knee_with_fever"))
    assert response.status_code == 200, response.text
    cards = response.json()["cards"]
    assert cards[0]["indicator"] in ("critical", "warning")
    assert all(len(card["summary"]) < 140 for card in cards)


def test_what_is_remembered_changes_no_answer(app: Local, tmp_path: Path) -> None:
    """The second call about a record is answered from the first one's evaluation, as if it had not been."""
    body = case("runner_pfps")
    forgetful = read(insecure_demo=True, storage={"directory": tmp_path}, evaluations={"kept": 0})
    with Local(forgetful, clock=lambda: NOON) as fresh:
        alone = fresh.post(PATH, body)
        assert alone.status_code == 200
        assert not fresh.state.recent._kept
    assert [app.post(PATH, body).content for _ in range(2)] == [alone.content, alone.content]
    assert app.state.recent._kept
