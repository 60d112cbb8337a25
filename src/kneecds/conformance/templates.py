"""Prefetch templates (https://cds-hooks.hl7.org/2.0/#prefetch-template): read, filled, and answered from a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kneecds.cdshooks.model import Json

TOKEN: Final = re.compile(r"\{\{([^{}]*)\}\}")
USER_TOKENS: Final[dict[str, str]] = {
    "userPractitionerId": "Practitioner",
    "userPractitionerRoleId": "PractitionerRole",
    "userPatientId": "Patient",
    "userRelatedPersonId": "RelatedPerson",
}
"""The tokens that are not of the context, each with the type of user it stands for."""

# Search parameters that are answered by looking at codes; others are taken to be met.
_CODED: Final[dict[str, tuple[str, ...]]] = {
    "category": ("category",),
    "clinical-status": ("clinicalStatus",),
    "code": ("code", "medicationCodeableConcept", "vaccineCode"),
    "intent": ("intent",),
    "status": ("status",),
    "verification-status": ("verificationStatus",),
}


class Query(NamedTuple):
    """A read (`identifier` given) or a search."""

    kind: str
    identifier: str
    parameters: tuple[tuple[str, str], ...]


def filled(template: str, context: Mapping[str, Any]) -> str:
    """Replace the tokens by what the context says; nothing for what it does not say."""
    kind, _, identifier = str(context.get("userId", "")).partition("/")

    def value(match: re.Match[str]) -> str:
        token = match[1].strip()
        if token in USER_TOKENS:
            return identifier if USER_TOKENS[token] == kind else ""
        return str(context.get(token.removeprefix("context."), ""))

    return TOKEN.sub(value, template)


def tokens(template: str) -> list[str]:
    """Return what stands between {{ and }}."""
    return [one.strip() for one in TOKEN.findall(template)]


def query(path: str) -> Query:
    """Take a filled template apart."""
    place, _, search = path.partition("?")
    kind, _, identifier = unquote(place).strip("/").partition("/")
    if identifier.startswith("_search"):
        identifier = ""
    return Query(kind, identifier, tuple(parse_qsl(search, keep_blank_values=True)))


def is_search(template: str) -> bool:
    """Tell whether a template asks for several resources."""
    return "?" in template or "/" not in template.strip("/")


def answer(path: str, record: Sequence[Json]) -> Json | None:
    """Return what a FHIR server with this record answers: a resource, a Bundle, or None where it has nothing."""
    asked = query(path)
    found = [one for one in record if one["resourceType"] == asked.kind]
    if asked.identifier:
        return next((one for one in found if one["id"] == asked.identifier), None)
    matching = [one for one in found if all(_meets(one, *parameter) for parameter in asked.parameters)]
    return bundle(matching) if matching else None


def bundle(found: Iterable[Json]) -> Json:
    """Return the answer to a search."""
    entries = [
        {"fullUrl": f"https://ehr.example.org/fhir/{one['resourceType']}/{one['id']}", "resource": one,
         "search": {"mode": "match"}}
        for one in found
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def _meets(resource: Json, parameter: str, wanted: str) -> bool:
    if parameter == "_id":
        return resource["id"] in wanted.split(",")
    elements = _CODED.get(parameter)
    if elements is None or not wanted:
        return True
    has = {code for element in elements for code in _codes(resource.get(element))}
    return any(tuple(one.rpartition("|")[::2]) in has or ("", one) in has for one in wanted.split(","))


def _codes(value: Any) -> set[tuple[str, str]]:  # noqa: ANN401 - any element
    if isinstance(value, str):
        return {("", value)}
    concepts = value if isinstance(value, list) else [value] if value else []
    codings = [coding for concept in concepts for coding in concept.get("coding", ())]
    return {pair for one in codings for pair in ((one.get("system", ""), one["code"]), ("", one["code"]))}
