"""The HL7 validation engine finds no error in anything that we publish or emit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import judge
import pytest
from material import definitions, emitted, published

if TYPE_CHECKING:
    from material import Release

pytestmark = pytest.mark.usefixtures("hapi")


def faults(resources: dict[str, dict[str, Any]], release: Release) -> dict[str, list[str]]:
    cases = [{"release": release, "resource": one, "beside": definitions(release)} for one in resources.values()]
    verdicts = zip(resources, judge.judge(cases), strict=True)
    found = {
        name: [f"{one['location']}: {one['message']}" for one in judge.errors(issues)] for name, issues in verdicts
    }
    return {name: errors for name, errors in found.items() if errors}


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_every_artefact_and_all_guidance_is_valid(release: Release) -> None:
    resources = published(release) | emitted(release)
    assert faults(resources, release) == {}
