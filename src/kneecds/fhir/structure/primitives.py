"""The formats of FHIR's primitive types, as https://hl7.org/fhir/R4/datatypes.html#primitive gives them."""

from __future__ import annotations

import re
from datetime import date as calendar_date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STRING: Final = 1_048_576  # characters, "Strings SHALL NOT exceed 1MB"
MAX_INT32: Final = 2**31 - 1
MAX_INT64: Final = 2**63 - 1
MOST_DIGITS: Final = 18

_DAY: Final = r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE: Final = re.compile(rf"(?!0000)[0-9]{{4}}(?:-(?:0[1-9]|1[0-2]))?|{_DAY}")
_DATE_TIME: Final = re.compile(rf"(?!0000)[0-9]{{4}}(?:-(?:0[1-9]|1[0-2]))?|{_DAY}(?:T{_CLOCK}{_ZONE})?")
_INSTANT: Final = re.compile(rf"{_DAY}T{_CLOCK}{_ZONE}")
_TIME: Final = re.compile(_CLOCK)
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_CODE: Final = re.compile(r"\S+(?: \S+)*")
_URI: Final = re.compile(r"[^ \t\r\n\f\v]+")
_OID: Final = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_INTEGER64: Final = re.compile(r"0|-?[1-9][0-9]*")
_LONG_FRACTION: Final = re.compile(r"\.[0-9]{10}")

Reason = str | None
"""Why a value is not of its type, or None."""


def _text(value: str) -> Reason:
    if not value:
        return "is empty"
    if len(value) > MAX_STRING:
        return f"has {len(value)} characters; at most {MAX_STRING} are allowed"
    return None


def _like(pattern: re.Pattern[str], what: str) -> Callable[[str], Reason]:
    def reason(value: str) -> Reason:
        return None if pattern.fullmatch(value) else what

    return reason


def _dated(pattern: re.Pattern[str], what: str) -> Callable[[str], Reason]:
    def reason(value: str) -> Reason:
        if not pattern.fullmatch(value):
            return what
        if len(value) >= 10:  # noqa: PLR2004 - the length of YYYY-MM-DD
            try:
                calendar_date.fromisoformat(value[:10])
            except ValueError:
                return "is a day that the calendar does not have"
        return None

    return reason


def _uri(value: str) -> Reason:
    if not _URI.fullmatch(value):
        return "is not a URI: it is empty or holds white space"
    if value.startswith("urn:uuid:") and not _UUID.fullmatch(value):
        return "is not a UUID: urn:uuid: and 36 characters in lower case"
    if value.startswith("urn:oid:") and not _OID.fullmatch(value):
        return "is not an OID: urn:oid: and numbers with points between"
    return None


def _base64(value: str) -> Reason:
    together = "".join(value.split())
    return None if together and _BASE64.fullmatch(together) else "is not base64"


def _base64_without_space(value: str) -> Reason:
    return None if value and _BASE64.fullmatch(value) else "is not base64 without white space"


def _nine_digits(usual: Callable[[str], Reason]) -> Callable[[str], Reason]:
    def reason(value: str) -> Reason:
        return usual(value) or ("has a fraction of more than nine digits" if _LONG_FRACTION.search(value) else None)

    return reason


def _integer64(value: str) -> Reason:
    if not _INTEGER64.fullmatch(value) or len(value) > 20 or not -MAX_INT64 - 1 <= int(value) <= MAX_INT64:  # noqa: PLR2004
        return "is not a 64-bit integer"
    return None


