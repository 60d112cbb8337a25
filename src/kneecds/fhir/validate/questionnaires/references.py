"""Resources as answers: whether a reference leads to a type that the form allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.structure.facts import facts_of
from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires.run import Run, Trail, shown

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.questionnaires.values import Check

# https://hl7.org/fhir/R4/references.html#literal
_LITERAL: Final = re.compile(
    r"(?:https?://[^?#]*/(?=[A-Z]))?([A-Za-z]{2,64})/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?"
)
_CONDITIONAL: Final = re.compile(r"([A-Z][A-Za-z]{1,63})\?[^?]+")
_LONGEST: Final = 2000


def reference_check(extensions: dict[str, list[dict[str, Any]]], release: Release) -> Check:
    """Return the check of an answer that is a reference."""
    allowed = [
        value
        for extension in extensions.get(ext.REFERENCE_RESOURCE, ())
        if isinstance(value := ext.value(extension)[1], str)
    ]
    known = facts_of(release).resource_types
    words = ", ".join(allowed[:5])

    def check(run: Run, value: Any, at: Trail) -> None:  # noqa: ANN401
        kind = _type_of(run, value)
        if allowed:
            if kind and kind not in allowed:
                message = f"a reference to a {kind}; the form allows {shown(words)}"
                run.error("value", "questionnaire-reference-type", at, message)
            elif not kind and isinstance(value.get("reference"), str):
                message = f"the type of what is referred to cannot be told; the form allows {shown(words)}"
                run.warn("value", "questionnaire-reference-unknown", at, message, "give Reference.type")
        elif kind and kind not in known and isinstance(value.get("reference"), str):
            message = f"{shown(kind)} is no type of resource in this release"
            run.error("value", "questionnaire-reference-target", at, message)

    return check


def _type_of(run: Run, value: dict[str, Any]) -> str:
    """Return the type that a reference leads to; "" where that cannot be told."""
    said, reference = value.get("type"), value.get("reference")
    if isinstance(reference, str) and len(reference) <= _LONGEST:
        if reference.startswith("#"):
            for _, inner in ext.objects(run.response, "contained"):
                if inner.get("id") == reference[1:]:
                    return str(inner.get("resourceType", ""))
        elif found := _LITERAL.fullmatch(reference) or _CONDITIONAL.fullmatch(reference):
            return found.group(1)
        elif isinstance(run.document, dict) and run.document.get("resourceType") == "Bundle":
            for _, entry in ext.objects(run.document, "entry"):
                target = entry.get("resource")
                if entry.get("fullUrl") == reference and isinstance(target, dict):
                    return str(target.get("resourceType", ""))
    if isinstance(said, str):
        return said.rpartition("/")[2]
    return ""
