"""The codes that a ValueSet's expansion lists, and whether it claims to list them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.fhir.terminology.value_set import Pair

# https://hl7.org/fhir/R4/extension-valueset-toocostly.html, https://hl7.org/fhir/R4/valueset.html#compositions
_LIMITS: Final = frozenset({"limitedExpansion", "limited-expansion", "count", "offset", "filter"})
_NOT_WHOLE: Final = ("valueset-toocostly", "valueset-unclosed")


def read(expansion: object) -> tuple[frozenset[Pair], bool]:
    """Return the codes of an expansion, and whether it says that these are all."""
    if not isinstance(expansion, dict):
        return frozenset(), False
    found: set[Pair] = set()
    count = 0
    waiting = [expansion.get("contains")]
    while waiting:
        level = waiting.pop()
        for one in level if isinstance(level, list) else ():
            if not isinstance(one, dict):
                continue
            count += 1
            system, code = one.get("system"), one.get("code")
            if isinstance(code, str) and one.get("abstract") is not True:
                found.add((system if isinstance(system, str) else "", code))
            waiting.append(one.get("contains"))
    total, offset = expansion.get("total"), expansion.get("offset")
    whole = (total is None or (isinstance(total, int) and total <= count)) and not offset
    return frozenset(found), whole and not _is_limited(expansion)


def _is_limited(expansion: Mapping[str, object]) -> bool:
    parameters, extensions = expansion.get("parameter"), expansion.get("extension")
    for one in parameters if isinstance(parameters, list) else ():
        name = one.get("name") if isinstance(one, dict) else None
        if name in _LIMITS and (
            name in {"count", "filter"} or one.get("valueBoolean") is True or one.get("valueInteger")
        ):
            return True
    for one in extensions if isinstance(extensions, list) else ():
        url = one.get("url") if isinstance(one, dict) else None
        if isinstance(url, str) and url.endswith(_NOT_WHOLE):
            return True
    return False
