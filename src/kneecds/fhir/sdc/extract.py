"""Observation-based extraction: the Observations that the answers of a QuestionnaireResponse are.

https://hl7.org/fhir/uv/sdc/extraction.html#observation-based-extraction
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from kneecds.errors import Issue, error, information, warning
from kneecds.fhir.form import Form
from kneecds.fhir.sdc.answers import answered, denied
from kneecds.fhir.sdc.plan import Plan, Question, plan
from kneecds.fhir.sdc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = dict[str, Any]

_FINISHED: Final = frozenset({"completed", "amended", "stopped"})
_PERFORMERS: Final = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "CareTeam", "Patient", "RelatedPerson"}
)
"""https://hl7.org/fhir/R4/observation-definitions.html#Observation.performer: no Device, which may fill in a form."""

_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class Extraction(NamedTuple):
    """The Observations of one response, and what has to be said of it."""

    observations: tuple[Json, ...]
    issues: tuple[Issue, ...]


def observations(
    questionnaire: Mapping[str, Any],
    response: Mapping[str, Any],
    *,
    denials: bool = True,
    path: str = "QuestionnaireResponse",
) -> Extraction:
    """Return one Observation for each answer to an item that is to be extracted, in the order of the response.

    Only what counts is taken: items that are enabled and not hidden. `denials` adds, for forms that declare what an
    option that is not chosen denies, one Observation with the value false for each such finding. Ids are made of the
    response's id, or of its content, and the place of the answer, so that the same response gives the same ids.
    """
    issues: list[Issue] = []
    if response.get("status") == "entered-in-error":
        message = "a response entered in error is not extracted"
        return Extraction((), (information("informational", "status-no-result", f"{path}.status", message),))
    try:
        form = Form(questionnaire)
    except ValueError as problem:
        return Extraction((), (error("invalid", "form-invalid", "Questionnaire.item", str(problem)),))
    what = plan(questionnaire)
    if not what.questions:
        message = "no item has a code and the flag observationExtract, so nothing can be extracted"
        issues.append(warning("not-supported", "extract-nothing", "Questionnaire", message))
    every = answered(response, path)
    given: dict[str, list[Json]] = {}
    for one in every:
        given.setdefault(one.link_id, []).append(one.answer)
    heeded = form.heeded(given)
    _say_passed(issues, form, given, heeded, path)
    writer = _Writer(response, path, issues)
    found: list[Json] = []
    numbers: dict[str, int] = {}
    for link_id, answer, place in every:
        question = what.questions.get(link_id)
        number = numbers[link_id] = numbers.get(link_id, -1) + 1
        if question is None or link_id not in heeded:
            continue
        if question.related:
            message = f"{link_id}: is written as an Observation of its own, not as {question.related} of another"
            issues.append(information("not-supported", "extract-related", place, message))
        written = writer.answer(question, answer, place, f"{link_id}|{number}")
        if written is not None:
            found.append(written)
    if denials:
        whole = response.get("status") in ("completed", "amended") or "status" not in response
        for link_id, system, code in denied(form, given, heeded, whole=whole):
            if link_id in what.surroundings:
                found.append(writer.denial(what, link_id, {"system": system, "code": code}))
    return Extraction(tuple(found), tuple(issues))


def _say_passed(issues: list[Issue], form: Form, given: Mapping[str, object], heeded: set[str], path: str) -> None:
    """Say which answers do not count."""
    closed = [link_id for link_id in given if link_id in form.types and link_id not in heeded]
    strange = [link_id for link_id in given if link_id not in form.types]
    if closed:
        message = f"answers to items that were not enabled are not extracted: {', '.join(closed)}"
        issues.append(information("informational", "item-not-enabled", f"{path}.item", message))
    if strange:
        message = f"the form has no items {', '.join(strange)}; their answers are not extracted"
        issues.append(warning("not-found", "item-unknown", f"{path}.item", message))


