"""What a rule of the validator is: one sentence, its source, and a resource on either side of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kneecds.errors import Severity
from kneecds.fhir.structure.facts import RELEASES, Release

Layer = Literal["json", "structure", "binding", "invariant", "reference", "profile", "questionnaire", "meaning"]
LAYERS: tuple[Layer, ...] = (
    "json", "structure", "binding", "invariant", "reference", "profile", "questionnaire", "meaning",
)  # fmt: skip
"""In the order in which they are looked at."""

Example: TypeAlias = "dict[str, object] | list[object] | str"
"""A resource, or the text of one where what matters is how it is written."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is checked; `Issue.rule` is its id."""

    id: str
    layer: Layer
    severity: Severity
    says: str
    """The rule, in one sentence of our own."""
    source: str
    """URL of the specification that asks for it, or of our own documentation."""
    fix: str
    """What somebody who made the resource can do."""
    accepted: Example
    """A resource without this issue."""
    refused: Example
    """The same with the fault: validating it gives this rule."""
    at: str
    """The FHIRPath where the issue of the refused resource is."""
    beside: tuple[dict[str, object], ...] = ()
    """Questionnaires, profiles and value sets that both examples are validated with."""
    release: Release = "R4"
    """The release of the examples."""
    releases: tuple[Release, ...] = RELEASES
    """Those in which the rule holds."""
    best_practice: bool = False
    """Only said when asked for."""
