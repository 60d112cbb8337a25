"""Layer 7, forms against themselves: that every condition, option and bound can be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.catalogue.form_examples import (
    CAPTURE,
    CORE,
    EXTENSIONS,
    FORM_ITEMS,
    OPTIONS,
    SDC,
    TEXT,
    UCUM,
    amount,
    ask,
    coding,
    ext,
    form,
    made,
)  # fmt: skip

if TYPE_CHECKING:
    from kneecds.fhir.validate.rule import Rule

Json = dict[str, Any]

_FIRST: Final = "Questionnaire.item[0]"
_SECOND: Final = "Questionnaire.item[1]"
_ENABLE: Final = f"{FORM_ITEMS}#Questionnaire.item.enableWhen"


def _when(question: str, operator: str = "=", **answer: Any) -> dict[str, Any]:  # noqa: ANN401 - a value of any type
    return {"enableWhen": [{"question": question, "operator": operator, **(answer or {"answerBoolean": True})}]}


def _expression(text: str) -> Json:
    url = f"{SDC}/sdc-questionnaire-enableWhenExpression"
    return {"url": url, "valueExpression": {"language": "text/fhirpath", "expression": text}}


_ASKED: Final = ask("1", "boolean")
_FINE: Final = form(_ASKED, ask("2", "string", **_when("1")))
_CLAIMS: Final = {"version": "1.0", "meta": {"profile": [f"{SDC}/sdc-questionnaire"]}}
_ORDERED: Final = ext("artifact-versionAlgorithm", valueString="semver")

RULES: Final[tuple[Rule, ...]] = (
    made(
        "questionnaire-enable-unknown", "error", "A condition asks about a question of the form.", _ENABLE,
        "Name the linkId of a question of this form.",
        accepted=_FINE, refused=form(_ASKED, ask("2", "string", **_when("9"))), at=f"{_SECOND}.enableWhen[0].question",
    ),
    made(
        "questionnaire-enable-self", "error", "No question depends on its own answer.", _ENABLE, "Name another question.",
        accepted=_FINE, refused=form(_ASKED, ask("2", "boolean", **_when("2"))), at=f"{_SECOND}.enableWhen[0].question",
    ),
    made(
        "questionnaire-enable-inner", "error", "No item depends on an answer below it.", _ENABLE,
        "Name a question before it.",
        accepted=_FINE, refused=form(_ASKED, ask("g", "group", item=[ask("3", "boolean")], **_when("3"))),
        at=f"{_SECOND}.enableWhen[0].question",
    ),
    made(
        "questionnaire-enable-later", "warning", "A condition asks about what was answered before.", _ENABLE,
        "Move the question that it depends on before it.",
        accepted=_FINE, refused=form(ask("2", "string", **_when("1")), _ASKED), at=f"{_FIRST}.enableWhen[0].question",
    ),
    made(
        "questionnaire-enable-cycle", "warning", "No two questions wait for each other.", _ENABLE, "Take one condition away.",
        accepted=_FINE, refused=form(ask("1", "boolean", **_when("2")), ask("2", "boolean", **_when("1"))), at=_SECOND,
    ),
    made(
        "questionnaire-enable-target", "warning", "A condition asks about what can be answered.", _ENABLE,
        "Name a question, not a group or display.",
        accepted=_FINE,
        refused=form(ask("g", "group", item=[ask("3", "string")]), ask("2", "string", **_when("g", "exists"))),
        at=f"{_SECOND}.enableWhen[0].question",
    ),
    made(
        "questionnaire-enable-operator", "warning", "Only answers that have an order are compared by it.",
        f"{FORM_ITEMS}#Questionnaire.item.enableWhen.operator", "Use = or != or exists.",
        accepted=_FINE, refused=form(_ASKED, ask("2", "string", **_when("1", ">"))), at=f"{_SECOND}.enableWhen[0].operator",
    ),
    made(
        "questionnaire-enable-answer-type", "warning", "A condition compares answers with a value of their type.",
        f"{FORM_ITEMS}#Questionnaire.item.enableWhen.answer_x_", "Use the answer[x] of the question's type.",
        accepted=_FINE, refused=form(_ASKED, ask("2", "string", **_when("1", answerString="yes"))),
        at=f"{_SECOND}.enableWhen[0]",
    ),
    made(
        "questionnaire-enable-answer-option", "warning", "A condition waits for an answer that can be given.", _ENABLE,
        "Compare with one of the options, system and code.",
        accepted=form(
            ask("1", "choice", answerOption=OPTIONS), ask("2", "string", **_when("1", answerCoding=coding("a")["valueCoding"]))
        ),
        refused=form(
            ask("1", "choice", answerOption=OPTIONS), ask("2", "string", **_when("1", answerCoding=coding("c")["valueCoding"]))
        ),
        at=f"{_SECOND}.enableWhen[0]",
    ),
    made(
        "questionnaire-enable-twice", "warning", "An item has enableWhen or enableWhenExpression.",
        f"{CAPTURE}/StructureDefinition-sdc-questionnaire-enableWhenExpression.html", "Keep one of them.",
        accepted=_FINE, refused=form(_ASKED, ask("2", "string", _expression("true"), **_when("1"))), at=_SECOND,
    ),
    made(
        "questionnaire-option-type", "warning", "The options of a question are of its type.",
        f"{FORM_ITEMS}#Questionnaire.item.answerOption.value_x_", "Use the value[x] of the question's type.",
        accepted=form(ask("1", "integer", answerOption=[{"valueInteger": 1}])),
        refused=form(ask("1", "integer", answerOption=[TEXT])), at=f"{_FIRST}.answerOption[0]",
    ),
    made(
        "questionnaire-option-system", "warning", "An option with a code names the code's system.",
        f"{CAPTURE}/StructureDefinition-sdc-questionnaire.html", "Add the system.",
        accepted=form(ask("1", "choice", answerOption=OPTIONS)),
        refused=form(ask("1", "choice", answerOption=[{"valueCoding": {"code": "a"}}])), at=f"{_FIRST}.answerOption[0]",
    ),
    made(
        "questionnaire-option-twice", "warning", "Every option is listed once.",
        f"{FORM_ITEMS}#Questionnaire.item.answerOption", "Take the second away.",
        accepted=form(ask("1", "choice", answerOption=OPTIONS)),
        refused=form(ask("1", "choice", answerOption=[coding("a"), coding("a")])), at=f"{_FIRST}.answerOption[1]",
    ),
    made(
        "questionnaire-value-set-missing", "warning", "A value set named with # is contained in the form.",
        f"{FORM_ITEMS}#Questionnaire.item.answerValueSet", "Contain the value set, or name it by its canonical URL.",
        accepted=form(
            ask("1", "choice", answerValueSet="#set"),
            contained=[{
                "resourceType": "ValueSet", "id": "set", "status": "draft",
                "compose": {"include": [{"system": UCUM, "concept": [{"code": "kg"}]}]},
            }],
        ),
        refused=form(ask("1", "choice", answerValueSet="#set")), at=f"{_FIRST}.answerValueSet",
    ),
    made(
        "questionnaire-initial-type", "warning", "An initial answer is of the type that the question asks for.",
        f"{FORM_ITEMS}#Questionnaire.item.initial.value_x_", "Use the value[x] of the question's type.",
        accepted=form(ask("1", "string", initial=[TEXT])), refused=form(ask("1", "integer", initial=[TEXT])),
        at=f"{_FIRST}.initial[0]",
    ),
    made(
        "questionnaire-initial-option", "warning", "An initial answer is one of the options.",
        f"{FORM_ITEMS}#Questionnaire.item.initial", "Mark the option as initialSelected instead.",
        accepted=form(ask("1", "choice", answerOption=[{**OPTIONS[0], "initialSelected": True}, OPTIONS[1]])),
        refused=form(ask("1", "choice", answerOption=OPTIONS, initial=[coding("c")])), at=f"{_FIRST}.initial[0]",
    ),
    made(
        "questionnaire-initial-selected", "warning", "A question that takes one answer starts with one at most.",
        f"{FORM_ITEMS}#Questionnaire.item.answerOption.initialSelected", "Select one option, or let the question repeat.",
        accepted=form(ask("1", "choice", answerOption=OPTIONS)),
        refused=form(ask("1", "choice", answerOption=[{**one, "initialSelected": True} for one in OPTIONS])), at=_FIRST,
    ),
    made(
        "questionnaire-bounds", "warning", "Some answer lies between the bounds of a question.",
        f"{EXTENSIONS}/StructureDefinition-minValue.html", "Set the lower bound below the upper.",
        accepted=form(ask("1", "integer", ext("minValue", valueInteger=1), ext("maxValue", valueInteger=5))),
        refused=form(ask("1", "integer", ext("minValue", valueInteger=5), ext("maxValue", valueInteger=1))), at=_FIRST,
    ),
    made(
        "questionnaire-occurs-repeats", "warning", "What may be there several times repeats.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-maxOccurs.html", "Set repeats to true.",
        accepted=form(ask("1", "string", ext("questionnaire-maxOccurs", valueInteger=3), repeats=True)),
        refused=form(ask("1", "string", ext("questionnaire-maxOccurs", valueInteger=3))), at=_FIRST,
    ),
    made(
        "questionnaire-read-only-required", "warning", "A question that must be answered and cannot be has an answer from the form.",
        f"{FORM_ITEMS}#Questionnaire.item.readOnly", "Give it an initial answer or an expression.",
        accepted=form(ask("1", "string", required=True, readOnly=True, initial=[TEXT])),
        refused=form(ask("1", "string", required=True, readOnly=True)), at=_FIRST,
    ),
    made(
        "questionnaire-definition", "warning", "The definition of an item names an element.",
        f"{FORM_ITEMS}#Questionnaire.item.definition", "Add # and the id of the element.",
        accepted=form(ask("1", "string", definition=f"{CORE}/Patient#Patient.name.family")),
        refused=form(ask("1", "string", definition=f"{CORE}/Patient")), at=f"{_FIRST}.definition",
    ),
    made(
        "questionnaire-extension-type", "warning", "An extension stands on an item of a type that it means something for.",
        EXTENSIONS, "Take it off, or change the type of the item.",
        accepted=form(ask("1", "quantity", ext("sdc-questionnaire-minQuantity", **amount(1, "kg")))),
        refused=form(ask("1", "string", ext("maxSize", valueDecimal=1000))), at=_FIRST,
    ),
    made(
        "questionnaire-regex-form", "warning", "A regular expression is one that can be read everywhere.",
        f"{EXTENSIONS}/StructureDefinition-regex.html", "Write it with what all dialects share.",
        accepted=form(ask("1", "string", ext("regex", valueString="[a-z]+"))),
        refused=form(ask("1", "string", ext("regex", valueString="([a-z"))), at=_FIRST,
    ),
    made(
        "questionnaire-expression", "warning", "An expression in FHIRPath can be read as FHIRPath.",
        f"{CAPTURE}/expressions.html", "Correct the expression.",
        accepted=form(ask("1", "string", _expression("1 < 2"))), refused=form(ask("1", "string", _expression("1 < < 2"))),
        at=_FIRST,
    ),
    made(
        "sdc-obsn-1", "warning", "No Observation is made of what is only to be read.",
        f"{CAPTURE}/StructureDefinition-sdc-questionnaire-observationExtract.html", "Take observationExtract off the display.",
        accepted=form(ask("1", "string", ext("sdc-questionnaire-observationExtract", valueBoolean=True))),
        refused=form(ask("1", "display", ext("sdc-questionnaire-observationExtract", valueBoolean=True))), at=_FIRST,
    ),
    made(
        "sdc-2", "warning", "A form of an SDC profile that has a version says how versions are ordered.",
        f"{CAPTURE}/StructureDefinition-sdc-questionnaire.html", "Add the extension artifact-versionAlgorithm.",
        accepted=form(_ASKED, extension=[_ORDERED], **_CLAIMS), refused=form(_ASKED, **_CLAIMS), at="Questionnaire",
    ),
)  # fmt: skip
