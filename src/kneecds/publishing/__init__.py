"""The FHIR artefacts that we publish, worked out from the knowledge, and the package they travel in."""

from __future__ import annotations

from kneecds.publishing.artefacts import RELEASES, artefacts
from kneecds.publishing.package import package

__all__ = ["RELEASES", "artefacts", "package"]
