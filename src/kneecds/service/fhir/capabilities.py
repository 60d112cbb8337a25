"""`GET /fhir/metadata`: what this server offers, made of the table that it serves by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds._version import __version__
from kneecds.fhir.structure.facts import facts_of
from kneecds.pipeline import ENCODER
from kneecds.service.fhir.artefacts import tag_of
from kneecds.service.fhir.call import Answer
from kneecds.service.fhir.media import JSON
from kneecds.service.fhir.search import PARAMETERS

if TYPE_CHECKING:
    from kneecds.service.fhir.call import Call, Json
    from kneecds.service.fhir.endpoint import Operation

_REQUIREMENTS: Final = "https://kneecds.org/fhir/CapabilityStatement/kneecds-server"
_SECURITY_SYSTEM: Final = {
    "R4": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "R5": "http://hl7.org/fhir/restful-security-service",
}
_SECURITY: Final = (
    "Bearer tokens of SMART backend services, with scopes such as system/Observation.r; metadata is open."
)


def metadata(operations: tuple[Operation, ...], call: Call) -> Answer:
    """Return the CapabilityStatement of this instance."""
    body = ENCODER.encode(_statement(operations, call))
    return Answer(body, call.release, tag=tag_of(body))


def _statement(operations: tuple[Operation, ...], call: Call) -> Json:
    version = call.knowledge.version
    year, month = version.split(".")[:2]
    rest: Json = {
        "mode": "server",
        "documentation": "Nothing that is sent is kept. $validate can also be called on every type.",
    }
    if not call.open:
        smart = {"system": _SECURITY_SYSTEM[call.release], "code": "SMART-on-FHIR"}
        rest["security"] = {"service": [{"coding": [smart]}], "description": _SECURITY}
    rest["resource"] = list(_resources(operations, call))
    rest["operation"] = [_operation(one) for one in operations if not one.on]
    return {
        "resourceType": "CapabilityStatement",
        "id": "kneecds-instance",
        "version": version,
        "name": "KneecdsInstance",
        "title": "Knee decision support",
        "status": "active",
        "date": f"{int(year):04d}-{int(month):02d}",
        "kind": "instance",
        "instantiates": [f"{_REQUIREMENTS}|{version}"],
        "software": {"name": "kneecds", "version": __version__},
        "implementation": {"description": "Decision support for knee complaints", "url": call.base},
        "fhirVersion": facts_of(call.release).version,
        "format": [JSON],
        "rest": [rest],
    }


def _resources(operations: tuple[Operation, ...], call: Call) -> list[Json]:
    read = {
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [{"name": name, "type": one.type} for name, one in PARAMETERS.items()],
    }
    found: dict[str, Json] = {kind: {"type": kind, **read} for kind in call.shelf(call.release).kinds()}
    for one in operations:
        if one.on:
            found.setdefault(one.on, {"type": one.on}).setdefault("operation", []).append(_operation(one))
    return [found[kind] for kind in sorted(found)]


def _operation(operation: Operation) -> Json:
    return {"name": operation.name, "definition": operation.definition}
