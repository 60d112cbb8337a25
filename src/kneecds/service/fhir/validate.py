"""`$validate`, https://hl7.org/fhir/R4/resource-operation-validate.html: every issue of a resource, as an OperationOutcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kneecds import validation
from kneecds.errors import Issue, error
from kneecds.fhir import version
from kneecds.fhir.emit import outcome, to_bytes
from kneecds.fhir.validate.profiles.compile import Compiler
from kneecds.pipeline import prepare
from kneecds.service.fhir.call import Answer, refused
from kneecds.service.fhir.parameters import Declared, kind_of, place, read

if TYPE_CHECKING:
    from kneecds.fhir.version import Release
    from kneecds.service.fhir.call import Call

MODES: Final = ("create", "update", "profile")
"""https://hl7.org/fhir/R4/valueset-resource-validation-mode.html without `delete`: nothing is kept that could go."""

PARAMETERS: Final = (
    Declared("resource", "Resource", 1, "1", "the resource to look at"),
    Declared("mode", "code", 0, "1", f"what is meant to be done with it: {', '.join(MODES)}"),
    Declared("profile", "canonical", 0, "1", "the canonical of a profile that it has to fit"),
)


def validate(call: Call) -> Answer:
    """Return the issues with status 200, whatever they are; 400 and 422 where it could not be looked at."""
    given = read(call, PARAMETERS, alone="resource")
    body = given.resource("resource") or b""
    kind = kind_of(body)
    wanted = call.path.get("type")
    if wanted is not None and kind != wanted:
        raise refused(400, "invalid", "type-mismatch", f"what was sent is not a {wanted}", "$this")
    mode, profile = given.value("mode"), given.value("profile")
    if mode is not None and mode not in MODES:
        message = f"mode is one of {', '.join(MODES)}"
        raise refused(400, "not-supported", "parameter-value", message, place("mode"))
    if mode == "profile" and profile is None:
        raise refused(400, "required", "parameter-missing", "mode is profile, but none is named", place("profile"))
    release = call.body_release or version.detect(msgspec.json.decode(body))
    if profile is not None:
        _known(call, profile, release)
    issues = validation.validate(
        body, knowledge=call.knowledge, as_of=call.today, release=call.body_release,
        claimed=() if profile is None else (profile,),
    )  # fmt: skip
    found = (*_of_mode(body, kind, mode), *issues)
    if body is not call.body:  # lines count from where the resource begins, which the client does not see
        found = tuple(msgspec.structs.replace(issue, line=0, column=0) for issue in found)
    return Answer(to_bytes(outcome(found, call.release)), call.release)


def _known(call: Call, profile: str, release: Release) -> None:
    """Refuse a profile that cannot be checked with, rather than say that nothing is wrong."""
    supplied = prepare(call.knowledge).published.of(release)
    if Compiler(supplied, release, with_advice=False).type_of(profile) is None:
        raise refused(422, "not-found", "profile-unknown", "the profile is not known here", place("profile"))


def _of_mode(body: bytes, kind: str, mode: str | None) -> tuple[Issue, ...]:
    """Return what only matters for the interaction that is meant."""
    if mode == "update" and not isinstance(msgspec.json.decode(body).get("id"), str):
        message = "an update needs the id of what is updated"  # https://hl7.org/fhir/R4/http.html#update
        return (error("required", "update-without-id", f"{kind}.id", message),)
    return ()
