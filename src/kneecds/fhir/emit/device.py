"""The software and its knowledge, as the author of everything in the bundle."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kneecds.fhir.emit import ids
from kneecds.fhir.emit.codes import Json, fragment
from kneecds.fhir.emit.narrative import clean, narrative

if TYPE_CHECKING:
    import msgspec

    from kneecds.core.assessment import Software


def r4(software: Software) -> Json:
    """Return the Device of a version of the software and of its knowledge."""
    versions = [
        (name, clean(value))
        for name, value in (
            ("software", software.version),
            ("knowledge", software.knowledge_version),
            ("knowledge hash", software.knowledge_hash),
        )
    ]
    said = ", ".join(f"{name} {value}" for name, value in versions if value)
    device: Json = {
        "resourceType": "Device",
        "id": ids.of_software(software),
        "text": narrative(f"kneecds, clinical decision support for clinicians: {said or 'version not stated'}"),
        "status": "active",
        "deviceName": [{"name": "kneecds", "type": "user-friendly-name"}],
        "type": {"text": "Clinical decision support software"},
    }
    stated = [{"type": {"text": name}, "value": value} for name, value in versions if value]
    if stated:
        device["version"] = stated
    return device


@lru_cache(maxsize=16)
def entry(software: Software) -> tuple[msgspec.Raw, msgspec.Raw]:
    """Return the reference to the Device, and its entry in the bundle."""
    device = r4(software)
    url = f"urn:uuid:{device['id']}"
    return fragment({"reference": url, "display": "kneecds"}), fragment({"fullUrl": url, "resource": device})
