"""What all resources of one bundle share: patient, time, author, identifiers and references to the input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from kneecds.fhir.emit import device
from kneecds.fhir.emit.codes import Catalogue, Json, fragment, module
from kneecds.fhir.emit.ids import Ids
from kneecds.fhir.emit.narrative import clean
from kneecds.fhir.emit.words import percent

if TYPE_CHECKING:
    from kneecds.core.assessment import Assessment, Hypothesis

# A relative reference, a web address or a URN; https://hl7.org/fhir/R4/references.html#literal
_REFERENCE: Final = re.compile(
    r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?"
    r"|https?://[A-Za-z0-9\-._~:/?#@!$&()*+,;=%|]{1,2000}"
    r"|urn:(?:uuid|oid):[A-Za-z0-9\-.]{1,200}"
)
# https://hl7.org/fhir/R4/datatypes.html#dateTime: a time needs its seconds and zone
_DATE_TIME: Final = re.compile(
    r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])"
    r"(T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))?)?)?"
)
_ENTRY: Final = b'{"fullUrl":"urn:uuid:%b","resource":{"resourceType":"%b","id":"%b",%b,%b}}'
_TARGET: Final = b'{"reference":"urn:uuid:%b"}'
NOBODY: Final = fragment({"display": "patient (not identified in the input)"})


def reference_to(resource: str) -> msgspec.Raw | None:
    """Return a reference to an input resource; None for a name that is no reference."""
    return msgspec.Raw(b'{"reference":"%b"}' % resource.encode()) if _REFERENCE.fullmatch(resource) else None


class Frame:
    """One bundle in the making."""

    __slots__ = (
        "_figures",
        "assessment",
        "by_finding",
        "by_scope",
        "catalogue",
        "device",
        "device_entry",
        "entries",
        "ids",
        "inputs",
        "instant",
        "module",
        "names",
        "subject",
        "targets",
        "time",
    )

    def __init__(self, assessment: Assessment, catalogue: Catalogue) -> None:
        """Read what the resources will share."""
        self.assessment = assessment
        self.catalogue = catalogue
        self.ids = Ids(assessment)
        self.entries: list[object] = []
        self.targets: list[Json | msgspec.Raw] = []
        self.module = module(assessment.software.knowledge_version)
        self.device, self.device_entry = device.entry(assessment.software)
        reference = assessment.subject.reference
        self.subject = reference_to(reference) or (
            fragment({"display": clean(reference)}) if clean(reference) else NOBODY
        )
        time = _DATE_TIME.fullmatch(assessment.as_of)
        self.time: str = assessment.as_of if time is not None else ""
        self.instant: bool = time is not None and time[1] is not None
        self._figures: dict[int, tuple[str, str, str]] = {}
        self._index()

    def _index(self) -> None:
        """Find the input resources behind each finding, behind each side and behind the whole answer."""
        seen: dict[str, msgspec.Raw | None] = {}
        by_finding: dict[tuple[str, str], list[msgspec.Raw]] = {}
        by_scope: dict[str, dict[str, msgspec.Raw]] = {"left": {}, "right": {}, "unspecified": {}, "person": {}}
        for known in self.assessment.findings:
            here = by_scope[known.scope]
            found = None
            for origin in known.origins:
                name = origin.resource
                if not name:
                    continue
                reference = seen.get(name, NOBODY)
                if reference is NOBODY:
                    reference = seen[name] = reference_to(name)
                if reference is None:
                    continue
                here[name] = reference
                if found is None:
                    found = by_finding[known.finding, known.scope] = [reference]
                elif reference not in found:
                    found.append(reference)
        self.by_finding = by_finding
        self.by_scope = by_scope
        self.inputs = [reference for reference in seen.values() if reference is not None]
        self.names = [name for name, reference in seen.items() if reference is None]

    def figures(self, hypothesis: Hypothesis) -> tuple[str, str, str]:
        """Return probability, low and high as percentages, worked out once."""
        found = self._figures.get(id(hypothesis))
        if found is None:
            found = percent(hypothesis.probability), percent(hypothesis.low), percent(hypothesis.high)
            self._figures[id(hypothesis)] = found
        return found

    def basis(self, side: str) -> list[msgspec.Raw]:
        """Return the input resources that say something of a side or of the whole patient."""
        return list((self.by_scope[side] | self.by_scope["person"]).values())

    def about(self, finding: str, scope: str) -> list[msgspec.Raw]:
        """Return the input resources that say something of a finding."""
        return self.by_finding.get((finding, scope)) or self.by_finding.get((finding, "person")) or []

    def add(self, role: str, ordinal: int, resource: Json) -> Json:
        """Add a resource, give it its id, and return the reference to it."""
        identifier = self.ids.of(role, ordinal)
        resource["id"] = identifier
        url = "urn:uuid:" + identifier
        self.entries.append({"fullUrl": url, "resource": resource})
        reference: Json = {"reference": url}
        self.targets.append(reference)
        return reference

    def splice(self, role: str, ordinal: int, kind: bytes, members: bytes, shared: bytes) -> bytes:
        """Add a resource from ready members and those that this bundle shares; return its URL."""
        uuid = self.ids.in_bytes(role, ordinal)
        self.entries.append(msgspec.Raw(_ENTRY % (uuid, kind, uuid, members, shared)))
        self.targets.append(msgspec.Raw(_TARGET % uuid))
        return b"urn:uuid:" + uuid
