"""The Library: the knowledge as one thing, with all its sources, what it builds on and what it reads of a record."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Final

from kneecds.publishing.citations import cited
from kneecds.publishing.head import Edition, Json, base, head

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIBRARY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/library-type"
_BUILDS_ON: Final = frozenset({"CodeSystem", "ConceptMap", "Questionnaire"})

READ: Final[dict[str, tuple[str, ...]]] = {
    "Patient": ("gender", "birthDate"),
    "Observation": ("status", "code", "value", "component", "dataAbsentReason", "effective", "bodySite"),
    "QuestionnaireResponse": ("questionnaire", "status", "authored", "item"),
    "Condition": ("clinicalStatus", "verificationStatus", "code", "bodySite", "onset", "recordedDate"),
    "MedicationStatement": ("status", "medication"),
    "MedicationRequest": ("status", "medication"),
    "AllergyIntolerance": ("clinicalStatus", "verificationStatus", "code"),
    "Procedure": ("status", "code", "bodySite"),
}
"""What is read of each type; a test holds it against the readers."""


def library(edition: Edition, artefacts: Iterable[Json]) -> Json:
    """Return the Library; `artefacts` are those that it may build on."""
    known = edition.knowledge
    digest = urlsafe_b64encode(bytes.fromhex(known.sha256)).decode().rstrip("=")
    depends = [
        {"type": "depends-on", "resource": f"{one['url']}|{one['version']}"}
        for one in artefacts
        if one["resourceType"] in _BUILDS_ON
    ]
    found = head(
        edition, "Library", "kneecds", "The knowledge of kneecds",
        "Findings, conditions, red-flag rules, decision rules, options and statements on appropriateness, each with its "
        "sources; the identifier names the compiled knowledge by its hash. It is carried out by kneecds itself.",
    )  # fmt: skip
    # https://www.rfc-editor.org/rfc/rfc6920: a name that is a hash
    identifier = [{"system": "urn:ietf:rfc:3986", "value": f"ni:///sha-256;{digest}"}]
    return {
        **{key: found[key] for key in ("resourceType", "id", "url")},
        "identifier": identifier,
        **found,
        "type": {"coding": [{"system": _LIBRARY_TYPE, "code": "logic-library", "display": "Logic Library"}]},
        "relatedArtifact": [*cited(edition, sorted(source.id for source in known.sources)), *depends],
        "dataRequirement": [
            {"type": kind, "profile": [base(kind)], "mustSupport": list(paths)} for kind, paths in READ.items()
        ],
    }
