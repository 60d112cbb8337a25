"""What kind of unit a vital sign is measured in: heart rate is no mass."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.terminology import ucum

if TYPE_CHECKING:
    from kneecds.fhir.structure.visit import Node

LOINC: Final = "http://loinc.org"

# https://hl7.org/fhir/R4/observation-vitalsigns.html: the LOINC code of each vital sign, and a unit that is asked for it
UNITS: Final[dict[str, tuple[str, str]]] = {
    "9279-1": ("respiratory rate", "/min"),
    "8867-4": ("heart rate", "/min"),
    "2708-6": ("oxygen saturation", "%"),
    "8310-5": ("body temperature", "Cel"),
    "8302-2": ("body height", "cm"),
    "9843-4": ("head circumference", "cm"),
    "29463-7": ("body weight", "kg"),
    "39156-5": ("body mass index", "kg/m2"),
    "8480-6": ("systolic blood pressure", "mm[Hg]"),
    "8462-4": ("diastolic blood pressure", "mm[Hg]"),
}


@lru_cache(maxsize=16)
def _unit(code: str) -> ucum.Unit | None:
    return ucum.parse(code)


def wrong_dimension(node: Node, unit: ucum.Unit) -> str:
    """Say why a unit cannot be that of the vital sign whose value it stands in; empty where it can."""
    holder = node.parent
    if holder is None or not node.element.endswith(".value[x]") or node.holder.kind != "Observation":
        return ""
    wanted = _wanted(holder.value)
    if wanted is None:
        return ""
    name, like = wanted
    expected = _unit(like)
    if expected is None or ucum.comparable(unit, expected):
        return ""
    return f"{unit.code[:60]!r} does not measure {name}; a unit such as {like} does"


def _wanted(measured: object) -> tuple[str, str] | None:
    """Return name and unit of what an Observation or component measures; None where that is no vital sign."""
    code: Any = measured.get("code") if isinstance(measured, dict) else None
    listed = code.get("coding") if isinstance(code, dict) else None
    for coding in listed if isinstance(listed, list) else ():
        if isinstance(coding, dict) and coding.get("system") == LOINC:
            of = coding.get("code")
            if isinstance(of, str) and of in UNITS:
                return UNITS[of]
    return None
