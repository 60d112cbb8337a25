"""What a published snapshot must say of each element, and what the facts of the base specification leave out: its prose.

https://hl7.org/fhir/R4/structuredefinition.html#invs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kneecds.fhir.profiles.branch import Definition

_FHIR_TYPE: Final = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_OF_FHIRPATH: Final = "http://hl7.org/fhirpath/System."


def complete(element: Definition) -> Definition:
    """Return an element with a definition, the words of its constraints, and the FHIR type of ids."""
    base = element.get("base")
    origin = base.get("path") if isinstance(base, dict) else element["path"]
    made: Definition = {"definition": f"{origin}, as the base specification defines it.", **element}
    if made.get("isModifier") is True:
        made.setdefault(
            "isModifierReason", f"The base specification makes {origin} change the meaning of what it is in."
        )
    if "type" in made:
        made["type"] = [_type(one) for one in made["type"]]
    if "constraint" in made:
        made["constraint"] = [_constraint(one) for one in made["constraint"]]
    return made


def _type(one: dict[str, Any]) -> dict[str, Any]:
    """Say of ids and urls which FHIR type they have: their own is one of FHIRPath."""
    if not one["code"].startswith(_OF_FHIRPATH) or "extension" in one:
        return one
    return {"extension": [{"url": _FHIR_TYPE, "valueUrl": "string"}], **one}


def _constraint(one: dict[str, Any]) -> dict[str, Any]:
    key = one.get("key", "")
    return {"human": f"The constraint {key} of the base specification holds.", **one}
