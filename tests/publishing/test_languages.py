"""A response may hold the texts of any language that the form is published in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

import kneecds
from kneecds.cli import kneecds as command


def form(language: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, ["questionnaire", "--language", language])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def response(language: str) -> dict[str, Any]:
    """Answer the two questions that have to be answered, as a renderer of that language would write it."""
    asked = form(language)
    items = []
    for group, question, code in (
        ("group.warning", "gate.alarm", "alarm.none"),
        ("group.you", "gate.which_knee", "which_knee.left"),
    ):
        (section,) = [item for item in asked["item"] if item["linkId"] == group]
        (item,) = [item for item in section["item"] if item["linkId"] == question]
        (coding,) = [o["valueCoding"] for o in item["answerOption"] if o["valueCoding"]["code"] == code]
        answered = {"linkId": question, "text": item["text"], "answer": [{"valueCoding": coding}]}
        items.append({"linkId": group, "text": section["text"], "item": [answered]})
    return {
        "resourceType": "QuestionnaireResponse", "questionnaire": f"{asked['url']}|{asked['version']}", "status": "completed",
        "subject": {"reference": "Patient/p1"}, "authored": "2026-01-15T09:00:00Z", "item": items,
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_texts_of_each_language_are_the_forms(language: str) -> None:
    assert [issue for issue in kneecds.validate(response(language)) if issue.severity != "information"] == []


def test_another_text_is_not() -> None:
    changed = response("de")
    changed["item"][0]["item"][0]["text"] = "Tut das Knie weh?"
    assert "questionnaire-text" in {issue.rule for issue in kneecds.validate(changed)}
