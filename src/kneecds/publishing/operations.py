"""The operation of our own: `$kneecds-evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.core.knowledge import SETTINGS
from kneecds.publishing.head import head

if TYPE_CHECKING:
    from kneecds.publishing.head import Edition, Json


def evaluate(edition: Edition) -> Json:
    """Return the OperationDefinition."""
    return {
        **head(
            edition, "OperationDefinition", "kneecds-evaluate", "Assess a knee complaint",
            "Takes findings of one patient as a Bundle and returns the guidance. Nothing that is sent is kept.",
            copyrighted=False,
        ),
        "kind": "operation",
        "affectsState": False,
        "code": "kneecds-evaluate",
        "comment": "The input may be sent alone, with asOf and setting in the query. The same input, knowledge and day give "
        "the same bytes. Problems of a part of the input are in evaluationMessage of the GuidanceResponse; where nothing "
        "could be assessed the answer is an OperationOutcome with status 422, never empty guidance.",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            _parameter("input", "in", 1, "1", "Bundle", "What is known of one patient: Patient, Observations, QuestionnaireResponses, Conditions, Procedures, medicines, allergies"),
            _parameter("asOf", "in", 0, "1", "date", "The day for which the answer holds, a whole date; by default today"),
            _parameter("setting", "in", 0, "1", "code", f"Where the patient is seen: {', '.join(SETTINGS)}"),
            _parameter("map", "in", 0, "*", "ConceptMap", "How codes of a form or system of your own stand to ours"),
            _parameter("return", "out", 1, "1", "Bundle", "The guidance: a Bundle with a GuidanceResponse first"),
        ],
    }  # fmt: skip


def _parameter(name: str, use: str, least: int, most: str, kind: str, about: str) -> Json:
    return {"name": name, "use": use, "min": least, "max": most, "documentation": about, "type": kind}
