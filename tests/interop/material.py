"""What the judges look at: everything that kneecds publishes and emits, by a name that says where it is from."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]
Release = Literal["R4", "R5"]

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "profiles"
EXAMPLES = sorted(folder for folder in (ROOT / "examples").iterdir() if folder.is_dir())
DEFINITIONS = frozenset({"StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "Questionnaire"})


@cache
def published(release: Release) -> dict[str, Json]:
    """Every artefact of a release, by its file name."""
    files = sorted((PROFILES / release).rglob("*.json"))
    assert files, f"there must be something to judge in profiles/{release}: run `kneecds profiles build`"
    return {str(file.relative_to(PROFILES)): json.loads(file.read_bytes()) for file in files}


@cache
def definitions(release: Release) -> list[Json]:
    """Those artefacts that say how others must look, to lie beside what is judged."""
    return [
        one
        for name, one in published(release).items()
        if one["resourceType"] in DEFINITIONS and "examples/" not in name
    ]


@cache
def emitted(release: Release) -> dict[str, Json]:
    """The guidance for every example folder, in one release."""
    import kneecds  # noqa: PLC0415 - whoever collects these tests need not have all of it

    found = {}
    for folder in EXAMPLES:
        expected = json.loads((folder / "expected.json").read_bytes())
        answer = kneecds.assess(
            (folder / "input.json").read_bytes(),
            as_of=expected["as_of"],
            setting=expected.get("setting", "primary_care"),
        )
        found[f"guidance for {folder.name}"] = json.loads(answer.to_fhir_bytes(release))
    return found


def intake(release: Release) -> Json:
    """The intake form as published."""
    return next(one for one in definitions(release) if one["resourceType"] == "Questionnaire")


def parts(resource: Json) -> list[Json]:
    """The resources of a Bundle, or the resource itself."""
    if resource.get("resourceType") != "Bundle":
        return [resource]
    return [entry["resource"] for entry in resource.get("entry", ()) if "resource" in entry]
