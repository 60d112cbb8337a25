"""The intake form as it is published: in English, with its translations beside each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds import pipeline
from kneecds.fhir.sdc import languages, release
from kneecds.knowledge import load, shipped, strict_yaml

if TYPE_CHECKING:
    from kneecds.publishing.head import Edition, Json


def form(edition: Edition) -> Json:
    """Return the form for a release; only the form of the shipped knowledge has translations."""
    written = pipeline.prepare(edition.knowledge).questionnaire
    if edition.knowledge.sha256 == shipped().sha256:
        written = languages.with_translations(written, _translations())
    return release.r5(written) if edition.release == "R5" else written


def _translations() -> list[languages.Translation]:
    paths = sorted((load.HERE / "intake" / "translations").glob("*.yaml"))
    return [languages.translation(strict_yaml.read(path), path.name) for path in paths]
