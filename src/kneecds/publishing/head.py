"""What every published artefact says of itself: what it is, of which version, whose, for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from kneecds.fhir.concepts import CANONICAL

if TYPE_CHECKING:
    from kneecds.knowledge import Knowledge

Json = dict[str, Any]
Release = Literal["R4", "R5"]
RELEASES: Final[tuple[Release, ...]] = ("R4", "R5")
NUMBERS: Final[dict[Release, str]] = {"R4": "4.0.1", "R5": "5.0.0"}

PUBLISHER: Final = "kneecds project"
CORE: Final = "http://hl7.org/fhir/StructureDefinition"
_WORLD: Final = "http://unstats.un.org/unsd/methods/m49/m49.htm"
_COPYRIGHT: Final = (
    "Apache License 2.0. Codes of SNOMED CT, LOINC, UCUM, RxNorm and ICD-10-CM belong to their owners, whose terms hold; "
    "use of SNOMED CT needs a licence in many countries."
)


class Edition(NamedTuple):
    """One release of FHIR, one version of the knowledge: what an artefact is written for."""

    release: Release
    knowledge: Knowledge

    @property
    def version(self) -> str:
        """The version of every artefact: that of the knowledge."""
        return self.knowledge.version

    @property
    def date(self) -> str:
        """The month that a version such as 2026.11.0 names."""
        year, month, *_ = self.version.split(".")
        return f"{int(year):04d}-{int(month):02d}"


def head(edition: Edition, kind: str, identifier: str, title: str, about: str, *, copyrighted: bool = True) -> Json:
    """Return what stands first in an artefact."""
    found: Json = {
        "resourceType": kind,
        "id": identifier,
        "url": url(kind, identifier),
        "version": edition.version,
        "name": "".join(part[:1].upper() + part[1:] for part in identifier.replace("-", "_").split("_")),
        "title": title,
        "status": "draft",
        "experimental": False,
        "date": edition.date,
        "publisher": PUBLISHER,
        "description": about,
        "jurisdiction": [{"coding": [{"system": _WORLD, "code": "001", "display": "World"}]}],
    }
    if copyrighted:
        found["copyright"] = _COPYRIGHT
    return found


def url(kind: str, identifier: str) -> str:
    """Return the canonical of an artefact of ours."""
    return f"{CANONICAL}/{kind}/{identifier}"


def base(name: str) -> str:
    """Return the canonical of a type of FHIR itself."""
    return f"{CORE}/{name}"
