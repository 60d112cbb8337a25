"""HL7's own package loader reads the packages that `kneecds profiles pack` writes."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import judge
import pytest
from material import published

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("hapi")


def test_the_packages_are_loaded_with_all_that_is_in_them(tmp_path: Path) -> None:
    import kneecds  # noqa: PLC0415
    from kneecds.publishing import RELEASES, artefacts, package  # noqa: PLC0415

    known = kneecds.shipped_knowledge()
    files = []
    for release in RELEASES:
        file = tmp_path / f"{release}.tgz"
        file.write_bytes(package(release, known.version, artefacts(release, known)))
        files.append(str(file))
    command = ["java", "-cp", judge.build(), "org.kneecds.interop.Packages", *files]
    done = subprocess.run(command, capture_output=True, check=True, timeout=300)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for release, number, answer in zip(RELEASES, ("4.0.1", "5.0.0"), answers, strict=True):
        names = [name.partition("/")[2] for name in published(release)]
        here = [name for name in names if not name.startswith("examples/")]
        assert answer == {
            "name": f"org.kneecds.fhir.{release.lower()}",
            "version": known.version,
            "fhir": number,
            "canonical": "https://kneecds.org/fhir",
            "core": True,
            "profiles": sum(name.startswith("StructureDefinition-") for name in here),
            "valueSets": sum(name.startswith("ValueSet-") for name in here),
            "questionnaires": 1,
            "examples": len(names) - len(here),
        }
