"""How a reference is spelled, and what its spelling says of the resource that it leads to."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# https://hl7.org/fhir/R4/references.html#regex: the base, the type, the id and perhaps the version
_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_RESTFUL: Final = re.compile(rf"(?:(https?://[^\s?#]+)/)?([A-Za-z]+)/({_ID})(?:/_history/({_ID}))?(?:#.*)?")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_SPACE: Final = re.compile(r"\s")
_RELATIVE_PARTS: Final = (2, 4)
_HISTORY: Final = "/_history/"


class Restful(NamedTuple):
    """A reference to a resource on a server: `[base/]Type/id[/_history/version]`."""

    base: str
    """Empty where the reference is relative."""
    type: str
    id: str
    version: str


def restful(reference: str) -> Restful | None:
    """Take a reference to a resource on a server apart; None where it is spelled otherwise."""
    found = _RESTFUL.fullmatch(reference)
    return Restful(found[1] or "", found[2], found[3], found[4] or "") if found is not None else None


def is_absolute(url: str) -> bool:
    """Whether a URL or URN stands on its own."""
    return _SCHEME.match(url) is not None


def has_space(reference: str) -> bool:
    """Whether there is white space in a reference."""
    return _SPACE.search(reference) is not None


def is_search(reference: str) -> bool:
    """Whether a reference is conditional: `Type?parameters`, which a transaction may hold."""
    kind, question, query = reference.partition("?")
    return bool(question and query) and kind.isalpha()


def is_relative_form(reference: str) -> bool:
    """Whether a relative reference has as many parts as a type with an id, and perhaps a version, has."""
    return len(reference.split("/")) in _RELATIVE_PARTS


def without_version(reference: str) -> tuple[str, str]:
    """Return a reference without its version, and the version."""
    plain, _, version = reference.partition(_HISTORY)
    return plain, version


def base_of(full_url: str) -> str:
    """Return what comes before the type and id in the URL of an entry, or before the last part of a URN."""
    if full_url.startswith("urn:"):
        return full_url[: full_url.rindex(":") + 1]
    return "".join(f"{part}/" for part in full_url.split("/")[:-2])
