"""`kneecds extract` and `kneecds questionnaire`: what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kneecds.cli import kneecds as command
from kneecds.cli.questionnaire import problems
from kneecds.fhir.sdc.extensions import EXTRACT
from kneecds.knowledge import load

FORM = {
    "resourceType": "Questionnaire", "url": "http://host/form", "status": "active",
    "extension": [{"url": EXTRACT, "valueBoolean": True}],
    "item": [{"linkId": "a", "type": "boolean", "text": "A?", "code": [{"system": "http://s", "code": "a"}]}],
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse", "id": "r", "questionnaire": "http://host/form|1", "status": "completed",
    "authored": "2026-01-01", "item": [{"linkId": "a", "answer": [{"valueBoolean": False}]}],
}  # fmt: skip
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments], input=stdin)


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.fixture
def form(tmp_path: Path) -> Path:
    return write(tmp_path, "form.json", FORM)


def test_a_transaction_by_default(tmp_path: Path, form: Path) -> None:
    result = run("extract", write(tmp_path, "r.json", RESPONSE), "--questionnaire", form)
    assert (result.exit_code, result.stderr) == (0, "")
    (entry,) = json.loads(result.stdout)["entry"]
    assert entry["request"]["method"] == "PUT"
    assert entry["resource"]["valueBoolean"] is False


def test_one_a_line(tmp_path: Path, form: Path) -> None:
    result = run("extract", write(tmp_path, "r.json", RESPONSE), "--questionnaire", form, "--format", "ndjson")
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["resourceType"] == "Observation"


def test_stdin_and_a_file(tmp_path: Path, form: Path) -> None:
    target = tmp_path / "out.json"
    result = run("extract", "-", "--questionnaire", form, "-o", target, stdin=json.dumps(RESPONSE))
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(target.read_text())["type"] == "transaction"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": FORM}, {"resource": RESPONSE}]}, id="sent along"),
        pytest.param([FORM, RESPONSE], id="in a list"),
        pytest.param({**RESPONSE, "questionnaire": "#f", "contained": [{**FORM, "id": "f"}]}, id="contained"),
    ],
)  # fmt: skip
def test_a_form_that_comes_with_the_response(tmp_path: Path, document: object) -> None:
    result = run("extract", write(tmp_path, "r.json", document))
    assert result.exit_code == 0, result.stderr
    assert len(json.loads(result.stdout)["entry"]) == 1


def test_our_own_form_is_known() -> None:
    path = EXAMPLES / "runner_pfps" / "input.json"
    whole, answers = (json.loads(run("extract", path, *more).stdout)["entry"] for more in ((), ("--answers-only",)))
    assert len(whole) > len(answers) > 10
    assert [entry["resource"]["id"] for entry in whole[: len(answers)]] == [e["resource"]["id"] for e in answers]


def test_a_form_that_the_response_does_not_name_is_taken_with_a_warning(tmp_path: Path, form: Path) -> None:
    result = run(
        "extract", write(tmp_path, "r.json", {**RESPONSE, "questionnaire": "http://b"}), "--questionnaire", form
    )
    assert result.exit_code == 0
    assert "form-differs" in result.stderr


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ({**RESPONSE, "questionnaire": "http://nobody"}, "form-unknown"),
        ({k: v for k, v in RESPONSE.items() if k != "questionnaire"}, "form-unknown"),
        ({**RESPONSE, "questionnaire": "#f"}, "form-unknown"),
        ({"resourceType": "Patient"}, "response-missing"),
        ("{", "json-syntax"),
        ({**RESPONSE, "item": [{"linkId": "a", "answer": [{"valueBoolean": "no"}]}]}, "structure"),
    ],
)
def test_errors_of_the_input(tmp_path: Path, document: object, rule: str) -> None:
    result = run("extract", write(tmp_path, "r.json", document))
    assert result.exit_code == 1
    assert rule in result.stderr


def test_wrong_usage(tmp_path: Path, form: Path) -> None:
    response = write(tmp_path, "r.json", RESPONSE)
    assert run("extract", response, "--questionnaire", response).exit_code == 2
    assert run("extract", "-", "--questionnaire", "-", stdin="{}").exit_code == 2
    assert run("extract", tmp_path / "none.json").exit_code == 2
    assert run("extract", form, "--fhir-version", "R3").exit_code == 2


# ---- the form ------------------------------------------------------------------------------------


def test_the_form_in_each_release_and_language() -> None:
    plain = json.loads(run("questionnaire").stdout)
    assert (plain["language"], "_title" in plain) == ("en", True)
    assert json.loads(run("questionnaire", "--fhir-version", "R5").stdout)["versionAlgorithmCoding"]["code"] == "semver"
    german = json.loads(run("questionnaire", "--language", "de").stdout)
    assert (german["language"], german["title"], "_title" in german) == ("de", "Fragebogen zum Knie", False)
    assert "not validated" in german["description"]
    assert "_title" not in json.loads(run("questionnaire", "--language", "en").stdout)
    refused = run("questionnaire", "--language", "tlh")
    assert refused.exit_code == 2
    assert "en, de, es" in refused.stderr


def test_a_knowledge_folder_with_a_stale_translation_is_refused(tmp_path: Path) -> None:
    known = load.read()
    assert problems(load.HERE, known) == []
    folder = tmp_path / "intake" / "translations"
    folder.mkdir(parents=True)
    source = (load.HERE / "intake" / "translations" / "de.yaml").read_text("utf-8")
    write(folder, "de.yaml", source.replace("  fever", "  fevers", 1))
    (said,) = problems(tmp_path, known)
    assert said == "intake/translations/de.yaml: gate.alarm: options differ: fever, fevers"
    write(folder, "de.yaml", "language: de\n")
    assert "intake/translations/de.yaml" in problems(tmp_path, known)[0]
