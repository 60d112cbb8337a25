"""Requests that keep every rule of https://cds-hooks.hl7.org/2.0/#http-request_1, for any service."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.conformance import patient, templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from kneecds.cdshooks.model import Json

PATIENT: Final = "conformance-1"
OTHER_PATIENT: Final = "conformance-2"
_USER: Final = "Practitioner/conformance-user"
_ENCOUNTER: Final = "conformance-encounter"
USERS: Final = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
_TYPED: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")


class Who(NamedTuple):
    """Of whom a call is, by whom and when."""

    patient: str
    user: str
    encounter: str
    today: date

    @classmethod
    def of(cls, context: Mapping[str, str], today: date) -> Who:
        """Take what a site says of its patient; ours where it says nothing."""
        return cls(
            context.get("patientId", PATIENT), context.get("userId", _USER), context.get("encounterId", _ENCOUNTER), today
        )  # fmt: skip

    def record(self) -> tuple[Json, ...]:
        """Return what is known of the patient."""
        return patient.resources(self.patient, self.user, self.encounter, self.today)


def _seen(who: Who) -> Json:
    return {"userId": who.user, "patientId": who.patient, "encounterId": who.encounter}


def _signed(who: Who) -> Json:
    orders = patient.knee_orders(who.patient, who.user, who.today)
    return _seen(who) | {"draftOrders": _drafts(orders)}


def _selected(who: Who) -> Json:
    context = _signed(who)
    return context | {"selections": [_place(entry) for entry in context["draftOrders"]["entry"]]}


def _booked(who: Who) -> Json:
    booked = {
        "resourceType": "Appointment", "id": "visit", "status": "proposed",
        "participant": [{"actor": {"reference": f"Patient/{who.patient}"}, "status": "tentative"}],
    }  # fmt: skip
    return _seen(who) | {"appointments": _drafts((booked,))}


def _listed(who: Who) -> Json:
    conditions = [one for one in who.record() if one["resourceType"] == "Condition"]
    return _seen(who) | {"conditions": _drafts(tuple(conditions))}


def _dispatched(who: Who) -> Json:
    orders = patient.knee_orders(who.patient, who.user, who.today)
    return {
        "patientId": who.patient, "order": f"ServiceRequest/{orders[0]['id']}", "performer": "Organization/imaging"
    }  # fmt: skip


CONTEXTS: Final[dict[str, Callable[[Who], Json]]] = {
    "patient-view": _seen,
    "order-select": _selected,
    "order-sign": _signed,
    "encounter-start": _seen,
    "encounter-discharge": _seen,
    "appointment-book": _booked,
    "problem-list-item-create": _listed,
    "order-dispatch": _dispatched,
}
"""How the context of each hook is made (https://cds-hooks.org/hooks/)."""

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "patient-view": ("userId", "patientId"),
    "order-select": ("userId", "patientId", "selections", "draftOrders"),
    "order-sign": ("userId", "patientId", "draftOrders"),
    "encounter-start": ("userId", "patientId", "encounterId"),
    "encounter-discharge": ("userId", "patientId", "encounterId"),
    "appointment-book": ("userId", "patientId", "appointments"),
    "problem-list-item-create": ("userId", "patientId", "conditions"),
    "order-dispatch": ("patientId", "order", "performer"),
}
"""What the context of each hook must have."""


def context(hook: str, who: Who) -> Json:
    """Return the context of a call; KeyError for a hook that is not known here."""
    return CONTEXTS[hook](who)


def with_orders(given: Json, orders: tuple[Json, ...]) -> Json:
    """Return a context with other drafts."""
    drafts = _drafts(orders)
    changed = given | {"draftOrders": drafts}
    return changed | {"selections": [_place(one) for one in drafts["entry"]]} if "selections" in given else changed


def prefetch(wanted: Mapping[str, str], about: Json, record: tuple[Json, ...]) -> Json:
    """Answer the templates of a service; null says that there is nothing (R-53)."""
    return {key: templates.answer(templates.filled(template, about), record) for key, template in wanted.items()}


def request(hook: str, instance: str, about: Json, supplied: Json | None, fhir_server: str = "") -> Json:
    """Return a whole request."""
    found = {"hook": hook, "hookInstance": instance, "context": about}
    if fhir_server:
        found["fhirServer"] = fhir_server
    return found if supplied is None else found | {"prefetch": supplied}


def authorization(access_token: str, patient_id: str) -> Json:
    """Return a `fhirAuthorization` with all that it must have."""
    return {
        "access_token": access_token, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read",
        "subject": "kneecds-conformance", "patient": patient_id,
    }  # fmt: skip


def missing(made: Json) -> Iterator[str]:
    """Yield what a request must have and has not."""
    for name, kind in (("hook", str), ("hookInstance", str), ("context", dict)):
        if not isinstance(made.get(name), kind) or not made[name]:
            yield f"{name} is required"
    if not _is_uuid(made.get("hookInstance")):
        yield "hookInstance must be a UUID"
    if "fhirAuthorization" in made and not made.get("fhirServer"):
        yield "fhirServer is required with fhirAuthorization"


def wrong_context(made: Json) -> Iterator[str]:
    """Yield what is wrong with the context of a request."""
    about = made.get("context") or {}
    for name in REQUIRED.get(str(made.get("hook")), ()):
        if not about.get(name):
            yield f"context.{name} is required"
    if "userId" in about and not (
        _TYPED.fullmatch(str(about["userId"])) and about["userId"].partition("/")[0] in USERS
    ):
        yield f"context.userId must be one of {', '.join(USERS)} with an id"
    if "/" in str(about.get("patientId", "")):
        yield "context.patientId is an id without a type"
    for selected in about.get("selections", ()):
        if not _TYPED.fullmatch(str(selected)):
            yield "context.selections are written Type/id"


def wrong_options(made: Json) -> Iterator[str]:
    """Yield what is wrong with the optional parts of a request."""
    allowed = made.get("fhirAuthorization")
    if allowed is not None:
        for name, kind in (("access_token", str), ("scope", str), ("subject", str), ("expires_in", int)):
            if not isinstance(allowed.get(name), kind) or allowed[name] == "":
                yield f"fhirAuthorization.{name} is required"
        if allowed.get("token_type") != "Bearer":
            yield "fhirAuthorization.token_type must be Bearer"
    if not isinstance(made.get("prefetch", {}), dict):
        yield "prefetch must be an object"
    yield from (f"{place} is blank" for place in blanks({k: v for k, v in made.items() if k != "prefetch"}))


def blanks(value: Any, place: str = "", *, within_resource: bool = False) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield where a value is null or empty (R-3); FHIR itself has null in arrays of primitives."""
    if value is None or value in ("", [], {}):
        yield place
    elif isinstance(value, dict):
        within = within_resource or "resourceType" in value
        for name, one in value.items():
            yield from blanks(one, f"{place}.{name}" if place else name, within_resource=within)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            if not (one is None and within_resource):
                yield from blanks(one, f"{place}[{index}]", within_resource=within_resource)


def _is_uuid(text: object) -> bool:
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _drafts(orders: tuple[Json, ...]) -> Json:
    entries = [{"fullUrl": f"https://ehr.example.org/fhir/{_name(one)}", "resource": one} for one in orders]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _place(entry: Json) -> str:
    return _name(entry["resource"])


def _name(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
