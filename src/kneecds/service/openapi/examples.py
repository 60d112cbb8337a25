"""Bodies to try, made of the published examples: a made-up patient and what is known of her knee."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.cdshooks.override_reasons import OVERRIDE_REASONS
from kneecds.cdshooks.services import OBSERVATIONS, PATIENT
from kneecds.fhir.published import folder

if TYPE_CHECKING:
    from kneecds.service.openapi.parts import Json

_FINDINGS: Final = ("knee-pain", "giving-way", "knee-swelling", "pain-score")
_INSTANCE: Final = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
_CARD: Final = "4e0a3a1e-3065-8b0f-9c1d-7f0f2a5c1e11"
_USER: Final = "Practitioner/example"


def examples() -> Json:
    """Return every example by its name."""
    patient = _read("Patient-kneecds-example")
    found = [_read(f"Observation-kneecds-example-{name}") for name in _FINDINGS]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in (patient, *found)]}
    prefetch = {
        PATIENT.key: patient,
        OBSERVATIONS.key: {**bundle, "type": "searchset", "entry": [{"resource": one} for one in found]},
    }
    order = {
        "resourceType": "ServiceRequest", "id": "draft-1", "status": "draft", "intent": "order",
        "subject": {"reference": f"Patient/{patient['id']}"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "241641004"}], "text": "MRI of knee"},
    }  # fmt: skip
    context = {"userId": _USER, "patientId": patient["id"]}
    orders = {
        "selections": ["ServiceRequest/draft-1"],
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]},
    }
    feedback = {
        "card": _CARD, "outcome": "overridden", "outcomeTimestamp": "2026-01-15T09:30:00Z",
        "overrideReason": {"reason": OVERRIDE_REASONS[0]},
    }  # fmt: skip
    return {
        "Findings": {"summary": "Findings of one patient", "value": bundle},
        "Call-patient-view": _call("patient-view", context, prefetch),
        "Call-order-select": _call("order-select", {**context, **orders}, prefetch),
        "Feedback": {"summary": "A card that was set aside", "value": {"feedback": [feedback]}},
    }


def _call(hook: str, context: Json, prefetch: Json) -> Json:
    value = {"hook": hook, "hookInstance": _INSTANCE, "context": context, "prefetch": prefetch}
    return {"summary": f"A call of {hook}", "value": value}


def _read(name: str) -> Any:  # noqa: ANN401 - a resource
    return msgspec.json.decode((folder("R4") / "examples" / f"{name}.json").read_bytes())
