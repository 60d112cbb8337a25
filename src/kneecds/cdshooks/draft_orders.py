"""The draft orders of a call, and which of them were just selected.

https://cds-hooks.hl7.org/hooks/order-select/ and order-sign. The Bundle needs neither a type nor full URLs: real
clients send none, and nothing here rests on them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kneecds.cdshooks.rules import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.cdshooks.model import Json
    from kneecds.cdshooks.rules import Breaches
    from kneecds.cdshooks.whose import Whose

MAX_ORDERS: Final = 200

TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_SELECTION: Final = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}")
_RULE: Final = "context-draft-orders"


def resources(breaches: Breaches, context: Json, whose: Whose) -> tuple[Json, ...]:
    """Return the draft orders in their order; what is wrong with the Bundle is said."""
    place = "Request.context.draftOrders"
    if "draftOrders" not in context:
        breaches.add("request-required", place, "draftOrders is missing")
        return ()
    bundle = context["draftOrders"]
    if is_blank(bundle):
        return ()
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        breaches.add(_RULE, place, "draftOrders is not a Bundle")
        return ()
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        if not is_blank(entries):
            breaches.add(_RULE, f"{place}.entry", "entry is not an array")
        return ()
    if len(entries) > MAX_ORDERS:
        breaches.add("too-many", f"{place}.entry", f"{len(entries)} draft orders; at most {MAX_ORDERS} are read")
        return ()
    found = []
    for index, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not _typed(resource):
            if not is_blank(entry):
                message = "the entry has no FHIR resource with its resourceType"
                breaches.add(_RULE, f"{place}.entry[{index}].resource", message)
            continue
        _check_patient(breaches, resource, f"{place}.entry[{index}].resource", whose)
        found.append(resource)
    return tuple(found)


def selections(breaches: Breaches, context: Json, orders: Iterable[Json]) -> tuple[str, ...]:
    """Return the references to the orders just selected, each of which must be among the draft orders."""
    place = "Request.context.selections"
    if "selections" not in context:
        breaches.add("request-required", place, "selections is missing")
        return ()
    selected = context["selections"]
    if not isinstance(selected, list):
        if not is_blank(selected):
            breaches.add("context-selections", place, "selections is not an array")
        return ()
    if len(selected) > MAX_ORDERS:
        breaches.add("too-many", place, f"{len(selected)} selections; at most {MAX_ORDERS} are read")
        return ()
    drafts = {f"{order['resourceType']}/{order.get('id', '')}" for order in orders}
    for index, one in enumerate(selected):
        if is_blank(one):
            continue
        if not isinstance(one, str) or not _SELECTION.fullmatch(one):
            message = "a selection is not resource type and id, such as ServiceRequest/1"
            breaches.add("context-selections", f"{place}[{index}]", message)
        elif one not in drafts:
            breaches.add("context-selections", f"{place}[{index}]", "the selection is not among the draft orders")
    return tuple(one for one in selected if isinstance(one, str))


def _typed(resource: Json) -> bool:
    kind = resource.get("resourceType")
    return isinstance(kind, str) and TYPE.fullmatch(kind) is not None


def _check_patient(breaches: Breaches, resource: Json, place: str, whose: Whose) -> None:
    if not whose.patient_id:
        return
    for name in ("subject", "patient"):
        whom = resource.get(name)
        reference = whom.get("reference") if isinstance(whom, dict) else None
        if isinstance(reference, str) and whose.is_other(reference):
            breaches.add(
                "patient-mismatch", f"{place}.{name}", "the order is for a patient other than that of the context"
            )
