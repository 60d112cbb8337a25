"""Which release the answer is written in, and what is said of what it cannot say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kneecds.cli import kneecds as command
from kneecds.fhir.structure import check

INPUT = str(Path(__file__).resolve().parents[2] / "examples/runner_pfps/input.json")


@pytest.mark.parametrize(
    ("arguments", "release"),
    [
        pytest.param([], "R4", id="R4 unless asked otherwise"),
        pytest.param(["--output-version", "R5"], "R5", id="the release asked for"),
        pytest.param(["--output-version", "5.0.0"], "R5", id="by number"),
        pytest.param(["--output-version", "R4B"], "R4B", id="R4B"),
        pytest.param(["--fhir-version", "R4"], "R4", id="that of the input, if it is named"),
        pytest.param(["--fhir-version", "R4", "--output-version", "R5"], "R5", id="not that of the input"),
    ],
)
def test_release(arguments: list[str], release: str) -> None:
    result = CliRunner().invoke(command, ["assess", INPUT, "--as-of", "2026-01-15", "--format", "fhir", *arguments])
    assert result.exit_code == 0, result.output
    bundle = json.loads(result.stdout)
    assert check.issues(bundle, release) == []
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert ("RequestOrchestration" in kinds) is (release == "R5")
    assert ("RequestGroup" in kinds) is (release != "R5")


def test_losses_are_listed_beside_the_answer() -> None:
    arguments = ["assess", INPUT, "--as-of", "2026-01-15", "--format", "fhir", "--output-version", "R5", "--losses"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0
    json.loads(result.stdout)
    assert "R5 cannot say activities written out inside a plan (11 times)" in result.stderr
    assert "Instead: ServiceRequests contained in the plan" in result.stderr


@pytest.mark.parametrize("option", [["--losses"], ["--output-version", "R5"]])
def test_other_formats_have_no_release(option: list[str]) -> None:
    result = CliRunner().invoke(command, ["assess", INPUT, *option])
    assert result.exit_code == 2
    assert "are for --format fhir" in result.stderr
