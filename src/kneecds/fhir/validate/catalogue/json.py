"""The text of a document: strict JSON, bounded in size, depth and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.strict_json import MAX_BYTES, MAX_DEPTH
from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity

_RFC: Final = "https://www.rfc-editor.org/rfc/rfc8259"
_FHIR: Final = "http://hl7.org/fhir/R4/json.html"
_PATIENT: Final = '{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1991-06-17"}'
_WEIGHT: Final = (
    '{"resourceType":"Observation","status":"final","code":{"text":"Mass of the brace"},'
    '"subject":{"display":"Jane"},"effectiveDateTime":"2026-01-05","valueQuantity":{"value":%s}}'
)


def _rule(
    name: str, says: str, source: str, fix: str, refused: str, accepted: str = _PATIENT,
    severity: Severity = "fatal", at: str = "",
) -> Rule:  # fmt: skip
    return Rule(
        id=name, layer="json", severity=severity, says=says, source=source, fix=fix,
        accepted=accepted, refused=refused, at=at,
    )  # fmt: skip


RULES: Final[tuple[Rule, ...]] = (
    _rule(
        "json-syntax", "The document is one JSON value by the grammar, with nothing after it.", f"{_RFC}#section-2",
        "Write it with a JSON library; NaN, comments, single quotes and trailing commas are not JSON.",
        _PATIENT.replace('"p1"', "NaN"),
    ),
    _rule("json-empty", "There is a JSON value.", f"{_RFC}#section-2", "Send the resource as the body.", " \n"),
    _rule(
        "json-encoding", "The bytes are UTF-8.", f"{_RFC}#section-8.1", "Write the file in UTF-8.", f"\x00{_PATIENT}",
    ),
    _rule(
        "json-byte-order-mark", "The document does not begin with a byte order mark.", f"{_RFC}#section-8.1",
        "Write UTF-8 without a mark.", f"\ufeff{_PATIENT}", severity="warning",
    ),
    _rule(
        "json-surrogate", "Every string is Unicode text: no half of a surrogate pair.", f"{_RFC}#section-8.2",
        "Write the character itself, or both halves of its escape.", _PATIENT.replace("p1", "\\ud83d"),
    ),
    _rule(
        "json-duplicate-key", "An object has each key once.", _FHIR, "Send the member once; a list holds several values.",
        _PATIENT.replace('"id":"p1"', '"id":"p1","id":"p2"'), at="Patient.id",
    ),
    _rule(
        "json-number", "A number has at most 1000 digits and an exponent that a decimal can hold.",
        "http://hl7.org/fhir/R4/datatypes.html#decimal", "Send the number as it was measured.", _WEIGHT % "1e99999",
        _WEIGHT % "1.20",
    ),
    _rule(
        "json-depth", f"Nothing is nested more than {MAX_DEPTH} levels deep.", f"{_RFC}#section-9",
        "Send a resource; none needs such depth.", "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    ),
    _rule(
        "json-size", f"A document has at most {MAX_BYTES} bytes.", f"{_RFC}#section-9",
        "Send the resources one by one, as NDJSON.", " " * (MAX_BYTES + 1),
    ),
)  # fmt: skip
