"""The FHIR NPM package, https://confluence.hl7.org/display/FHIR/NPM+Package+Specification: what HL7's tools load."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.fhir.concepts import CANONICAL
from kneecds.publishing.head import NUMBERS, PUBLISHER, Json, Release

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final[dict[Release, str]] = {"R4": "org.kneecds.fhir.r4", "R5": "org.kneecds.fhir.r5"}
_CORE: Final[dict[Release, str]] = {"R4": "hl7.fhir.r4.core", "R5": "hl7.fhir.r5.core"}
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_INDEXED: Final = ("id", "url", "version", "kind", "type")


def package(release: Release, version: str, artefacts: Mapping[str, Json]) -> bytes:
    """Return the package as a gzipped tar; the same artefacts give the same bytes."""
    files: dict[str, bytes] = {
        "package/package.json": _json(_manifest(release, version)),
        "package/.index.json": _json(_index({n: a for n, a in artefacts.items() if "/" not in n})),
    }
    shown = {name.partition("/")[2]: one for name, one in artefacts.items() if name.startswith("examples/")}
    if shown:
        files["package/example/.index.json"] = _json(_index(shown))
    for name, artefact in artefacts.items():
        place = f"example/{name.partition('/')[2]}" if name.startswith("examples/") else name
        files[f"package/{place}"] = _json(artefact)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def _json(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    return msgspec.json.format(_ENCODER.encode(value), indent=2) + b"\n"


def _manifest(release: Release, version: str) -> Json:
    return {
        "name": NAMES[release],
        "version": version,
        "tools-version": 3,
        "type": "IG",
        "license": "Apache-2.0",
        "canonical": CANONICAL,
        "url": CANONICAL,
        "title": "Knee decision support",
        "description": "Profiles, terminology, the intake form and the rules of kneecds.",
        "fhirVersions": [NUMBERS[release]],
        "dependencies": {_CORE[release]: NUMBERS[release]},
        "author": PUBLISHER,
        "directories": {"lib": "package", "example": "example"},
        "jurisdiction": "http://unstats.un.org/unsd/methods/m49/m49.htm#001",
    }


def _index(artefacts: Mapping[str, Json]) -> Json:
    files = [
        {"filename": name, "resourceType": one["resourceType"], **{key: one[key] for key in _INDEXED if isinstance(one.get(key), str)}}
        for name, one in sorted(artefacts.items())
    ]  # fmt: skip
    return {"index-version": 2, "files": files}
