"""Calls of the service as a client would make them: the JSON of a request in, the JSON of the response out."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kneecds.cdshooks import prefetch, services, wire
from kneecds.cdshooks.advise import advise
from kneecds.cdshooks.model import Presentation
from kneecds.cdshooks.record import record
from kneecds.knowledge import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.cdshooks.model import Advice, Hook, HookRequest, Service

Json = dict[str, Any]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CASES = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())
AS_OF = date(2026, 1, 15)
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
PLAIN = Presentation()


def service_of(kind: str, hook: Hook = "patient-view") -> Service:
    return next(one for one in services.SERVICES if one.kind == kind and one.hook == hook)


def resources_of(case: str) -> list[Json]:
    sent = json.loads((EXAMPLES / case / "input.json").read_text(encoding="utf-8"))
    return [entry["resource"] for entry in sent["entry"]]


def setting_of(case: str) -> Any:
    return json.loads((EXAMPLES / case / "expected.json").read_text(encoding="utf-8"))["setting"]


def patient_id(resources: Iterable[Json]) -> str:
    return next(str(one["id"]) for one in resources if one["resourceType"] == "Patient")


def searchset(resources: Iterable[Json]) -> Json:
    found = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", **({"entry": found} if found else {})}


def body_of(service: Service, resources: list[Json], *, without: Iterable[str] = (), **changes: Any) -> Json:
    """Return the request of a client that sends all that it is asked for, but for the keys in `without`."""
    prefetched: Json = {}
    for query in service.queries:
        kind = prefetch.resource_type(query)
        fitting = [one for one in resources if one["resourceType"] == kind]
        prefetched[query.key] = searchset(fitting) if prefetch.is_search(query) else fitting[0]
    context: Json = {"userId": "Practitioner/doctor", "patientId": patient_id(resources), "encounterId": "visit"}
    return {
        "hook": service.hook,
        "hookInstance": INSTANCE,
        "context": context | changes.pop("context", {}),
        "prefetch": {key: value for key, value in prefetched.items() if key not in without}
        | changes.pop("prefetch", {}),
        **changes,
    }


def asked(
    service: Service,
    body: Json,
    *,
    presentation: Presentation = PLAIN,
    setting: Any = "primary_care",
    as_of: date = AS_OF,
) -> Advice:
    request: HookRequest = wire.read_request(msgspec.json.encode(body), service.id)
    gathered = record(prefetch.supplies(service, request), request)
    return advise(
        service, request, gathered, knowledge=shipped(), as_of=as_of, setting=setting, presentation=presentation
    )


def response(advice: Advice) -> bytes:
    return msgspec.json.encode({"cards": advice.cards})


def called(service: Service, resources: list[Json], **how: Any) -> Json:
    """Return the response to a client that sends some resources."""
    known = {name: how.pop(name) for name in ("presentation", "setting", "as_of") if name in how}
    answered: Json = json.loads(response(asked(service, body_of(service, resources, **how), **known)))
    return answered


def shown_cards(case: str, kind: str = "assessment", **how: Any) -> list[Json]:
    cards: list[Json] = called(service_of(kind), resources_of(case), setting=setting_of(case), **how)["cards"]
    return cards