class _Writer:
    """Writes the Observations of one response: what they all have in common, and what each has of its own."""

    def __init__(self, response: Mapping[str, Any], path: str, issues: list[Issue]) -> None:
        self.issues = issues
        own = response.get("id")
        named = isinstance(own, str) and bool(_ID.fullmatch(own))
        whose = (response.get("subject") or {}).get("reference", "")
        known = f"{response.get('questionnaire', '')}|{whose}|QuestionnaireResponse/{own}"
        seed = known if named else msgspec.json.encode(response, order="sorted").decode()
        self.base: UUID = uuid5(NAMESPACE_URL, seed)
        self.status = "final" if response.get("status", "completed") in _FINISHED else "preliminary"
        self.common: Json = {key: response[key] for key in ("subject", "encounter") if key in response}
        authored = response.get("authored")
        if isinstance(authored, str):
            self.common["effectiveDateTime"] = authored
            if _INSTANT.fullmatch(authored):
                self.common["issued"] = authored
        else:
            message = "the response does not say when it was filled in, so its Observations have no time"
            issues.append(warning("incomplete", "authored-missing", path, message))
        performer = response.get("author", response.get("source"))
        if isinstance(performer, dict):
            if _kind(performer) in _PERFORMERS:
                self.common["performer"] = [performer]
            else:
                message = "the author is not one who can have made an observation; the Observations name no performer"
                issues.append(information("not-supported", "author-no-performer", f"{path}.author", message))
        if named:
            self.common["derivedFrom"] = [{"reference": f"QuestionnaireResponse/{own}"}]
        else:
            message = "the response has no id, so its Observations cannot say what they are derived from"
            issues.append(warning("incomplete", "response-without-id", path, message))

    def answer(self, question: Question, answer: Json, place: str, name: str) -> Json | None:
        """Return the Observation of one answer; nothing if there is no value, or none that can be said."""
        try:
            said = value(answer, question.unit)
        except ValueError as problem:
            message = f"an Observation cannot have {problem} as its value; this answer is not extracted"
            self.issues.append(warning("not-supported", "extract-value", place, message))
            return None
        if said is None:
            return None
        code: Json = {"coding": list(question.codes)}
        if question.text:
            code["text"] = question.text
        return self._observation(name, question.category, code, question.body_site, said)

    def denial(self, what: Plan, link_id: str, coding: Json) -> Json:
        """Return the Observation that a finding is absent."""
        category, site = what.surroundings[link_id]
        said: Json = {"valueBoolean": False, "note": [{"text": "Offered on the form and not chosen."}]}
        return self._observation(f"{link_id}|not|{coding['code']}", category, {"coding": [coding]}, site, said)

    def _observation(self, name: str, category: tuple[Json, ...], code: Json, site: Json | None, said: Json) -> Json:
        """Put the members in the order of the specification."""
        members = {**self.common, **said, **({"bodySite": site} if site is not None else {})}
        found: Json = {"resourceType": "Observation", "id": str(uuid5(self.base, name)), "status": self.status}
        if category:
            found["category"] = list(category)
        found["code"] = code
        return found | {key: members[key] for key in sorted(members, key=_place)}


def _kind(reference: Json) -> str:
    """Return the type that a reference names, by `type` or by its path."""
    if isinstance(reference.get("type"), str):
        return str(reference["type"])
    parts = str(reference.get("reference", "")).partition("/_history/")[0].split("/")
    return parts[-2] if len(parts) > 1 else ""


_ORDER: Final = ("subject", "encounter", "effectiveDateTime", "issued", "performer")
_LAST: Final = ("dataAbsentReason", "note", "bodySite", "derivedFrom")


def _place(name: str) -> int:
    if name in _ORDER:
        return _ORDER.index(name)
    return len(_ORDER) + 1 + _LAST.index(name) if name in _LAST else len(_ORDER)


def bundle(found: list[Json]) -> Json:
    """Return a transaction that puts Observations where they belong: sent twice, it changes nothing."""
    entries = [
        {
            "fullUrl": f"urn:uuid:{one['id']}",
            "resource": one,
            "request": {"method": "PUT", "url": f"Observation/{one['id']}"},
        }
        for one in found
    ]
    return {"resourceType": "Bundle", "type": "transaction", **({"entry": entries} if entries else {})}
