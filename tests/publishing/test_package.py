"""The FHIR NPM package that HL7's tools load."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

import kneecds
from kneecds.fhir.profiles.load import KINDS, load
from kneecds.publishing import RELEASES, artefacts, package

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module", params=RELEASES)
def packed(request: pytest.FixtureRequest) -> Any:
    known = kneecds.shipped_knowledge()
    made = artefacts(request.param, known)
    return request.param, made, package(request.param, known.version, made)


def inside(content: bytes) -> dict[str, Any]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        return {one.name: json.load(archive.extractfile(one)) for one in archive}  # type: ignore[arg-type]


def test_our_own_loader_reads_every_definition(packed: Any, tmp_path: Path) -> None:
    _, made, content = packed
    file = tmp_path / "p.tgz"
    file.write_bytes(content)
    loaded = load(file)
    assert loaded.issues == []
    wanted = [one["url"] for name, one in made.items() if "/" not in name and one["resourceType"] in KINDS]
    assert sorted(one["url"] for one in loaded.resources) == sorted(wanted)


def test_manifest_and_index(packed: Any) -> None:
    release, made, content = packed
    found = inside(content)
    manifest = found["package/package.json"]
    number = {"R4": "4.0.1", "R5": "5.0.0"}[release]
    assert manifest["dependencies"] == {f"hl7.fhir.{release.lower()}.core": number}
    assert manifest["fhirVersions"] == [number]
    index = {one["filename"]: one for one in found["package/.index.json"]["files"]}
    assert set(index) == {name for name in made if "/" not in name}
    for name, one in index.items():
        assert one.get("url") == made[name].get("url")
        assert f"package/{name}" in found
    assert len(found["package/example/.index.json"]["files"]) == sum("/" in name for name in made)


def test_the_same_artefacts_give_the_same_bytes(packed: Any) -> None:
    release, made, content = packed
    assert package(release, kneecds.shipped_knowledge().version, made) == content
