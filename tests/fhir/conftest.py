"""The knowledge that reading needs, loaded once, and a short way to read a resource."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import kneecds.errors
from kneecds.core.knowledge import Condition, Finding
from kneecds.fhir.concepts import Concepts
from kneecds.fhir.read import Reading, read
from kneecds.knowledge import strict_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWLEDGE = Path(kneecds.errors.__file__).parent / "knowledge"
AS_OF = date(2026, 3, 15)
_OF_CODES = (
    "id",
    "label",
    "group",
    "population",
    "can_coexist",
    "default_tier",
    "managed_by_probability",
    "codes",
    "aliases",
)


def _content(path: Path) -> dict[str, Any]:
    content = strict_yaml.read(path)
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="session")
def findings() -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for path in sorted((KNOWLEDGE / "findings").glob("*.yaml")):
        for entry in _content(path)["findings"]:
            finding = msgspec.convert(entry, Finding)
            found[finding.id] = finding
    return found


@pytest.fixture(scope="session")
def concepts(findings: dict[str, Finding]) -> Concepts:
    conditions = []
    for path in sorted((KNOWLEDGE / "conditions").glob("*.yaml")):
        content = _content(path)
        conditions.append(msgspec.convert({k: v for k, v in content.items() if k in _OF_CODES}, Condition))
    return Concepts(findings.values(), conditions)


@pytest.fixture(scope="session")
def take(concepts: Concepts) -> Callable[..., Reading]:
    """Read resources on a fixed day."""

    def reading(document: Any, **others: Any) -> Reading:
        others = {"as_of": AS_OF, "release": "R4", "forms": {}, **others}
        return read(document, concepts=concepts, **others)

    return reading
