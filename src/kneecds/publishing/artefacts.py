"""Every artefact of one release by its file name: what the knowledge determines is worked out from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kneecds.fhir.profiles.snapshot import with_snapshot
from kneecds.fhir.sdc.value_sets import value_sets
from kneecds.fhir.validate.supplied import Supplied
from kneecds.publishing import inputs, operations, outputs, plans, terminology
from kneecds.publishing.examples import examples
from kneecds.publishing.form import form
from kneecds.publishing.guide import guide
from kneecds.publishing.head import RELEASES, Edition, Json, Release
from kneecds.publishing.library import library
from kneecds.publishing.package import NAMES
from kneecds.publishing.server import capabilities

if TYPE_CHECKING:
    from kneecds.knowledge import Knowledge

__all__ = ["RELEASES", "artefacts", "written"]

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def artefacts(release: Release, knowledge: Knowledge) -> dict[str, Json]:
    """Return file name -> resource; examples stand in a folder of their own."""
    edition = Edition(release, knowledge)
    questionnaire = form(edition)
    definitions = [*inputs.artefacts(edition), *outputs.artefacts(edition)]
    supplied = Supplied(definitions)
    listed = [
        *(_in_full(definition, supplied, release) for definition in definitions),
        *terminology.artefacts(edition, questionnaire),
        questionnaire,
        *value_sets(questionnaire),
        *plans.artefacts(edition),
        operations.evaluate(edition),
        capabilities(edition),
    ]
    listed.append(library(edition, listed))
    shown = examples(edition, questionnaire)
    listed.append(guide(edition, listed, shown, NAMES[release]))
    found = {f"{one['resourceType']}-{one['id']}.json": one for one in listed}
    found |= {f"examples/{one['resourceType']}-{one['id']}.json": one for one in shown}
    return dict(sorted(found.items()))


def _in_full(definition: Json, supplied: Supplied, release: Release) -> Json:
    """Return a profile with its snapshot, and its differential in the order of that."""
    full = with_snapshot(definition, supplied, release)
    place = {element["id"]: at for at, element in enumerate(full["snapshot"]["element"])}
    full["differential"] = {"element": sorted(full["differential"]["element"], key=lambda one: place[one["id"]])}
    return full


def written(resource: Json) -> bytes:
    """Return a resource as its file holds it."""
    return msgspec.json.format(_ENCODER.encode(resource), indent=2) + b"\n"
