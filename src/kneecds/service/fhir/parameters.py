"""The parameters of an operation: declared in a table, read from a Parameters resource, a bare resource or the query.

https://hl7.org/fhir/R4/operations.html#request. A resource inside keeps the bytes in which it came.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from kneecds.errors import Issue, error
from kneecds.fhir import strict_json
from kneecds.service.fhir.call import RefusalError, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.service.fhir.call import Call

Raw = dict[str, msgspec.Raw]

PRIMITIVES: Final = frozenset({"string", "code", "date", "canonical", "uri", "boolean"})
"""Types that can stand in the query as well."""

_VALUES: Final = PRIMITIVES | {"CodeableConcept"}

_WHOLE_DAY: Final = len("2026-01-31")
_decode: Final = msgspec.json.Decoder(Raw).decode
_decode_list: Final = msgspec.json.Decoder(list[Raw]).decode


class Declared(NamedTuple):
    """A parameter of an operation, as its OperationDefinition has it."""

    name: str
    type: str  # of FHIR; "Resource" for any resource
    least: int
    most: str
    about: str


class Given(NamedTuple):
    """The parameters of one call; each was declared, and is there as often as it may be."""

    resources: dict[str, list[bytes]]
    values: dict[str, list[str]]

    def resource(self, name: str) -> bytes | None:
        """Return the resource of a name as it came."""
        return next(iter(self.resources.get(name, ())), None)

    def value(self, name: str) -> str | None:
        """Return the text of a primitive, or the reference of a reference."""
        return next(iter(self.values.get(name, ())), None)

    def day(self, name: str, otherwise: date) -> date:
        """Return a date; 400 for one that is not a whole day."""
        said = self.value(name)
        if said is None:
            return otherwise
        try:
            return date.fromisoformat(said if len(said) == _WHOLE_DAY and said[4] == "-" else "")
        except ValueError:
            message = f"{name} is a whole day such as 2026-01-31"
            raise refused(400, "value", "parameter-value", message, place(name)) from None


def place(name: str) -> str:
    """Return the FHIRPath of a parameter."""
    return f"Parameters.parameter.where(name = '{name}')"


def read(call: Call, declared: tuple[Declared, ...], alone: str, kinds: tuple[str, ...] = ()) -> Given:
    """Return what was given; `alone` is the parameter that a bare resource is, of one of `kinds` or of any type.

    Everything that is wrong is said at once, with status 400.
    """
    given = Given({}, {})
    issues: list[Issue] = []
    _take_query(call, declared, given, issues)
    if call.body.strip():
        kind = kind_of(call.body)
        if kind == "Parameters":
            _take_parameters(call.body, declared, given, issues)
        elif kinds and kind not in kinds:
            message = f"the body is a Parameters{''.join(f' or a {one}' for one in kinds)}"
            issues.append(error("structure", "body-type", "$this", message))
        else:
            given.resources[alone] = [call.body]
    for one in declared:
        times = len(given.resources.get(one.name, ())) + len(given.values.get(one.name, ()))
        if times < one.least:
            issues.append(
                error("required", "parameter-missing", place(one.name), f"{one.name} is missing: {one.about}")
            )
        elif one.most != "*" and times > int(one.most):
            issues.append(error("invalid", "parameter-repeated", place(one.name), f"{one.name} can be given only once"))
    if issues:
        raise RefusalError(400, issues)
    return given


def kind_of(body: bytes) -> str:
    """Return the type of a resource; 400 for what is not JSON, or no resource."""
    document, issues = strict_json.parse(body)
    if any(issue.severity == "fatal" for issue in issues):
        raise RefusalError(400, issues)
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        raise refused(400, "structure", "not-fhir", "the body is not a FHIR resource: it has no resourceType", "$this")
    return kind


def _take_query(call: Call, declared: tuple[Declared, ...], given: Given, issues: list[Issue]) -> None:
    known = {one.name for one in declared if one.type in PRIMITIVES}
    for name, value in call.query:
        if name in known:
            given.values.setdefault(name, []).append(value)
        elif not name.startswith("_"):
            issues.append(
                error("not-supported", "parameter-unknown", "", "the query has a parameter that is not known here")
            )


def _take_parameters(body: bytes, declared: tuple[Declared, ...], given: Given, issues: list[Issue]) -> None:
    types = {one.name: one.type for one in declared}
    for index, parameter in enumerate(_parameters(body)):
        here = f"Parameters.parameter[{index}]"
        name = _text(parameter.get("name"))
        if name not in types:
            known = ", ".join(types)
            message = f"a parameter that is not known here; known are {known}" if name else "a parameter has no name"
            issues.append(error("not-supported" if name else "required", "parameter-unknown", here, message))
        elif types[name] in _VALUES:
            issues.extend(_take_value(parameter, name, types[name], here, given))
        else:
            issues.extend(_take_resource(parameter, name, types[name], here, given))


def _take_value(parameter: Raw, name: str, kind: str, here: str, given: Given) -> Iterator[Issue]:
    said = next((_value(value) for key, value in parameter.items() if key.startswith("value")), None)
    if said is None:
        yield error("value", "parameter-type", here, f"{name} is a {kind}: value{kind[:1].upper()}{kind[1:]}")
    else:
        given.values.setdefault(name, []).append(said)


def _take_resource(parameter: Raw, name: str, kind: str, here: str, given: Given) -> Iterator[Issue]:
    raw = parameter.get("resource")
    if raw is None:
        yield error("structure", "parameter-type", here, f"{name} is a resource: it stands in `resource`")
        return
    body = bytes(raw)
    try:
        found = _text(_decode(body).get("resourceType"))
    except msgspec.MsgspecError:
        found = ""
    if not found or kind not in ("Resource", found):
        what = "a resource" if kind == "Resource" else f"a {kind}"
        yield error("structure", "parameter-type", f"{here}.resource", f"{name} is {what}")
        return
    given.resources.setdefault(name, []).append(body)


def _parameters(body: bytes) -> list[Raw]:
    try:
        listed = _decode(body).get("parameter")
        return [] if listed is None else _decode_list(listed)
    except msgspec.MsgspecError:
        message = "Parameters.parameter is a list of objects"
        raise refused(400, "structure", "not-fhir", message, "Parameters.parameter") from None


def _value(raw: msgspec.Raw) -> str | None:
    """Return the text of a string, the reference of a Reference, the first code of a CodeableConcept."""
    found: Any = msgspec.json.decode(raw)
    if isinstance(found, dict):
        codings = found.get("coding")
        first = codings[0] if isinstance(codings, list) and codings else None
        found = found.get("reference") or (first.get("code") if isinstance(first, dict) else found.get("text"))
    return found if isinstance(found, str) and found else None


def _text(raw: msgspec.Raw | None) -> str:
    found = msgspec.json.decode(raw) if raw is not None else None
    return found if isinstance(found, str) else ""
