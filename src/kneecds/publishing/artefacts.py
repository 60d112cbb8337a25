"""Every artefact of one release by its file name: what the knowledge determines is worked out from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kneecds import pipeline
from kneecds.fhir.profiles.snapshot import with_snapshot
from kneecds.fhir.validate.supplied import Supplied
from kneecds.publishing import inputs, logic, outputs, terminology
from kneecds.publishing.examples import examples
from kneecds.publishing.head import RELEASES, Edition, Json, Release
from kneecds.publishing.package import NAMES

if TYPE_CHECKING:
    from kneecds.knowledge import Knowledge

__all__ = ["RELEASES", "artefacts", "written"]


def artefacts(release: Release, knowledge: Knowledge) -> dict[str, Json]:
    """Return file name -> resource; examples stand in a folder of their own."""
    edition = Edition(release, knowledge)
    questionnaire = pipeline.prepare(knowledge).questionnaire_of(release)
    definitions = [*inputs.artefacts(edition), *outputs.artefacts(edition)]
    supplied = Supplied(definitions)
    listed = [
        *(_in_full(definition, supplied, release) for definition in definitions),
        *terminology.artefacts(edition, questionnaire),
        questionnaire,
        *logic.artefacts(edition),
    ]
    shown = examples(edition, questionnaire)
    listed.append(logic.guide(edition, listed, shown, NAMES[release]))
    found = {f"{one['resourceType']}-{one['id']}.json": one for one in listed}
    found |= {f"examples/{one['resourceType']}-{one['id']}.json": one for one in shown}
    return dict(sorted(found.items()))


def _in_full(definition: Json, supplied: Supplied, release: Release) -> Json:
    """Return a profile with its snapshot; what comes from FHIR itself says so, since we hold no text of theirs."""
    full = with_snapshot(definition, supplied, release)
    for element in full["snapshot"]["element"]:
        element.setdefault("definition", element.get("short", f"{element['path']} as FHIR defines it"))
        if element.get("isModifier"):
            element.setdefault("isModifierReason", "What stands here changes how the rest is to be understood")
        for constraint in element.get("constraint", ()):
            constraint.setdefault("human", f"{constraint['key']} of the base definition")
    return full


def written(resource: Json) -> bytes:
    """Return a resource as its file holds it."""
    return msgspec.json.format(msgspec.json.encode(resource), indent=2) + b"\n"
