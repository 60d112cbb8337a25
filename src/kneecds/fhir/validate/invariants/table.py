"""Which invariants bind which type, by release."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kneecds.fhir.validate.invariants import (
    amounts,
    bundles,
    clinical,
    conformance,
    datatypes,
    elements,
    questionnaires,
    structures,
)

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.invariants.row import Invariant

ROWS: Final[tuple[Invariant, ...]] = (
    *amounts.ROWS,
    *datatypes.ROWS,
    *clinical.ROWS,
    *bundles.ROWS,
    *questionnaires.ROWS,
    *conformance.ROWS,
    *elements.ROWS,
    *structures.ROWS,
)
"""Every invariant that has a function of its own, save those that hold anywhere."""

OF_SIMPLE_QUANTITY: Final = "sqty-1"
ANYWHERE: Final[frozenset[str]] = frozenset(
    {"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "dom-r4b", "txt-1", "txt-2"}
)
"""Keys that other parts of this room, and the room of extensions, look at."""

NOT_SAID: Final[frozenset[tuple[str, str]]] = frozenset(
    {("ElementDefinition", "eld-11"), ("Questionnaire", "que-1a"), ("RatioRange", "ratrng-2"), ("Condition", "con-3")}
)
"""Those whose expression, as published, no instance can break (eld-11, que-1a, ratrng-2) or nobody means (con-3 of R4)."""

_ALSO: Final = {"ValueSet.compose.include": "ValueSet.compose.exclude"}
"""What is excluded from a value set is written as what is included; some releases call the type of both by the one."""


@lru_cache(maxsize=3)
def by_type(release: Release) -> dict[str, tuple[Invariant, ...]]:
    """Return the invariants of a release by the type that they bind."""
    found: dict[str, list[Invariant]] = {}
    for row in ROWS:
        if release in row.releases:
            found.setdefault(row.type, []).append(row)
            for also, name in _ALSO.items():
                if row.type == also or row.type.startswith(f"{also}."):
                    found.setdefault(row.type.replace(also, name), []).append(row)
    return {kind: tuple(rows) for kind, rows in found.items()}


@lru_cache(maxsize=3)
def own_keys(release: Release) -> frozenset[tuple[str, str]]:
    """Return which keys of which types have a function here."""
    return frozenset((row.type.partition(".")[0], row.key) for row in ROWS if release in row.releases) | NOT_SAID
