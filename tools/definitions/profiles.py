"""The profiles that a validator applies by itself, stripped to what can be held against a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from definitions.sources import Json, Source

HL7 = "http://hl7.org/fhir/StructureDefinition/"
VITAL_SIGNS = (
    "vitalsigns", "vitalspanel", "bodyweight", "bodyheight", "bmi", "bp", "heartrate", "resprate", "oxygensat",
    "headcircum", "bodytemp",
)  # fmt: skip
"""https://hl7.org/fhir/R4/observation-vitalsigns.html: an Observation with one of their codes is held to them."""
QUANTITIES = ("SimpleQuantity", "MoneyQuantity")
OF_DEFINITION = (
    "resourceType", "url", "name", "status", "fhirVersion", "kind", "abstract", "type", "baseDefinition", "derivation",
)  # fmt: skip
OF_ELEMENT = (
    "id", "path", "sliceName", "slicing", "min", "max", "contentReference", "maxLength", "mustSupport", "isModifier",
)  # fmt: skip
ANYWHERE = frozenset({"ele-1", "ext-1"})


def facts(source: Source) -> Json:
    """Return the stripped profiles by URL."""
    found: Json = {}
    for name in (*VITAL_SIGNS, *QUANTITIES):
        definition = source.structures.get(HL7 + name)
        if definition is not None:
            found[definition["url"]] = _stripped(definition)
    return found


def _stripped(definition: Json) -> Json:
    kept = {name: definition[name] for name in OF_DEFINITION if name in definition}
    for view in ("snapshot", "differential"):
        kept[view] = {"element": [_element(element) for element in definition[view]["element"]]}
    return kept


def _element(element: Json) -> Json:
    kept = {
        name: value
        for name, value in element.items()
        if name in OF_ELEMENT or name.startswith(("fixed", "pattern", "minValue", "maxValue"))
    }
    if "type" in element:
        kept["type"] = [
            {name: one[name] for name in ("code", "profile", "targetProfile") if name in one} for one in element["type"]
        ]
    if "slicing" in kept:
        kept["slicing"] = {name: value for name, value in kept["slicing"].items() if name != "id"}
    binding: Any = element.get("binding")
    if binding and "valueSet" in binding:
        kept["binding"] = {"strength": binding["strength"], "valueSet": binding["valueSet"].partition("|")[0]}
    constraints = [
        {name: one[name] for name in ("key", "severity", "expression") if name in one}
        for one in element.get("constraint", ())
        if one["key"] not in ANYWHERE
    ]
    if constraints:
        kept["constraint"] = constraints
    return kept
