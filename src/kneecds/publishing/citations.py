"""Sources of the knowledge as FHIR cites them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.core.knowledge import Source
    from kneecds.publishing.head import Edition, Json

_WEB: Final = re.compile(r"https?://[^\s\"<>]+")


def cited(edition: Edition, names: Iterable[str]) -> list[Json]:
    """Return the sources of these ids as RelatedArtifacts, in the order of the ids."""
    known = {source.id: source for source in edition.knowledge.sources}
    return [_citation(edition, known[name]) for name in names if name in known]


def _citation(edition: Edition, source: Source) -> Json:
    parts = (source.authors, source.title, str(source.year or ""))
    found: Json = {"type": "citation", "citation": ". ".join(part for part in parts if part)}
    if _WEB.fullmatch(source.url):  # https://hl7.org/fhir/R5/metadatatypes.html#RelatedArtifact has no url of its own
        found |= {"url": source.url} if edition.release == "R4" else {"document": {"url": source.url}}
    return found
