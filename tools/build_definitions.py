"""Make the facts of FHIR R4 4.0.1, R4B 4.3.0 and R5 5.0.0 that the package ships, from HL7's own definitions.

    python tools/build_definitions.py JARS_FOLDER src/kneecds/fhir/structure

The definitions lie in three jars of Maven Central. A folder without them is filled first, with

    mvn dependency:copy -Dartifact=ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r4:8.8.1 -DoutputDirectory=JARS_FOLDER
    mvn dependency:copy -Dartifact=ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r4b:8.8.1 -DoutputDirectory=JARS_FOLDER
    mvn dependency:copy -Dartifact=ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r5:8.8.1 -DoutputDirectory=JARS_FOLDER

Only facts are kept: names, types, cardinalities, bindings, constraint expressions, codes; no sentence of theirs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from definitions import extensions, gate, profiles, terms
from definitions.sources import VERSIONS, Source, jar_of, read
from definitions.types import HL7, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

JARS = "ca.uhn.hapi.fhir:hapi-fhir-validation-resources-{}:8.8.1"
SOURCE = "HL7 FHIR {}, from hapi-fhir-validation-resources-{} 8.8.1"


def spell(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def rows(table: Mapping[str, object] | list[object]) -> str:
    """Spell a table with one row a line, so that a change of one fact is a change of one line."""
    if isinstance(table, list):
        return "[\n" + ",\n".join(map(spell, table)) + "\n]"
    return "{\n" + ",\n".join(f"{spell(name)}:{spell(value)}" for name, value in table.items()) + "\n}"


def write(path: Path, head: Mapping[str, str], **tables: Any) -> None:
    parts = [f"{spell(name)}:{spell(value)}" for name, value in head.items()]
    parts += [f"{spell(name)}:{rows(table)}" for name, table in tables.items()]
    path.parent.mkdir(exist_ok=True)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")
    print(f"{path.name}: {path.stat().st_size // 1024} kB")


def fetch(folder: Path) -> None:
    """Copy the jars from Maven Central where the folder does not have them."""
    folder.mkdir(parents=True, exist_ok=True)
    for release in VERSIONS:
        if not list(folder.glob(f"hapi-fhir-validation-resources-{release.lower()}-*.jar")):
            artifact = JARS.format(release.lower())
            command = [
                "mvn",
                "-q",
                "dependency:copy",
                f"-Dartifact={artifact}",
                f"-DoutputDirectory={folder.resolve()}",
            ]
            subprocess.run(command, check=True)
        jar_of(folder, release)


def write_types(out: Path, release: str, source: Source, known: terms.Terms) -> Reader:
    """Write what the walker needs, and beside it what only deeper layers ask for."""
    name = release.lower()
    reader = Reader(source, known.closed_list)
    reader.read()
    head = {"release": release, "version": VERSIONS[release], "source": SOURCE.format(VERSIONS[release], name)}
    write(out / f"{name}.json", head, codes=dict(sorted(reader.codes.items())), types=reader.types)
    urls = [url.removeprefix(HL7) for url, one in sorted(source.structures.items()) if url.startswith(HL7)]
    write(
        out / "published" / f"{name}-deep.json", head, primitives=reader.primitives, bindings=reader.bindings,
        constraints=reader.constraints, profiles=reader.profiles, canonicals=reader.canonicals,
        modifiers=reader.modifiers, urls=urls,
    )  # fmt: skip
    return reader


def main() -> None:
    """Write every data file and r4_structs.py."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("jars", type=Path, help="folder with the three jars; filled when it is empty")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    out = arguments.out
    fetch(arguments.jars)
    sources = {release: read(arguments.jars, release) for release in VERSIONS}
    tables: dict[str, Any] = {}
    for release, source in sources.items():
        name = release.lower()
        known = terms.Terms(source, sources["R5"])
        reader = write_types(out, release, source, known)
        if release == "R4":
            types = {path: {"elements": reader.all_elements(path)} for path in reader.types}
            (out / "r4_structs.py").write_text(gate.gate_module(types, reader.codes), "utf-8")
        write(out / "published" / f"{name}-extensions.json", {}, extensions=extensions.facts(source))
        write(out / "published" / f"{name}-profiles.json", {}, profiles=profiles.facts(source))
        tables[release] = terms.facts(known)
    write_terms(out / "published", tables)


def write_terms(out: Path, tables: dict[str, Any]) -> None:
    """Write the codes of each release, those that all releases have in one file."""
    shared: dict[str, Any] = {}
    first = tables["R4"]
    for kind in ("systems", "value_sets"):
        shared[kind] = {
            url: fact for url, fact in first[kind].items() if all(one[kind].get(url) == fact for one in tables.values())
        }
    write(out / "shared-terms.json", {}, **shared)
    for release, table in tables.items():
        own = {kind: {url: fact for url, fact in table[kind].items() if url not in shared[kind]} for kind in shared}
        write(out / f"{release.lower()}-terms.json", {}, **own)


if __name__ == "__main__":
    sys.exit(main())
