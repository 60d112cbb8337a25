"""The published definitions of a release for the FHIRPath judge, out of what the HL7 engine ships with."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import judge

if TYPE_CHECKING:
    from pathlib import Path

JAR = "hapi-fhir-validation-resources-r5"
PACKAGE = "org/hl7/fhir/r5/packages/hl7.fhir.r5.core-5.0.0.tgz"


def is_base(definition: dict[str, Any]) -> bool:
    return definition.get("derivation") != "constraint" or definition["id"] == "SimpleQuantity"


def r5() -> Path:
    """Return a file with the R5 StructureDefinitions of types and resources, as a JSON list."""
    file = judge.JAVA / "target" / "r5-definitions.json"
    if not file.exists():
        jar = next(path for path in judge.build().split(os.pathsep) if JAR in path)
        with zipfile.ZipFile(jar) as outer, tarfile.open(fileobj=io.BytesIO(outer.read(PACKAGE))) as inner:
            names = [name for name in inner.getnames() if name.startswith("package/StructureDefinition-")]
            read = (json.load(stream) for name in names if (stream := inner.extractfile(name)))
            wanted = [one for one in read if one["kind"] in {"resource", "complex-type"} and is_base(one)]
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(wanted))
        unfinished.rename(file)
    return file
