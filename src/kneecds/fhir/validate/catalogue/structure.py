"""The shape of a resource: elements, cardinalities, choices and the formats of primitive types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity
    from kneecds.fhir.structure.facts import Release

Json = dict[str, Any]

_JSON: Final = "http://hl7.org/fhir/R4/json.html"
_TYPES: Final = "http://hl7.org/fhir/R4/datatypes.html"
_PATIENT: Final[Json] = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1991-06-17"}
_PLACE: Final = "Bundle.entry[0].resource"
_ZONED: Final = "2026-01-05T10:11:12+01:00"
_OLD: Final = "urn:uuid:0b9c4a5e-6f0d-4a3c-9d5e-2f6f5d1c7b11"


def _bundle(**members: Any) -> Json:  # noqa: ANN401 - parts of a resource
    """Return a Bundle with the Patient, some members exchanged; those that are `...` are left out."""
    patient = {name: value for name, value in (_PATIENT | members).items() if value is not ...}
    entry = {"fullUrl": "https://example.org/fhir/Patient/p1", "resource": patient}
    return {"resourceType": "Bundle", "type": "collection", "entry": [entry]}


def _extended(**value: Any) -> Json:  # noqa: ANN401
    return _bundle(extension=[{"url": "http://example.org/more", **value}])


def _rule(
    name: str, says: str, fix: str, accepted: Json, refused: Json, at: str, source: str = _JSON,
    severity: Severity = "error", release: Release = "R4",
) -> Rule:  # fmt: skip
    return Rule(
        id=name, layer="structure", severity=severity, says=says, source=source, fix=fix, accepted=accepted,
        refused=refused, at=f"{_PLACE}{at}" if refused.get("resourceType") == "Bundle" else at, release=release,
        releases=("R5",) if release == "R5" else ("R4", "R4B", "R5"),
    )  # fmt: skip


def _format(
    name: str, says: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4"
) -> Rule:  # fmt: skip
    anchor = name.removeprefix("structure-")
    source = f"{_TYPES if release == 'R4' else _TYPES.replace('R4', release)}#{anchor}"
    return _rule(name, says, fix, accepted, refused, at, source, release=release)


_GIVEN: Final[Json] = {"given": ["Jane"]}
_SHAPES: Final = (
    _rule(
        "not-fhir", "FHIR JSON is a resource, or a list of resources.", "Send an object with a resourceType.",
        _bundle(), {}, "",
        severity="fatal",
    ),
    _rule(
        "structure-resource-type", "Every resource names its type, and the release has that type.",
        "Give resourceType as the release spells it.", _bundle(), _bundle(resourceType="Pateint"), "",
    ),
    _rule(
        "structure-type", "A value is of the JSON kind of its type: object, string, number or boolean.",
        "Send numbers and booleans without quotes, and complex types as objects.", _bundle(active=True),
        _bundle(active="true"), ".active",
    ),
    _rule(
        "structure-unknown-element", "A type has only the elements of its definition.",
        "Correct the name, or say it in an extension.", _bundle(), _bundle(birthdate="1991"), ".birthdate",
    ),
    _rule(
        "structure-required", "What a definition requires is there.", "Add the element.",
        _bundle(link=[{"other": {"display": "Jane"}, "type": "seealso"}]), _bundle(link=[{"other": {"display": "Jane"}}]),
        ".link[0].type", "http://hl7.org/fhir/R4/conformance-rules.html#cardinality",
    ),
    _rule(
        "structure-cardinality", "An element that repeats is an array, one that does not is none, and neither exceeds its maximum.",
        "Send a list where the element repeats, else the value itself.", _bundle(name=[_GIVEN]), _bundle(name=_GIVEN),
        ".name", "http://hl7.org/fhir/R4/conformance-rules.html#cardinality",
    ),
    _rule(
        "structure-choice", "An element of several types has one value.", "Keep one of them.",
        _bundle(deceasedBoolean=False), _bundle(deceasedBoolean=True, deceasedDateTime="2026"), ".deceased",
        "http://hl7.org/fhir/R4/formats.html#choice",
    ),
    _rule(
        "structure-empty", "An object or array is not empty.", "Leave the element out.", _bundle(name=[_GIVEN]),
        _bundle(name=[]), ".name",
    ),
    _rule(
        "structure-null", "A null stands only in an array, beside extensions of the same item.", "Leave the element out.",
        _bundle(name=[{"given": ["Jane", None], "_given": [None, {"extension": [{"url": "http://example.org/more", "valueCode": "x"}]}]}]),
        _bundle(gender=None), ".gender",
    ),
    _rule(
        "structure-companion", "Extensions of repeated values stand beside them, item by item.",
        "Give both arrays the same length, with null where there is nothing.", _bundle(name=[_GIVEN]),
        _bundle(name=[{**_GIVEN, "_given": [None, {"extension": [{"url": "http://example.org/more", "valueCode": "x"}]}]}]),
        ".name[0].given", severity="warning",
    ),
    _rule(
        "structure-code", "A code is one of the list that its element is bound to, without white space but single spaces.",
        "Use a code of the list.", _bundle(gender="female"), _bundle(gender="F"), ".gender",
        "http://hl7.org/fhir/R4/terminologies.html#required",
    ),
    _rule(
        "structure-blank", "A string says something.", "Leave the element out.", _bundle(name=[{"family": "Hill"}]),
        _bundle(name=[{"family": " "}]), ".name[0].family", f"{_TYPES}#string", "warning",
    ),
)  # fmt: skip
_FORMATS: Final = (
    _format(
        "structure-string", "A string is not empty and has at most 1 MB.", "Leave the element out.", _bundle(name=[{"family": "Hill"}]),
        _bundle(name=[{"family": ""}]), ".name[0].family",
    ),
    _format(
        "structure-markdown", "Markdown is not empty.", "Leave the element out.", _extended(valueMarkdown="*knee*"),
        _extended(valueMarkdown=""), ".extension[0].value.ofType(markdown)",
    ),
    _rule(
        "structure-xhtml", "The XHTML of a narrative is not empty.", "Leave the narrative out.",
        _bundle(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Jane</div>'}),
        _bundle(text={"status": "generated", "div": ""}), ".text.div", "http://hl7.org/fhir/R4/narrative.html#xhtml",
    ),
    _format(
        "structure-id", "An id has 1 to 64 letters, digits, hyphens and points.", "Make another id.", _bundle(meta={"versionId": "1"}),
        _bundle(meta={"versionId": "1/2"}), ".meta.versionId",
    ),
    _format(
        "structure-uri", "A URI has no white space; urn:oid: and urn:uuid: are followed by an OID and a UUID in lower case.",
        "Escape white space as %20.", _bundle(identifier=[{"system": "urn:oid:2.16.840.1.113883.4.1", "value": "1"}]),
        _bundle(identifier=[{"system": "urn:oid:US", "value": "1"}]), ".identifier[0].system",
    ),
    _format(
        "structure-url", "A URL has no white space.", "Escape white space as %20.",
        _bundle(photo=[{"contentType": "image/png", "url": "https://example.org/a%20b.png"}]),
        _bundle(photo=[{"contentType": "image/png", "url": "https://example.org/a b.png"}]), ".photo[0].url",
    ),
    _format(
        "structure-canonical", "A canonical has no white space.", "Escape white space as %20.",
        _extended(valueCanonical="http://example.org/Questionnaire/q"), _extended(valueCanonical="http://example.org/Questionnaire/my q"),
        ".extension[0].value.ofType(canonical)",
    ),
    _format(
        "structure-oid", "An OID is urn:oid: and numbers with points between.", "Write urn:oid: before it.",
        _extended(valueOid="urn:oid:2.16.840.1.113883.4.1"), _extended(valueOid="2.16.840.1.113883.4.1"),
        ".extension[0].value.ofType(oid)",
    ),
    _format(
        "structure-uuid", "A UUID is urn:uuid: and 36 characters in lower case.", "Write it in lower case.",
        _extended(valueUuid=_OLD), _extended(valueUuid=_OLD.upper()), ".extension[0].value.ofType(uuid)",
    ),
    _format(
        "structure-date", "A date is YYYY, YYYY-MM or YYYY-MM-DD, and a day of the calendar.", "Write it as YYYY-MM-DD.",
        _bundle(), _bundle(birthDate="17.06.1991"), ".birthDate",
    ),
    _format(
        "structure-datetime", "A dateTime with a clock has seconds and a time zone.", "Add seconds and Z or +hh:mm.",
        _bundle(deceasedDateTime="2025-12-05T10:11:12Z"), _bundle(deceasedDateTime="2025-12-05T10:11"),
        ".deceased.ofType(dateTime)",
    ),
    _format(
        "structure-instant", "An instant is a day, a clock with seconds, and a time zone.", "Write it as YYYY-MM-DDThh:mm:ss+hh:mm.",
        _bundle(meta={"lastUpdated": _ZONED}), _bundle(meta={"lastUpdated": "2026-01-05"}), ".meta.lastUpdated",
    ),
    _format(
        "structure-time", "A time is hh:mm:ss.", "Add seconds, and no time zone.", _extended(valueTime="10:11:12"),
        _extended(valueTime="10:11"), ".extension[0].value.ofType(time)",
    ),
    _format(
        "structure-base64binary", "Binary data is base64.", "Encode it with a base64 library.",
        _bundle(photo=[{"contentType": "text/plain", "data": "a25lZQ=="}]),
        _bundle(photo=[{"contentType": "text/plain", "data": "a25lZQ"}]), ".photo[0].data",
    ),
    _format(
        "structure-integer", "An integer is a whole number of 32 bits.", "Send a decimal where the element allows one.",
        _bundle(multipleBirthInteger=2), _bundle(multipleBirthInteger=2.5), ".multipleBirth.ofType(integer)",
    ),
    _format(
        "structure-positiveint", "A positiveInt is 1 or more.", "Count from 1.",
        _bundle(telecom=[{"system": "phone", "value": "1", "rank": 1}]), _bundle(telecom=[{"system": "phone", "value": "1", "rank": 0}]),
        ".telecom[0].rank",
    ),
    _format(
        "structure-unsignedint", "An unsignedInt is 0 or more.", "Send the size in bytes.",
        _bundle(photo=[{"contentType": "image/png", "url": "https://example.org/a.png", "size": 5}]),
        _bundle(photo=[{"contentType": "image/png", "url": "https://example.org/a.png", "size": -5}]), ".photo[0].size",
    ),
    _format(
        "structure-decimal", "A decimal has at most 18 digits before its point and 17 after it.", "Round it.",
        _extended(valueDecimal=0.25), _extended(valueDecimal=1234567890123456789), ".extension[0].value.ofType(decimal)",
        release="R5",
    ),
    _format(
        "structure-integer64", "An integer64 is a string with a whole number of 64 bits.", "Send the digits alone.",
        _bundle(photo=[{"contentType": "image/png", "url": "https://example.org/a.png", "size": "5"}]),
        _bundle(photo=[{"contentType": "image/png", "url": "https://example.org/a.png", "size": "5.0"}]), ".photo[0].size",
        release="R5",
    ),
)  # fmt: skip

RULES: Final[tuple[Rule, ...]] = (*_SHAPES, *_FORMATS)