STRINGS: Final[dict[str, Callable[[str], Reason]]] = {
    "string": _text,
    "markdown": _text,
    "xhtml": _text,
    "System.String": _text,
    "code": _like(_CODE, "is not a code: no white space but single spaces between words, not empty"),
    "id": _like(_ID, "is not an id: 1 to 64 of A-Z a-z 0-9 - ."),
    "uri": _uri,
    "url": _uri,
    "canonical": _uri,
    "System.Uri": _uri,
    "System.Id": _like(_ID, "is not an id: 1 to 64 of A-Z a-z 0-9 - ."),
    "oid": _like(_OID, "is not an OID: urn:oid: and numbers with points between"),
    "uuid": _like(_UUID, "is not a UUID: urn:uuid: and 36 characters in lower case"),
    "date": _dated(_DATE, "is not a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _dated(_DATE_TIME, "is not a dateTime: a date, or YYYY-MM-DDThh:mm:ss with Z or +hh:mm"),
    "instant": _dated(_INSTANT, "is not an instant: YYYY-MM-DDThh:mm:ss with Z or +hh:mm"),
    "time": _like(_TIME, "is not a time: hh:mm:ss"),
    "base64Binary": _base64,
    "integer64": _integer64,
}
"""Primitive types that JSON writes as a string."""

STRICTER: Final[dict[str, dict[str, Callable[[str], Reason]]]] = {
    "R5": {
        "base64Binary": _base64_without_space,
        **{name: _nine_digits(STRINGS[name]) for name in ("dateTime", "instant", "time")},
    }
}
"""What a later release asks more of a type: https://hl7.org/fhir/R5/datatypes.html#primitive."""

INTEGERS: Final = {
    "integer": (-MAX_INT32 - 1, MAX_INT32),
    "positiveInt": (1, MAX_INT32),
    "unsignedInt": (0, MAX_INT32),
}
"""Primitive types that JSON writes as a number without a point, with their bounds."""

PRIMITIVES: Final = frozenset(STRINGS) | frozenset(INTEGERS) | {"boolean", "decimal"}
WITHOUT_EXTENSIONS: Final = frozenset({"System.String", "System.Uri", "System.Id", "xhtml"})
"""Written as attributes in XML, or as XHTML itself: they have no `_name` companion."""


def json_kind(value: object) -> str:
    """Name what JSON calls a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float, Decimal)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def expected_kind(type_name: str) -> str:
    """Name the JSON kind that a FHIR type is written as."""
    if type_name in STRINGS:
        return "a string"
    if type_name == "boolean":
        return "a boolean"
    return "a number" if type_name in PRIMITIVES else "an object"


def wrong_kind(type_name: str, value: object) -> bool:
    """Whether a value is not even of the JSON kind of its primitive type."""
    if type_name in STRINGS:
        return not isinstance(value, str)
    if type_name == "boolean":
        return not isinstance(value, bool)
    return isinstance(value, bool) or not isinstance(value, (int, float, Decimal))


def is_blank(value: str) -> bool:
    """Whether a string is nothing but white space: allowed, and never what was meant."""
    return bool(value) and not value.strip()


def reason_against(type_name: str, value: object, release: str = "R4") -> Reason:
    """Tell why a value of the right JSON kind breaks the format of its type; None when it does not."""
    if isinstance(value, str):
        return (STRICTER.get(release, STRINGS).get(type_name) or STRINGS[type_name])(value)
    if type_name in INTEGERS and not isinstance(value, bool):
        low, high = INTEGERS[type_name]
        if not isinstance(value, int):
            return "is not a whole number without a point"
        if not low <= value <= high:
            return f"is outside {low} to {high}"
    if release == "R5" and type_name == "decimal" and isinstance(value, (int, Decimal)):
        return _digits(value)
    return None


def _digits(value: int | Decimal) -> Reason:
    """Count digits on both sides of the point, as https://hl7.org/fhir/R5/datatypes.html#decimal limits them."""
    _, digits, exponent = Decimal(value).as_tuple()
    if isinstance(exponent, int) and -MOST_DIGITS <= exponent <= 0:  # written with an exponent it may be larger
        if len(digits) + exponent > MOST_DIGITS:
            return f"has more than {MOST_DIGITS} digits before the point"
        if -exponent >= MOST_DIGITS:
            return f"has more than {MOST_DIGITS - 1} digits after the point"
    return None
