"""FHIR knee symptoms in, ranked hypotheses, an escalation and options out. For clinicians; options, not orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kneecds.api import (
        Assessment,
        Conformance,
        Fact,
        Issue,
        Knowledge,
        assess,
        assess_facts,
        shipped_knowledge,
        validate,
    )

__all__ = [
    "Assessment",
    "Conformance",
    "Fact",
    "Issue",
    "Knowledge",
    "assess",
    "assess_facts",
    "shipped_knowledge",
    "validate",
]


def __getattr__(name: str) -> object:
    """Load the public names when they are first used, so that `import kneecds` costs nothing."""
    if name not in __all__:
        msg = f"module 'kneecds' has no attribute {name!r}"
        raise AttributeError(msg)
    from kneecds import api  # noqa: PLC0415 - that is the point

    return getattr(api, name)


def __dir__() -> list[str]:
    """Name what is public."""
    return sorted(__all__)
