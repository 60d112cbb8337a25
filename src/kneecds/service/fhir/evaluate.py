"""`POST /fhir/$kneecds-evaluate`: findings in, guidance out, the same bytes as from the library and the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kneecds import api
from kneecds.core.knowledge import SETTINGS
from kneecds.errors import fatal
from kneecds.service.fhir.call import Answer, RefusalError, refused
from kneecds.service.fhir.parameters import Declared, place, read

if TYPE_CHECKING:
    from datetime import date

    from kneecds.core.knowledge import Setting
    from kneecds.service.fhir.call import Call
    from kneecds.service.fhir.parameters import Given

PARAMETERS: Final = (
    Declared("input", "Bundle", 1, "1", "a Bundle with what is known of one patient"),
    Declared("asOf", "date", 0, "1", "the day for which the answer holds; by default today"),
    Declared("setting", "code", 0, "1", f"where the patient is seen: {', '.join(SETTINGS)}"),
    Declared("map", "ConceptMap", 0, "*", "how codes of your own stand to ours"),
)


def evaluate(call: Call) -> Answer:
    """Return the guidance Bundle; 422 with every reason where nothing could be assessed."""
    given = read(call, PARAMETERS, alone="input", kinds=("Bundle",))
    as_of = given.day("asOf", call.today)
    answer = assessed(call, given, given.resource("input") or b"", as_of)
    return Answer(answer.to_fhir_bytes(call.release, knowledge=call.knowledge), call.release)


def assessed(call: Call, given: Given, body: bytes, as_of: date) -> api.Assessment:
    """Return the assessment of a document; never one that failed."""
    answer = api.assess(
        body, as_of=as_of, setting=_setting(call, given), knowledge=call.knowledge, release=call.body_release,
        maps=[msgspec.json.decode(one) for one in given.resources.get("map", ())],
    )  # fmt: skip
    if answer.status == "failure":
        nothing = fatal("exception", "assessment-failed", "", "the assessment failed, and no reason was recorded")
        raise RefusalError(422, answer.issues or (nothing,))
    return answer


def _setting(call: Call, given: Given) -> Setting:
    """Return where the patient is seen; 400 for what is not known."""
    said = given.value("setting")
    if said is None:
        return call.setting
    found = next((one for one in SETTINGS if one == said), None)
    if found is None:
        message = f"setting is one of {', '.join(SETTINGS)}"
        raise refused(400, "code-invalid", "parameter-value", message, place("setting"))
    return found
