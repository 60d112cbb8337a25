"""Our own verdict on a case that a judge is asked about."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kneecds import Conformance, Issue

Json = dict[str, Any]


def issues(case: Json) -> list[Issue]:
    """Return what we say of a case: JSON, structure, invariants, references, profiles, forms; not what it means for a knee."""
    import kneecds  # noqa: PLC0415 - not before a judge has been found

    body = case["text"] if "text" in case else json.dumps(case["resource"])
    beside = _conformance(json.dumps(case.get("beside", [])), tuple(case.get("profile", ())))
    return list(kneecds.validate(body, release=case.get("release", "R4"), conformance=beside))


def errors(case: Json) -> list[Issue]:
    return [issue for issue in issues(case) if issue.is_error]


@lru_cache(maxsize=64)
def _conformance(beside: str, asked: tuple[str, ...]) -> Conformance:
    """Make neighbours ready; only the profiles that the case asks for are asked of every resource of their type."""
    import kneecds  # noqa: PLC0415

    resources = json.loads(beside)
    profiles = [one for one in resources if one["resourceType"] == "StructureDefinition" and one.get("url") in asked]
    return kneecds.Conformance(profiles=profiles, others=[one for one in resources if one not in profiles])
