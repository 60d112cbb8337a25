"""Conditions that a definition puts on the element that has an extension (StructureDefinition.contextInvariant).

https://hl7.org/fhir/R4/structuredefinition.html#context
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.fhir import fhirpath

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release

_COMPARISON: Final = re.compile(r"(\w+) ?(!?=) ?'([^']*)'")


class _Comparison(NamedTuple):
    """What most conditions are: an element of the owner is, or is not, some text."""

    name: str
    equal: bool
    text: str

    def holds(self, owner: dict[str, Any]) -> bool:
        """Whether it is so."""
        value = owner.get(self.name)
        return value is not None and (value == self.text) is self.equal


@lru_cache(maxsize=256)
def _comparisons(condition: str) -> tuple[_Comparison, ...]:
    """Take a condition apart that is comparisons with `or` between; none where it is something else."""
    found = [_COMPARISON.fullmatch(one) for one in condition.split(" or ")]
    read = [_Comparison(one[1], one[2] == "=", one[3]) for one in found if one is not None]
    return tuple(read) if len(read) == len(found) else ()


def holds(condition: str, owner: object, place: str, extension: dict[str, Any], release: Release) -> bool:
    """Whether a condition is true of the element around an extension, or cannot be told; what gives nothing is not true."""
    comparisons = _comparisons(condition)
    if comparisons and isinstance(owner, dict):
        return any(one.holds(owner) for one in comparisons)
    found = fhirpath.evaluate(condition, owner, release, base=place, variables={"extension": extension})
    return found is None or found not in ([], [False])
