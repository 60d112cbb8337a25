"""Read HL7's definitions out of the jars that carry them, as plain JSON values and without prose."""

from __future__ import annotations

import io
import json
import tarfile
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

FHIR = "{http://hl7.org/fhir}"
VERSIONS = {"R4": "4.0.1", "R4B": "4.3.0", "R5": "5.0.0"}
XML_FILES = (
    "profile/profiles-types.xml", "profile/profiles-resources.xml", "profile/profiles-others.xml",
    "valueset/valuesets.xml", "valueset/v2-tables.xml", "valueset/v3-codesystems.xml",
    "extension/extension-definitions.xml",
)  # fmt: skip
"""Of R4 and R4B; those that a jar does not have are passed over."""
PACKAGES = ("hl7.fhir.r5.core-5.0.0.tgz", "hl7.fhir.uv.extensions.r5-1.0.0.tgz", "hl7.terminology-5.1.0.tgz")
KINDS = ("StructureDefinition", "CodeSystem", "ValueSet")
PROSE = frozenset({
    "text", "definition", "comment", "requirements", "mapping", "description", "short", "contact", "publisher", "label",
    "purpose", "copyright", "display", "human", "designation", "example", "meaningWhenMissing", "useContext",
    "jurisdiction", "identifier", "title", "alias", "keyword", "orderMeaning", "xpath", "condition", "documentation",
})  # fmt: skip
MANY = frozenset({
    "element", "targetProfile", "constraint", "context", "contextInvariant", "concept", "include", "exclude",
    "discriminator", "coding", "extension", "aggregation", "representation",
})  # fmt: skip
MANY_IN = frozenset({
    ("element", "type"), ("type", "profile"), ("include", "valueSet"), ("exclude", "valueSet"), ("include", "filter"),
    ("exclude", "filter"), ("CodeSystem", "property"), ("concept", "property"),
})  # fmt: skip
TRUTHS = frozenset({
    "abstract", "isModifier", "isSummary", "mustSupport", "caseSensitive", "valueBoolean", "ordered", "fixedBoolean",
})  # fmt: skip
NUMBERS = frozenset({"min", "valueInteger", "count"})


@dataclass
class Source:
    """What one release defines, by canonical URL."""

    release: str
    structures: dict[str, Json] = field(default_factory=dict)
    systems: dict[str, Json] = field(default_factory=dict)
    value_sets: dict[str, Json] = field(default_factory=dict)

    def add(self, resource: Json) -> None:
        kept = {"StructureDefinition": self.structures, "CodeSystem": self.systems, "ValueSet": self.value_sets}
        if "url" in resource:
            kept[resource["resourceType"]].setdefault(resource["url"], resource)


def jar_of(folder: Path, release: str) -> Path:
    found = sorted(folder.glob(f"hapi-fhir-validation-resources-{release.lower()}-*.jar"))
    if len(found) != 1:
        message = f"{folder} does not hold the one jar hapi-fhir-validation-resources-{release.lower()}"
        raise SystemExit(message)
    return found[0]


def read(folder: Path, release: str) -> Source:
    """Read one release: its XML bundles, or the packages of R5."""
    source = Source(release)
    with zipfile.ZipFile(jar_of(folder, release)) as jar:
        for resource in _of_packages(jar, release) if release == "R5" else _of_bundles(jar, release):
            source.add(resource)
    return source


def _of_bundles(jar: zipfile.ZipFile, release: str) -> Iterator[Json]:
    names = set(jar.namelist())
    for file in XML_FILES:
        name = f"org/hl7/fhir/{release.lower()}/model/{file}"
        if name not in names:
            continue
        root = ET.fromstring(jar.read(name))  # noqa: S314 - a file of a release of HL7's, fetched by its version
        for holder in root.iter(f"{FHIR}resource"):
            for resource in holder:
                kind = resource.tag.removeprefix(FHIR)
                if kind in KINDS:
                    yield {"resourceType": kind, **_value(resource, kind)}


def _value(element: ET.Element, name: str) -> Any:
    found: Json = {} if "url" not in element.attrib else {"url": element.attrib["url"]}
    if element.get("id") and name == "element":
        found["id"] = element.attrib["id"]
    for child in element:
        tag = child.tag.rpartition("}")[2]
        if tag in PROSE:
            continue
        given = child.get("value")
        value = _value(child, tag) if given is None or tag == "extension" else _plain(tag, given)
        if tag in MANY or (name, tag) in MANY_IN:
            found.setdefault(tag, []).append(value)
        else:
            found[tag] = value
    return found


def _plain(tag: str, text: str) -> str | bool | int:
    if tag in TRUTHS:
        return text == "true"
    return int(text) if tag in NUMBERS else text


def _of_packages(jar: zipfile.ZipFile, release: str) -> Iterator[Json]:
    for name in PACKAGES:
        content = io.BytesIO(jar.read(f"org/hl7/fhir/{release.lower()}/packages/{name}"))
        with tarfile.open(fileobj=content) as package:
            for member in package:
                base = Path(member.name)
                if base.parent.name != "package" or base.name.partition("-")[0] not in KINDS:
                    continue
                file = package.extractfile(member)
                resource = json.load(file) if file is not None else {}
                if resource.get("resourceType") in KINDS:
                    yield _without_prose(resource)


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_prose(inner) for name, inner in value.items() if name not in PROSE}
    if isinstance(value, list):
        return [_without_prose(inner) for inner in value]
    return value
