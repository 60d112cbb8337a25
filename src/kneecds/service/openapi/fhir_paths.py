"""The FHIR interface, endpoint by endpoint, out of the table that serves it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kneecds.service.fhir.endpoints import ENDPOINTS, METADATA, OPERATIONS, READS
from kneecds.service.fhir.evaluate import evaluate
from kneecds.service.fhir.parameters import PRIMITIVES
from kneecds.service.fhir.search import MOST, PARAMETERS
from kneecds.service.fhir.validate import MODES
from kneecds.service.openapi.fhir_schemas import only
from kneecds.service.openapi.parts import FHIR_JSON, JSON, content, outcomes, ref

if TYPE_CHECKING:
    from kneecds.service.fhir.endpoint import Endpoint, Operation
    from kneecds.service.fhir.parameters import Declared
    from kneecds.service.openapi.parts import Json

SCHEME: Final = "smartBackend"

_RETURNS: Final = {
    "kneecds-evaluate": (only("Bundle"), "The guidance: a Bundle with a GuidanceResponse first"),
    "validate": (ref("OperationOutcome"), "Every issue of the resource, whatever they are"),
    "extract": (
        {"anyOf": [only("Bundle"), only("Parameters")]},
        "A transaction Bundle of Observations; with issues, Parameters with `return` and `issues`",
    ),
    "apply": ({"anyOf": [only("CarePlan"), only("Bundle")]}, "R4: a CarePlan that contains the guidance; R5: the guidance Bundle"),
}  # fmt: skip
_ALONE: Final = {
    "kneecds-evaluate": "Bundle",
    "validate": "Resource",
    "extract": "QuestionnaireResponse",
    "apply": "Bundle",
}
_ENUMS: Final = {"mode": list(MODES)}
_PATTERNS: Final = {
    "date": "^\\d{4}-\\d\\d-\\d\\d$",
    "string": "^\\S+$",
    "code": "^[^\\s]+( [^\\s]+)*$",
    "canonical": "^\\S+$",
}
_SAID: Final = re.compile(r"\{(\w+)\}")
_FORMAT: Final = (
    {
        "name": "_format",
        "in": "query",
        "schema": {"enum": ["json", FHIR_JSON, JSON]},
        "description": "Overrides Accept",
    },
    {"name": "_pretty", "in": "query", "schema": {"enum": ["true", "false"]}, "description": "With white space"},
)


def paths(*, open_to_all: bool) -> Json:
    """Return each path below /fhir with its methods."""
    by_endpoint = {endpoint: operation for operation in OPERATIONS for endpoint in operation.endpoints}
    found: Json = {}
    for endpoint in ENDPOINTS:
        if endpoint is METADATA:
            said = _metadata()
        elif endpoint in by_endpoint:
            said = _operation(endpoint, by_endpoint[endpoint])
        else:
            said = _read(endpoint)
        said["security"] = [{SCHEME: list(endpoint.scopes)}] if endpoint.scopes and not open_to_all else [{}]
        said["parameters"] = [*_in_path(endpoint), *said.get("parameters", ()), *_FORMAT]
        found.setdefault(f"/fhir{endpoint.path}", {})[endpoint.method.lower()] = said
    return found


def schemas() -> Json:
    """Return the Parameters of each operation."""
    return {f"Parameters-{operation.name}": _parameters(operation.parameters) for operation in OPERATIONS}


def _metadata() -> Json:
    return {
        "tags": ["FHIR"],
        "operationId": "fhir-metadata",
        "summary": "What this server offers, as a CapabilityStatement",
        "responses": {"200": _answer(only("CapabilityStatement"), "The CapabilityStatement"), "304": _UNCHANGED, **outcomes((400, 406), fhir=True)},
    }  # fmt: skip


_UNCHANGED: Final[Json] = {"description": "The client has it already: If-None-Match named its ETag"}


def _operation(endpoint: Endpoint, operation: Operation) -> Json:
    schema, about = _RETURNS[operation.name]
    name = re.sub(r"[^a-z]+", "-", endpoint.path.lower()).strip("-")
    said: Json = {
        "tags": ["FHIR operations"],
        "operationId": f"fhir-{endpoint.method.lower()}-{name}",
        "summary": f"${operation.name}" + (f" of {operation.on}" if operation.on else ""),
        "externalDocs": {"url": operation.definition},
        "parameters": [_in_query(one) for one in operation.parameters if one.type in PRIMITIVES],
        "responses": {
            "200": _answer(schema, about),
            **outcomes((400, 401, 403, 404, 406, 408, 413, 415, 422), fhir=True),
        },
    }
    if endpoint.method == "POST":
        said["requestBody"] = _body(endpoint, operation)
    return said


def _body(endpoint: Endpoint, operation: Operation) -> Json:
    alone = _ALONE[operation.name]
    bare = ref(alone) if alone in ("Bundle", "Resource") else only(alone)
    known = {"anyOf": [ref(f"Parameters-{operation.name}"), bare]}
    examples = {"alone": {"$ref": "#/components/examples/Findings"}} if endpoint.does is evaluate else None
    return {"required": True, "content": content(known, FHIR_JSON, JSON, examples=examples)}


def _parameters(declared: tuple[Declared, ...]) -> Json:
    """Return Parameters with only what is declared."""
    return {
        "type": "object",
        "properties": {
            "resourceType": {"const": "Parameters"},
            "parameter": {"type": "array", "minItems": 1, "items": {"anyOf": [_parameter(one) for one in declared]}},
        },
        "required": ["resourceType", "parameter"],
    }


def _parameter(one: Declared) -> Json:
    if one.type in PRIMITIVES:
        held, schema = f"value{one.type[:1].upper()}{one.type[1:]}", _primitive(one)
    elif one.type == "CodeableConcept":
        held, schema = "valueCodeableConcept", {"type": "object"}
    else:
        held, schema = "resource", ref(one.type) if one.type in ("Bundle", "Resource") else only(one.type)
    return {
        "type": "object",
        "properties": {"name": {"const": one.name}, held: schema},
        "required": ["name", held],
        "description": one.about,
    }


def _primitive(one: Declared) -> Any:  # noqa: ANN401 - a schema
    if one.name in _ENUMS:
        return {"enum": _ENUMS[one.name]}
    return {"type": "string", "pattern": _PATTERNS[one.type], "maxLength": 1000}


def _in_query(one: Declared) -> Json:
    return {
        "name": one.name, "in": "query", "schema": _primitive(one),
        "description": f"{one.about[:1].upper()}{one.about[1:]}. Also in Parameters.",
    }  # fmt: skip


def _in_path(endpoint: Endpoint) -> list[Json]:
    patterns = {"id": "^[A-Za-z0-9\\-.]{1,64}$", "type": "^[A-Z][A-Za-z]{1,63}$"}
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": patterns[name]}}
        for name in _SAID.findall(endpoint.path)
    ]


def _read(endpoint: Endpoint) -> Json:
    kind = endpoint.kind
    read = "{id}" in endpoint.path
    how = "read" if read else "search-by-post" if endpoint.form else "search"
    said: Json = {
        "tags": ["FHIR artefacts"],
        "operationId": f"fhir-{how}-{kind.lower()}",
        "summary": f"{'One' if read else 'Search'} {kind}",
        "responses": {
            "200": _answer(only(kind), f"The {kind}", kept=True) if read else _answer(ref("Searchset"), "One page"),
            **({"304": _UNCHANGED} if read else {}),
            **outcomes((401, 403, 404, 406) if read else (400, 401, 403, 406, 408, 413, 415), fhir=True),
            **outcomes((400,), fhir=True),
        },
    }
    if not read:
        said["parameters"] = _search()
    if endpoint.form:
        form = {"type": "object", "additionalProperties": {"type": "string"}}
        said["requestBody"] = {"content": content(form, "application/x-www-form-urlencoded")}
    assert endpoint in READS
    return said


def _search() -> list[Json]:
    numbers = {"_count": f"Entries on a page, at most {MOST}; 0: only the total", "_offset": "Entries to pass over"}
    return [
        *(
            {"name": name, "in": "query", "schema": {"type": "string"}, "description": f"FHIR search by {one.type}"}
            for name, one in PARAMETERS.items()
        ),
        *(
            {
                "name": name,
                "in": "query",
                "schema": {"type": "integer", "minimum": 0, "maximum": 99_999},
                "description": about,
            }
            for name, about in numbers.items()
        ),
        {
            "name": "_summary",
            "in": "query",
            "schema": {"enum": ["count", "false"]},
            "description": "count: only the total",
        },
    ]


def _answer(schema: Json, about: str, *, kept: bool = False) -> Json:
    headers = {
        "ETag": {"schema": {"type": "string", "pattern": '^W/"[0-9a-f]+"$'}},
        "Last-Modified": {"schema": {"type": "string"}},
    }
    return {"description": about, **({"headers": headers} if kept else {}), "content": content(schema, FHIR_JSON)}
