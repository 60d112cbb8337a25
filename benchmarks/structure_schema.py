"""JSON Schema of the structure facts: what `benchmarks/structure.py` and a test hold against the gate and the walker.

It is not shipped. A schema cannot say all that the walker says (the calendar, nulls that stand beside extensions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kneecds.fhir.structure.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.fhir.structure.facts import Property, Release, TypeFacts

Json = dict[str, Any]

_W = r" \t\r\n\f\v"
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_YEAR = r"[0-9]{4}(-(0[1-9]|1[0-2]))?"
_UUID = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OID = r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"
_URI = rf"({_UUID}|{_OID}|(?!urn:(uuid|oid):)[^{_W}]+)"
_ID = "[A-Za-z0-9.-]{1,64}"
PATTERNS = {
    "code": rf"[^{_W}]+( [^{_W}]+)*", "id": _ID, "System.Id": _ID, "uri": _URI, "url": _URI, "System.Uri": _URI,
    "canonical": _URI, "oid": _OID, "uuid": _UUID, "date": rf"({_YEAR}|{_DAY})",
    "dateTime": rf"({_YEAR}|{_DAY}(T{_CLOCK}{_ZONE})?)", "instant": rf"{_DAY}T{_CLOCK}{_ZONE}", "time": _CLOCK,
    "base64Binary": r"(\s*[A-Za-z0-9+/=]\s*){4,}", "integer64": "0|-?[1-9][0-9]*",
}  # fmt: skip
BOUNDS = {"integer": -(2**31), "positiveInt": 1, "unsignedInt": 0}
EXTENSIONS = {"$ref": "#/$defs/Element"}


def schema(release: Release, resources: Iterable[str]) -> Json:
    """Return the schema of some resource types of a release, and of all that they reach."""
    facts = facts_of(release)
    names = sorted(resources)
    found: Json = {"Resource": _resource(names)}
    waiting = ["Element", *names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            of_type = facts.type(name)
            found[name] = _object(of_type, is_resource=name in facts.resource_types)
            waiting += [of.type for of in of_type.properties.values() if not of.is_primitive]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/Resource", "$defs": found}


def _resource(names: list[str]) -> Json:
    return {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"enum": names}},
        "allOf": [
            {"if": {"properties": {"resourceType": {"const": name}}}, "then": {"$ref": f"#/$defs/{name}"}}
            for name in names
        ],
    }


def _object(of_type: TypeFacts, *, is_resource: bool) -> Json:
    properties: Json = {"resourceType": True} if is_resource else {}
    for name, of in of_type.properties.items():
        properties[name] = _many(_value(of), of) if of.many else _value(of)
        if of.has_companion:
            beside = {"anyOf": [EXTENSIONS, {"type": "null"}]}
            properties[f"_{name}"] = {"type": "array", "minItems": 1, "items": beside} if of.many else EXTENSIONS
    rules: list[Json] = [{"anyOf": _given(names)} for _, _, names in of_type.required]
    rules += [
        {
            "oneOf": [
                *({"required": [name]} for name in names),
                {"not": {"anyOf": [{"required": [name]} for name in names]}},
            ]
        }
        for _, names in of_type.choices
    ]
    made: Json = {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": properties}
    return {**made, "allOf": rules} if rules else made


def _given(names: tuple[str, ...]) -> list[Json]:
    return [{"required": [spelled]} for name in names for spelled in (name, f"_{name}")]


def _many(value: Json, of: Property) -> Json:
    items = {"anyOf": [value, {"type": "null"}]} if of.has_companion else value
    made: Json = {"type": "array", "minItems": 1, "items": items}
    return made if of.most is None else {**made, "maxItems": of.most}


def _value(of: Property) -> Json:
    if not of.is_primitive:
        return {"$ref": f"#/$defs/{of.type}"}
    if of.codes is not None:
        return {"enum": sorted(of.codes)}
    if of.type in PATTERNS:
        return {"type": "string", "pattern": f"^({PATTERNS[of.type]})$"}
    if of.type in BOUNDS:
        return {"type": "integer", "minimum": BOUNDS[of.type], "maximum": 2**31 - 1}
    if of.type in {"boolean", "decimal"}:
        return {"type": "boolean" if of.type == "boolean" else "number"}
    return {"type": "string", "minLength": 1, "maxLength": 1_048_576}
