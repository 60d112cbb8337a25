"""A sound hook call, and the changes that tests make to it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

CAPTURES = Path(__file__).parents[2] / "shared" / "data" / "cds-hooks"
UUID = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
SERVER = "https://ehr.example/fhir"
AWAY: Any = object()
"""A change that takes a member away."""

PATIENT: Json = {"resourceType": "Patient", "id": "p1", "birthDate": "1964-03-01"}
GRANTED: Json = {
    "access_token": "secret-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/Observation.read",
    "subject": "kneecds",
    "patient": "p1",
}


def observation(id_: str = "o1", **changes: Any) -> Json:
    whole = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"text": "knee"},
        "subject": {"reference": "Patient/p1"},
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not AWAY}


def found(*resources: Json, **members: Any) -> Json:
    """Return the result of a search; each entry under its full URL."""
    entries = [
        {
            "fullUrl": f"{SERVER}/{one['resourceType']}/{one.get('id', 'x')}",
            "resource": one,
            "search": {"mode": "match"},
        }
        for one in resources
    ]
    whole: Json = {"resourceType": "Bundle", "type": "searchset", **({"entry": entries} if entries else {}), **members}
    return {name: value for name, value in whole.items() if value is not AWAY}


def order(id_: str = "x1", patient: str = "p1", **changes: Any) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "id": id_,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": "knee radiograph"},
        **changes,
    }


def view(**changes: Any) -> Json:
    """Return a patient-view call; a key such as `context.patientId` changes what is inside."""
    return changed(
        {
            "hook": "patient-view",
            "hookInstance": UUID,
            "fhirServer": SERVER,
            "fhirAuthorization": copy.deepcopy(GRANTED),
            "context": {"userId": "Practitioner/a", "patientId": "p1", "encounterId": "e1"},
            "prefetch": {"patient": copy.deepcopy(PATIENT), "observations": found(observation())},
        },
        changes,
    )


def select(**changes: Any) -> Json:
    """Return an order-select call."""
    context = {
        "userId": "PractitionerRole/a",
        "patientId": "p1",
        "selections": ["ServiceRequest/x1"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order()}, {"resource": order("x2")}]},
    }
    return changed(view(hook="order-select", context=context), changes)


def sign(**changes: Any) -> Json:
    """Return an order-sign call."""
    return changed(select(hook="order-sign", **{"context.selections": AWAY}), changes)


def changed(whole: Json, changes: Json) -> Json:
    for path, value in changes.items():
        *way, last = path.split(".")
        holder = whole
        for step in way:
            holder = holder[step]
        if value is AWAY:
            holder.pop(last, None)
        else:
            holder[last] = value
    return whole


def sent(whole: Any) -> bytes:
    return json.dumps(whole, separators=(",", ":")).encode()
