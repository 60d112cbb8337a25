"""Who made the bundle, when and from what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.fhir.emit.codes import Json, fragment
from kneecds.fhir.emit.narrative import clean, narrative

if TYPE_CHECKING:
    from kneecds.fhir.emit.frame import Frame

_AUTHOR: Final = fragment({"text": "author: decision support software"})
# `recorded` must be an instant; a date alone has no time of day, and none is made up.
_NO_TIME: Final = fragment(
    {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
)


def r4(frame: Frame) -> Json:
    """Return the Provenance of everything that the bundle claims."""
    count = len(frame.inputs) + len(frame.names)
    made_of = f"{count} resource{'' if count == 1 else 's'} of the input" if count else "input that names no resource"
    provenance: Json = {
        "resourceType": "Provenance",
        "id": "",
        "text": narrative(f"Worked out by kneecds from {made_of}."),
        "target": list(frame.targets),
    }
    if frame.time:
        provenance["occurredDateTime"] = frame.time
    if frame.instant:
        provenance["recorded"] = frame.time
    else:
        provenance["_recorded"] = _NO_TIME
    provenance["agent"] = [{"type": _AUTHOR, "who": frame.device}]
    sources: list[Json] = [{"role": "source", "what": reference} for reference in frame.inputs]
    sources += [{"role": "source", "what": {"display": clean(name)}} for name in frame.names if clean(name)]
    if sources:
        provenance["entity"] = sources
    return provenance
