"""Invariants of Questionnaire and QuestionnaireResponse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.catalogue.examples import Json, invariant

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.rule import Rule

_FORM: Final = "https://example.org/fhir/Questionnaire/q"
_ASKED: Final[Json] = {"linkId": "b", "type": "boolean"}
_YES: Final[Json] = {"question": "b", "operator": "=", "answerBoolean": True}
_OPTIONS: Final[list[Json]] = [{"valueInteger": 1}, {"valueInteger": 2}]


def _form(*items: Json, **more: Any) -> Json:  # noqa: ANN401 - parts of a resource
    return {"resourceType": "Questionnaire", "url": _FORM, "status": "active", "item": list(items), **more}


def _item(kind: str, **more: Any) -> Json:  # noqa: ANN401
    return {"linkId": "a", "type": kind, **more}


def _row(key: str, fix: str, accepted: Json, refused: Json, at: str, release: Release = "R4") -> Rule:
    return invariant(
        key,
        "questionnaire.html",
        fix,
        _form(accepted, _ASKED),
        _form(refused, _ASKED),
        f"Questionnaire.item[0]{at}",
        release,
    )


def _response(*items: Json) -> Json:
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": _FORM, "item": list(items)}


_ANSWERED: Final[Json] = {"linkId": "a", "answer": [{"valueInteger": 1}]}
_BESIDE: Final[Json] = {"linkId": "b", "answer": [{"valueInteger": 1}]}

RULES: Final[tuple[Rule, ...]] = (
    _row("que-1", "Put the questions of the group into it.", _item("group", item=[{"linkId": "c", "type": "display"}]), _item("group"), ""),
    _row("que-1b", "Put the questions of the group into it.", _item("group", item=[{"linkId": "c", "type": "display"}]), _item("group"), "", "R5"),
    _row("que-1c", "Make it a group.", _item("display"), _item("display", item=[{"linkId": "c", "type": "display"}]), ".item", "R5"),
    invariant(
        "que-2", "questionnaire.html", "Give each item a linkId of its own.", _form(_item("boolean"), _ASKED),
        _form(_item("boolean"), _item("boolean")), "Questionnaire.item[1].linkId",
    ),
    _row("que-3", "Leave the code out.", _item("display"), _item("display", code=[{"system": "https://example.org/c", "code": "a"}]), ".code"),
    _row(
        "que-4", "Keep one of them.", _item("integer", answerOption=_OPTIONS),
        _item("choice", answerOption=[{"valueString": "x"}], answerValueSet="https://example.org/fhir/ValueSet/v"), ".answerValueSet",
    ),
    _row("que-5", "Make it a choice, or ask without a list.", _item("integer", answerOption=_OPTIONS), _item("boolean", answerOption=_OPTIONS), ".answerOption"),
    _row("que-6", "Leave it out.", _item("display"), _item("display", required=True), ".required"),
    _row(
        "que-7", "Give answerBoolean.",
        _item("boolean", enableWhen=[{"question": "b", "operator": "exists", "answerBoolean": True}]),
        _item("boolean", enableWhen=[{"question": "b", "operator": "exists", "answerString": "yes"}]), ".enableWhen[0]",
    ),
    _row("que-8", "Leave initial out.", _item("integer", initial=[{"valueInteger": 1}]), _item("display", initial=[{"valueString": "x"}]), ".initial"),
    _row("que-9", "Leave readOnly out.", _item("display"), _item("display", readOnly=True), ".readOnly"),
    _row("que-10", "Leave maxLength out.", _item("string", maxLength=10), _item("date", maxLength=10), ".maxLength"),
    _row(
        "que-11", "Mark the option with initialSelected.", _item("integer", answerOption=[{"valueInteger": 1, "initialSelected": True}]),
        _item("integer", answerOption=_OPTIONS, initial=[{"valueInteger": 1}]), ".initial",
    ),
    _row("que-12", "Give enableBehavior: all or any.", _item("boolean", enableWhen=[_YES, _YES], enableBehavior="any"), _item("boolean", enableWhen=[_YES, _YES]), ""),
    _row(
        "que-13", "Keep one, or let the item repeat.", _item("integer", initial=[{"valueInteger": 1}, {"valueInteger": 2}], repeats=True),
        _item("integer", initial=[{"valueInteger": 1}, {"valueInteger": 2}]), ".initial[1]",
    ),
    _row("que-14", "List the answers.", _item("integer", answerOption=_OPTIONS, answerConstraint="optionsOnly"), _item("integer", answerConstraint="optionsOnly"), "", "R5"),
    _row("que-15", "Shorten the linkId.", _item("boolean"), {"linkId": "x" * 256, "type": "boolean"}, ".linkId", "R5"),
    invariant(
        "qrs-1", "questionnaireresponse.html", "Put the items into the answer they belong to.",
        _response(_ANSWERED), _response(_ANSWERED | {"item": [_BESIDE]}), "QuestionnaireResponse.item[0].item",
    ),
    invariant(
        "qrs-2", "questionnaireresponse.html", "Put all answers of one question into one item.",
        _response({"linkId": "g", "item": [{"linkId": "h", "item": [_ANSWERED, _BESIDE]}]}),
        _response({"linkId": "g", "item": [{"linkId": "h", "item": [_ANSWERED, _ANSWERED]}]}),
        "QuestionnaireResponse.item[0].item[0].item[1].linkId", "R5",
    ),
)  # fmt: skip
