"""A small CDS Hooks service that keeps every rule: what the suite finds nothing wrong with, and defects are put into."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx
from joserfc import jwt
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kneecds.conformance import requests, templates
from kneecds.fhir import strict_json

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

Json = dict[str, Any]

ORIGIN = "https://ehr.example.org"
ISSUER = "https://ehr.example.org/jwt"
VIEW = {"patient": "Patient/{{context.patientId}}", "conditions": "Condition?patient={{context.patientId}}",
        "observations": "Observation?patient={{context.patientId}}&_count=100"}  # fmt: skip
ORDERS = {"patient": VIEW["patient"], "observations": VIEW["observations"]}
OFFERED = (
    ("ref-view", "patient-view", VIEW),
    ("ref-orders", "order-select", ORDERS),
    ("ref-orders", "order-sign", ORDERS),
)
REQUIRED = ("patient", "observations")
OUTCOMES = ("accepted", "overridden")


class RefusedError(Exception):
    def __init__(self, status: int, *messages: str, headers: Json | None = None) -> None:
        self.status, self.messages, self.headers = status, messages, headers or {}


def outcome(status: int, *messages: str, headers: Json | None = None) -> Response:
    issues = [{"severity": "error", "code": "processing", "diagnostics": one} for one in messages]
    return JSONResponse({"resourceType": "OperationOutcome", "issue": issues}, status, headers)


def escaped(text: str) -> str:
    return "".join(f"&#{ord(one)};" if one in "<>[]()#|*_-:/.@!\\`&" else one for one in " ".join(text.split()))


def uuid_of(*parts: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, repr(parts)))


class Guard:
    """Takes each good token once."""

    def __init__(self, keys: KeySet) -> None:
        self.keys, self.seen = keys, set()

    def __call__(self, header: str | None, url: str) -> None:
        try:
            scheme, _, token = (header or "").partition(" ")
            assert scheme == "Bearer"
            found = jwt.decode(token, self.keys, algorithms=["ES384", "RS384"])
            now, claims = time.time(), found.claims
            assert "jku" not in found.header
            audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
            assert claims["iss"] == ISSUER
            assert url in audience
            assert claims["exp"] > now >= claims.get("nbf", 0)
            assert claims["jti"] not in self.seen
            self.seen.add(claims["jti"])
        except Exception as why:
            raise RefusedError(401, "not authenticated", headers={"www-authenticate": "Bearer"}) from why


def create(guard: Guard | None = None) -> Starlette:
    async def discovery(_: Any) -> Response:
        listed = [
            {"id": name, "hook": hook, "title": "Reference", "description": "Says what it saw", "prefetch": wanted,
             "usageRequirements": "none", "extension": {"org.example.ref": {"kind": "reference"}}}
            for name, hook, wanted in OFFERED
        ]  # fmt: skip
        return JSONResponse({"services": listed})

    async def body_of(request: Any) -> Json:
        if guard is not None:
            guard(request.headers.get("authorization"), str(request.url))
        if request.path_params["name"] not in {name for name, _, _ in OFFERED}:
            raise RefusedError(404, "no such service")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise RefusedError(415, "JSON is needed")
        document, issues = strict_json.parse(await request.body())
        if not isinstance(document, dict) or any(one.is_error for one in issues):
            raise RefusedError(400, "no JSON object")
        return document

    async def call(request: Any) -> Response:
        try:
            made = await body_of(request)
            offered = wanted_of(made, request.path_params["name"])
            supplied = await supplied_of(made, offered)
            return JSONResponse(advise(request.path_params["name"], made, supplied))
        except RefusedError as why:
            return outcome(why.status, *why.messages, headers=why.headers)

    async def feedback(request: Any) -> Response:
        try:
            entries = (await body_of(request)).get("feedback")
        except RefusedError as why:
            return outcome(why.status, *why.messages, headers=why.headers)
        sound = isinstance(entries, list) and bool(entries) and all(map(is_sound, entries))
        return Response(status_code=200) if sound else outcome(400, "no sound feedback")

    async def not_there(_: Any, why: Any) -> Response:
        return outcome(why.status_code, "not here", headers=why.headers)

    cors = Middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_methods=["GET", "POST"],
                      allow_headers=["authorization", "content-type"])  # fmt: skip
    return Starlette(
        routes=[
            Route("/cds-services", discovery),
            Route("/cds-services/{name}", call, methods=["POST"]),
            Route("/cds-services/{name}/feedback", feedback, methods=["POST"]),
        ],
        middleware=[cors],
        exception_handlers={404: not_there, 405: not_there},
    )


def is_sound(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and not list(requests.blanks(entry))
        and isinstance(entry.get("card"), str)
        and entry.get("outcome") in OUTCOMES
        and "T" in str(entry.get("outcomeTimestamp"))
        and (entry["outcome"] == "overridden" or bool(entry.get("acceptedSuggestions")))
    )


def wanted_of(made: Json, name: str) -> dict[str, str]:
    wrong = [*requests.missing(made)]
    if not wrong:
        wrong = [*requests.wrong_context(made), *requests.wrong_options(made)]
    offered = next((wanted for one, hook, wanted in OFFERED if (one, hook) == (name, made.get("hook"))), None)
    if offered is None:
        wrong.append("this service is not offered for the hook")
    drafts = (made.get("context") or {}).get("draftOrders", {}) if isinstance(made.get("context"), dict) else {}
    if not isinstance(drafts, dict):
        wrong.append("draftOrders must be a Bundle")
    if wrong:
        raise RefusedError(400, *wrong)
    assert offered is not None
    return offered


async def supplied_of(made: Json, wanted: dict[str, str]) -> dict[str, tuple[str, list[Json]]]:
    """What became of each query: nothing, given, paged, failed or missing, with the resources."""
    given = dict(made.get("prefetch") or {})
    allowed = made.get("fhirAuthorization")
    if allowed and made["fhirServer"].startswith("http://127.0.0.1"):
        async with httpx.AsyncClient(trust_env=False) as client:
            for key, template in wanted.items():
                if key not in given:
                    url = f"{made['fhirServer']}/{templates.filled(template, made['context'])}"
                    answer = await client.get(url, headers={"authorization": f"Bearer {allowed['access_token']}"})
                    given[key] = answer.json()
    found = {key: state_of(given[key]) if key in given else ("missing", []) for key in wanted}
    lacking = [key for key in REQUIRED if found[key][0] in ("missing", "failed")]
    if lacking:
        raise RefusedError(412, *(f"prefetch.{key} is needed" for key in lacking))
    mine = f"Patient/{made['context']['patientId']}"
    for _, resources in found.values():
        for one in resources:
            whose = f"Patient/{one['id']}" if one["resourceType"] == "Patient" else one["subject"]["reference"]
            if not whose.endswith(mine):
                raise RefusedError(400, "the record is of another patient")
    return found


def state_of(value: Any) -> tuple[str, list[Json]]:
    if value is None:
        return "nothing", []
    if not isinstance(value, dict) or value.get("resourceType") == "OperationOutcome":
        return "failed", []
    if value.get("resourceType") != "Bundle":
        return "given", [value]
    entries = value.get("entry", [])
    if not isinstance(entries, list):
        return "failed", []
    resources = [one["resource"] for one in entries]
    return "paged" if value.get("link") else "given" if resources else "nothing", resources


def advise(name: str, made: Json, supplied: dict[str, tuple[str, list[Json]]]) -> Json:
    observed = supplied["observations"][1]
    orders = [one["resource"] for one in made["context"].get("draftOrders", {}).get("entry", [])]
    if (not observed and supplied["observations"][0] == "nothing") or any(one["id"] == "eyes" for one in orders):
        return {"cards": []}
    patient = made["context"]["patientId"]
    texts = [escaped(one["code"]["text"]) for key in supplied if key != "patient" for one in supplied[key][1]]
    states = [f"{key}: {state}" for key, (state, _) in supplied.items()]
    detail = "\n".join(["What was seen:", *(f"- {one}" for one in texts + states)])
    card = uuid_of(name, patient, detail, orders)
    created = {"resourceType": "Task", "id": "form", "status": "draft", "intent": "proposal",
               "for": {"reference": f"Patient/{patient}"}, "description": "Fill in the form"}  # fmt: skip
    actions = [{"type": "create", "description": "Ask for the form", "resource": created}]
    answer: Json = {"cards": [{
        "uuid": card, "summary": "Something was seen", "detail": detail, "indicator": "warning",
        "source": {"label": "Reference", "url": "https://ref.example.org/", "icon": "https://ref.example.org/i.png",
                   "topic": {"system": "https://ref.example.org/topics", "code": "seen", "display": "Seen"}},
        "suggestions": [
            {"label": "Ask", "uuid": uuid_of(card, 1), "isRecommended": True, "actions": actions},
            {"label": "Do nothing", "uuid": uuid_of(card, 2), "isRecommended": False},
        ],
        "selectionBehavior": "at-most-one",
        "overrideReasons": [{"system": "https://ref.example.org/reasons", "code": "known", "display": "Known"}],
        "links": [
            {"label": "More", "url": "https://ref.example.org/more", "type": "absolute"},
            {"label": "App", "url": "https://ref.example.org/app", "type": "smart", "appContext": "c", "autolaunchable": False},
        ],
        "extension": {"org.example.ref": {"seen": len(observed)}},
    }]}  # fmt: skip
    if orders:
        first = orders[0]
        answer["cards"][0]["suggestions"] += [
            {"label": "Change", "uuid": uuid_of(card, 3), "actions": [
                {"type": "update", "description": "Ask for it soon", "resource": first | {"priority": "urgent"}}]},
            {"label": "Drop", "uuid": uuid_of(card, 4), "actions": [
                {"type": "delete", "description": "Drop it", "resourceId": f"ServiceRequest/{first['id']}"}]},
        ]  # fmt: skip
        answer["systemActions"] = [
            {"type": "update", "description": "Note it", "resource": first | {"note": [{"text": "rated"}]}}
        ]
    return answer
