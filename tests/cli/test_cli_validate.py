"""`kneecds validate`: what it takes, how it tells, and with which exit code."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from click.testing import CliRunner, Result

from kneecds.cli import kneecds as command

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1991-06-17"}
BAD = {"resourceType": "Patient", "id": "p1", "gender": "woman", "birthDate": "17/06/1991"}


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(command, ["validate", *map(str, arguments)], input=stdin)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.json").write_text(json.dumps(GOOD))
    (tmp_path / "bad.json").write_text(json.dumps(BAD, indent=2))
    (tmp_path / "notes.txt").write_text("not FHIR")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/bulk.ndjson").write_text(f"{json.dumps(GOOD)}\n\n{json.dumps(BAD)}\n")
    (tmp_path / "deep/zipped.json.gz").write_bytes(gzip.compress(json.dumps(BAD).encode()))
    return tmp_path


def table(result: Result) -> dict[str, Any]:
    return {one["input"].rpartition("/")[2]: one for one in json.loads(result.stdout)}


def test_a_folder_is_searched_and_each_line_of_ndjson_is_a_document(folder: Path) -> None:
    result = run(folder, "--format", "json")
    assert result.exit_code == 1
    found = table(result)
    assert {name: one["ok"] for name, one in found.items()} == {
        "bad.json": False, "bulk.ndjson#1": True, "bulk.ndjson#3": False, "zipped.json.gz": False, "good.json": True,
    }  # fmt: skip
    assert {issue["line"] for issue in found["bulk.ndjson#3"]["issues"] if issue["severity"] != "information"} == {3}


@pytest.mark.parametrize("jobs", [1, 2])
def test_several_processes_say_the_same_in_the_same_order(folder: Path, jobs: int) -> None:
    for number in range(40):
        (folder / f"more{number}.json").write_text(json.dumps(BAD if number % 3 else GOOD))
    assert run(folder, "--jobs", jobs).stdout == run(folder, "--jobs", 1).stdout


def test_globs_are_resolved_where_no_shell_does_it(folder: Path) -> None:
    found = table(run(f"{folder}/**/*.gz", f"{folder}/go*.json", "--format", "json"))
    assert set(found) == {"zipped.json.gz", "good.json"}


@pytest.mark.parametrize("body", [json.dumps(GOOD).encode(), f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}\n".encode()])
def test_stdin_may_be_one_resource_or_ndjson(body: bytes) -> None:
    result = run("-", stdin=body)
    assert result.exit_code == 0
    assert "has errors" not in result.stdout


def test_text_shows_the_line_with_a_caret_below_the_place(folder: Path) -> None:
    lines = run(folder / "bad.json").stdout.splitlines()
    (number,) = [number for number, line in enumerate(lines) if "[structure-code]" in line]
    assert ":4:3: error: " in lines[number]
    assert lines[number + 1] == '    4 |   "gender": "woman",'
    assert lines[number + 2] == "      |   ^"
    assert lines[number + 3].strip() == "at  Patient.gender"
    assert any(line.strip().startswith("see http") for line in lines[number:])


def test_the_line_can_be_left_out(folder: Path) -> None:
    assert "woman" in run(folder / "bad.json").stdout.split("\n", 1)[1]
    assert '"gender"' not in run(folder / "bad.json", "--no-source").stdout


def test_quiet_says_nothing_of_what_is_fine(folder: Path) -> None:
    assert "good.json" not in run(folder / "good.json", folder / "bad.json", "--quiet").stdout
    assert "2 checked: 1 with errors, 1 ok" in run(folder / "good.json", folder / "bad.json", "--quiet").stdout


def test_the_outcome_is_fhir(folder: Path) -> None:
    outcome = json.loads(run(folder / "bad.json", "--format", "outcome").stdout)
    assert outcome["resourceType"] == "OperationOutcome"
    assert {"Patient.gender", "Patient.birthDate"} <= {
        one["expression"][0] for one in outcome["issue"] if "expression" in one
    }
    bundle = json.loads(run(folder, "--format", "outcome").stdout)
    assert [entry["resource"]["resourceType"] for entry in bundle["entry"]] == ["OperationOutcome"] * 5


def test_junit_fails_the_inputs_that_fail(folder: Path) -> None:
    root = ET.fromstring(run(folder, "--format", "junit").stdout)
    assert (root.get("tests"), root.get("failures")) == ("5", "3")
    assert len(root.findall("./testsuite/testcase/failure")) == 3


SARIF = {  # what https://docs.oasis-open.org/sarif/sarif/v2.1.0/ requires of the parts that we write
    "type": "object",
    "required": ["version", "runs"],
    "properties": {"version": {"const": "2.1.0"}, "runs": {"type": "array", "minItems": 1, "items": {
        "required": ["tool", "results"],
        "properties": {
            "tool": {"required": ["driver"], "properties": {"driver": {"required": ["name", "rules"]}}},
            "results": {"minItems": 1, "items": {
                "required": ["message", "ruleId", "level", "locations"],
                "properties": {
                    "level": {"enum": ["none", "note", "warning", "error"]},
                    "message": {"required": ["text"]},
                    "locations": {"items": {"required": ["physicalLocation"]}},
                },
            }},
        },
    }}},
}  # fmt: skip


def test_sarif_names_rules_and_places(folder: Path) -> None:
    report = json.loads(run(folder, "--format", "sarif").stdout)
    jsonschema.validate(report, SARIF)
    (one,) = report["runs"]
    for result in one["results"]:
        assert one["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    place = next(result for result in one["results"] if result["ruleId"] == "structure-code")["locations"][0]
    assert place["physicalLocation"]["region"]["startLine"] >= 1


@pytest.mark.parametrize(
    ("fail_on", "body", "code"),
    [
        ("error", GOOD, 0),
        ("warning", {**GOOD, "birthDate": "1991"}, 1),
        ("error", {**GOOD, "birthDate": "1991"}, 0),
        ("never", BAD, 0),
    ],
)
def test_what_fails_is_asked_for(tmp_path: Path, fail_on: str, body: dict[str, Any], code: int) -> None:
    path = tmp_path / "input.json"
    path.write_text(json.dumps(body))
    assert run(path, "--fail-on", fail_on, "--as-of", "2026-01-15").exit_code == code


def test_a_broken_gzip_is_an_error_of_the_input(tmp_path: Path) -> None:
    path = tmp_path / "broken.json.gz"
    path.write_bytes(gzip.compress(json.dumps(GOOD).encode())[:-12])
    result = run(path)
    assert result.exit_code == 1
    assert "input-unreadable" in result.stdout


@pytest.mark.parametrize("name", ["missing.json", "*.nothing"])
def test_what_is_not_there_is_wrong_usage(folder: Path, name: str) -> None:
    assert run(folder / name).exit_code == 2


def test_nothing_to_check_is_said(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert (result.exit_code, result.stdout) == (0, "nothing was checked\n")


QUESTIONNAIRE = {
    "resourceType": "Questionnaire", "url": "http://example.org/q", "status": "active",
    "item": [{"linkId": "a", "type": "boolean", "text": "?", "required": True}],
}  # fmt: skip
RESPONSE = {"resourceType": "QuestionnaireResponse", "questionnaire": "http://example.org/q", "status": "completed"}


def test_responses_are_checked_against_the_questionnaire_given(tmp_path: Path) -> None:
    form, response = tmp_path / "q.json", tmp_path / "r.json"
    form.write_text(json.dumps(QUESTIONNAIRE))
    response.write_text(json.dumps(RESPONSE))
    assert run(response).exit_code == 0
    result = run(response, "--questionnaire", form)
    assert result.exit_code == 1
    assert "questionnaire-required" in result.stdout
    assert run(response, "--questionnaire", response).exit_code == 2


PROFILE = {
    "resourceType": "StructureDefinition", "url": "http://example.org/named-patient", "name": "Named", "status": "active",
    "fhirVersion": "4.0.1", "kind": "resource", "abstract": False, "type": "Patient", "derivation": "constraint",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
}  # fmt: skip


def test_a_profile_given_as_a_file_is_asked_of_every_resource_of_its_type(folder: Path) -> None:
    profiles = folder / "profiles"
    profiles.mkdir()
    (profiles / "named.json").write_text(json.dumps(PROFILE))
    good, claims = folder / "good.json", folder / "claims.json"
    claims.write_text(json.dumps({**GOOD, "meta": {"profile": [PROFILE["url"]]}}))
    assert run(good).exit_code == 0
    assert run(good, "--profile", profiles / "named.json").exit_code == 1
    assert run(good, "--profile", profiles).exit_code == 0
    assert run(claims, "--profile", profiles).exit_code == 1
    assert run(good, "--profile", folder / "notes.txt").exit_code == 1


def test_a_rule_is_explained_with_an_example_on_either_side() -> None:
    result = run("--explain", "structure-code")
    assert result.exit_code == 0
    assert "Accepted:" in result.stdout
    assert "Refused, at " in result.stdout
    assert "http://hl7.org/fhir" in result.stdout


def test_an_unknown_rule_names_those_that_come_near() -> None:
    result = run("--explain", "structure-cod")
    assert result.exit_code == 2
    assert "structure-code" in result.stderr
