"""The OpenAPI description: sound itself, of all that is served, and the file is what the service serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from starlette.routing import Mount, Route

from kneecds.cdshooks import feedback, wire
from kneecds.cdshooks.services import SERVICES, discovery
from kneecds.cli import kneecds as command
from kneecds.errors import InputError
from kneecds.service.app import create_app
from kneecds.service.openapi import document
from kneecds.service.settings import Settings

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
DOCUMENT: Any = document(Settings.model_construct())


def matches(name: str, value: Any) -> bool:
    """Whether a value is what a schema of the description asks for."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return bool(Draft202012Validator(schema).is_valid(value))


def test_the_file_is_what_the_service_says() -> None:
    assert json.loads(FILE.read_bytes()) == DOCUMENT, "run `kneecds schema openapi -o docs/openapi.json`"
    assert CliRunner().invoke(command, ["schema", "openapi"]).stdout_bytes == FILE.read_bytes()


def test_it_is_openapi() -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="an OpenAPI validator is not installed")
    validator.validate(DOCUMENT)


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_everything_that_is_referred_to_is_there() -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    for reference in references(DOCUMENT):
        here = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            here = here[step]


def test_every_address_is_described(tmp_path: Path) -> None:
    options = Settings(insecure_demo=True, storage={"directory": tmp_path, "secret": "x" * 32})
    app = create_app(options)
    served: set[tuple[str, str]] = set()
    for route in app.routes:
        if isinstance(route, Mount):
            continue  # its table is what the description is made of
        assert isinstance(route, Route)
        paths = [route.path.replace("{id}", one.id) for one in SERVICES] if "{id}" in route.path else [route.path]
        served |= {(path, method.lower()) for path in paths for method in route.methods or () if method != "HEAD"}
    described = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert served == {one for one in described if not one[0].startswith("/fhir")}


def test_ids_are_used_once() -> None:
    ids = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


def test_without_fhir_and_metrics_they_are_not_described() -> None:
    paths = document(
        Settings.model_construct(fhir=False, metrics=Settings().metrics.model_copy(update={"enabled": False}))
    )["paths"]
    assert not [path for path in paths if path.startswith("/fhir") or path == "/metrics"]


def test_a_demo_asks_for_no_token() -> None:
    paths: Any = document(Settings.model_construct(insecure_demo=True))["paths"]
    asked = [one["security"] for path, methods in paths.items() for one in methods.values() if path != "/metrics"]
    assert all(one == [{}] for one in asked)


def test_examples_are_what_is_asked_for_and_what_is_read() -> None:
    examples = {name: one["value"] for name, one in DOCUMENT["components"]["examples"].items()}
    assert matches("Request-patient-view", examples["Call-patient-view"])
    assert matches("Request-order-select", examples["Call-order-select"])
    assert matches("Feedback", examples["Feedback"])
    assert matches("Bundle", examples["Findings"])
    wire.read_request(json.dumps(examples["Call-patient-view"]).encode(), "kneecds-assessment")
    wire.read_request(json.dumps(examples["Call-order-select"]).encode(), "kneecds-order-appropriateness")
    assert feedback.read_feedback(json.dumps(examples["Feedback"]).encode())


@pytest.mark.parametrize("ballot", [False, True])
def test_discovery_is_as_described(ballot: bool) -> None:
    assert matches("Discovery", discovery(SERVICES, ballot=ballot))


CALL: dict[str, Any] = {
    "hook": "patient-view", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {"userId": "Practitioner/a", "patientId": "p"},
}  # fmt: skip
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "s"}


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        pytest.param({}, True, id="the least"),
        pytest.param({"hook": "order-sign"}, False, id="another hook"),
        pytest.param({"hookInstance": "urn:uuid:d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"}, False, id="a prefix"),
        pytest.param({"context": {"userId": "Practitioner/a", "patientId": "Patient/p"}}, False, id="a typed patient"),
        pytest.param({"context": {"userId": "Device/a", "patientId": "p"}}, False, id="a device as user"),
        pytest.param({"context": {"patientId": "p"}}, False, id="no user"),
        pytest.param({"prefetch": {"patient": None}}, True, id="null is allowed in prefetch"),
        pytest.param({"prefetch": {}}, False, id="an empty prefetch"),
        pytest.param({"prefetch": {"patient": "x"}}, False, id="prefetch that is no resource"),
        pytest.param({"fhirAuthorization": TOKEN}, False, id="a token without a server"),
        pytest.param(
            {"fhirAuthorization": TOKEN, "fhirServer": "https://ehr.example.org/fhir"}, True, id="with a server"
        ),
        pytest.param(
            {"fhirAuthorization": {**TOKEN, "token_type": "bearer"}, "fhirServer": "https://e.org"}, False, id="bearer"
        ),
        pytest.param({"fhirServer": ""}, False, id="an empty text"),
    ],
)
def test_requests_as_described_and_as_read_are_the_same(change: dict[str, Any], sound: bool) -> None:
    call = {**CALL, **change}
    try:
        wire.read_request(json.dumps(call).encode(), "kneecds-assessment")
        read = True
    except InputError:
        read = False
    assert (matches("Request-patient-view", call), read) == (sound, sound)


