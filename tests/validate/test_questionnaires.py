"""Answers against their form: what the engine agrees with us on, and where the specification goes further than the engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from kneecds.fhir import strict_json
from kneecds.fhir.validate import questionnaires
from kneecds.fhir.validate.catalogue import form_examples as of
from kneecds.fhir.validate.catalogue.form_examples import (
    FORM,
    NO,
    SYSTEM,
    TEXT,
    YES,
    amount,
    ask,
    coding,
    ext,
    form,
    say,
)
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.supplied import Supplied

Json = dict[str, Any]

TESTS: Final = Path(__file__).parents[1]
AGREED: Final = sorted((TESTS / "interop" / "cases" / "questionnaires").glob("*.jsonl"))
SHOWN: Final = TESTS.parents[1] / "shared" / "data" / "fhir-test-cases"
RELEASES: Final = {"4.0": "R4", "4.3": "R4B", "5.0": "R5"}


def found(document: Json, *beside: Json, release: Any = "R4") -> set[tuple[str, str]]:
    """Return severity and rule of all that the room says."""
    context = Context(document, release, Supplied(beside))
    questionnaires.look(context)
    return {(issue.severity, issue.rule) for issue in context.found}


def refused(document: Json, *beside: Json, release: Any = "R4") -> set[str]:
    """Return the rules that make a document invalid."""
    return {rule for severity, rule in found(document, *beside, release=release) if severity == "error"}


def answered(asked: Json | list[Json], *items: Json, release: Any = "R4", **more: Any) -> set[str]:
    """Return the rules that answers to a form break."""
    whole = form(*asked) if isinstance(asked, list) else form(asked)
    return refused(of.response(*items, **more), whole, release=release)


@pytest.mark.parametrize("file", AGREED, ids=lambda file: file.stem)
def test_the_verdict_is_the_engines(file: Path) -> None:
    differing = [
        row["name"]
        for row in map(json.loads, file.read_text("utf-8").splitlines())
        if bool(refused(row["resource"], *row["beside"], release=row["release"])) is row["valid"]
    ]
    assert differing == []


def test_the_shown_cases_of_the_validators_suite() -> None:
    if not SHOWN.exists():
        pytest.skip("the shared test data is not on this machine")
    differing = []
    for line in (SHOWN / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        if case["scope"] != "questionnaire" or case["name"] == "url-value-qr":  # a malformed UUID: structure says it
            continue
        document, *beside = (
            strict_json.parse((SHOWN / name).read_bytes())[0] for name in (case["file"], *case["supporting"])
        )
        assert isinstance(document, dict)
        rules = refused(document, *beside, release=RELEASES[case["fhir_version"]])  # type: ignore[arg-type]
        if bool(rules) is not (case["expected"] == "invalid"):
            differing.append(case["name"])
    assert differing == []


BOUNDED: Final = ask(
    "1",
    "string",
    ext("questionnaire-minOccurs", valueInteger=2),
    ext("questionnaire-maxOccurs", valueInteger=3),
    repeats=True,
)
HEAVY: Final = ask(
    "1",
    "quantity",
    ext("sdc-questionnaire-minQuantity", **amount(10, "kg")),
    ext("sdc-questionnaire-maxQuantity", **amount(100, "kg")),
)
SHORT: Final = {"maxLength": 3}


@pytest.mark.parametrize(
    ("asked", "item", "rules"),
    [
        # the bounds themselves are allowed
        pytest.param(BOUNDED, say("1", TEXT, TEXT), set(), id="as many answers as minOccurs"),
        pytest.param(BOUNDED, say("1", TEXT, TEXT, TEXT), set(), id="as many answers as maxOccurs"),
        pytest.param(BOUNDED, say("1", TEXT), {"questionnaire-min-occurs"}, id="fewer than minOccurs"),
        pytest.param(BOUNDED, say("1", *[TEXT] * 4), {"questionnaire-max-occurs"}, id="more than maxOccurs"),
        # units are converted
        pytest.param(HEAVY, say("1", amount(50_000, "g")), set(), id="within the bounds in grams"),
        pytest.param(HEAVY, say("1", amount(5_000, "g")), {"questionnaire-min-value"}, id="too little in grams"),
        pytest.param(HEAVY, say("1", amount(5, "kg")), {"questionnaire-min-value"}, id="too little"),
        pytest.param(HEAVY, say("1", amount(100, "kg")), set(), id="the greatest"),
        pytest.param(HEAVY, say("1", {"valueQuantity": {**amount(5, "kg")["valueQuantity"], "comparator": ">"}}), set(), id="more than 5 kg may be enough"),
        # lengths and forms hold for every type that has characters
        pytest.param(ask("1", "text", **SHORT), say("1", TEXT), {"questionnaire-max-length"}, id="text too long"),
        pytest.param(ask("1", "integer", **SHORT), say("1", {"valueInteger": 1000}), {"questionnaire-max-length"}, id="integer too long"),
        pytest.param(ask("1", "url", **SHORT), say("1", {"valueUri": "http://a.b"}), {"questionnaire-max-length"}, id="url too long"),
        pytest.param(ask("1", "text", ext("minLength", valueInteger=5)), say("1", TEXT), {"questionnaire-min-length"}, id="text too short"),
        pytest.param(ask("1", "text", ext("regex", valueString="[0-9]+")), say("1", TEXT), {"questionnaire-regex"}, id="text of another form"),
        # a unit is its code
        pytest.param(ask("1", "quantity", ext("questionnaire-unitOption", valueCoding={"system": of.UCUM, "code": "kg", "display": "kilogram"})), say("1", amount(5, "kg", "kg")), set(), id="unit written another way"),
        pytest.param(ask("1", "quantity", ext("questionnaire-unitOption", valueCoding={"system": of.UCUM, "code": "kg"}), ext("sdc-questionnaire-unitOpen", valueCode="optionsOrString")), say("1", amount(5, unit="stone")), set(), id="open unit"),
        # times leave open what their precision leaves open
        pytest.param(ask("1", "date", ext("maxValue", valueDate="2026-06-01")), say("1", {"valueDate": "2026"}), set(), id="a year around the bound"),
        pytest.param(ask("1", "date", ext("maxValue", valueDate="2026-06-01")), say("1", {"valueDate": "2027"}), {"questionnaire-max-value"}, id="a year after the bound"),
        # choices
        pytest.param(ask("1", "choice", answerOption=[{"valueDate": "2026-01-01"}]), say("1", {"valueDate": "2026-01-01"}), set(), id="an option that is a date"),
        pytest.param(ask("1", "choice", answerOption=[{"valueReference": {"reference": "Patient/1"}}]), say("1", {"valueReference": {"reference": "Patient/1"}}), set(), id="an option that is a reference"),
        pytest.param(ask("1", "choice", answerValueSet="http://example.org/vs"), say("1", TEXT), {"questionnaire-answer-type"}, id="text for a coded choice"),
        pytest.param(ask("1", "choice", answerOption=[{"valueString": "a"}]), say("1", {"valueCoding": {"display": "a"}}), set(), id="LHC-Forms sends listed texts as displays"),
        pytest.param(ask("1", "reference"), say("1", {"valueReference": {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}}), set(), id="a urn names no type"),
    ],
)  # fmt: skip
def test_the_specification_goes_further_than_the_engine(asked: Json, item: Json, rules: set[str]) -> None:
    assert answered(asked, item) == rules


R5_OPTIONS: Final = {"answerOption": of.OPTIONS}


@pytest.mark.parametrize(
    ("constraint", "value", "rules"),
    [
        ("optionsOnly", coding("c"), {"questionnaire-option"}),
        ("optionsOnly", TEXT, {"questionnaire-option"}),
        ("optionsOrType", coding("c"), set()),
        ("optionsOrString", TEXT, set()),
        ("optionsOrString", coding("c"), {"questionnaire-option"}),
        (None, coding("c"), {"questionnaire-option"}),
    ],
)
def test_an_answer_constraint_opens_the_options(constraint: str | None, value: Json, rules: set[str]) -> None:
    said = {"answerConstraint": constraint} if constraint else {}
    assert answered(ask("1", "coding", **R5_OPTIONS, **said), say("1", value), release="R5") == rules


def test_free_text_is_an_answer_to_a_question_of_any_type_where_the_constraint_says_so() -> None:
    asked = ask("1", "integer", answerOption=[{"valueInteger": 1}], answerConstraint="optionsOrString")
    assert answered(asked, say("1", TEXT), release="R5") == set()


@pytest.mark.parametrize(("status", "severity"), [("completed", "error"), ("amended", "error"), ("in-progress", "warning"), ("stopped", "warning")])  # fmt: skip
def test_what_is_required_must_be_there_when_the_answers_are_complete(status: str, severity: str) -> None:
    asked = form(ask("1", "string", required=True))
    rules = {one for one in found(of.response(status=status), asked) if "required" in one[1]}
    assert {one for one, _ in rules} == {severity}


def test_nothing_is_missing_in_what_was_entered_in_error() -> None:
    assert found(of.response(status="entered-in-error"), form(ask("1", "string", required=True))) == set()


VALUES: Final = {"resourceType": "ValueSet", "url": "https://example.org/vs", "status": "draft", "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "a", "display": "First"}]}]}}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "rules"),
    [("a", set()), ("First", set()), ("other", {"questionnaire-value-set"})],
)
def test_a_text_from_a_value_set_is_a_code_or_its_display(value: str, rules: set[str]) -> None:
    asked = form(ask("1", "string", answerValueSet=VALUES["url"]))
    assert refused(of.response(say("1", {"valueString": value})), asked, VALUES) == rules


def test_a_form_in_the_same_bundle_is_found() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": form(ask("1", "string"))}, {"resource": of.response(say("2", TEXT))}],
    }
    assert refused(bundle) == {"questionnaire-unknown-item"}


def test_a_misplaced_item_is_told_its_place() -> None:
    context = Context(of.response(say("1", TEXT)), "R4", Supplied([form(ask("g", "group", item=[ask("1", "string")]))]))
    questionnaires.look(context)
    assert [issue.message for issue in context.found] == ["1 does not belong here; the form has it below g"]


def test_a_form_is_compiled_once() -> None:
    supplied = Supplied([form(ask("1", "string"))])
    for _ in range(3):
        questionnaires.look(Context(of.response(say("1", TEXT)), "R4", supplied))
    assert len(supplied.kept["forms"]) == 1


SEEN: Final = {"enableWhen": [{"question": "1", "operator": "=", "answerBoolean": True}]}
EXPRESSED: Final = ask("2", "string", {"url": f"{of.SDC}/sdc-questionnaire-enableWhenExpression", "valueExpression": {"language": "text/fhirpath", "expression": "%resource.item.where(linkId='1').answer.value = true"}})  # fmt: skip


@pytest.mark.parametrize("second", [ask("2", "string", **SEEN), EXPRESSED], ids=["enableWhen", "enableWhenExpression"])
@pytest.mark.parametrize(("value", "rules"), [(YES, set()), (NO, {"questionnaire-not-enabled"})])
def test_what_was_not_asked_is_not_answered(second: Json, value: Json, rules: set[str]) -> None:
    assert answered([ask("1", "boolean"), second], say("1", value), say("2", TEXT)) == rules


def test_the_version_of_the_form_is_looked_at() -> None:
    said = found(of.response(say("2", TEXT), questionnaire=f"{FORM}|2"), form(ask("1", "string"), version="1"))
    assert said == {("warning", "questionnaire-version")}
