"""Which representation a client wants, and in which the body came: https://hl7.org/fhir/R4/http.html#mime-type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kneecds.service.fhir.call import Wanted, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.fhir.version import Release

JSON: Final = "application/fhir+json"
SERVED: Final[dict[str, Release]] = {"4.0": "R4", "5.0": "R5"}
"""The releases that answers are written in, by the value of the parameter fhirVersion."""

_READ: Final[dict[str, Release]] = {**SERVED, "4.3": "R4B"}
_IN: Final = frozenset({JSON, "application/json", "text/json"})
_OUT: Final = frozenset({*_IN, "*/*", "application/*"})
_FORMATS: Final = {"json": JSON, "application/fhir json": JSON}
"""Short forms of `_format`; a plus sign that was not escaped arrives as a space."""

_SEVERAL: Final = 32  # ranges in one Accept header that are looked at
_CHARSETS: Final = frozenset({"", "utf-8", "utf8", "us-ascii"})


class _Range(NamedTuple):
    kind: str
    parameters: dict[str, str]

    @property
    def weight(self) -> float:
        try:
            return float(self.parameters.get("q", "1"))
        except ValueError:
            return 0.0


def wanted(accept: str | None, query: Sequence[tuple[str, str]]) -> Wanted:
    """Return how the answer is to be written; 406 for what cannot be, such as XML."""
    said = dict(query)
    pretty = _yes_or_no(said.get("_pretty", "false"))
    if (form := said.get("_format")) is not None:  # https://hl7.org/fhir/R4/http.html#parameters: overrides the header
        one = _range(form)
        one = one._replace(kind=_FORMATS.get(one.kind, one.kind))
        if one.kind not in _IN or not _is_served(one):
            raise _unacceptable(form)
        return Wanted(_release(one), pretty)
    ranges = [_range(part) for part in (accept or "*/*").split(",")[:_SEVERAL] if part.strip()]
    good = [one for one in ranges if one.kind in _OUT and one.weight > 0 and _is_served(one)]
    if ranges and not good:
        raise _unacceptable(accept or "")
    return Wanted(_release(max(good, key=lambda one: one.weight)) if good else None, pretty)


def body_release(content_type: str | None) -> Release | None:
    """Return the release that a content type names; None if it names none, 415 if it is not FHIR as JSON."""
    one = _range(content_type or "")
    number = ".".join(one.parameters.get("fhirversion", "").split(".")[:2])
    known = not number or number in _READ
    if one.kind not in _IN or one.parameters.get("charset", "").lower() not in _CHARSETS or not known:
        message = f"the body has to be {JSON}, in UTF-8"
        raise refused(415, "not-supported", "media-type", message)
    return _READ.get(number)


def content_type(release: Release) -> str:
    """Return the media type of an answer; the release is named where it is not the usual one."""
    return f"{JSON}; charset=utf-8" + ("; fhirVersion=5.0" if release == "R5" else "")


def _yes_or_no(value: str) -> bool:
    if value not in ("true", "false"):
        raise refused(400, "value", "parameter-value", "_pretty is true or false", "_pretty")
    return value == "true"


def _range(text: str) -> _Range:
    kind, *rest = text.split(";")
    parameters = (part.partition("=") for part in rest)
    return _Range(
        kind.strip().lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in parameters}
    )


def _is_served(one: _Range) -> bool:
    return "fhirversion" not in one.parameters or _release(one) is not None


def _release(one: _Range) -> Release | None:
    return SERVED.get(".".join(one.parameters.get("fhirversion", "").split(".")[:2]))


def _unacceptable(asked: str) -> Exception:
    del asked  # never echoed
    versions = " or ".join(SERVED)
    message = f"answers are {JSON}, with fhirVersion {versions}; what was asked for is not served"
    return refused(406, "not-supported", "not-acceptable", message)