ENTRY: dict[str, Any] = {
    "card": CALL["hookInstance"],
    "outcome": "overridden",
    "outcomeTimestamp": "2026-01-15T09:30:00Z",
}
CODING = {"system": "http://s", "code": "c"}


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        pytest.param({}, True, id="overridden without a reason"),
        pytest.param({"outcome": "ignored"}, False, id="another outcome"),
        pytest.param({"outcome": "accepted"}, False, id="accepted, and no suggestion"),
        pytest.param(
            {"outcome": "accepted", "acceptedSuggestions": [{"id": CALL["hookInstance"]}]}, True, id="accepted"
        ),
        pytest.param({"acceptedSuggestions": [{"id": CALL["hookInstance"]}]}, False, id="overridden and accepted"),
        pytest.param({"overrideReason": {"reason": CODING}}, True, id="a reason"),
        pytest.param({"overrideReason": {"userComment": "no"}}, True, id="a comment"),
        pytest.param({"overrideReason": {}}, False, id="neither"),
        pytest.param({"overrideReason": {"reason": {"code": "c"}}}, False, id="a reason without a system"),
        pytest.param({"outcomeTimestamp": "2026-01-15T09:30:00+01:00"}, False, id="not in UTC"),
        pytest.param({"card": "1"}, False, id="no UUID"),
    ],
)
def test_feedback_as_described_and_as_read_is_the_same(change: dict[str, Any], sound: bool) -> None:
    body = {"feedback": [{**ENTRY, **change}]}
    try:
        feedback.read_feedback(json.dumps(body).encode())
        read = True
    except InputError:
        read = False
    assert (matches("Feedback", body), read) == (sound, sound)


CARD: dict[str, Any] = {"summary": "s", "indicator": "info", "source": {"label": "kneecds"}}
CREATE = {"type": "create", "description": "d", "resource": {"resourceType": "Task"}}


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        pytest.param({}, True, id="the least"),
        pytest.param({"summary": "s" * 139}, True, id="139 characters"),
        pytest.param({"summary": "s" * 140}, False, id="140 characters"),
        pytest.param({"indicator": "hard-stop"}, False, id="another indicator"),
        pytest.param({"source": {}}, False, id="a source without a label"),
        pytest.param({"suggestions": [{"label": "l", "actions": [CREATE]}]}, False, id="no selectionBehavior"),
        pytest.param({"suggestions": [{"label": "l", "actions": [CREATE]}], "selectionBehavior": "any"}, True, id="a suggestion"),
        pytest.param({"suggestions": [], "selectionBehavior": "any"}, False, id="an empty list"),
        pytest.param({"suggestions": [{"label": "l", "actions": [{**CREATE, "resource": "text"}]}], "selectionBehavior": "any"}, False, id="a resource as text"),
        pytest.param({"suggestions": [{"label": "l", "actions": [{"type": "delete", "description": "d", "resourceId": "Task/1"}]}], "selectionBehavior": "any"}, True, id="a deletion"),
        pytest.param({"suggestions": [{"label": "l", "actions": [{**CREATE, "type": "delete"}]}], "selectionBehavior": "any"}, False, id="a deletion with a resource"),
        pytest.param({"overrideReasons": [CODING]}, False, id="a reason without display"),
        pytest.param({"detials": "x"}, False, id="a member that is not known"),
        pytest.param({"detail": ""}, False, id="an empty text"),
    ],
)  # fmt: skip
def test_cards_as_described(change: dict[str, Any], sound: bool) -> None:
    assert matches("Cards", {"cards": [{**CARD, **change}]}) is sound
