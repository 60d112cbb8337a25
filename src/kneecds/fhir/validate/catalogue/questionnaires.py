"""Layer 7, answers against their form: which items there are, where, how often, and whether they were asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.catalogue.form_examples import (
    ANSWERS,
    CORE,
    EXTENSIONS,
    FIRST_ANSWER,
    FORM,
    FORMS,
    NO,
    TEXT,
    TOP,
    YES,
    ask,
    coding,
    ext,
    form,
    response,
    said,
    say,
)  # fmt: skip
from kneecds.fhir.validate.rule import Rule

if TYPE_CHECKING:
    from kneecds.errors import Severity

Json = dict[str, Any]

_GROUP: Final = ask("g", "group", item=[ask("g1", "string"), ask("g2", "string")])
_ROOT: Final = "QuestionnaireResponse"


def _constraint(severity: str) -> Json:
    expression = "item.where(linkId='1').answer.value <= item.where(linkId='2').answer.value"
    parts = [
        {"url": "key", "valueId": "from-to"},
        {"url": "severity", "valueCode": severity},
        {"url": "expression", "valueString": expression},
        {"url": "human", "valueString": "The first number is not more than the second."},
    ]
    return {"url": f"{CORE}/questionnaire-constraint", "extension": parts}


def _constrained(identifier: str, severity: Severity) -> Rule:
    two = (ask("1", "integer"), ask("2", "integer"))

    def numbers(first: int, second: int) -> Json:
        return response(say("1", {"valueInteger": first}), say("2", {"valueInteger": second}))

    return Rule(
        id=identifier,
        layer="questionnaire",
        severity=severity,
        says=f"Complete answers keep the constraints that the form gives as {severity}s.",
        source=f"{EXTENSIONS}/StructureDefinition-targetConstraint.html",
        fix="Correct the answers that the constraint compares.",
        accepted=numbers(1, 2),
        refused=numbers(3, 2),
        at=_ROOT,
        beside=(form(*two, extension=[_constraint(severity)]),),
    )


def _about(
    identifier: str, severity: Severity, says: str, fix: str, *, accepted: Json, refused: Json, at: str, beside: Json
) -> Rule:
    return Rule(
        id=identifier,
        layer="questionnaire",
        severity=severity,
        says=says,
        source=ANSWERS,
        fix=fix,
        accepted=accepted,
        refused=refused,
        at=at,
        beside=(beside,),
    )


_PLAIN: Final = form(ask("1", "string"), version="1.0", effectivePeriod={"end": "2025-12-31"}, subjectType=["Patient"])
_GIVEN: Final = say("1", TEXT)
_INNER: Final = {
    "resourceType": "Questionnaire",
    "id": "form",
    "url": FORM,
    "status": "draft",
    "item": [ask("1", "string")],
}

RULES: Final[tuple[Rule, ...]] = (
    _about(
        "questionnaire-unnamed", "information", "A response names the Questionnaire that it answers.",
        "Put the canonical URL of the form into `questionnaire`.",
        accepted=response(_GIVEN), refused={k: v for k, v in response(say("x", TEXT)).items() if k != "questionnaire"},
        at=_ROOT, beside=_PLAIN,
    ),
    _about(
        "questionnaire-assumed", "information",
        "A response that names no Questionnaire is checked against the one supplied with it.",
        "Put the canonical URL of the form into `questionnaire`.",
        accepted=response(_GIVEN), refused={k: v for k, v in response(_GIVEN).items() if k != "questionnaire"},
        at=_ROOT, beside=_PLAIN,
    ),
    _about(
        "questionnaire-not-found", "information", "Answers can only be checked with their Questionnaire at hand.",
        "Give the Questionnaire with --questionnaire.",
        accepted=response(_GIVEN), refused=response(_GIVEN, questionnaire=f"{FORM}-other"),
        at=f"{_ROOT}.questionnaire", beside=_PLAIN,
    ),
    _about(
        "questionnaire-version", "warning", "The Questionnaire at hand has the version that the response names.",
        "Give the version that was answered with --questionnaire.",
        accepted=response(_GIVEN, questionnaire=f"{FORM}|1.0"), refused=response(_GIVEN, questionnaire=f"{FORM}|2.0"),
        at=f"{_ROOT}.questionnaire", beside=_PLAIN,
    ),
    _about(
        "questionnaire-not-contained", "warning", "A Questionnaire named with # is contained in the response.",
        "Contain the form, or name it by its canonical URL.",
        accepted=response(_GIVEN, contained=[_INNER], questionnaire="#form"),
        refused=response(_GIVEN, contained=[{**_INNER, "id": "other"}], questionnaire="#form"),
        at=f"{_ROOT}.questionnaire", beside=_PLAIN,
    ),
    _about(
        "questionnaire-period", "warning", "A form is answered while it is in use.", "Check the date, or use the form's successor.",
        accepted=response(_GIVEN, authored="2025-12-31"), refused=response(_GIVEN, authored="2026-01-15"),
        at=f"{_ROOT}.authored", beside=_PLAIN,
    ),
    _about(
        "questionnaire-subject", "warning", "A response is about a subject of a type that the form is for.",
        "Name a subject of one of the form's subjectTypes.",
        accepted=response(_GIVEN, subject={"reference": "Patient/1"}),
        refused=response(_GIVEN, subject={"reference": "Group/1"}),
        at=f"{_ROOT}.subject", beside=_PLAIN,
    ),
    said(
        "questionnaire-unknown-item", "error", "Every item of a response is an item of the form.", ANSWERS,
        "Use the linkIds of the form that was answered.",
        asked=ask("1", "string"), accepted=say("1", TEXT), refused=say("2", TEXT), at=TOP,
    ),
    said(
        "questionnaire-misplaced", "error", "Items are nested as in the form.", ANSWERS,
        "Move the item into the group or answer that the form has it in.",
        asked=_GROUP, accepted=say("g", item=[say("g1", TEXT)]), refused=say("g1", TEXT), at=TOP,
    ),
    said(
        "questionnaire-order", "error", "Items stand in the order of the form.", ANSWERS, "Sort the items as the form has them.",
        asked=_GROUP, accepted=say("g", item=[say("g1", TEXT), say("g2", TEXT)]),
        refused=say("g", item=[say("g2", TEXT), say("g1", TEXT)]), at=f"{TOP}.item[1]",
    ),
    said(
        "questionnaire-nesting", "error", "Items below a question stand in its answer.", ANSWERS,
        "Move them from item.item to item.answer.item.",
        asked=ask("1", "boolean", item=[ask("1a", "string")]), accepted=say("1", {**YES, "item": [say("1a", TEXT)]}),
        refused={"linkId": "1", "item": [say("1a", TEXT)]}, at=f"{TOP}.item[0]",
    ),
    said(
        "questionnaire-group-answer", "error", "A group has no answer of its own.", ANSWERS, "Answer the questions in the group.",
        asked=_GROUP, accepted=say("g", item=[say("g1", TEXT)]), refused=say("g", TEXT), at=FIRST_ANSWER,
    ),
    said(
        "questionnaire-display-answer", "error", "What is only to be read has no answer.", ANSWERS, "Leave the item out.",
        asked=ask("d", "display"), accepted=say("d"), refused=say("d", TEXT), at=FIRST_ANSWER,
    ),
    said(
        "questionnaire-display-item", "error", "What is only to be read has nothing below it.", ANSWERS,
        "Move the items to where the form has them.",
        asked=(ask("d", "display"), ask("1", "string")), accepted=say("d"), refused=say("d", item=[say("1", TEXT)]),
        at=f"{TOP}.item[0]",
    ),
    said(
        "questionnaire-form-type", "error", "Every item of the form says its type.", FORMS, "Give the item of the form a type.",
        asked={"linkId": "1"}, accepted=(), refused=say("1", TEXT), at=TOP,
    ),
    said(
        "questionnaire-text", "error", "The text of an item is that of the form, or a translation in it.", ANSWERS,
        "Copy the text from the form, or leave it out.",
        asked=ask("1", "string"), accepted=say("1", TEXT, text="Question 1"), refused=say("1", TEXT, text="Another"),
        at=f"{TOP}.text",
    ),
    said(
        "questionnaire-required", "error", "A complete response answers every required question that is asked.", ANSWERS,
        "Answer it, or keep the status in-progress.",
        asked=(ask("1", "string", required=True), ask("2", "string")), accepted=say("1", TEXT), refused=say("2", TEXT),
        at=_ROOT,
    ),
    said(
        "questionnaire-required-yet", "warning", "Before a response can be completed, its required questions are answered.",
        ANSWERS, "Answer it before the status becomes completed.",
        asked=(ask("1", "string", required=True), ask("2", "string")), accepted=say("1", TEXT), refused=say("2", TEXT),
        at=_ROOT, status="in-progress",
    ),
    said(
        "questionnaire-required-hidden", "warning", "A required question that nobody sees has its answer from the system.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-hidden.html", "Let the system answer it, or do not require it.",
        asked=ask("1", "string", ext("questionnaire-hidden", valueBoolean=True), required=True),
        accepted=say("1", TEXT), refused=say("1"), at=TOP,
    ),
    said(
        "questionnaire-repeats", "error", "Only what the form lets repeat has more than one answer.", ANSWERS,
        "Keep one answer, or let the item of the form repeat.",
        asked=ask("1", "string"), accepted=say("1", TEXT), refused=say("1", TEXT, {"valueString": "more"}),
        at=f"{TOP}.answer[1]",
    ),
    said(
        "questionnaire-split-answers", "warning", "All answers to one question stand in one item.", ANSWERS,
        "Put the answers into one item.",
        asked=ask("1", "string", repeats=True), accepted=say("1", TEXT, {"valueString": "more"}),
        refused=(say("1", TEXT), say("1", {"valueString": "more"})), at="QuestionnaireResponse.item[1]",
    ),
    said(
        "questionnaire-min-occurs", "error", "An item is there as often as the form wants it at least.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-minOccurs.html", "Give more answers.",
        asked=ask("1", "string", ext("questionnaire-minOccurs", valueInteger=2), repeats=True, required=True),
        accepted=say("1", TEXT, {"valueString": "b"}, {"valueString": "c"}), refused=say("1", TEXT), at=TOP,
    ),
    said(
        "questionnaire-min-occurs-absent", "warning", "Where an item is there at all it is there as often as the form wants.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-minOccurs.html", "Answer it, or do without minOccurs in the form.",
        asked=(ask("1", "string", ext("questionnaire-minOccurs", valueInteger=2), repeats=True), ask("2", "string")),
        accepted=say("1", TEXT, {"valueString": "b"}, {"valueString": "c"}), refused=say("2", TEXT), at=_ROOT,
    ),
    said(
        "questionnaire-max-occurs", "error", "An item is there no more often than the form allows.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-maxOccurs.html", "Give fewer answers.",
        asked=ask("1", "string", ext("questionnaire-maxOccurs", valueInteger=2), repeats=True),
        accepted=say("1", TEXT), refused=say("1", TEXT, {"valueString": "b"}, {"valueString": "c"}),
        at=TOP,
    ),
    said(
        "questionnaire-not-enabled", "error", "What was not asked, because of other answers, is not answered.", FORMS,
        "Leave the answer out, or correct the answer that it depends on.",
        asked=(ask("1", "boolean"), ask("2", "string", enableWhen=[{"question": "1", "operator": "=", "answerBoolean": True}])),
        accepted=(say("1", YES), say("2", TEXT)), refused=(say("1", NO), say("2", TEXT)), at="QuestionnaireResponse.item[1]",
    ),
    said(
        "questionnaire-exclusive", "error", "An option that excludes all others stands alone.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-optionExclusive.html", "Keep the exclusive answer or the others.",
        asked=ask(
            "1", "choice", repeats=True,
            answerOption=[
                coding("a"), coding("b"),
                {"extension": [ext("questionnaire-optionExclusive", valueBoolean=True)], **coding("none")},
            ],
        ),
        accepted=say("1", coding("a"), coding("b")), refused=say("1", coding("a"), coding("none")), at=TOP,
    ),
    said(
        "questionnaire-read-only", "warning", "A read-only question keeps the answer that the form gives it.", FORMS,
        "Keep the form's initial answer.",
        asked=ask("1", "string", readOnly=True, initial=[TEXT]), accepted=say("1", TEXT),
        refused=say("1", {"valueString": "another"}), at=TOP,
    ),
    _constrained("questionnaire-constraint", "error"),
    _constrained("questionnaire-constraint-warning", "warning"),
)  # fmt: skip
