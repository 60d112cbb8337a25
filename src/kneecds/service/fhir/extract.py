"""`QuestionnaireResponse/$extract` of Structured Data Capture: the Observations that the answers are, as a transaction.

https://hl7.org/fhir/uv/sdc/OperationDefinition-QuestionnaireResponse-extract.html. Where there is nothing to say of it
the only output is `return`, which then is the whole answer (https://hl7.org/fhir/R4/operations.html#response);
otherwise `return` and `issues` come as Parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds import extraction
from kneecds.errors import InputError, warning
from kneecds.fhir.emit import outcome
from kneecds.pipeline import ENCODER
from kneecds.service.fhir.call import Answer, RefusalError
from kneecds.service.fhir.parameters import Declared, read

if TYPE_CHECKING:
    from kneecds.fhir.version import Release
    from kneecds.service.fhir.call import Call, Json

PARAMETERS: Final = (
    Declared("questionnaire-response", "QuestionnaireResponse", 1, "1", "the response to extract from"),
    Declared("questionnaire", "Questionnaire", 0, "1", "the form that was answered, if it is not ours"),
)


def extract(call: Call) -> Answer:
    """Return what the answers are; 422 if an error left nothing of them."""
    given = read(call, PARAMETERS, alone="questionnaire-response", kinds=("QuestionnaireResponse",))
    form = given.resource("questionnaire")
    try:
        forms = [extraction.sound(form, call.body_release)[0]] if form is not None else []
        found = extraction.extract(
            given.resource("questionnaire-response") or b"", knowledge=call.knowledge, questionnaires=forms,
            release=call.body_release,
        )  # fmt: skip
    except InputError as problem:
        raise RefusalError(422, problem.issues) from problem
    if not found.observations and not found.ok:
        raise RefusalError(422, found.issues)
    return Answer(ENCODER.encode(_answer(found, call.release)), call.release)


def _answer(found: extraction.Extracted, release: Release) -> Json:
    issues = found.issues
    if found.observations and not issues:
        return found.transaction()
    if not issues:
        issues = (warning("not-found", "extract-nothing", "", "no answer is to be extracted"),)
    listed: list[Json] = []
    if found.observations:
        listed.append({"name": "return", "resource": found.transaction()})
    listed.append({"name": "issues", "resource": outcome(issues, release)})
    return {"resourceType": "Parameters", "parameter": listed}
