"""What the answers to the intake form mean for an assessment, and why some of them cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity

_R4: Final = "http://hl7.org/fhir/R4"
_FORM: Final = "https://kneecds.org/fhir/Questionnaire/kneecds-intake"
_CHOICE: Final = "https://kneecds.org/fhir/CodeSystem/kneecds-choice"

Json = dict[str, Any]


def _chosen(link_id: str, *codes: str) -> Json:
    return {"linkId": link_id, "answer": [{"valueCoding": {"system": _CHOICE, "code": code}} for code in codes]}


def _said(link_id: str, *answers: Json) -> Json:
    return {"linkId": link_id, "answer": list(answers)}


_NONE: Final = _chosen("gate.alarm", "alarm.none")
_KNEE: Final = _chosen("gate.which_knee", "which_knee.right")
_NO: Final = {"valueBoolean": False}


def _response(warning: tuple[Json, ...] = (_NONE,), you: tuple[Json, ...] = (_KNEE,), **more: Any) -> Json:  # noqa: ANN401
    """Return a response to the intake form with answers in its first two groups."""
    return {
        "resourceType": "QuestionnaireResponse", "id": "r1", "questionnaire": _FORM, "status": "completed",
        "subject": {"reference": "Patient/p1"}, "authored": "2026-01-15T09:00:00Z",
        "item": [{"linkId": "group.warning", "item": list(warning)}, {"linkId": "group.you", "item": list(you)}], **more,
    }  # fmt: skip


def _rule(name: str, severity: Severity, says: str, source: str, fix: str, refused: Json, at: str) -> Rule:
    return Rule(
        id=name, layer="meaning", severity=severity, says=says, source=f"{_R4}/{source}", fix=fix,
        accepted=_response(), refused=refused, at=at,
    )  # fmt: skip


_STATUS: Final = "valueset-questionnaire-answers-status.html"
_ANSWERS: Final = "questionnaireresponse.html"

RULES: Final = (
    _rule(
        "status-in-progress", "information", "A form that is not finished says only what was answered so far.", _STATUS,
        "Send it again when it is finished.", _response(status="in-progress"), "QuestionnaireResponse.status",
    ),
    _rule(
        "status-stopped", "information", "A form that was stopped says only what was answered.", _STATUS,
        "Nothing need be done.", _response(status="stopped"), "QuestionnaireResponse.status",
    ),
    _rule(
        "answer-several", "error", "A question that takes one answer has one.", _ANSWERS, "Send the answer that holds.",
        _response(you=(_said("age_years", {"valueDecimal": 30}, {"valueDecimal": 40}), _KNEE)),
        "QuestionnaireResponse.item[1].item[0]",
    ),
    _rule(
        "item-not-enabled", "information", "An answer counts if its question was asked.", "questionnaire.html#enableWhen",
        "Leave out the answer, or correct the one that its question depends on.",
        _response((_NONE, _said("chills", _NO))), "QuestionnaireResponse.item",
    ),
    _rule(
        "item-unknown", "warning", "An answer is to a question of the form.", _ANSWERS, "Use the linkIds of the form.",
        _response((_NONE, _said("elbow_pain", _NO))), "QuestionnaireResponse.item",
    ),
    _rule(
        "option-not-alone", "warning", "An option that goes with no other is chosen alone.", _ANSWERS,
        "Send either it or the others.", _response((_chosen("gate.alarm", "alarm.ill", "alarm.none"),)),
        "QuestionnaireResponse.item[0].item[0]",
    ),
    _rule(
        "denial-contradicted", "warning", "What an unticked option denies, no other answer affirms.", _ANSWERS,
        "Correct one of the two answers.",
        _response((_NONE, _said("chills", {"valueBoolean": True}))), "QuestionnaireResponse.item[0].item[0]",
    ),
    _rule(
        "form-unknown", "error", "The form of a response is known, or contained in it, or mapped.",
        "questionnaireresponse-definitions.html#QuestionnaireResponse.questionnaire",
        "Name the form by its canonical URL, contain it, or give a ConceptMap from its questions.",
        _response(questionnaire=f"{_FORM}-of-old"), "QuestionnaireResponse.questionnaire",
    ),
)  # fmt: skip
