"""Vital signs: an Observation with one of their codes must fit their profile, whether it claims that or not.

https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.profiles.snapshot import CORE

if TYPE_CHECKING:
    from kneecds.errors import Issue
    from kneecds.fhir.structure.visit import Node

_LOINC: Final = "http://loinc.org"
_PROFILES: Final = {
    "85353-1": "vitalspanel",
    "9279-1": "resprate",
    "8867-4": "heartrate",
    "2708-6": "oxygensat",
    "8310-5": "bodytemp",
    "8302-2": "bodyheight",
    "9843-4": "headcircum",
    "29463-7": "bodyweight",
    "39156-5": "bmi",
    "85354-9": "bp",
}
"""The codes that the specification gives to each vital sign, and the profile of it."""


def implied(node: Node) -> tuple[str, ...]:
    """Return the profiles that the codes of an Observation call for."""
    code = node.value.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    found = [
        _PROFILES[one["code"]]
        for one in (codings if isinstance(codings, list) else ())
        if isinstance(one, dict)
        and one.get("system") == _LOINC
        and isinstance(one.get("code"), str)
        and one["code"] in _PROFILES
    ]
    return tuple(dict.fromkeys(CORE + name for name in found))


def counts(issue: Issue) -> bool:
    """Whether an issue counts where nobody claimed the profile.

    R4 and R5 bind the units of components to a list that R4B only recommends, and that lacks, say, litres per minute
    of oxygen beside a saturation; published examples are valid without.
    """
    return issue.rule != "profile-binding" or ".component[" not in issue.expression
