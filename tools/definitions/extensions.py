"""What each published extension is: where it may stand, whether it changes meaning, and what its value may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from definitions.sources import Json, Source

FHIRPATH_STRING = "http://hl7.org/fhirpath/System.String"
HL7 = "http://hl7.org/fhir/StructureDefinition/"
STRENGTHS = {"required": "!", "extensible": "+", "preferred": "?"}


def facts(source: Source) -> Json:
    """Spell every extension of a release by its URL."""
    found: Json = {}
    for url, definition in sorted(source.structures.items()):
        if definition.get("type") == "Extension" and definition.get("derivation") == "constraint":
            found[url.removeprefix(HL7)] = _fact(definition)
    return found


def _fact(definition: Json) -> Json:
    elements = definition["snapshot"]["element"]
    by_id = {element["id"]: element for element in elements}
    root = elements[0]
    fact: Json = {"in": [f"{one['type']} {one['expression']}" for one in definition.get("context", ())]}
    if root.get("isModifier"):
        fact["modifier"] = True
    if root["max"] != "*":
        fact["most"] = root["max"]
    if definition.get("contextInvariant"):
        fact["when"] = definition["contextInvariant"]
    constraints = [
        [one["key"], one["severity"], one["expression"]]
        for one in root.get("constraint", ())
        if one["key"] not in {"ele-1", "ext-1"} and "expression" in one
    ]
    if constraints:
        fact["must"] = constraints
    return fact | _content("Extension", by_id)


def _content(prefix: str, by_id: Json) -> Json:
    content: Json = {}
    value = next((one for name, one in by_id.items() if name.startswith(f"{prefix}.value[x]")), None)
    value = by_id.get(f"{prefix}.value[x]", value)
    if value is not None and value["max"] != "0":
        content["value"] = f"{value['min']}..{value['max']} {' '.join(_types(value))}"
        binding = value.get("binding", {})
        if binding.get("strength") in STRENGTHS and "valueSet" in binding:
            content["bound"] = STRENGTHS[binding["strength"]] + binding["valueSet"].partition("|")[0]
    parts: Json = {}
    for name, element in by_id.items():
        rest = name.removeprefix(f"{prefix}.extension:")
        if rest == name or "." in rest or element["max"] == "0":
            continue
        url = by_id.get(f"{name}.url", {}).get("fixedUri", rest)
        parts[url] = {"times": f"{element['min']}..{element['max']}", **_content(name, by_id)}
    if parts:
        content["parts"] = parts
    return content


def _types(element: Json) -> list[str]:
    """Name the types of a value; references with their targets."""
    spelled: list[str] = []
    for one in element.get("type", ()):
        targets = "|".join(sorted(target.removeprefix(HL7) for target in _targets(one)))
        spelled.append(f"{one['code']}({targets})" if targets and targets != "Resource" else one["code"])
    return spelled


def _targets(of_type: Json) -> list[Any]:
    return list(of_type.get("targetProfile", ()))
