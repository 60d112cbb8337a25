"""The form in other languages and in R5: nothing is left out, and what is stale is found."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from fhir.resources.questionnaire import Questionnaire as QuestionnaireR5
from fhir.resources.R4B.questionnaire import Questionnaire

from kneecds import knowledge, pipeline
from kneecds.cli.questionnaire import translations
from kneecds.errors import KnowledgeError
from kneecds.fhir.form import Form
from kneecds.fhir.sdc import languages
from kneecds.fhir.sdc.extensions import TRANSLATION, VERSION_ALGORITHM
from kneecds.fhir.sdc.release import r5
from kneecds.fhir.sdc.value_sets import value_sets
from kneecds.fhir.structure import check
from kneecds.knowledge import load

FORM: dict[str, Any] = pipeline.Prepared(knowledge.shipped()).questionnaire
ALL = {one.language: one for one in translations(load.HERE)}
WORDS = {"text", "title", "display"}


def walk(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for one in items for inner in [one, *walk(one.get("item", []))]]


def test_german_and_spanish_are_there() -> None:
    assert list(ALL) == ["de", "es"]


@pytest.mark.parametrize("language", ALL)
def test_a_translation_is_whole_and_of_the_present_text(language: str) -> None:
    assert languages.problems(FORM, ALL[language]) == []
    assert "not validated" in ALL[language].status


@pytest.mark.parametrize("language", ALL)
def test_each_knee_is_named_and_nothing_is_left_to_fill_in(language: str) -> None:
    form = languages.in_language(FORM, ALL[language])
    items = {item["linkId"]: item for item in walk(form["item"])}
    assert form["language"] == language
    for link_id, item in items.items():
        assert "{" not in item["text"]
        other = items.get(link_id.replace("left.", "right.", 1))
        if other is not item and other is not None:
            named = {"de": ("link", "recht"), "es": ("izquierd", "derech")}[language]
            english = next(one["text"] for one in walk(FORM["item"]) if one["linkId"] == link_id)
            if "left" in english:
                assert (named[0] in item["text"], named[1] in other["text"]) == (True, True), link_id
    assert {link_id: item["type"] for link_id, item in items.items()} == {
        item["linkId"]: item["type"] for item in walk(FORM["item"])
    }


@pytest.mark.parametrize("language", ALL)
def test_no_english_is_left(language: str) -> None:
    english = {item["linkId"]: item for item in walk(FORM["item"])}
    for item in walk(languages.in_language(FORM, ALL[language])["item"]):
        assert item["text"] != english[item["linkId"]]["text"]


def test_every_text_carries_every_translation() -> None:
    form = languages.with_translations(FORM, list(ALL.values()))

    def spoken(companion: dict[str, Any]) -> list[str]:
        assert {one["url"] for one in companion["extension"]} == {TRANSLATION}
        return [one["extension"][0]["valueCode"] for one in companion["extension"]]

    assert spoken(form["_title"]) == ["de", "es"]
    for item in walk(form["item"]):
        assert spoken(item["_text"]) == ["de", "es"], item["linkId"]
        for option in item.get("answerOption", ()):
            assert spoken(option["valueCoding"]["_display"]) == ["de", "es"]
    assert [item["text"] for item in walk(form["item"])] == [item["text"] for item in walk(FORM["item"])]
    assert Form(form).link_ids == Form(FORM).link_ids


def test_what_is_missing_or_stale_is_found() -> None:
    changed = copy.deepcopy(FORM)
    for item in walk(changed["item"]):
        if item["linkId"] == "gate.alarm":
            item["text"] += " Really?"
        if item["linkId"] == "sex":
            del item["answerOption"][0]
    changed["item"].append({"linkId": "new", "text": "New?", "type": "boolean"})
    changed["item"] = [item for item in changed["item"] if item["linkId"] != "group.activity"]
    said = "\n".join(languages.problems(changed, ALL["de"]))
    assert "gate.alarm: translates an earlier text" in said
    assert "sex: options differ: female" in said
    assert "new: is not translated" in said
    assert "group.activity: the form has no such item" in said
    bare = msgspec.structs.replace(ALL["de"], units={}, sides={})
    assert {"units: a is not translated", "sides: left is missing"} <= set(languages.problems(FORM, bare))


def test_a_file_of_another_shape_is_refused() -> None:
    with pytest.raises(KnowledgeError, match=r"xx\.yaml"):
        languages.translation({"language": "xx"}, "xx.yaml")


@pytest.mark.parametrize("form", [FORM, languages.with_translations(FORM, list(ALL.values())), languages.in_language(FORM, ALL["de"])])  # fmt: skip
def test_every_shape_of_the_form_is_valid(form: dict[str, Any]) -> None:
    assert check.issues(form, "R4") == []
    assert check.issues(r5(form), "R5") == []
    Questionnaire.model_validate(form)
    QuestionnaireR5.model_validate(r5(form))


def test_r5_has_elements_where_r4_needs_extensions() -> None:
    form = r5(FORM)
    assert form["versionAlgorithmCoding"]["code"] == "semver"
    assert VERSION_ALGORITHM not in [extension["url"] for extension in form["extension"]]
    kinds = {item["type"] for item in walk(form["item"])}
    assert "choice" not in kinds
    for item in walk(form["item"]):
        assert ("answerConstraint" in item) == (item["type"] == "coding")
    assert FORM["extension"][0]["url"] == VERSION_ALGORITHM, "the R4 form is left as it was"


def test_a_form_without_versions_or_extensions_and_an_open_choice() -> None:
    form = {"resourceType": "Questionnaire", "item": [{"linkId": "a", "type": "open-choice", "answerOption": []}]}
    assert r5(form)["item"][0]["answerConstraint"] == "optionsOrString"
    bare = {"extension": [{"url": VERSION_ALGORITHM, "valueCoding": {}}]}
    assert r5(bare) == {}


def test_the_answers_of_each_question_are_a_value_set() -> None:
    sets = {one["id"]: one for one in value_sets(FORM)}
    onset = sets["kneecds-intake-onset"]
    assert [(part["system"].rpartition("/")[2], len(part["concept"])) for part in onset["compose"]["include"]] == [
        ("kneecds-choice", 3),
        ("data-absent-reason", 1),
    ]
    for one in sets.values():
        assert check.issues(one, "R4") == []
        assert check.issues(one, "R5") == []
        assert " left " not in one["title"]
    asked = {item["linkId"].rpartition(".")[2] for item in walk(FORM["item"]) if "answerOption" in item}
    assert len(sets) == len(asked)
