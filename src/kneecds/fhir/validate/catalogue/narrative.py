"""Links and images in narratives; what else a narrative may hold are the invariants `txt-1` and `txt-2`."""

from __future__ import annotations

from typing import Any, Final

from kneecds.fhir.validate.rule import Rule

_PAGE: Final = "http://hl7.org/fhir/R4/narrative.html"


def _patient(inside: str) -> dict[str, Any]:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p id="top">Jane Doe</p>{inside}</div>'
    return {"resourceType": "Patient", "id": "p1", "text": {"status": "generated", "div": div}}


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        id="narrative-link",
        layer="reference",
        severity="error",
        says="A link or image whose URL begins with # leads to an id that is in the document.",
        source=f"{_PAGE}#links",
        fix="Correct the id after the #, or leave the link out.",
        accepted=_patient('<a href="#top">up</a>'),
        refused=_patient('<a href="#bottom">down</a>'),
        at="Patient.text.div",
    ),
    Rule(
        id="narrative-url",
        layer="reference",
        severity="error",
        says="The URL of a link or image can be followed, holds only characters of URLs, and runs nothing.",
        source=f"{_PAGE}#security",
        fix="Write an address of the web, escape what no URL may hold, and never a script.",
        accepted=_patient('<a href="https://example.org/knee">more</a>'),
        refused=_patient('<a href="javascript:alert(1)">more</a>'),
        at="Patient.text.div",
    ),
)
