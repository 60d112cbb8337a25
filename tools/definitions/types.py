"""The types of a release: elements with cardinality and types for the walker, and what only deeper layers ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from definitions.sources import Json, Source

HL7 = "http://hl7.org/fhir/StructureDefinition/"
VALUE_SETS = "http://hl7.org/fhir/ValueSet/"
FHIRPATH_STRING = "http://hl7.org/fhirpath/System.String"
BEST_PRACTICE = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice"
STRENGTHS = {"required": "!", "extensible": "+", "preferred": "?"}
FREE_IDS = {"Element", "BackboneElement", "ElementDefinition"}
"""Their ids are any string; that of an ElementDefinition is its path with slice names, whatever its type is said to be."""

Types = dict[str, dict[str, Any]]
Codes = dict[str, list[str]]


def is_type(definition: Json) -> bool:
    """Whether a StructureDefinition defines a type, and does not constrain one."""
    return (
        definition["url"].startswith(HL7)
        and definition["kind"] in {"resource", "complex-type"}
        and definition.get("derivation") != "constraint"
    )


class Reader:
    """Reads the types of one release; `codes` finds the closed list of a value set."""

    def __init__(self, source: Source, codes: Callable[[str], list[str] | None]) -> None:
        self.source = source
        self.codes_of = codes
        self.types: Types = {}
        self.codes: Codes = {}
        self.bindings: dict[str, str] = {}
        self.constraints: dict[str, list[list[str]]] = {}
        self.profiles: dict[str, list[str]] = {}
        self.canonicals: dict[str, str] = {}
        self.modifiers: list[str] = []
        self.bases: dict[str, str] = {}
        self.primitives: dict[str, str] = {}

    def read(self) -> None:
        definitions = [one for one in self.source.structures.values() if is_type(one)]
        self.resources = {one["type"] for one in definitions if one["kind"] == "resource" and one["type"] != "Base"}
        for definition in sorted(definitions, key=lambda one: (one["kind"], one["type"])):
            self._definition(definition)
        for one in self.source.structures.values():
            if one["kind"] == "primitive-type" and one["url"].startswith(HL7):
                self.primitives[one["type"]] = one.get("baseDefinition", "").removeprefix(HL7)
        self._inherit()

    def _definition(self, definition: Json) -> None:
        root = definition["type"]
        self.bases[root] = definition.get("baseDefinition", "").removeprefix(HL7)
        elements = definition["snapshot"]["element"]
        parents = {element["path"].rpartition(".")[0] for element in elements}
        for element in elements:
            path = element["path"]
            if path in parents or path == root:
                kind = ("abstract" if definition["abstract"] else definition["kind"]) if path == root else "backbone"
                self.types[path] = {"kind": kind, "elements": {}}
                if path != root:
                    self.bases[path] = element["type"][0]["code"]
            if path != root:
                owner, _, name = path.rpartition(".")
                self.types[owner]["elements"][name] = self._spelled(element, is_backbone=path in parents)
        for element in definition["differential"]["element"]:
            self._deep(element)

    def _spelled(self, element: Json, *, is_backbone: bool) -> str:
        path = element["path"]
        if "contentReference" in element:
            types = [element["contentReference"].partition("#")[2]]
        elif is_backbone:
            types = [path]
        else:
            types = [self._type(path, one) for one in element.get("type", ())]
        binding = element.get("binding", {})
        fact = f"{element['min']}..{element['max']} {' '.join(types)}"
        if binding.get("strength") == "required" and types == ["code"]:
            label = self._list(binding.get("valueSet", ""))
            fact += f" ={label}" if label else ""
        return fact

    def _type(self, path: str, of_type: Json) -> str:
        code = str(of_type["code"])
        if code == FHIRPATH_STRING:
            owner, _, name = path.rpartition(".")
            if name == "id":
                return self._type_of_id(owner, of_type)
            return "System.Uri" if name == "url" else "System.String"
        targets = sorted({profile.removeprefix(HL7) for profile in of_type.get("targetProfile", ())})
        if code in {"Reference", "CodeableReference"} and targets and targets != ["Resource"]:
            return f"{code}({'|'.join(targets)})"
        if code == "canonical" and targets and targets != ["Resource"]:
            self.canonicals[path] = "|".join(targets)
        return code

    def _type_of_id(self, owner: str, of_type: Json) -> str:
        """Name the type of an id: a resource's is an element, an element's is an attribute in XML, a name or any string."""
        if owner in self.resources:
            return "id"
        is_name = any(one.get("valueUrl") == "id" for one in of_type.get("extension", ()))
        return "System.Id" if is_name and owner not in FREE_IDS else "System.String"

    def _list(self, value_set: str) -> str | None:
        url = value_set.partition("|")[0]
        codes = self.codes_of(url)
        if not codes:
            return None
        label = url.rpartition("/")[2]
        if self.codes.setdefault(label, codes) != codes:
            label = f"{label}-{sum(one.startswith(label) for one in self.codes)}"
            self.codes[label] = codes
        return label

    def _deep(self, element: Json) -> None:
        path = element["path"]
        binding = element.get("binding", {})
        if binding.get("strength") in STRENGTHS and "valueSet" in binding:
            short = binding["valueSet"].partition("|")[0].removeprefix(VALUE_SETS)
            self.bindings[path] = STRENGTHS[binding["strength"]] + short
        profiles = {
            f"{one['code']} {profile.removeprefix(HL7)}"
            for one in element.get("type", ())
            for profile in one.get("profile", ())
        }
        if profiles:
            self.profiles[path] = sorted(profiles)
        if element.get("isModifier"):
            self.modifiers.append(path)
        for one in element.get("constraint", ()):
            if "expression" not in one:
                continue
            row = [one["key"], one["severity"], one["expression"]]
            if any(more.get("url") == BEST_PRACTICE and more.get("valueBoolean") for more in one.get("extension", ())):
                row.append("best-practice")
            rows = self.constraints.setdefault(path, [])
            if row not in rows:
                rows.append(row)

    def _inherit(self) -> None:
        """Leave out of each type what it inherits unchanged: those farthest from the root first, while their base is whole."""
        for path, fact in sorted(self.types.items(), key=lambda one: -self._depth(one[0])):
            base = self.bases.get(path, "")
            if base in self.types:
                inherited = self.types[base]["elements"]
                fact["elements"] = {n: s for n, s in fact["elements"].items() if inherited.get(n) != s}
                fact["base"] = base

    def _depth(self, path: str) -> int:
        base = self.bases.get(path, "")
        return 0 if base not in self.types else 1 + self._depth(base)

    def all_elements(self, path: str) -> dict[str, str]:
        """Return the elements of a type with those that it inherits."""
        fact = self.types[path]
        return (self.all_elements(fact["base"]) if "base" in fact else {}) | fact["elements"]
