"""Layer 7, answers against their form: the type of each answer, its bounds, form, unit, and what may be picked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.catalogue.form_examples import (
    CAPTURE,
    EXTENSIONS,
    FIRST_ANSWER,
    FORM_ITEMS,
    FORMS,
    OPTIONS,
    SYSTEM,
    TEXT,
    UCUM,
    amount,
    ask,
    coding,
    ext,
    said,
    say,
)  # fmt: skip

if TYPE_CHECKING:
    from kneecds.fhir.validate.rule import Rule

Json = dict[str, Any]

_VALUE_SET: Final[Json] = {
    "resourceType": "ValueSet",
    "url": "https://example.org/fhir/ValueSet/answers",
    "status": "draft",
    "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "a"}, {"code": "b"}]}]},
}
_CODING: Final = f"{FIRST_ANSWER}.value.ofType(Coding)"
_STRING: Final = f"{FIRST_ANSWER}.value.ofType(string)"
_QUANTITY: Final = f"{FIRST_ANSWER}.value.ofType(Quantity)"
_ATTACHMENT: Final = f"{FIRST_ANSWER}.value.ofType(Attachment)"
_REFERENCE: Final = f"{FIRST_ANSWER}.value.ofType(Reference)"


def _file(**more: Any) -> Json:  # noqa: ANN401 - parts of an Attachment
    return {"valueAttachment": {"contentType": "text/plain", "data": "YWJj", **more}}


def _refer(reference: str) -> Json:
    return {"valueReference": {"reference": reference}}


def _text(value: str) -> Json:
    return {"valueString": value}


_KILOGRAM: Final = ext("questionnaire-unitOption", valueCoding={"system": UCUM, "code": "kg"})
_HEAVIEST: Final = ext("sdc-questionnaire-maxQuantity", **amount(100, "kg"))

RULES: Final[tuple[Rule, ...]] = (
    said(
        "questionnaire-answer-type", "error", "An answer is of the type that the question asks for.",
        f"{FORM_ITEMS}#Questionnaire.item.type", "Answer with the value[x] of the question's type.",
        asked=ask("1", "integer"), accepted=say("1", {"valueInteger": 3}), refused=say("1", TEXT), at=_STRING,
    ),
    said(
        "questionnaire-option", "error", "An answer is one of those that the form lists.",
        f"{FORM_ITEMS}#Questionnaire.item.answerOption", "Answer with one of the form's options, system and code.",
        asked=ask("1", "choice", answerOption=OPTIONS), accepted=say("1", coding("a")), refused=say("1", coding("c")),
        at=_CODING,
    ),
    said(
        "questionnaire-option-kind", "warning", "A choice is answered with what its options are: a Coding, or the text listed.",
        f"{FORM_ITEMS}#Questionnaire.item.answerOption.value_x_", "Send the option as the form has it.",
        asked=ask("1", "choice", answerOption=[_text("red"), _text("blue")]), accepted=say("1", _text("red")),
        refused=say("1", {"valueCoding": {"display": "red"}}), at=_CODING,
    ),
    said(
        "questionnaire-option-as-text", "warning", "What is among the options is picked, not written as free text.", FORMS,
        "Answer with the Coding of the option.",
        asked=ask("1", "open-choice", answerOption=OPTIONS), accepted=say("1", _text("something else")),
        refused=say("1", _text("First")), at=_STRING,
    ),
    said(
        "questionnaire-value-set", "error", "An answer is of the value set that the form takes its answers from.",
        f"{FORM_ITEMS}#Questionnaire.item.answerValueSet", "Answer with system and code of a member.",
        asked=ask("1", "choice", answerValueSet=_VALUE_SET["url"]), accepted=say("1", coding("a")),
        refused=say("1", coding("c")), at=_CODING, beside=(_VALUE_SET,),
    ),
    said(
        "questionnaire-value-set-unknown", "information", "Answers from a value set can be checked with the value set at hand.",
        f"{FORM_ITEMS}#Questionnaire.item.answerValueSet", "Supply the value set and its code system.",
        asked=(
            ask("1", "choice", answerValueSet=_VALUE_SET["url"]),
            ask("2", "choice", answerValueSet="https://example.org/fhir/ValueSet/unknown"),
        ),
        accepted=say("1", coding("a")), refused=say("2", coding("a")), at=_CODING, beside=(_VALUE_SET,),
    ),
    said(
        "questionnaire-max-length", "error", "An answer has no more characters than the form allows.",
        f"{FORM_ITEMS}#Questionnaire.item.maxLength", "Shorten the answer.",
        asked=ask("1", "string", maxLength=4), accepted=say("1", TEXT), refused=say("1", _text("longer")), at=_STRING,
    ),
    said(
        "questionnaire-min-length", "error", "An answer has as many characters as the form wants at least.",
        f"{EXTENSIONS}/StructureDefinition-minLength.html", "Lengthen the answer.",
        asked=ask("1", "string", ext("minLength", valueInteger=4)), accepted=say("1", TEXT), refused=say("1", _text("abc")),
        at=_STRING,
    ),
    said(
        "questionnaire-regex", "error", "An answer has the form that the regular expression of the question describes.",
        f"{EXTENSIONS}/StructureDefinition-regex.html", "Write the answer as the form asks for it.",
        asked=ask("1", "string", ext("regex", valueString="[0-9]{3}")), accepted=say("1", _text("123")),
        refused=say("1", _text("12a")), at=_STRING,
    ),
    said(
        "questionnaire-regex-unchecked", "information",
        "A regular expression whose time cannot be bounded is not run; the answer stays unchecked.",
        f"{EXTENSIONS}/StructureDefinition-regex.html", "Give the form an expression without repetition inside repetition.",
        asked=(ask("1", "string", ext("regex", valueString="[a-z]+")), ask("2", "string", ext("regex", valueString="([a-z]+)+"))),
        accepted=say("1", _text("a" * 40)), refused=say("2", _text("a" * 40)), at=_STRING,
    ),
    said(
        "questionnaire-line-break", "warning", "The answer to a string question is one line.",
        "http://hl7.org/fhir/R4/valueset-item-type.html", "Use a text question for more lines.",
        asked=ask("1", "string"), accepted=say("1", TEXT), refused=say("1", _text("one\ntwo")), at=_STRING,
    ),
    said(
        "questionnaire-min-value", "error", "An answer is not less than the least that the form allows.",
        f"{EXTENSIONS}/StructureDefinition-minValue.html", "Check the answer.",
        asked=ask("1", "integer", ext("minValue", valueInteger=0)), accepted=say("1", {"valueInteger": 0}),
        refused=say("1", {"valueInteger": -1}), at=f"{FIRST_ANSWER}.value.ofType(integer)",
    ),
    said(
        "questionnaire-max-value", "error", "An answer is not more than the greatest that the form allows.",
        f"{EXTENSIONS}/StructureDefinition-maxValue.html", "Check the answer.",
        asked=ask("1", "integer", ext("maxValue", valueInteger=10)), accepted=say("1", {"valueInteger": 10}),
        refused=say("1", {"valueInteger": 11}), at=f"{FIRST_ANSWER}.value.ofType(integer)",
    ),
    said(
        "questionnaire-decimal-places", "error", "A number has no more decimal places than the form allows.",
        f"{EXTENSIONS}/StructureDefinition-maxDecimalPlaces.html", "Round the answer.",
        asked=ask("1", "decimal", ext("maxDecimalPlaces", valueInteger=1)), accepted=say("1", {"valueDecimal": 1.5}),
        refused=say("1", {"valueDecimal": 1.55}), at=f"{FIRST_ANSWER}.value.ofType(decimal)",
    ),
    said(
        "questionnaire-bound-unit", "error", "A quantity is in a unit that can be compared with the bound of the form.",
        f"{CAPTURE}/StructureDefinition-sdc-questionnaire-maxQuantity.html", "Answer in a unit of the same kind, with its code.",
        asked=ask("1", "quantity", _HEAVIEST), accepted=say("1", amount(80, "kg")), refused=say("1", amount(80, "m")),
        at=_QUANTITY,
    ),
    said(
        "questionnaire-bound-unit-text", "warning", "Units that are only words can be compared only if they are the same words.",
        f"{CAPTURE}/StructureDefinition-sdc-questionnaire-maxQuantity.html", "Give system and code of the units.",
        asked=(
            ask("1", "quantity", _HEAVIEST),
            ask("2", "quantity", ext("sdc-questionnaire-maxQuantity", **amount(100, unit="stone"))),
        ),
        accepted=say("1", amount(80, "kg")), refused=say("2", amount(80, unit="stone")), at=_QUANTITY,
    ),
    said(
        "questionnaire-bound-unknown", "information", "Quantities in units of one kind can be compared if there is a rule for it.",
        f"{CAPTURE}/StructureDefinition-sdc-questionnaire-maxQuantity.html", "Answer in the unit of the bound.",
        asked=ask("1", "quantity", ext("sdc-questionnaire-maxQuantity", **amount(9, "[pH]"))),
        accepted=say("1", amount(7, "[pH]")), refused=say("1", amount(7, "mol/L")), at=_QUANTITY,
    ),
    said(
        "questionnaire-unit", "error", "A quantity is in one of the units that the form offers.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-unitOption.html", "Answer in a unit of the form, with its code.",
        asked=ask("1", "quantity", _KILOGRAM), accepted=say("1", amount(80, "kg")), refused=say("1", amount(80, "[lb_av]")),
        at=_QUANTITY,
    ),
    said(
        "questionnaire-other-unit", "warning", "A quantity is in the unit that the form names.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-unit.html", "Answer in the unit of the form.",
        asked=ask("1", "quantity", ext("questionnaire-unit", valueCoding={"system": UCUM, "code": "kg"})),
        accepted=say("1", amount(80, "kg")), refused=say("1", amount(80000, "g")), at=_QUANTITY,
    ),
    said(
        "questionnaire-mime-type", "error", "A file is of a type that the form allows.",
        f"{EXTENSIONS}/StructureDefinition-mimeType.html", "Send a file of one of the types.",
        asked=ask("1", "attachment", ext("mimeType", valueCode="text/plain")), accepted=say("1", _file()),
        refused=say("1", _file(contentType="application/pdf")), at=_ATTACHMENT,
    ),
    said(
        "questionnaire-max-size", "error", "A file has no more bytes than the form allows.",
        f"{EXTENSIONS}/StructureDefinition-maxSize.html", "Send a smaller file.",
        asked=ask("1", "attachment", ext("maxSize", valueDecimal=4)), accepted=say("1", _file()),
        refused=say("1", _file(data="YWJjZGVm")), at=_ATTACHMENT,
    ),
    said(
        "questionnaire-attachment-size", "error", "The size that a file says is that of its data.",
        "http://hl7.org/fhir/R4/datatypes.html#attachment", "Correct the size, or leave it out.",
        asked=ask("1", "attachment"), accepted=say("1", _file(size=3)), refused=say("1", _file(size=4)),
        at=f"{_ATTACHMENT}.size",
    ),
    said(
        "questionnaire-attachment-hash", "error", "The hash that a file says is the SHA-1 of its data.",
        "http://hl7.org/fhir/R4/datatypes.html#attachment", "Correct the hash, or leave it out.",
        asked=ask("1", "attachment"), accepted=say("1", _file(hash="qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")),
        refused=say("1", _file(hash="AAAANkcGgWq6PiVxeFDCbJzQ2J0=")), at=f"{_ATTACHMENT}.hash",
    ),
    said(
        "questionnaire-reference-type", "error", "A reference leads to a type of resource that the form allows.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-referenceResource.html", "Refer to a resource of one of the types.",
        asked=ask("1", "reference", ext("questionnaire-referenceResource", valueCode="Patient")),
        accepted=say("1", _refer("Patient/1")), refused=say("1", _refer("Organization/1")), at=_REFERENCE,
    ),
    said(
        "questionnaire-reference-unknown", "warning", "Where the form allows some types, a reference shows its type.",
        f"{EXTENSIONS}/StructureDefinition-questionnaire-referenceResource.html", "Give Reference.type.",
        asked=ask("1", "reference", ext("questionnaire-referenceResource", valueCode="Patient")),
        accepted=say("1", _refer("Patient/1")), refused=say("1", _refer("https://example.org/somebody")), at=_REFERENCE,
    ),
    said(
        "questionnaire-reference-target", "error", "A reference as an answer leads to a type of resource that there is.",
        "http://hl7.org/fhir/R4/references.html#literal", "Correct the reference.",
        asked=ask("1", "reference"), accepted=say("1", _refer("Patient/1")), refused=say("1", _refer("Chicken/1")),
        at=_REFERENCE,
    ),
)  # fmt: skip
