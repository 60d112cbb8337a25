"""Every rule of the validator with its source, and a resource on either side of it; read only to explain and to test."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kneecds.fhir.validate.rule import Rule

PAGES: Final[tuple[str, ...]] = (
    "json", "structure", "bindings", "extensions", "invariants_bundle", "invariants_conformance", "invariants_datatypes",
    "invariants_questionnaire", "invariants_resources", "invariants_structure", "references", "bundles", "narrative", "profiles", "questionnaires",
    "questionnaire_forms", "questionnaire_values", "meaning", "meaning_forms",
)  # fmt: skip
"""The modules beside this one; each has `RULES`."""


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """Return every rule by its id."""
    found: dict[str, Rule] = {}
    for page in PAGES:
        for rule in import_module(f"{__name__}.{page}").RULES:
            if rule.id in found:
                message = f"two rules are called {rule.id}"
                raise ValueError(message)
            found[rule.id] = rule
    return found
