"""FHIR resources in, facts out: which resources are data, whose they are, and who reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from kneecds.core.facts import Fact, Subject
from kneecds.errors import Issue, fatal
from kneecds.fhir.concepts import FINDING_SYSTEM
from kneecds.fhir.extract import (
    allergy,
    condition,
    medication,
    observation,
    patient,
    procedure,
    questionnaire_response,
)
from kneecds.fhir.extract.run import Resource, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    from kneecds.fhir.concept_map import ConceptMapping
    from kneecds.fhir.concepts import Concepts
    from kneecds.fhir.questionnaire import Form
    from kneecds.fhir.version import Release

EXTRACTORS: Final[dict[str, Callable[[Run, Resource, str], None]]] = {
    "Observation": observation.read,
    "QuestionnaireResponse": questionnaire_response.read,
    "Condition": condition.read,
    "MedicationStatement": medication.read,
    "MedicationRequest": medication.read,
    "AllergyIntolerance": allergy.read,
    "Procedure": procedure.read,
}

# https://hl7.org/fhir/R4/valueset-bundle-type.html: those whose entries are resources to act on or to read
BUNDLES: Final = frozenset({"collection", "searchset", "batch", "transaction", "document"})

_NOT_COUNTED: Final = frozenset({"Patient", "Medication", "Specimen", "Questionnaire"})


class Reading(msgspec.Struct, frozen=True):
    """What a document says, whom it is about, and what was wrong with it."""

    facts: tuple[Fact, ...]
    subject: Subject
    issues: tuple[Issue, ...]
    unusable: bool
    """A resource could not be used because of an error, so what is not said is not denied."""


class _Entry(NamedTuple):
    resource: Resource
    path: str
    url: str


def read(
    document: Resource | list[Resource],
    *,
    concepts: Concepts,
    as_of: date,
    release: Release,
    forms: Mapping[str, Form],
    maps: tuple[ConceptMapping, ...] = (),
) -> Reading:
    """Read a Bundle, a resource or a list of either; problems become issues, nothing is raised."""
    entries: list[_Entry] = []
    run = Run(concepts, as_of, release, forms, maps, _Finder(entries))
    _collect(run, document, "", entries)
    patients = [entry for entry in entries if entry.resource.get("resourceType") == "Patient"]
    references = _references(entries)
    two = _two_patients(patients, references)
    if two is not None:
        return Reading((), Subject(), (*run.issues, two), unusable=True)
    subject = Subject()
    if patients:
        subject = patient.read(run, patients[0].resource, patients[0].path)
    else:
        subject = Subject(reference=min(references, default=""))
        run.warn("incomplete", "patient-missing", "", "no Patient was sent, so age and sex are known only from answers")
    ignored: dict[str, int] = {}
    silent: dict[str, list[_Entry]] = {}
    facts, issues = run.facts, run.issues
    for entry in entries:
        resource, path, _ = entry
        kind = resource.get("resourceType", "")
        extract = EXTRACTORS.get(kind)
        if extract is not None:
            whose = resource.get("subject")
            if whose is None or whose.get("reference") in references or _is_about_patient(run, resource, path):
                said = len(facts) + len(issues)
                extract(run, resource, path)
                if len(facts) + len(issues) == said:
                    silent.setdefault(kind, []).append(entry)
        elif kind == "OperationOutcome":
            _failed(run, resource, path)
        elif kind not in _NOT_COUNTED:
            ignored[kind] = ignored.get(kind, 0) + 1
    if ignored:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(ignored.items()))
        run.remark("informational", "resource-ignored", "", f"resources that are not read: {kinds}")
    for kind in sorted(silent):
        _say_silent(run, kind, silent[kind])
    return Reading(tuple(run.facts), subject, tuple(run.issues), run.unusable)


_SHOWN: Final = 5
_FORBIDDING: Final = frozenset({"MedicationStatement", "MedicationRequest", "AllergyIntolerance"})


def _say_silent(run: Run, kind: str, entries: list[_Entry]) -> None:
    """Say which resources gave no finding; a code of our own system that we do not have is a mistake of the sender."""
    for resource, path, _ in entries:
        for coding in _concept(resource).get("coding", ()):
            if coding.get("system") == FINDING_SYSTEM:
                message = f"{coding.get('code')!r} is not a finding of this knowledge version; it was not used"
                run.warn("code-invalid", "finding-unknown", f"{path}.code", message)
    names = list(dict.fromkeys(name for entry in entries if (name := _named(_concept(entry.resource)))))
    shown = "; ".join(names[:_SHOWN]) + (f"; and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    message = (
        f"{len(entries)} {kind} gave no finding (not current, or a code that is not known here): {shown or 'no code'}"
    )
    if kind in _FORBIDDING:
        message += "; whether it forbids an option is not known"
        run.warn("incomplete", "resource-without-finding", entries[0].path, message)
    else:
        run.remark("informational", "resource-without-finding", entries[0].path, message)


def _concept(resource: Resource) -> Resource:
    concept = resource.get("code")
    if concept is None:
        concept = resource.get("medicationCodeableConcept", resource.get("medication"))
    if not isinstance(concept, dict):
        return {}
    inner = concept.get("concept")
    return inner if isinstance(inner, dict) else concept


def _named(concept: Resource) -> str:
    coding: Resource = next(iter(concept.get("coding", ())), {})
    code = f"{coding.get('system', '')}|{coding.get('code', '')}".strip("|")
    return code or str(concept.get("text", ""))[:60]


def _collect(run: Run, document: object, path: str, entries: list[_Entry]) -> None:
    """Add every resource that is data, in order."""
    if isinstance(document, list):
        for index, one in enumerate(document):
            _collect(run, one, f"{path or '$this'}[{index}]", entries)
    elif isinstance(document, dict):
        if document.get("resourceType") == "Bundle":
            _bundle(run, document, path or "Bundle", entries)
        else:
            entries.append(_Entry(document, path or str(document.get("resourceType", "$this")), ""))


def _bundle(run: Run, bundle: Resource, path: str, entries: list[_Entry]) -> None:
    kind = bundle.get("type")
    if not isinstance(kind, str) or kind not in BUNDLES:
        message = f"a Bundle of type {kind!r} is not read; send one of {', '.join(sorted(BUNDLES))}"
        run.refuse("not-supported", "bundle-type", f"{path}.type", message)
        return
    if not run.usable(bundle, path):
        return
    links = bundle.get("link")  # of the frame of a Bundle only the entries are sure to be sound
    if isinstance(links, list) and any(isinstance(link, dict) and link.get("relation") == "next" for link in links):
        run.warn(
            "incomplete", "bundle-page", f"{path}.link", "this is one page of several; what the others say is not known"
        )
    take = entries.append
    for index, entry in enumerate(bundle.get("entry", ())):
        resource = entry.get("resource")
        if resource is None:
            continue
        if "modifierExtension" in entry and run.modified(entry, f"{path}.entry[{index}]"):
            continue
        place = f"{path}.entry[{index}].resource"
        if "search" in entry and _member(entry, "search", "mode") == "outcome":
            _failed(run, resource, place)
        elif "request" in entry and _member(entry, "request", "method") in ("DELETE", "PATCH"):
            continue
        elif resource.get("resourceType") == "Bundle":
            _bundle(run, resource, place, entries)
        else:
            url = entry.get("fullUrl", "")
            take(_Entry(resource, place, url if isinstance(url, str) else ""))


def _member(entry: Resource, part: str, name: str) -> object:
    found = entry[part]
    return found.get(name) if isinstance(found, dict) else None


def _failed(run: Run, outcome: Resource, path: str) -> None:
    """Say that a query failed: an outcome with an error is not an empty answer."""
    for index, issue in enumerate(outcome.get("issue", ())):
        if issue.get("severity") in ("error", "fatal"):
            message = f"a query failed ({issue.get('code', 'unknown')}), so data may be missing"
            run.refuse("incomplete", "query-failed", f"{path}.issue[{index}]", message)
            return


class _Finder:
    """Looks up references among the resources sent; the table is made at the first question."""

    def __init__(self, entries: list[_Entry]) -> None:
        self._entries = entries
        self._table: dict[str, Resource] | None = None

    def __call__(self, reference: str) -> Resource | None:
        if self._table is None:
            self._table = {}
            for resource, _, url in self._entries:
                if url:
                    self._table.setdefault(url, resource)
                if "id" in resource:
                    self._table.setdefault(f"{resource.get('resourceType')}/{resource['id']}", resource)
        found = self._table.get(reference) or self._table.get(reference.partition("/_history/")[0])
        return found or (self._table.get("/".join(reference.split("/")[-2:])) if "://" in reference else None)


# ---- whose data it is ---------------------------------------------------------------------------


def _references(entries: Iterable[_Entry]) -> set[str]:
    """Return every reference to the patient that a resource we read makes."""
    found: set[str] = set()
    for resource, _, _ in entries:
        if resource.get("resourceType") in EXTRACTORS:
            subject = resource.get("subject") or resource.get("patient")
            if subject:
                reference = subject.get("reference")
                if reference and reference[0] != "#":
                    found.add(reference)
    return {reference for reference in found if _names_patient(reference)}


def _names_patient(reference: str) -> bool:
    return reference.startswith(("Patient/", "urn:")) or "/Patient/" in reference


def _two_patients(patients: list[_Entry], references: set[str]) -> Issue | None:
    """Return an issue if the document is about more than one patient."""
    if len(patients) <= 1 and (not references or (len(references) == 1 and not patients)):
        return None
    named = {_tail(entry) for entry in patients}
    if len(named) > 1:
        where = patients[1].path
        return fatal("conflict", "two-patients", where, "two patients were sent; an assessment is about one")
    if patients:
        known = patients[0]
        if not known.resource.get("id") and not known.url:
            return None if len(set(_keys(references))) <= 1 else _strangers("")
        for reference in sorted(references):
            if not _is(known, reference):
                return _strangers(known.path)
        return None
    return _strangers("") if len(set(_keys(references))) > 1 or _bases(references) > 1 else None


def _strangers(path: str) -> Issue:
    message = "resources refer to a patient other than the one this document is about; an assessment is about one"
    return fatal("conflict", "two-patients", path, message)


def _tail(entry: _Entry) -> tuple[str, str]:
    id_ = str(entry.resource.get("id", ""))
    return ("id", id_) if id_ else ("url", entry.url)


def _keys(references: Iterable[str]) -> Iterator[str]:
    for reference in references:
        plain = reference.partition("/_history/")[0]
        yield plain if plain.startswith("urn:") else plain.rpartition("/")[2]


def _bases(references: Iterable[str]) -> int:
    return len({reference.partition("/_history/")[0] for reference in references if "://" in reference})


def _is(known: _Entry, reference: str) -> bool:
    """Whether a reference means this Patient."""
    plain = reference.partition("/_history/")[0]
    if plain == known.url:
        return True
    id_ = str(known.resource.get("id", ""))
    if plain.startswith("urn:"):
        return False
    if not id_:  # a Patient known by its URL only
        return known.url.endswith(f"/{plain}")
    same_id = plain.rpartition("/")[2] == id_
    absolute = "://" in plain
    return same_id and not (absolute and "://" in known.url)


def _is_about_patient(run: Run, resource: Resource, path: str) -> bool:
    subject = resource.get("subject")
    if subject is None:
        return True
    reference = subject.get("reference", "")
    if not reference or reference[0] == "#" or _names_patient(reference):
        return True
    message = f"the subject is {reference.partition('/')[0]}, not a Patient; not used"
    run.refuse("not-supported", "subject-not-patient", f"{path}.subject", message)
    return False
