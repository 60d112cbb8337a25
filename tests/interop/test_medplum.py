"""Medplum's validator finds no error in what we publish and emit for R4, the one release it knows."""

from __future__ import annotations

from typing import Final

import node
import pytest
from material import definitions, emitted, parts, published

pytestmark = pytest.mark.usefixtures("javascript")

SERIOUS: Final = frozenset({"error", "fatal"})
WRONG: Final = {
    "Constraint ras-2 not met": "a prediction need not have a probability; where there is one, fhirpath.js asks",
}
"""How what it says of sound resources begins, and why that is wrong."""


def test_no_error_in_what_is_published_and_emitted() -> None:
    profiles = {one["url"]: one for one in definitions("R4") if one["resourceType"] == "StructureDefinition"}
    asked = []
    for name, resource in (published("R4") | emitted("R4")).items():
        asked.append({"name": name, "resource": resource})
        for part in parts(resource):
            claims = [url for url in part.get("meta", {}).get("profile", ()) if url in profiles]
            asked += [{"name": f"{name}, {url}", "resource": part, "profile": profiles[url]} for url in claims]
    found = {
        answer["name"]: errors
        for answer in node.ask("medplum", asked)
        if (
            errors := [
                issue
                for issue in answer["issues"]
                if issue["severity"] in SERIOUS and issue["message"].partition(":")[0] not in WRONG
            ]
        )
    }
    assert found == {}
