"""The request of a hook call: every rule of the specification, and all breaches at once.

https://cds-hooks.hl7.org/2.0/#calling-a-cds-service; the rules have their requirement in `rules.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from kneecds.cdshooks import draft_orders, services
from kneecds.cdshooks.envelope import UNREADABLE, opened
from kneecds.cdshooks.model import Authorization, Context, HookRequest
from kneecds.cdshooks.rules import Breaches, is_blank, member
from kneecds.cdshooks.whose import Whose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.cdshooks.model import Json

MAX_BYTES: Final = 10_000_000
MAX_DEPTH: Final = 100
MAX_QUERIES: Final = 100

UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
FHIR_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # https://hl7.org/fhir/R4/datatypes.html#id
_USER: Final = re.compile(r"(?:Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")  # goes into a header
_RESOURCE: Final = re.compile(rb'\{\s*"resourceType"\s*:\s*"[A-Z][A-Za-z]{1,63}"')
_LOOPBACK: Final = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1")
_LONGEST: Final = 2_000


class _Typed(msgspec.Struct):
    """A resource, as far as it says what it is."""

    resourceType: str  # noqa: N815 - FHIR's name


_TYPED: Final = msgspec.json.Decoder(_Typed)


def read_request(
    body: bytes, service_id: str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH, allow_http: bool = False
) -> HookRequest:
    """Read the body of a call of a service; InputError with every breach of the rules.

    `allow_http`: the FHIR server may be named by a plain http URL although it is not this machine (test data only).
    The depth is that of everything but what was prefetched, which is bounded here and measured by who reads it.
    """
    rest, prefetched = opened(body, max_bytes=max_bytes, max_depth=max_depth)
    breaches = Breaches()
    if rest:
        breaches.blanks(rest, "Request")
    hook = breaches.text(rest, "hook", "Request")
    service = services.find(service_id, hook)
    if hook and service is None:
        breaches.add("hook-mismatch", "Request.hook", "the hook is none that this service is offered under")
    instance = breaches.text(rest, "hookInstance", "Request")
    if instance and not UUID.fullmatch(instance):
        breaches.add("hook-instance", "Request.hookInstance", "hookInstance is not a plain UUID")
    context = _context(breaches, _object(breaches, rest, "context", required=True), hook)
    server = breaches.text(rest, "fhirServer", "Request", required=False)
    _check_server(breaches, server, allow_http=allow_http)
    authorization = None
    granted = _object(breaches, rest, "fhirAuthorization")
    if granted:
        authorization = _authorization(breaches, granted, context.patient_id)
        if "fhirServer" not in rest:
            message = "fhirAuthorization is sent without fhirServer"
            breaches.add("fhir-server-required", "Request.fhirServer", message)
    _object(breaches, rest, "extension", rule="extension")
    prefetch = _prefetch(breaches, prefetched)
    breaches.settle()
    assert service is not None  # a breach otherwise
    return HookRequest(service.hook, instance, context, server, authorization, prefetch)


def is_loopback(host: str) -> bool:
    """Whether a host name surely means this machine."""
    return _LOOPBACK.fullmatch(host.lower()) is not None


def _object(breaches: Breaches, holder: Json, name: str, *, required: bool = False, rule: str = "request-type") -> Json:
    """Return a member that has to be an object; empty if it is not there or none, which is said."""
    if name not in holder:
        if required:
            breaches.add("request-required", f"Request.{name}", f"{name} is missing")
        return {}
    value = holder[name]
    if isinstance(value, dict):
        return value
    if not is_blank(value):
        breaches.add(rule, f"Request.{name}", f"{name} is not a JSON object")
    return {}


def _context(breaches: Breaches, context: Json, hook: str) -> Context:
    place = "Request.context"
    if not context:
        return Context("", "")
    user = breaches.text(context, "userId", place)
    if user and not _USER.fullmatch(user):
        message = "userId is not Practitioner, PractitionerRole, Patient or RelatedPerson with an id"
        breaches.add("context-user", f"{place}.userId", message)
    patient = _bare_id(breaches, context, "patientId", required=True)
    encounter = _bare_id(breaches, context, "encounterId", required=False)
    orders: tuple[Json, ...] = ()
    selections: tuple[str, ...] = ()
    if hook in ("order-select", "order-sign"):
        orders = draft_orders.resources(breaches, context, Whose(patient))
    if hook == "order-select":
        selections = draft_orders.selections(breaches, context, orders)
    return Context(user, patient, encounter, selections, orders)


def _bare_id(breaches: Breaches, holder: Json, name: str, *, required: bool, place: str = "Request.context") -> str:
    value = breaches.text(holder, name, place, required=required)
    if value and not FHIR_ID.fullmatch(value):
        breaches.add("context-id", f"{place}.{name}", f"{name} is not the bare id of a resource")
        return ""
    return value


def _check_server(breaches: Breaches, server: str, *, allow_http: bool) -> None:
    if not server:
        return
    url = split_url(server)
    if url is None or url.query or url.fragment or url.username is not None or url.scheme not in ("https", "http"):
        message = "fhirServer is not the absolute base URL of a FHIR server"
        breaches.add("fhir-server", "Request.fhirServer", message)
    elif url.scheme == "http" and not allow_http and not is_loopback(url.hostname or ""):
        breaches.add("fhir-server", "Request.fhirServer", "fhirServer is not https")


def split_url(url: str) -> SplitResult | None:
    """Return the parts of an absolute URL of sound shape; None for anything else."""
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None


def _authorization(breaches: Breaches, granted: Json, patient_id: str) -> Authorization:
    place = "Request.fhirAuthorization"
    token = breaches.text(granted, "access_token", place)
    if token and not _TOKEN.fullmatch(token):
        breaches.add("authorization", f"{place}.access_token", "access_token has characters that no header takes")
    kind = breaches.text(granted, "token_type", place)
    if kind and kind != "Bearer":
        breaches.add("authorization", f"{place}.token_type", "token_type is not Bearer")
    expires = granted.get("expires_in")
    if "expires_in" not in granted:
        breaches.add("request-required", f"{place}.expires_in", "expires_in is missing")
    elif not isinstance(expires, int) or isinstance(expires, bool) or expires < 0:
        if not is_blank(expires):
            breaches.add("authorization", f"{place}.expires_in", "expires_in is not a number of whole seconds")
        expires = 0
    scope = breaches.text(granted, "scope", place)
    subject = breaches.text(granted, "subject", place)
    patient = _bare_id(breaches, granted, "patient", required=False, place=place)
    if patient and patient_id and patient != patient_id:
        message = "the token is for a patient other than that of the context"
        breaches.add("patient-mismatch", f"{place}.patient", message)
    return Authorization(token, kind, expires or 0, scope, subject, patient)


def _prefetch(breaches: Breaches, prefetched: Mapping[str, bytes] | bytes | None) -> Mapping[str, bytes] | None:
    place = "Request.prefetch"
    if prefetched is None:
        return None
    if isinstance(prefetched, bytes):
        if prefetched in (b"null", b'""') or not prefetched.strip(b"[ \t\r\n]"):
            breaches.add("json-blank", place, "an empty value is sent; what has no value is left out")
        else:
            breaches.add("request-type", place, "prefetch is not a JSON object")
        return None
    if not prefetched:
        breaches.add("json-blank", place, "{} is sent; what has no value is left out")
    if len(prefetched) > MAX_QUERIES:
        breaches.add("too-many", place, f"{len(prefetched)} prefetch keys; at most {MAX_QUERIES} are read")
        return None
    for key, value in prefetched.items():
        if value != b"null" and not _RESOURCE.match(value):
            _check_prefetched(breaches, f"{place}.{member(key)}", value)
    return prefetched


def _check_prefetched(breaches: Breaches, place: str, value: bytes) -> None:
    """Say what a value is if it is no resource; one whose type does not come first is looked for."""
    if value == b'""' or (value[:1] in b"[{" and not value.strip(b"[]{} \t\r\n")):
        breaches.add("json-blank", place, "an empty value is sent; only null says that there is nothing")
        return
    try:
        kind = _TYPED.decode(value).resourceType
    except UNREADABLE:
        kind = ""
    if not draft_orders.TYPE.fullmatch(kind):
        breaches.add("prefetch-value", place, "the value is neither null nor a FHIR resource with its resourceType")
