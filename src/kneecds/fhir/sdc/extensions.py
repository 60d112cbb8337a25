"""The extensions of a Questionnaire that we write and read, by their canonical."""

from __future__ import annotations

from typing import Final

_CORE: Final = "http://hl7.org/fhir/StructureDefinition"
_SDC: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
_OURS: Final = "https://kneecds.org/fhir/StructureDefinition"

EXTRACT: Final = f"{_SDC}/sdc-questionnaire-observationExtract"
"""https://hl7.org/fhir/uv/sdc/extraction.html#observation-based-extraction: answers become Observations."""

CATEGORY: Final = f"{_SDC}/sdc-questionnaire-observation-extract-category"
"""The category of these Observations; nearest to the item counts."""

SHORT_TEXT: Final = f"{_SDC}/sdc-questionnaire-shortText"
"""A short label for the clinician's view."""

BODY_SITE: Final = f"{_OURS}/kneecds-body-site"
"""On an item: the `bodySite` of the Observations made of it and of what stands below it; the nearest counts.

Observation-based extraction has no way of its own to say it, so an engine that does not know this extension leaves the
side out; the reader then takes one knee, side not stated, and says so.
"""

HIDDEN: Final = f"{_CORE}/questionnaire-hidden"
UNIT: Final = f"{_CORE}/questionnaire-unit"
TRANSLATION: Final = f"{_CORE}/translation"
VERSION_ALGORITHM: Final = f"{_CORE}/artifact-versionAlgorithm"
