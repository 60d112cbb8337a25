"""The HL7 validation engine finds no error in what the service answers under /fhir."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import judge
import pytest
from material import definitions
from starlette.applications import Starlette
from starlette.routing import Mount

if TYPE_CHECKING:
    from material import Release

pytestmark = pytest.mark.usefixtures("hapi")
ACCEPT = {"R4": "application/fhir+json", "R5": "application/fhir+json; fhirVersion=5.0"}


@pytest.fixture(scope="module")
def calls() -> Any:
    sys.path.append(str(Path(__file__).parents[1] / "service" / "fhir"))
    import fhir_calls  # noqa: PLC0415 - of another folder

    return fhir_calls


@pytest.fixture(scope="module")
def client(calls: Any) -> Any:
    import kneecds  # noqa: PLC0415
    from kneecds.service.fhir import routes  # noqa: PLC0415
    from kneecds.service.settings import Settings  # noqa: PLC0415

    async def authorize(request: Any, scopes: tuple[str, ...]) -> None:
        """Let everybody in."""

    state = calls.State(kneecds.shipped_knowledge(), Settings())
    return calls.Client(Starlette(routes=[Mount("/fhir", routes=routes(state, authorize))]))


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_every_answer_is_valid(client: Any, calls: Any, release: Release) -> None:
    accept = {"accept": ACCEPT[release]}
    body = json.loads(calls.example("runner_pfps"))
    response = next(e["resource"] for e in body["entry"] if e["resource"]["resourceType"] == "QuestionnaireResponse")
    nameless = {name: value for name, value in response.items() if name != "id"}
    answers = {
        "metadata": client.get("/metadata", **accept),
        "search": client.get("/PlanDefinition?_count=1&_id=kneecds-intake", **accept),
        "validate": client.post("/$validate", calls.example("input_with_errors"), **accept),
        "refused": client.get("/PlanDefinition/nobody", **accept),
        "extract": client.post("/QuestionnaireResponse/$extract", response, **accept),
        "extract with issues": client.post("/QuestionnaireResponse/$extract", nameless, **accept),
        "apply": client.post("/PlanDefinition/kneecds-assessment/$apply?subject=Patient/runner-pfps", body, **accept),
    }
    resources = {name: json.loads(one.content) for name, one in answers.items()}
    cases = [{"release": release, "resource": one, "beside": definitions(release)} for one in resources.values()]
    found = dict(zip(resources, judge.judge(cases), strict=True))
    said = {
        name: [f"{one['location']}: {one['message']}" for one in judge.errors(issues)] for name, issues in found.items()
    }
    assert {name: errors for name, errors in said.items() if errors} == {}
